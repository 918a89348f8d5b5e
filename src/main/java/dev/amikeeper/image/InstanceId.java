package dev.amikeeper.image;

import java.util.regex.Pattern;

/** The id of an EC2 instance, as {@code i-0abcdef1234567890}. */
public record InstanceId(String value) {
    private static final Pattern FORM = Pattern.compile("i-[0-9a-z]{1,40}");

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if the value cannot be an instance id
     */
    public InstanceId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("not an instance id: " + Texts.quoted(value));
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
