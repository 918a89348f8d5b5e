package dev.amikeeper.image;

/**
 * Where the catalogue's record of an image stands. It only moves forward, try by try; an image that
 * is kept after all is available again.
 */
public enum ImageState {
    /** Waits for its {@code CreateImage} or {@code CopyImage}. */
    REQUESTED,
    /** Started; EC2 is at work. */
    CREATING,
    /** A good image. */
    AVAILABLE,
    /** Nothing keeps it: it is about to be disabled. */
    DISABLING,
    /** We disabled it: whoever misses it has until its removal to say so. */
    DISABLED,
    /** Something keeps it after all: it is about to be enabled again. */
    ENABLING,
    /** Its removal has begun. */
    RETIRING,
    /** Given up; announced. */
    FAILED
}
