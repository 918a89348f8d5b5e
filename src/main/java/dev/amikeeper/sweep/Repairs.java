package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.BEYOND;
import static dev.amikeeper.sweep.SweepReport.SweepCount.DONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FAILED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FOREIGN;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FOUND;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.KEYS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.LITTER;
import static dev.amikeeper.sweep.SweepReport.SweepCount.ORPHANS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.RETURNED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.SLOW;
import static dev.amikeeper.sweep.SweepReport.SweepCount.SWITCHED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNCOPIED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNFINISHED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSHARED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.WITHDRAWN;

import static java.util.stream.Collectors.joining;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.ExcessSharing;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.RemovalResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.lifecycle.Shares;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.ImageRemoval;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Closes gaps with the steps that the other handlers take, one method for each kind of {@link Gap}.
 * Each write is conditional on the record being as it was read, so whoever comes first wins and the
 * other changes nothing.
 */
final class Repairs {
    /** How long an image may be too new to be shown by every call. After that, it is gone. */
    private static final Duration NEW = Duration.ofHours(24);

    private static final Logger log = LoggerFactory.getLogger(Repairs.class);

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Policies policies;
    private final ImageProgress progress;
    private final Shares shares;
    private final ImageRemoval removal;
    private final Instant now;
    private final boolean dryRun;
    private final Counts<SweepReport.SweepCount> counts;
    private final Map<ImageName, Set<String>> withdrawn = new TreeMap<>();

