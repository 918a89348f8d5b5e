package dev.amikeeper.retention;

import dev.amikeeper.image.Image;

import java.time.Instant;

/** What is to be set on an image that is available, whatever its verdict. */
public sealed interface Upkeep {
    /** The catalogue's record of it. */
    Image image();

    /** It gets the date from which it is deprecated. */
    record Deprecate(Image image, Instant at) implements Upkeep {}

    /** It carries a date of ours that its policy does not ask for any more: that is taken back. */
    record Undeprecate(Image image) implements Upkeep {}

    /** It is one of the newest: it gets deregistration protection. */
    record Protect(Image image) implements Upkeep {}

    /** It is one of the newest no longer: our deregistration protection is lifted. */
    record Unprotect(Image image) implements Upkeep {}
}
