package dev.amikeeper.image;

import java.util.Optional;

/** An image and its Region, {@code us-east-1/ami-0abcdef1234567890}. */
public record ImageRef(Region region, ImageId id) {
    /** Reads the text form; empty if the text has another form. */
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
