package dev.amikeeper.ec2;

/** The result of starting to store an image in S3. */
public sealed interface StoreResult {
    /** EC2 is storing it. */
    record Begun() implements StoreResult {}

    /** EC2 says that the bucket already has it, or is about to. */
    record Already() implements StoreResult {}

    /** Too much is being stored, or too fast; try later. */
    record StoreLater(String why) implements StoreResult {}

    /** The answer does not tell; EC2 may have begun. */
    record PerhapsBegun(String why) implements StoreResult {}

    /** Nothing is stored in this Region until people act, whatever the image and the bucket. */
    record StoreBlocked(Blocker by) implements StoreResult {}

    /** The role is not allowed to; the same holds for every image for this bucket. */
    record Denied(String why) implements StoreResult {}

    /** EC2 does not store this image, at least not now. */
    record NotStored(String why) implements StoreResult {}
}
