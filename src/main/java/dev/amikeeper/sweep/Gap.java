package dev.amikeeper.sweep;

import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;

import java.util.List;

/** Where the catalogue and EC2 differ, or a step was begun and not finished. */
public sealed interface Gap {
    /** EC2 is done with an image, well or not, and its record does not know it. */
    record Finished(Image image, Ami ami) implements Gap {}

    /** EC2 does not list the AMI of a record. */
    record Missing(Image image) implements Gap {}

    /** EC2 is at work on an image for very long, or a copy waits to be begun for that long. */
    record Slow(Image image) implements Gap {}

    /** An image that was given up is there after all. */
    record Found(Image image, Ami ami) implements Gap {}

    /** An image of ours of which there is neither record nor tombstone; and the record to make. */
    record UnknownImage(Image adopted, Ami ami) implements Gap {}

    /** An image that was removed and is back, by somebody's hand; and the record to make. */
    record Returned(Tombstone tombstone, Image adopted) implements Gap {}

    /** An AMI whose tags are ours and do not say what its name says. */
    record Foreign(Ami ami) implements Gap {}

    /** A copy that the policy wants and that nobody has asked for. */
    record Uncopied(Image copy) implements Gap {}

    /** Somebody disabled an image, or enabled it again. */
    record Switched(Image image, Ami ami) implements Gap {}

    /** The AMI of a removal is gone, and the removal is not finished. */
    record Unfinished(Image image) implements Gap {}

    /** An image that is to be enabled again is not yet. */
    record Returning(Image image) implements Gap {}

    /** An image is not shared as its policy says, and it is time to try again. */
    record Unshared(Image image) implements Gap {}

    /** It is time to ask again whether EC2 takes those whom it refused to this image's policy. */
    record ShareRefused(Image image) implements Gap {}

    /** It is this image's turn to have its launch permissions compared with its policy's. */
    record Unchecked(Image image) implements Gap {}

    /**
     * Snapshots of ours that belong to no image.
     *
     * @param litter whether the pruner removed the image they were of, and overlooked them
     */
    record Orphans(Region region, ImageName name, List<SnapshotId> snapshots, boolean litter)
            implements Gap {
        public Orphans {
            snapshots = List.copyOf(snapshots);
        }
    }
}
