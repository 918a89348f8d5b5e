package dev.amikeeper.image;

/**
 * The state of the catalogue's record of an image. Within an attempt it only moves forward; an
 * image that is kept after all becomes available again.
 */
public enum ImageState {
    /** Waits for its {@code CreateImage} or {@code CopyImage}. */
    REQUESTED,
    /** Started; EC2 is creating it. */
    CREATING,
    /** A usable image. */
    AVAILABLE,
    /** Nothing keeps it: it is about to be disabled. */
    DISABLING,
    /** AMI Keeper disabled it. Anybody who needs it can object until it is removed. */
    DISABLED,
    /** Something keeps it after all: it is about to be enabled again. */
    ENABLING,
    /** Its removal has begun. */
    RETIRING,
    /** AMI Keeper gave up on it and announced that. */
    FAILED
}
