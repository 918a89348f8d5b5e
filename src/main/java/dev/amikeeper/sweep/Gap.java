package dev.amikeeper.sweep;

import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;

import java.util.List;

/** A difference between the catalogue and EC2, or a step that was begun and not finished. */
public sealed interface Gap {
    /** EC2 is done with an image, successfully or not, but its record does not say so. */
    record Finished(Image image, Ami ami) implements Gap {}

    /** EC2 does not list the AMI of a record. */
    record Missing(Image image) implements Gap {}

    /**
     * EC2 has been creating an image for very long, or a copy has waited that long to be started.
     */
    record Slow(Image image) implements Gap {}

    /** An image that was given up exists after all. */
    record Found(Image image, Ami ami) implements Gap {}

    /** An image of ours that has neither a record nor a tombstone, and what becomes its record. */
    record UnknownImage(Image adopted, Ami ami) implements Gap {
        /** The record in the state that EC2 shows. */
        Image record() {
            return adopted.inState(ami.state());
        }
    }

    /** An image that was removed and that somebody brought back, and the record to make. */
    record Returned(Tombstone tombstone, Image adopted) implements Gap {}

    /** An AMI that has our tags, but whose tags disagree with its name. */
    record Foreign(Ami ami) implements Gap {}

    /** A copy that the policy wants and that nobody has requested. */
    record Uncopied(Image copy) implements Gap {}

    /** Somebody disabled an image, or enabled it again. */
    record Switched(Image image, Ami ami) implements Gap {}

    /** The AMI of a removal is gone, but the removal is not finished. */
    record Unfinished(Image image) implements Gap {}

    /** An image that is to be enabled again is not enabled yet. */
    record Returning(Image image) implements Gap {}

    /** An image is not shared as its policy says, and it is time to try again. */
    record Unshared(Image image) implements Gap {}

    /**
     * It is time to ask again whether EC2 accepts those whom it refused for this image's policy.
     */
    record ShareRefused(Image image) implements Gap {}

    /** It is this image's turn to have its launch permissions compared with its policy's. */
    record Unchecked(Image image) implements Gap {}

    /**
     * Snapshots of ours that belong to no image.
     *
     * @param litter whether the pruner removed their image and overlooked them
     */
    record Orphans(Region region, ImageName name, List<SnapshotId> snapshots, boolean litter)
            implements Gap {
        public Orphans {
            snapshots = List.copyOf(snapshots);
        }
    }
}
