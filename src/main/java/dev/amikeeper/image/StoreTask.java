package dev.amikeeper.image;

import java.time.Instant;

/**
 * An EC2 task that stores an image in S3, whoever in the account started it. EC2 lists those of the
 * last 31 days.
 *
 * @param image the image being stored
 * @param bucket the destination
 * @param began when EC2 accepted the task
 * @param why why it failed; empty if EC2 gives no reason
 */
public record StoreTask(ImageId image, String bucket, TaskState state, Instant began, String why) {
    /** How far it has come. */
    public enum TaskState {
        /** EC2 is reading the snapshots, so they must not be deleted. */
        IN_PROGRESS,
        /** The object exists. */
        COMPLETED,
        /** There is no object. */
        FAILED
    }
}
