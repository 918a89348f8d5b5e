package dev.amikeeper.image;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/** The id of an AMI, as {@code ami-0abcdef1234567890}: unique within its Region. */
public record ImageId(String value) {
    private static final String PREFIX = "ami-";

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if the value cannot be an image id
     */
    public ImageId {
        if (!Texts.isId(value, PREFIX)) {
            throw new IllegalArgumentException("not an image id: " + Texts.quoted(value));
        }
    }

    /** Reads an id; empty if the text is not one. */
    public static Optional<ImageId> read(@Nullable String text) {
        return Optional.ofNullable(text).filter(it -> Texts.isId(it, PREFIX)).map(ImageId::new);
    }

    @Override
    public String toString() {
        return value;
    }
}
