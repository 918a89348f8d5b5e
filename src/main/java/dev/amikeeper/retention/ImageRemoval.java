package dev.amikeeper.retention;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.RemovalResult;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.lifecycle.Shares;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The steps by which an image is removed or brought back. Each step is recorded before it is taken,
 * so that a later run can finish an interrupted one. Each step may be repeated. Steps of several
 * images may be taken at the same time.
 */
public final class ImageRemoval {
    private static final Logger log = LoggerFactory.getLogger(ImageRemoval.class);

    /**
     * The longest that a run may start after its event, whose time the run uses as the current
     * time.
     */
    private static final Duration LATE = Duration.ofHours(1);

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Shares shares;
    private final Instant now;
    private final String by;
    private final Set<NoticeKey> told = ConcurrentHashMap.newKeySet();

    /** How a step ended. */
    public enum RemovalEnd {
        /** The step was completed. */
        DONE,
        /** The image was deregistered, but some of its snapshots remain to be deleted. */
        LEFT,
        /** EC2 refused the step. */
        REFUSED,
        /** Somebody else changed the image in the meantime, so it is left alone. */
        CHANGED,
        /** EC2 does not answer. */
        UNREADABLE
    }

    /**
     * The steps of one run.
     *
     * @param by who takes the steps, for the tombstones
     */
    public ImageRemoval(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Shares shares,
            Instant now,
            String by) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.shares = shares;
        this.now = now;
        this.by = by;
    }

    /** The keys of the notices for people, including those that they had received already. */
    Set<NoticeKey> told() {
        return Set.copyOf(told);
    }

    /**
     * Disables an image. EC2 drops its launch permissions when it is disabled, so they are recorded
     * first.
     */
    RemovalEnd disable(
            Image image,
            String why,
            List<SnapshotId> snapshots,
            List<String> permissions,
            Duration dwell) {
        Image disabling = image.disabling(why, snapshots, permissions, now);
        if (!catalog.save(Change.of(image, disabling))) {
            return changed(image);
        }
        ImageId id = image.id().orElseThrow();
        if (imageChanges.disable(image.region(), id)
                instanceof ChangeResult.Refused(String refused)) {
            return refused(disabling, "disabled", refused);
        }
        catalog.save(Change.of(disabling, disabling.disabledUntil(now.plus(dwell), now)));
        log.info("{} {} disabled for {}: {}", image.region(), image.name(), dwell, why);
        return RemovalEnd.DONE;
    }

    /**
     * Enables an image again, then restores its launch permissions. If EC2 refuses the permissions,
     * the image is back all the same, and the sweep keeps trying.
     */
    public RemovalEnd bringBack(Image image) {
        Image enabling = image;
        if (image.state() != ImageState.ENABLING) {
            enabling = image.enabling(now);
            if (!catalog.save(Change.of(image, enabling))) {
                return changed(image);
            }
        }
        ImageId id = image.id().orElseThrow();
        if (imageChanges.enable(image.region(), id) instanceof ChangeResult.Refused(String why)) {
            return refused(enabling, "enabled again", why);
        }
        Image back = enabling.keptAfterAll(now);
        if (catalog.save(Change.of(enabling, back))) {
            shares.give(back, now);
        }
        log.info("{} {} is kept after all", image.region(), image.name());
        return RemovalEnd.DONE;
    }

    /** Deregisters an image and deletes its snapshots. */
    public RemovalEnd remove(Image image, String why, List<SnapshotId> snapshots) {
        Image retiring = image.retiring(why, snapshots, now);
        if (!catalog.save(Change.of(image, retiring))) {
            return changed(image);
        }
        ImageId id = retiring.id().orElseThrow();
        return settle(retiring, imageChanges.remove(retiring.region(), id, retiring.snapshots()));
    }

    /**
     * Finishes the removal of an image whose AMI is not listed among ours: it was deregistered,
     * unless somebody just removed its tags.
     */
    public RemovalEnd finish(Image image, List<SnapshotId> snapshots) {
        try {
            if (images.look(image.region(), image.id().orElseThrow())
                    instanceof ImageLookup.Shown) {
                log.warn("{} {} lost its tags and stays", image.region(), image.name());
                return RemovalEnd.CHANGED;
            }
        } catch (SdkException error) {
            log.warn("{} cannot be read: {}", image.name(), Fault.text(error));
            return RemovalEnd.UNREADABLE;
        }
        return settle(image, imageChanges.removeSnapshots(image.region(), snapshots));
    }

    private RemovalEnd settle(Image image, RemovalResult removal) {
        return switch (removal) {
            case RemovalResult.Removed _ -> {
                Tombstone tombstone = new Tombstone(image, now, by, image.note());
                if (!catalog.bury(image, tombstone)) {
                    yield changed(image);
                }
                log.info("{} {} removed: {}", image.region(), image.name(), image.note());
                yield RemovalEnd.DONE;
            }
            case RemovalResult.Left left -> {
                log.warn("{} {} leaves snapshots: {}", image.region(), image.name(), left.why());
                catalog.save(Change.of(image, image.leaving(left.snapshots())));
                tell(
                        Trouble.LEFT,
                        image,
                        image.region()
                                + ": image "
                                + image.name()
                                + " is deregistered but leaves snapshots: "
                                + left.why(),
                        left.remedy());
                yield RemovalEnd.LEFT;
            }
            case RemovalResult.NotRemoved(var why) -> refused(image, "removed", why);
        };
    }

    /** Applies a setting to an image that this run keeps. */
    RemovalEnd upkeep(Upkeep upkeep) {
        Image image = upkeep.image();
        return switch (upkeep) {
            case Upkeep.Deprecate(_, var at) -> deprecate(image, at);
            case Upkeep.Undeprecate _ -> undeprecate(image);
            case Upkeep.Protect _ -> protect(image);
            case Upkeep.Unprotect _ -> unprotect(image);
        };
    }

    private RemovalEnd deprecate(Image image, Instant at) {
        // EC2 refuses dates in the past. A date that is whole hours after the image's creation can
        // be recognized as ours later.
        long late = Math.max(0, Duration.between(at, now.plus(LATE)).toSeconds());
        long hour = Duration.ofHours(1).toSeconds();
        Instant then = at.plusSeconds(Math.ceilDiv(late, hour) * hour);
        return imageChanges.deprecate(image.region(), image.id().orElseThrow(), then)
                        instanceof ChangeResult.Refused(String why)
                ? upkeepRefused(image, "deprecated", why)
                : RemovalEnd.DONE;
    }

    private RemovalEnd undeprecate(Image image) {
        return imageChanges.undeprecate(image.region(), image.id().orElseThrow())
                        instanceof ChangeResult.Refused(String why)
                ? upkeepRefused(image, "freed of its deprecation date", why)
                : RemovalEnd.DONE;
    }

    /**
     * Records the protection before setting it: protection without a record would count as somebody
     * else's.
     */
    private RemovalEnd protect(Image image) {
        Image guarded = image.guardedUntil(Image.IN_FORCE);
        if (!catalog.save(Change.of(image, guarded))) {
            return changed(image);
        }
        return imageChanges.protect(image.region(), image.id().orElseThrow())
                        instanceof ChangeResult.Refused(String why)
                ? upkeepRefused(image, "protected", why)
                : RemovalEnd.DONE;
    }

    /**
     * Records the end of the protection only after lifting it, because the cool-down starts with
     * the call.
     */
    private RemovalEnd unprotect(Image image) {
        if (imageChanges.unprotect(image.region(), image.id().orElseThrow())
                instanceof ChangeResult.Refused(String why)) {
            return upkeepRefused(image, "freed of its protection", why);
        }
        Instant ends = now.plus(ImageChanges.COOL_DOWN).plus(LATE);
        return catalog.save(Change.of(image, image.guardedUntil(ends)))
                ? RemovalEnd.DONE
                : changed(image);
    }

    private static RemovalEnd changed(Image image) {
        log.info("{} {} changed meanwhile and stays", image.region(), image.name());
        return RemovalEnd.CHANGED;
    }

    private RemovalEnd refused(Image image, String what, String why) {
        return refused(Trouble.REFUSED, image, what, why);
    }

    /** The record does not show when this trouble is over; the next run does. */
    private RemovalEnd upkeepRefused(Image image, String what, String why) {
        return refused(Trouble.UPKEEP, image, what, why);
    }

    private RemovalEnd refused(Trouble trouble, Image image, String what, String why) {
        log.error("{} {} not {}: {}", image.region(), image.name(), what, why);
        tell(
                trouble,
                image,
                image.region() + ": image " + image.name() + " could not be " + what + ": " + why,
                "every run tries again; check the function's role and the image's deregistration"
                        + " protection");
        return RemovalEnd.REFUSED;
    }

    private void tell(Trouble trouble, Image image, String text, String remedy) {
        NoticeKey key = trouble.in(image.region(), image.name());
        told.add(key);
        Notice notice = new Notice(key, now, text, remedy, true);
        if (!catalog.note(notice)) {
            catalog.reword(notice);
        }
    }
}
