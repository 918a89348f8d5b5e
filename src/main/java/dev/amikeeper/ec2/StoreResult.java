package dev.amikeeper.ec2;

/** How the start of storing an image in S3 ended. */
public sealed interface StoreResult {
    /** EC2 is at work on it. */
    record Begun() implements StoreResult {}

    /** EC2 says that the bucket has it already, or is about to. */
    record Already() implements StoreResult {}

    /** Too much is being stored, or too fast: later. */
    record StoreLater(String why) implements StoreResult {}

    /** No answer that tells: it may have begun. */
    record PerhapsBegun(String why) implements StoreResult {}

    /** Nothing is stored in this Region until people act, whatever the image and the bucket. */
    record StoreBlocked(Blocker by) implements StoreResult {}

    /** The role may not do this; so it is with every image for this bucket. */
    record Denied(String why) implements StoreResult {}

    /** EC2 does not store this image, at least not now. */
    record NotStored(String why) implements StoreResult {}
}