    Repairs(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Policies policies,
            ImageProgress progress,
            Shares shares,
            ImageRemoval removal,
            SweepRun run) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.policies = policies;
        this.progress = progress;
        this.shares = shares;
        this.removal = removal;
        now = run.now();
        dryRun = run.dryRun();
        counts = run.counts();
    }

    /**
     * Closes a gap and counts it. If a gap cannot be closed now, the next sweep finds it again.
     *
     * @throws SdkException if the Region does not answer, in which case it is no use continuing
     *     there
     */
    void close(Gap gap) {
        try {
            take(gap);
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.UNREACHABLE) {
                throw error;
            }
            failed(gap, Fault.text(error));
        } catch (IllegalStateException notYet) {
            failed(gap, String.valueOf(notYet.getMessage()));
        }
    }

    private void failed(Gap gap, String why) {
        log.warn("a gap stays for the next sweep: {}: {}", gap, why);
        counts.add(FAILED);
    }

    private void take(Gap gap) {
        switch (gap) {
            case Gap.Finished(var image, var ami) -> {
                if (did(() -> settle(image, ami))) {
                    counts.add(DONE);
                }
            }
            case Gap.Missing(var image) -> missing(image);
            case Gap.Slow(var image) -> slow(image);
            case Gap.Found(var image, var ami) -> {
                if (did(() -> isStep(progress.found(image, ami, now)))) {
                    counts.add(FOUND);
                }
            }
            case Gap.UnknownImage(var adopted, var ami) -> {
                if (did(() -> adopt(adopted, ami))) {
                    counts.add(ADOPTED);
                }
            }
            case Gap.Returned returned -> {
                if (did(() -> unbury(returned))) {
                    counts.add(RETURNED);
                }
            }
            case Gap.Foreign(var ami) -> foreign(ami);
            case Gap.Uncopied(var copy) -> {
                if (did(() -> !catalog.request(List.of(copy)).isEmpty())) {
                    counts.add(UNCOPIED);
                }
            }
            case Gap.Switched(var image, var ami) -> {
                if (did(() -> switched(image, ami))) {
                    counts.add(SWITCHED);
                }
            }
            case Gap.Unfinished(var image) -> end(() -> removal.finish(image, image.snapshots()));
            case Gap.Returning(var image) -> end(() -> removal.bringBack(image));
            case Gap.Unshared(var image) -> shareAgain(image);
            case Gap.ShareRefused(var image) -> {
                if (!dryRun) {
                    shares.askAgain(image, now);
                }
            }
            case Gap.Unchecked(var image) -> check(image);
            case Gap.Orphans orphans -> orphans(orphans);
        }
    }

    /** A dry run only counts. */
    private boolean did(BooleanSupplier step) {
        return dryRun || step.getAsBoolean();
    }

    private static boolean isStep(ImageProgress.Step step) {
        return step != ImageProgress.Step.NOTHING;
    }

    private boolean settle(Image image, Ami ami) {
        if (ami.state() != AmiState.FAILED) {
            return isStep(progress.available(image, now));
        }
        boolean failed = isStep(progress.failed(image, why(ami), now));
        if (failed && Fault.isOfAKmsKey(why(ami))) {
            counts.add(KEYS);
        }
        return failed;
    }

    private static String why(Ami ami) {
        return ami.reason().isBlank() ? "EC2 gave no reason" : ami.reason();
    }

    /** The listing goes by tags and may lack a new image, so only a direct look can tell. */
    private void missing(Image image) {
        switch (images.look(image.region(), image.id().orElseThrow())) {
            case ImageLookup.Gone _ -> gone(image);
            case ImageLookup.NotShown _ -> {
                if (image.since().plus(NEW).isBefore(now)) {
                    gone(image);
                }
            }
            case ImageLookup.Shown(Ami ami) -> {
                boolean isDone =
                        ami.state() == AmiState.AVAILABLE || ami.state() == AmiState.FAILED;
                if (image.state() == ImageState.CREATING && isDone) {
                    take(new Gap.Finished(image, ami));
                }
            }
        }
    }

    private void gone(Image image) {
        if (did(() -> isStep(progress.deregistered(image, now)))) {
            counts.add(GONE);
        }
    }

    private void slow(Image image) {
        counts.add(SLOW);
        if (image.state() == ImageState.REQUESTED) {
            note(
                    Trouble.WAITING.in(image.region(), image.name()),
                    image.region()
                            + ": copy "
                            + image.name()
                            + " has been waiting to start since "
                            + image.since()
                            + " and is late",
                    "./keeper status shows what is late there; if EC2 has no room for more copies"
                            + " to that Region, they come one after the other; else see the log of"
                            + " CopyImageFunction");
            return;
        }
        note(
                Trouble.PENDING.in(image.region(), image.name()),
                image.region()
                        + ": "
                        + (image.isCopy() ? "copy " : "image ")
                        + image.name()
                        + " has been pending since "
                        + image.since(),
                "EC2 is still working on "
                        + image.id().orElseThrow()
                        + (image.isCopy() ? ", and a first copy of large disks takes long" : "")
                        + "; if it does not end, ask AWS Support, or deregister it, and it is made"
                        + " again");
    }

    /**
     * Adopts an image. Sharing it and making the copies that the rules want are gaps of their own,
     * because an image that was good long ago may have had copies that were pruned since.
     */
    private boolean adopt(Image adopted, Ami ami) {
        log.warn("{} {} is {}, which nobody knew", adopted.region(), adopted.name(), ami.id());
        return catalog.adopt(adopted.inState(ami.state()));
    }

    private boolean unbury(Gap.Returned returned) {
        Image adopted = returned.adopted();
        log.warn("{} {} was removed and is back", adopted.region(), adopted.name());
        // An image that was just removed may be listed for a while.
        return images.look(adopted.region(), adopted.id().orElseThrow())
                        instanceof ImageLookup.Shown(Ami ami)
                && (ami.state() == AmiState.AVAILABLE || ami.state() == AmiState.DISABLED)
                && catalog.unbury(returned.tombstone(), adopted.inState(ami.state()));
    }

    private void foreign(Ami ami) {
        counts.add(FOREIGN);
        note(
                Trouble.FOREIGN.in(ami.region(), ami.id()),
                ami.region()
                        + ": "
                        + ami.id()
                        + " has the tags of an image of ours, but is called "
                        + (ami.name().isEmpty() ? "nothing" : ami.name()),
                "it is left alone; remove the tags amikeeper:… if somebody copied them");
    }

    /** The listing may be older than the record. */
    private boolean switched(Image image, Ami listed) {
        boolean isStill =
                images.look(image.region(), listed.id()) instanceof ImageLookup.Shown(Ami ami)
                        && ami.state() == listed.state();
        return isStill
                && isStep(
                        listed.state() == AmiState.DISABLED
                                ? progress.disabled(image)
                                : progress.available(image, now));
    }

    private interface Step {
        ImageRemoval.RemovalEnd take();
    }

    private void end(Step step) {
        if (dryRun) {
            counts.add(UNFINISHED);
            return;
        }
        switch (step.take()) {
            case DONE -> counts.add(UNFINISHED);
            case LEFT, REFUSED, UNREADABLE -> counts.add(FAILED);
            case CHANGED -> {}
        }
    }

    private void shareAgain(Image image) {
        counts.add(UNSHARED);
        if (!dryRun && !shares.give(image, now)) {
            counts.add(FAILED);
        }
    }

    private Policy policyOf(Image image) {
        return policies.find(image.name().policy()).orElseThrow();
    }

    private void check(Image image) {
        Policy policy = policyOf(image);
        List<String> found = images.permissions(image.region(), image.id().orElseThrow());
        Set<String> missing = new TreeSet<>(policy.share().all());
        missing.removeAll(found);
        image.sharing().refused().forEach(missing::remove);
        Set<String> taken = new TreeSet<>(missing);
        taken.retainAll(image.sharing().given());
        if (!taken.isEmpty()) {
            log.warn("{} {}: others took it from {}", image.region(), image.name(), taken);
            counts.add(WITHDRAWN);
            withdrawn.put(image.name(), taken);
        }
        List<String> given =
                found.stream().filter(policy.share().all()::contains).sorted().toList();
        if (!missing.isEmpty()) {
            shareAgain(image);
        } else if (!dryRun && !given.equals(image.sharing().given())) {
            // A previous version did not record this, or it was given by hand since.
            catalog.save(Change.of(image, image.seenSharedWith(given)));
        }
        Set<String> beyond = new TreeSet<>(found);
        beyond.removeAll(policy.share().all());
        // The pruner reports a public image every day.
        beyond.remove(ImageReads.EVERYBODY);
        if (beyond.isEmpty()) {
            if (!dryRun) {
                catalog.resolve(Trouble.BEYOND.in(image.region(), image.name()), now);
            }
        } else {
            counts.add(BEYOND);
            if (!dryRun) {
                catalog.note(ExcessSharing.beyond(policy, image, beyond, now));
            }
        }
    }

    /** Returns who lost permissions to which images since the last call. */
    Map<ImageName, Set<String>> takeWithdrawn() {
        Map<ImageName, Set<String>> all = new TreeMap<>(withdrawn);
        withdrawn.clear();
        return all;
    }

    private void orphans(Gap.Orphans orphans) {
        if (!orphans.litter()) {
            counts.add(ORPHANS, orphans.snapshots().size());
            tellOfOrphans(orphans, orphans.snapshots(), "belong to no image");
            return;
        }
        counts.add(LITTER, orphans.snapshots().size());
        if (dryRun) {
            return;
        }
        log.warn("{} {} left {}", orphans.region(), orphans.name(), orphans.snapshots());
        switch (imageChanges.removeSnapshots(orphans.region(), orphans.snapshots())) {
            case RemovalResult.Removed _ -> {}
            case RemovalResult.Left left -> {
                counts.add(FAILED);
                tellOfOrphans(
                        orphans,
                        left.snapshots(),
                        "belong to no image and cannot be deleted: " + left.why());
            }
            case RemovalResult.NotRemoved(var why) -> {
                counts.add(FAILED);
                tellOfOrphans(
                        orphans,
                        orphans.snapshots(),
                        "belong to no image and cannot be deleted: " + why);
            }
        }
    }

    private void tellOfOrphans(Gap.Orphans orphans, List<SnapshotId> snapshots, String what) {
        note(
                Trouble.ORPHAN.in(orphans.region(), orphans.name()),
                orphans.region()
                        + ": snapshots of "
                        + orphans.name()
                        + " "
                        + what
                        + ": "
                        + snapshots.stream().map(SnapshotId::value).collect(joining(", ")),
                "they are left alone; ./keeper register "
                        + snapshots.getFirst()
                        + " --region "
                        + orphans.region()
                        + " makes their image again; or delete them if nobody needs them, or take"
                        + " their tags "
                        + ImageTags.POLICY
                        + " away");
    }

    private void note(NoticeKey key, String text, String remedy) {
        if (!dryRun) {
            catalog.note(new Notice(key, now, text, remedy, true));
        }
    }
}
