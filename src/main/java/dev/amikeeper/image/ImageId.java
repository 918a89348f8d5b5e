package dev.amikeeper.image;

import java.util.regex.Pattern;

/** The id of an AMI, as {@code ami-0abcdef1234567890}: unique within its Region. */
public record ImageId(String value) {
    private static final Pattern FORM = Pattern.compile("ami-[0-9a-z]{1,40}");

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if the value cannot be an image id
     */
    public ImageId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("not an image id: " + Texts.quoted(value));
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
