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
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.lifecycle.Shares;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.ImageRemoval;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Closes gaps with the steps that the other handlers take, one method for each kind of {@link Gap}.
 * Each write is conditional on the record being as it was read, so whoever comes first wins and the
 * other changes nothing.
 */
final class Repairs {
    /** How long an image may be too new to be shown by every call. After that, it is gone. */
    private static final Duration NEW = Duration.ofHours(24);

    /**
     * How long the steps that EC2 paces may take in a Region. The next sweep, for which its buckets
     * are full again, takes the others.
     */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

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
    private final BooleanSupplier timeLeft;
    private final Counts<SweepReport.SweepCount> counts;
    private final InstantSource clock;
    private final Map<Region, Duration> paced = new HashMap<>();
    private int left;
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
        timeLeft = run.timeLeft();
        clock = run.clock();
        counts = run.counts();
    }

    /**
     * Closes gaps of one kind and counts them. What the catalogue alone closes is written together,
     * and EC2 is asked about several images at a time.
     *
     * @throws SdkException if the Region does not answer, in which case it is no use continuing
     *     there
     */
    void close(List<Gap> alike) {
        switch (alike.getFirst()) {
            case Gap.UnknownImage _ -> adopt(each(alike, Gap.UnknownImage.class));
            case Gap.Uncopied _ -> request(each(alike, Gap.Uncopied.class));
            case Gap.Missing _ -> missing(each(alike, Gap.Missing.class));
            case Gap.Unshared(var image) ->
                    atEc2sPace(
                            image.region(),
                            alike,
                            () -> shareAgain(each(alike, Gap.Unshared.class)));
            case Gap.Unchecked(var image) ->
                    atEc2sPace(
                            image.region(), alike, () -> check(each(alike, Gap.Unchecked.class)));
            case Gap.ShareRefused(var image) -> atEc2sPace(image.region(), alike);
            case Gap.Unfinished(var image) -> atEc2sPace(image.region(), alike);
            case Gap.Returning(var image) -> atEc2sPace(image.region(), alike);
            case Gap.Orphans orphans -> atEc2sPace(orphans.region(), alike);
            case Gap.Finished _,
                    Gap.Slow _,
                    Gap.Found _,
                    Gap.Returned _,
                    Gap.Foreign _,
                    Gap.Switched _ ->
                    alike.forEach(this::close);
        }
    }

    private void atEc2sPace(Region region, List<Gap> alike) {
        atEc2sPace(region, alike, () -> alike.forEach(this::close));
    }

    /** Takes a step, unless such steps have already taken long in the Region. */
    private void atEc2sPace(Region region, List<Gap> alike, Runnable step) {
        Duration spent = paced.getOrDefault(region, Duration.ZERO);
        if (spent.compareTo(PATIENCE) >= 0) {
            left += alike.size();
            return;
        }
        Instant began = clock.instant();
        try {
            step.run();
        } finally {
            paced.put(region, spent.plus(Duration.between(began, clock.instant())));
        }
    }

    /** Returns how many gaps were left for the next sweep since the last call. */
    int takeLeft() {
        int taken = left;
        left = 0;
        return taken;
    }

    private static <G extends Gap> List<G> each(List<Gap> alike, Class<G> kind) {
        return alike.stream().map(kind::cast).toList();
    }

    /**
     * Closes a gap and counts it. If a gap cannot be closed now, the next sweep finds it again.
     *
     * @throws SdkException if the Region does not answer, in which case it is no use continuing
     *     there
     */
    void close(Gap gap) {
        trying(List.of(gap), () -> take(gap));
    }

    private void trying(List<? extends Gap> gaps, Runnable step) {
        try {
            step.run();
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.UNREACHABLE) {
                throw error;
            }
            failed(gaps, Fault.text(error));
        } catch (IllegalStateException notYet) {
            failed(gaps, String.valueOf(notYet.getMessage()));
        }
    }

    private void failed(List<? extends Gap> gaps, String why) {
        log.warn("{} gaps stay for the next sweep: {}: {}", gaps.size(), gaps.getFirst(), why);
        counts.add(FAILED, gaps.size());
    }

    private void take(Gap gap) {
        switch (gap) {
            case Gap.Finished(var image, var ami) -> {
                if (did(() -> settle(image, ami))) {
                    counts.add(DONE);
                }
            }
            case Gap.Missing missing -> missing(List.of(missing));
            case Gap.Slow(var image) -> slow(image);
            case Gap.Found(var image, var ami) -> {
                if (did(() -> isStep(progress.found(image, ami, now)))) {
                    counts.add(FOUND);
                }
            }
            case Gap.UnknownImage unknown -> adopt(List.of(unknown));
            case Gap.Returned returned -> {
                if (did(() -> unbury(returned))) {
                    counts.add(RETURNED);
                }
            }
            case Gap.Foreign(var ami) -> foreign(ami);
            case Gap.Uncopied uncopied -> request(List.of(uncopied));
            case Gap.Switched(var image, var ami) -> {
                if (did(() -> switched(image, ami))) {
                    counts.add(SWITCHED);
                }
            }
            case Gap.Unfinished(var image) -> end(() -> removal.finish(image, image.snapshots()));
            case Gap.Returning(var image) -> end(() -> removal.bringBack(image));
            case Gap.Unshared unshared -> shareAgain(List.of(unshared));
            case Gap.ShareRefused(var image) -> {
                if (!dryRun) {
                    shares.askAgain(image, now);
                }
            }
            case Gap.Unchecked unchecked -> check(List.of(unchecked));
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
    private void missing(List<Gap.Missing> missing) {
        Map<Gap.Missing, ImageLookup> looks = new ConcurrentHashMap<>();
        Map<Gap.Missing, RuntimeException> failures = new ConcurrentHashMap<>();
        images.sideBySide(
                missing,
                timeLeft,
                gap -> {
                    try {
                        Image image = gap.image();
                        looks.put(gap, images.look(image.region(), image.id().orElseThrow()));
                    } catch (SdkException failure) {
                        failures.put(gap, failure);
                    }
                });
        List<Image> gone = new ArrayList<>();
        for (Gap.Missing gap : missing) {
            trying(
                    List.of(gap),
                    () -> {
                        rethrow(failures.get(gap));
                        if (isGone(gap.image(), looks.get(gap))) {
                            gone(gap.image(), gone);
                        }
                    });
        }
        trying(missing, () -> counts.add(GONE, dryRun ? gone.size() : progress.gone(gone, now)));
    }

    /** An image in the making has other steps before it than one that was there. */
    private void gone(Image image, List<Image> gone) {
        if (image.state() != ImageState.CREATING) {
            gone.add(image);
        } else if (did(() -> isStep(progress.deregistered(image, now)))) {
            counts.add(GONE);
        }
    }

    /** If it was not looked at, time ran out. */
    private boolean isGone(Image image, @Nullable ImageLookup look) {
        return switch (look) {
            case ImageLookup.Gone _ -> true;
            case ImageLookup.NotShown _ -> image.since().plus(NEW).isBefore(now);
            case ImageLookup.Shown(Ami ami) -> {
                boolean isDone =
                        ami.state() == AmiState.AVAILABLE || ami.state() == AmiState.FAILED;
                if (image.state() == ImageState.CREATING && isDone) {
                    take(new Gap.Finished(image, ami));
                }
                yield false;
            }
            case null -> {
                left++;
                yield false;
            }
        };
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
    private void adopt(List<Gap.UnknownImage> unknown) {
        trying(
                unknown,
                () -> {
                    for (Gap.UnknownImage gap : unknown) {
                        log.warn(
                                "{} {} is {}, which nobody knew",
                                gap.adopted().region(),
                                gap.adopted().name(),
                                gap.ami().id());
                    }
                    List<Image> records = unknown.stream().map(Gap.UnknownImage::record).toList();
                    counts.add(ADOPTED, dryRun ? records.size() : catalog.adopt(records).size());
                });
    }

    private void request(List<Gap.Uncopied> uncopied) {
        trying(
                uncopied,
                () -> {
                    List<Image> copies = uncopied.stream().map(Gap.Uncopied::copy).toList();
                    counts.add(UNCOPIED, dryRun ? copies.size() : catalog.request(copies).size());
                });
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

    private void shareAgain(List<Gap.Unshared> unshared) {
        if (dryRun) {
            counts.add(UNSHARED, unshared.size());
            return;
        }
        Map<Gap.Unshared, Boolean> shared = new ConcurrentHashMap<>();
        Map<Gap.Unshared, RuntimeException> failures = new ConcurrentHashMap<>();
        images.sideBySide(
                unshared,
                timeLeft,
                gap -> {
                    try {
                        shared.put(gap, shares.give(gap.image(), now));
                    } catch (SdkException | IllegalStateException failure) {
                        failures.put(gap, failure);
                    }
                });
        for (Gap.Unshared gap : unshared) {
            boolean tried = shared.containsKey(gap) || failures.containsKey(gap);
            left += tried ? 0 : 1;
            counts.add(UNSHARED, tried ? 1 : 0);
            counts.add(FAILED, Boolean.FALSE.equals(shared.get(gap)) ? 1 : 0);
            trying(List.of(gap), () -> rethrow(failures.get(gap)));
        }
    }

    private static void rethrow(@Nullable RuntimeException failure) {
        if (failure != null) {
            throw failure;
        }
    }

    private Policy policyOf(Image image) {
        return policies.find(image.name().policy()).orElseThrow();
    }

    /** EC2 is asked about several at a time. */
    private void check(List<Gap.Unchecked> unchecked) {
        Map<Gap.Unchecked, List<String>> permissions = new ConcurrentHashMap<>();
        Map<Gap.Unchecked, RuntimeException> failures = new ConcurrentHashMap<>();
        images.sideBySide(
                unchecked,
                timeLeft,
                gap -> {
                    try {
                        Image image = gap.image();
                        permissions.put(
                                gap, images.permissions(image.region(), image.id().orElseThrow()));
                    } catch (SdkException failure) {
                        failures.put(gap, failure);
                    }
                });
        for (Gap.Unchecked gap : unchecked) {
            List<String> found = permissions.get(gap);
            if (found != null) {
                trying(List.of(gap), () -> check(gap.image(), found));
            } else if (failures.containsKey(gap)) {
                trying(List.of(gap), () -> rethrow(failures.get(gap)));
            } else {
                left++;
            }
        }
    }

    private void check(Image image, List<String> found) {
        Policy policy = policyOf(image);
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
            shareAgain(List.of(new Gap.Unshared(image)));
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
