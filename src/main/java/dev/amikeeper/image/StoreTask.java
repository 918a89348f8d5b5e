package dev.amikeeper.image;

import java.time.Instant;

/**
 * A task of EC2's that stores an image in S3, ours or anybody's in the account; EC2 shows those of
 * the last 31 days.
 *
 * @param image the one that is stored
 * @param bucket where to
 * @param began when EC2 took it on
 * @param why why it failed; empty if EC2 says nothing
 */
public record StoreTask(ImageId image, String bucket, TaskState state, Instant began, String why) {
    /** How far it is. */
    public enum TaskState {
        /** EC2 reads the snapshots: they must not be deleted. */
        IN_PROGRESS,
        /** The object is there. */
        COMPLETED,
        /** There is no object. */
        FAILED
    }
}
