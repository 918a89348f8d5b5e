package dev.amikeeper.image;

import java.util.Optional;

/** An image and where it is, {@code us-east-1/ami-0abcdef1234567890}. */
public record ImageRef(Region region, ImageId id) {
    /** Reads the text form; empty if it is none. */
    public static Optional<ImageRef> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new ImageRef(
                            new Region(text.substring(0, slash)),
                            new ImageId(text.substring(slash + 1))));
        } catch (IllegalArgumentException notARef) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return region + "/" + id;
    }
}
