package dev.amikeeper.lifecycle;

import dev.amikeeper.alerts.CopyTroubles;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Remover;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.RemovalResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.queue.Kicks;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What happens after EC2 finishes work on an image. State events and the workers' own findings lead
 * to the same steps. Each step may be repeated, come late, or come in any order.
 */
public final class ImageProgress {
    private static final Logger log = LoggerFactory.getLogger(ImageProgress.class);

    /**
     * How long a failed try of a home image waits for the next try. The pauses are short because
     * its slot is soon stale.
     */
    private static final List<Duration> IMAGE_PAUSES =
            List.of(Duration.ofMinutes(10), Duration.ofMinutes(30));

    /** How long a failed try of a copy waits for the next try. */
    private static final List<Duration> COPY_PAUSES =
            List.of(
                    Duration.ofMinutes(10),
                    Duration.ofHours(1),
                    Duration.ofHours(6),
                    Duration.ofHours(24));

    /** What a step did. */
    public enum Step {
        /** The image is now good. */
        AVAILABLE,
        /** There will be another try. */
        AGAIN,
        /** The image was given up, and people were told. */
        FAILED,
        /** Somebody else removed or disabled the image. */
        CHANGED_BY_OTHERS,
        /**
         * There was nothing to do: the step was repeated, came late, or was not for one of our
         * images.
         */
        NOTHING
    }

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Kicks kicks;
    private final Policies policies;
    private final CopyTroubles copyTroubles;
    private final Shares shares;

