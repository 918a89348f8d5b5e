package dev.amikeeper.replication;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.Sharing;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What follows when EC2 is done with an image: the steps that state events and the workers' own
 * findings share. Each may be repeated, come late, or come in any order.
 */
public final class Settlement {
    private static final Logger log = LoggerFactory.getLogger(Settlement.class);

    /** A failed try is followed by one more, after this while. */
    public static final Duration RETRY_DELAY = Duration.ofMinutes(10);

    private static final int TRIES = 2;

    /** What a step did. */
    public enum Step {
        /** A good image more. */
        AVAILABLE,
        /** There will be one more try. */
        AGAIN,
        /** Given up, announced. */
        FAILED,
        /** Removed or disabled by somebody else. */
        CHANGED_BY_OTHERS,
        /** Nothing to do: repeated, late, or not ours. */
        NOTHING
    }

    private final Application app;

    public Settlement(Application app) {
        this.app = app;
    }

    /** EC2 says that an image is available. */
    public Step available(Image image, Instant now) {
        if (image.state() != ImageState.CREATING) {
            return Step.NOTHING;
        }
        Optional<Policy> policy = app.policies().find(image.name().policy());
        if (policy.isEmpty()) {
            log.warn(
                    "{} {} is available; its policy is no longer in the file, so it is neither"
                            + " shared nor replicated, and never removed",
                    image.region(),
                    image.name());
        }
        List<Notice> notices = new ArrayList<>();
        boolean shared = policy.map(p -> share(image, p, notices, now)).orElse(false);
        Image after = image.available(shared, now);
        List<Region> destinations =
                image.isCopy()
                        ? List.of()
                        : policy.map(p -> p.destinations(image.region())).orElse(List.of());
        List<Image> copies = destinations.stream().map(to -> after.copyTo(to, now)).toList();
        if (!app.catalog().save(new Change(image, after, copies, notices))) {
            return Step.NOTHING;
        }
        destinations.forEach(to -> app.kicks().copy(to, now));
        makeRoom(image, now);
        return Step.AVAILABLE;
    }

    /** Whether the permissions are set as the policy says; trouble is told and stops nothing. */
    private boolean share(Image image, Policy policy, List<Notice> notices, Instant now) {
        if (policy.share().isEmpty()) {
            return false;
        }
        return switch (app.images()
                .share(image.region(), image.id().orElseThrow(), policy.share())) {
            case Sharing.Shared _ -> true;
            case Sharing.Refused(String why) -> {
                log.warn("{} {} could not be shared: {}", image.region(), image.name(), why);
                notices.add(
                        new Notice(
                                "share/" + image.region() + "/" + image.name(),
                                now,
                                image.region()
                                        + ": image "
                                        + image.name()
                                        + " could not be shared: "
                                        + why,
                                "check the accounts under \"share\" of policy "
                                        + policy.name()
                                        + " and, for an encrypted image, who may use its key",
                                true));
                yield false;
            }
        };
    }

    /**
     * EC2 says that an image failed. It is asked first, for an event may be wrong about an image
     * that could be the only one; then the failed image is removed, for it keeps its name.
     */
    public Step failed(Image image, String why, Instant now) {
        if (image.state() != ImageState.CREATING) {
            return Step.NOTHING;
        }
        ImageId id = image.id().orElseThrow();
        Optional<Ami> ami = find(image.region(), id);
        if (ami.isPresent() && !ami.get().state().equals("failed")) {
            return ami.get().state().equals("available") ? available(image, now) : Step.NOTHING;
        }
        ami.ifPresent(failed -> app.images().remove(image.region(), id, failed.snapshots()));
        String reason = ami.map(Ami::reason).filter(text -> !text.isBlank()).orElse(why);
        return tryFailed(image, reason, now);
    }

    /** A try ended without an image: one more follows after a while, or it is given up. */
    public Step tryFailed(Image image, String why, Instant now) {
        if (image.attempt() < TRIES) {
            Image again = image.again(now.plus(RETRY_DELAY), why, now);
            log.warn("{} {} failed and is tried again: {}", image.region(), image.name(), why);
            if (!app.catalog().save(Change.of(image, again))) {
                return Step.NOTHING;
            }
            makeRoom(image, now);
            return Step.AGAIN;
        }
        return giveUp(image, why, now);
    }

    /** There will be no image; people are told. */
    public Step giveUp(Image image, String why, Instant now) {
        String what = image.isCopy() ? "copy" : "image";
        log.error("{} no {} {}: {}", image.region(), what, image.name(), why);
        Notice notice =
                new Notice(
                        "failed/" + image.region() + "/" + image.name(),
                        now,
                        image.region()
                                + ": there is no "
                                + what
                                + " "
                                + image.name()
                                + " after "
                                + (image.attempt() == 1 ? "1 try" : image.attempt() + " tries")
                                + ": "
                                + why,
                        image.isCopy()
                                ? "mend the cause; later images of the instance are copied anew"
                                : "mend the cause; the next slot images the instance again, or set"
                                        + " the tag amikeeper:request on it",
                        true);
        if (!app.catalog().save(Change.of(image, image.failed(why, now)).telling(notice))) {
            return Step.NOTHING;
        }
        makeRoom(image, now);
        return Step.FAILED;
    }

    /**
     * EC2 says that an image is deregistered. Our own removals are finished by the pruner, which
     * knows the snapshots.
     */
    public Step deregistered(Image image, Instant now) {
        return switch (image.state()) {
            case CREATING ->
                    stillThere(image)
                            ? Step.NOTHING
                            : tryFailed(image, "deregistered before it was available", now);
            case AVAILABLE -> stillThere(image) ? Step.NOTHING : buried(image, now);
            case REQUESTED, RETIRING, FAILED -> Step.NOTHING;
        };
    }

    private Step buried(Image image, Instant now) {
        log.warn("{} {} was deregistered by somebody else", image.region(), image.name());
        Tombstone tombstone =
                new Tombstone(
                        image.name(),
                        image.region(),
                        image.id(),
                        now,
                        "somebody else",
                        "deregistered outside AMI Keeper");
        return app.catalog().bury(image, tombstone) ? Step.CHANGED_BY_OTHERS : Step.NOTHING;
    }

    /** EC2 says that an image is disabled. */
    public Step disabled(Image image) {
        if (image.state() != ImageState.AVAILABLE || image.disabled()) {
            return Step.NOTHING;
        }
        log.warn("{} {} was disabled by somebody else", image.region(), image.name());
        return app.catalog().save(Change.of(image, image.disabledByOthers()))
                ? Step.CHANGED_BY_OTHERS
                : Step.NOTHING;
    }

    private boolean stillThere(Image image) {
        return find(image.region(), image.id().orElseThrow()).isPresent();
    }

    private Optional<Ami> find(Region region, ImageId id) {
        return Optional.ofNullable(app.images().find(region, List.of(id)).get(id));
    }

    /** The end of a copy makes room for another one. */
    private void makeRoom(Image image, Instant now) {
        if (image.isCopy()) {
            app.kicks().copy(image.region(), now);
        }
    }
}
