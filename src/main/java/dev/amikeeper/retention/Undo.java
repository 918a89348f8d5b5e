package dev.amikeeper.retention;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Undoes a step of pruning at a person's request. The image is held, so that the next run does not
 * take the step again. An undo may be repeated: what was done already is left as it is.
 */
public final class Undo {
    /** EC2 shows an image within this time after it leaves the Recycle Bin. */
    private static final Duration SEEN_WITHIN = Duration.ofDays(1);

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Policies policies;
    private final ImageRemoval removal;
    private final Instant now;

    /** How the undo ended. The text is for a person. */
    public sealed interface UndoResult {
        String text();

        /** The image is available and held. */
        record Back(String text) implements UndoResult {}

        /**
         * The image is available but could not be held, so the next run may take the step again.
         */
        record NotHeld(String text) implements UndoResult {}

        /** There is nothing to undo, or it cannot be undone. */
        record NotUndone(String text) implements UndoResult {}
    }

    public Undo(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Policies policies,
            ImageRemoval removal,
            Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.policies = policies;
        this.removal = removal;
        this.now = now;
    }

    /** Brings the image back. */
    public UndoResult of(Region region, ImageId id) {
        Optional<Image> record = catalog.find(region, id);
        if (record.isPresent() && isThere(region, id)) {
            return stillThere(record.get(), id);
        }
        return tombstone(region, id)
                .<UndoResult>map(tombstone -> fromTheBin(tombstone, tombstone.image(), id))
                .or(() -> record.map(image -> fromTheBin(image, id)))
                .orElseGet(() ->
                        new UndoResult.NotUndone(
                                region
                                        + ": the catalogue knows no image "
                                        + id
                                        + ", neither present nor removed within a year"));
    }

    private UndoResult stillThere(Image image, ImageId id) {
        return switch (image.state()) {
            case DISABLING, DISABLED, ENABLING, RETIRING -> {
                ChangeResult held = hold(image.region(), id);
                yield broughtBack(image, id, "is enabled again", held);
            }
            case AVAILABLE ->
                    new UndoResult.NotUndone(id + " is available: there is nothing to undo");
            case REQUESTED, CREATING, FAILED ->
                    new UndoResult.NotUndone(id + " was never available: there is nothing to undo");
        };
    }

    /** Undoes a removal that has no tombstone yet. */
    private UndoResult fromTheBin(Image image, ImageId id) {
        if (image.state() != ImageState.RETIRING) {
            return new UndoResult.NotUndone(
                    id
                            + " was deregistered by somebody else, and its snapshots with it or"
                            + " not; try again when the next run has recorded that");
        }
        return restored(image, id)
                .<UndoResult>map(UndoResult.NotUndone::new)
                .orElseGet(() -> stillThere(image, id));
    }

    /** Records that the image is back in EC2 before making any other call that EC2 may refuse. */
    private UndoResult fromTheBin(Tombstone tombstone, Image image, ImageId id) {
        // It may have been the last image there, and the sweep reads only Regions that it knows.
        catalog.remember(image.region(), now.plus(SEEN_WITHIN));
        Optional<String> notRestored = restored(image, id);
        if (notRestored.isPresent()) {
            return new UndoResult.NotUndone(notRestored.get());
        }
        ChangeResult held = hold(image.region(), id);
        Image back = image.enabling(now);
        return catalog.unbury(tombstone, back)
                ? broughtBack(back, id, "is back from the Recycle Bin", held)
                : new UndoResult.NotUndone(
                        id + " is back, and somebody else recorded that meanwhile; look again");
    }

    private UndoResult broughtBack(Image image, ImageId id, String how, ChangeResult held) {
        return switch (removal.bringBack(image)) {
            case DONE -> back(image.region(), id, how, held);
            case LEFT, REFUSED, CHANGED, UNREADABLE ->
                    new UndoResult.NotUndone(
                            id
                                    + " could not be brought back now; "
                                    + (held instanceof ChangeResult.Refused(String why)
                                            ? "nor could it be held: " + why
                                            : "it is held")
                                    + "; try again");
        };
    }

    /** Restores the snapshots first, because the image cannot be restored without them. */
    private Optional<String> restored(Image image, ImageId id) {
        if (isThere(image.region(), id)) {
            return Optional.empty();
        }
        List<String> refused = new ArrayList<>();
        for (SnapshotId snapshot : image.snapshots()) {
            if (imageChanges.restore(image.region(), snapshot)
                    instanceof ChangeResult.Refused(String why)) {
                refused.add(snapshot + ": " + why);
            }
        }
        return imageChanges.restore(image.region(), id) instanceof ChangeResult.Refused(String why)
                ? Optional.of(
                        id
                                + " cannot be restored from the Recycle Bin: "
                                + why
                                + (refused.isEmpty() ? "" : "; " + String.join("; ", refused))
                                + elsewhere(image))
                : Optional.empty();
    }

    private String elsewhere(Image image) {
        List<String> others =
                catalog.ofInstance(image.name().instance()).stream()
                        .filter(other -> other.name().equals(image.name()) && other.isGood())
                        .map(other ->
                                other.region() + " " + other.id().map(ImageId::value).orElse(""))
                        .toList();
        return others.isEmpty()
                ? "; no other Region has an image of this slot"
                : "; the same slot exists in " + String.join(", ", others);
    }

    private ChangeResult hold(Region region, ImageId id) {
        return imageChanges.hold(region, id, "undone " + now);
    }

    private UndoResult back(Region region, ImageId id, String how, ChangeResult held) {
        boolean shared =
                catalog.find(region, id)
                        .filter(image -> image.leaving().permissions().isEmpty())
                        .isPresent();
        String back =
                id
                        + " "
                        + how
                        + (shared
                                ? ", with its launch permissions, "
                                : ", but not yet with its launch permissions (./keeper failures"
                                        + " says why, and every sweep tries again), ");
        return switch (held) {
            case ChangeResult.Changed _ ->
                    new UndoResult.Back(
                            back + "and held: remove its tag amikeeper:hold to let it go again");
            case ChangeResult.Refused(String why) ->
                    new UndoResult.NotHeld(
                            back
                                    + "but it could not be held ("
                                    + why
                                    + "): put the tag amikeeper:hold on it, in the place of another"
                                    + " tag if it is full, before the next run of pruning takes the"
                                    + " step again");
        };
    }

    private boolean isThere(Region region, ImageId id) {
        return images.look(region, id) instanceof ImageLookup.Shown(Ami ami)
                && ami.state() != AmiState.DEREGISTERED;
    }

    private Optional<Tombstone> tombstone(Region region, ImageId id) {
        return catalog.policiesWith(policies.allNames()).stream()
                .flatMap(policy -> catalog.removed(policy, region).stream())
                .filter(tombstone -> tombstone.id().equals(Optional.of(id)))
                .findFirst();
    }
}