    public ImageProgress(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Kicks kicks,
            Policies policies,
            Shares shares) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.kicks = kicks;
        this.policies = policies;
        this.copyTroubles = new CopyTroubles(catalog, policies);
        this.shares = shares;
    }

    /** EC2 reports that an image is available. */
    public Step available(Image image, Instant now) {
        if (image.state() == ImageState.AVAILABLE && image.disabled()) {
            return enabled(image);
        }
        if (image.state() != ImageState.CREATING) {
            return Step.NOTHING;
        }
        Optional<Policy> policy = policies.find(image.name().policy());
        if (policy.isEmpty()) {
            log.warn(
                    "{} {} is available; its policy is no longer in the file, so it is neither"
                            + " shared nor replicated, and never removed",
                    image.region(),
                    image.name());
        }
        // Sharing comes afterwards: a refusal to share must not hold up a good image.
        Image after = image.available(false, now);
        // If the image may be old, no copies are requested here; the sweep requests those that the
        // rules want.
        List<Region> destinations =
                image.isCopy() || image.isBeingFetched() || image.adopted()
                        ? List.of()
                        : policy.map(p -> p.destinations(image.region())).orElse(List.of());
        List<Image> copies = destinations.stream().map(to -> after.copyTo(to, now)).toList();
        if (!catalog.save(new Change(image, after, copies, List.of()))) {
            return Step.NOTHING;
        }
        destinations.forEach(to -> kicks.copy(to, now));
        makeRoom(image, now);
        shares.give(after, now);
        return Step.AVAILABLE;
    }

    /** An image that was given up exists after all. */
    public Step found(Image image, Ami ami, Instant now) {
        if (image.state() != ImageState.FAILED) {
            return Step.NOTHING;
        }
        log.warn("{} {} had been given up and is there", image.region(), image.name());
        Image ours = ami.tags().containsKey(ImageTags.REGISTERED) ? image.madeOfOthers() : image;
        Image begun = ours.started(ami.id(), ami.snapshots().size(), now);
        return catalog.save(Change.of(image, begun)) ? available(begun, now) : Step.NOTHING;
    }

    /**
     * EC2 reports that an image failed. EC2 is asked first, because the event may be wrong and the
     * image could be the only one. The failed image is then removed, because it occupies its name.
     *
     * @throws IllegalStateException if EC2 does not yet show what the event says; the event must be
     *     repeated
     */
    public Step failed(Image image, String why, Instant now) {
        if (image.state() != ImageState.CREATING) {
            return Step.NOTHING;
        }
        ImageId id = image.id().orElseThrow();
        return switch (images.look(image.region(), id)) {
            case ImageLookup.Gone _ -> tryFailed(image, why, now);
            case ImageLookup.Shown(Ami ami) when ami.state() == AmiState.FAILED ->
                    discarded(image, ami, ami.reason().isBlank() ? why : ami.reason(), now);
            case ImageLookup.Shown(Ami ami) when ami.state() == AmiState.AVAILABLE ->
                    available(image, now);
            case ImageLookup.Shown(Ami ami) -> throw notYet(image, ami.state().toString());
            case ImageLookup.NotShown _ -> throw notYet(image, "not there");
        };
    }

    private static IllegalStateException notYet(Image image, String state) {
        return new IllegalStateException(
                image.region()
                        + " "
                        + image.name()
                        + " failed, but EC2 still shows it as "
                        + state);
    }

    /**
     * Records the reason first. If the function dies after that, the deregistration has an event of
     * its own, which leads to what became of the image.
     */
    private Step discarded(Image image, Ami failed, String why, Instant now) {
        Image failing = image.failing(why);
        if (!catalog.save(Change.of(image, failing))) {
            return Step.NOTHING;
        }
        // Snapshots that existed before their image may be all that is left of a server.
        if (failed.tags().containsKey(ImageTags.REGISTERED) && !image.isBeingFetched()) {
            return giveUp(
                    failing,
                    why + "; " + failed.id() + " is to be deregistered without its snapshots",
                    now);
        }
        discard(failing, failed, now);
        return tryFailed(failing, why, now);
    }

    /**
     * Removes a failed image. If that fails, the next try finds the image by its name; after the
     * last try, people are told.
     */
    private void discard(Image image, Ami failed, Instant now) {
        switch (imageChanges.remove(image.region(), failed.id(), failed.snapshots())) {
            case RemovalResult.Removed _ -> {}
            case RemovalResult.Left left -> litter(image, failed, left.why(), now);
            case RemovalResult.NotRemoved(String why) -> litter(image, failed, why, now);
        }
    }

    private void litter(Image image, Ami failed, String why, Instant now) {
        log.warn("{} {}: failed image stays: {}", image.region(), failed.id(), why);
        catalog.note(
                new Notice(
                        Trouble.LITTER.in(image.region(), failed.id()),
                        now,
                        image.region()
                                + ": the failed image "
                                + failed.id()
                                + " or its snapshots could not be removed: "
                                + why,
                        "deregister it and delete " + failed.snapshots(),
                        true));
    }

    /**
     * A try ended without an image. Another try follows after a pause, or the image is given up.
     */
    public Step tryFailed(Image image, String why, Instant now) {
        if (image.isBeingFetched()) {
            return notFetched(image, why, now);
        }
        List<Duration> pauses = image.isCopy() ? COPY_PAUSES : IMAGE_PAUSES;
        if (image.attempt() <= pauses.size() && !isPast(image, now)) {
            Instant next = now.plus(pauses.get(image.attempt() - 1));
            Image again = image.again(next, why, now);
            log.warn("{} {} failed and is tried again: {}", image.region(), image.name(), why);
            if (image.isCopy()) {
                copyTroubles.failed(image, why, now);
            }
            if (!catalog.save(Change.of(image, again))) {
                return Step.NOTHING;
            }
            makeRoom(image, now);
            return Step.AGAIN;
        }
        return giveUp(
                image, why, now, image.isCopy() && copyTroubles.failedAtLast(image, why, now));
    }

    /**
     * Whether another try comes too late. It would image the live server as it is now, which is
     * wrong if the slot is long past or the image was to be made from something else.
     */
    private static boolean isPast(Image image, Instant now) {
        return !image.isCopy() && (image.adopted() || Retry.isTooLate(image, now));
    }

    /**
     * The instance has changed by now, so it is never imaged for this slot; the image gets its
     * tombstone again.
     */
    private Step notFetched(Image image, String why, Instant now) {
        String object = image.stored().map(stored -> stored.object().toString()).orElseThrow();
        log.error("{} {} is not back: {}", image.region(), image.name(), why);
        catalog.note(
                Notice.event(
                        Trouble.FETCH.in(image.region(), image.name() + "/" + now),
                        now,
                        image.region()
                                + ": image "
                                + image.name()
                                + " could not be made again from "
                                + object
                                + ": "
                                + why,
                        "fix what is named, then ./keeper fetch " + object));
        Tombstone again =
                new Tombstone(image, now, Remover.EC2.word(), "not made again from " + object);
        return catalog.bury(image, again) ? Step.FAILED : Step.NOTHING;
    }

    /** There will be no image. People are told. */
    public Step giveUp(Image image, String why, Instant now) {
        return giveUp(image, why, now, false);
    }

    /**
     * If people are told about the cause for the whole Region, they are not told again for each
     * image.
     */
    private Step giveUp(Image image, String why, Instant now, boolean causeIsTold) {
        String what = image.isCopy() ? "copy" : "image";
        log.error("{} no {} {}: {}", image.region(), what, image.name(), why);
        Notice notice =
                new Notice(
                                Trouble.FAILED.in(image.region(), image.name()),
                                now,
                                image.region()
                                        + ": there is no "
                                        + what
                                        + " "
                                        + image.name()
                                        + ": "
                                        + why,
                                remedy(image),
                                !causeIsTold)
                        .tried(tries(image) + " since its slot, " + image.name().slot());
        if (!catalog.save(Change.of(image, image.failed(why, now)).telling(notice))) {
            return Step.NOTHING;
        }
        makeRoom(image, now);
        return Step.FAILED;
    }

    private static String remedy(Image image) {
        if (image.isCopy()) {
            return "fix the cause, then ./keeper retry; later images of the instance are copied"
                    + " again";
        }
        return image.adopted()
                ? "fix the cause, then order it again, as it was: by ./keeper adopt, register or"
                        + " fetch"
                : "fix the cause, then ./keeper retry within 24 h of the slot; the next slot"
                        + " images the instance again, or set the tag amikeeper:request on it";
    }

    private static String tries(Image image) {
        return image.attempt() == 1 ? "1 try" : image.attempt() + " tries";
    }

    /**
     * EC2 reports that an image is deregistered. EC2 is asked first. The pruner finishes our own
     * removals, because it knows the snapshots.
     */
    public Step deregistered(Image image, Instant now) {
        return switch (image.state()) {
            case CREATING ->
                    stillThere(image)
                            ? Step.NOTHING
                            : tryFailed(
                                    image,
                                    image.note().isBlank()
                                            ? "deregistered before it was available"
                                            : image.note(),
                                    now);
            case AVAILABLE, DISABLING, DISABLED, ENABLING ->
                    stillThere(image) ? Step.NOTHING : buried(image, now);
            case REQUESTED, RETIRING, FAILED -> Step.NOTHING;
        };
    }

    /**
     * Somebody else deregistered these images, as EC2 itself has said.
     *
     * @param gone images that were made; what is in the making is tried again by {@link
     *     #deregistered}
     * @return how many of them are buried now
     */
    public int gone(Collection<Image> gone, Instant now) {
        return catalog.bury(gone.stream().map(image -> deregisteredByOthers(image, now)).toList())
                .size();
    }

    private boolean stillThere(Image image) {
        return images.look(image.region(), image.id().orElseThrow()) instanceof ImageLookup.Shown;
    }

    private Step buried(Image image, Instant now) {
        return catalog.bury(image, deregisteredByOthers(image, now))
                ? Step.CHANGED_BY_OTHERS
                : Step.NOTHING;
    }

    private static Tombstone deregisteredByOthers(Image image, Instant now) {
        log.warn("{} {} was deregistered by somebody else", image.region(), image.name());
        return new Tombstone(
                image, now, Remover.SOMEBODY_ELSE.word(), "deregistered outside AMI Keeper");
    }

    /** EC2 reports that an image is disabled. EC2 is asked first. */
    public Step disabled(Image image) {
        boolean isDisabled =
                image.state() == ImageState.AVAILABLE
                        && !image.disabled()
                        && images.look(image.region(), image.id().orElseThrow())
                                instanceof ImageLookup.Shown(Ami ami)
                        && ami.state() == AmiState.DISABLED;
        if (!isDisabled) {
            return Step.NOTHING;
        }
        log.warn("{} {} was disabled by somebody else", image.region(), image.name());
        return catalog.save(Change.of(image, image.disabledByOthers(true)))
                ? Step.CHANGED_BY_OTHERS
                : Step.NOTHING;
    }

    private Step enabled(Image image) {
        log.warn("{} {} was enabled again by somebody else", image.region(), image.name());
        return catalog.save(Change.of(image, image.disabledByOthers(false)))
                ? Step.CHANGED_BY_OTHERS
                : Step.NOTHING;
    }

    /**
     * When a copy ends, there is room for another one. If none is waiting now, nobody has to be
     * kicked: a copy that is recorded from now on kicks by itself, and its worker counts this one
     * no more, for its end is recorded already.
     */
    private void makeRoom(Image image, Instant now) {
        Region region = image.region();
        if (image.isCopy() && catalog.hasWork(region, Work.COPY_WAITING, now)) {
            kicks.copy(region, now);
        }
    }
}
