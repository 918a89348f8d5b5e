package dev.amikeeper.retention;

import dev.amikeeper.image.Image;

import java.time.Instant;

/** A setting to apply to an image that is available, whatever its verdict. */
public sealed interface Upkeep {
    /** The catalogue's record of the image. */
    Image image();

    /** Sets the date from which the image is deprecated. */
    record Deprecate(Image image, Instant at) implements Upkeep {}

    /** Removes a deprecation date that AMI Keeper set and that the policy no longer asks for. */
    record Undeprecate(Image image) implements Upkeep {}

    /** Protects the image from deregistration because it is one of the newest. */
    record Protect(Image image) implements Upkeep {}

    /** Lifts our deregistration protection because the image is no longer one of the newest. */
    record Unprotect(Image image) implements Upkeep {}
}
