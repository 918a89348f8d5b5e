package dev.amikeeper.ec2;

import dev.amikeeper.image.SnapshotId;

import java.util.List;

/** How the removal of an image or of its snapshots ended. */
public sealed interface Removal {
    /** Nothing is left of it. */
    record Removed() implements Removal {}

    /** The image is gone, these snapshots are not yet. */
    record Left(List<SnapshotId> snapshots, String why) implements Removal {
        public Left {
            snapshots = List.copyOf(snapshots);
        }
    }

    /** EC2 refused; the image is still there. */
    record Refused(String why) implements Removal {}
}
