package dev.amikeeper.image;

/** The id of an EC2 instance, as {@code i-0abcdef1234567890}. */
public record InstanceId(String value) {
    private static final String PREFIX = "i-";

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if the value cannot be an instance id
     */
    public InstanceId {
        if (!Texts.isId(value, PREFIX)) {
            throw new IllegalArgumentException("not an instance id: " + Texts.quoted(value));
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
