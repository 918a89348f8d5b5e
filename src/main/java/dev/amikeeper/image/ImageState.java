package dev.amikeeper.image;

/** Where the catalogue's record of an image stands. It only moves forward, try by try. */
public enum ImageState {
    /** Waits for its {@code CreateImage} or {@code CopyImage}. */
    REQUESTED,
    /** Started; EC2 is at work. */
    CREATING,
    /** A good image. */
    AVAILABLE,
    /** Its removal has begun. */
    RETIRING,
    /** Given up; announced. */
    FAILED
}
