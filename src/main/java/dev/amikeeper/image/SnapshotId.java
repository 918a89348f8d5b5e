package dev.amikeeper.image;

import java.util.regex.Pattern;

/** The id of an EBS snapshot, as {@code snap-0abcdef1234567890}. */
public record SnapshotId(String value) implements Comparable<SnapshotId> {
    private static final Pattern FORM = Pattern.compile("snap-[0-9a-z]{1,40}");

    /**
     * Reads an id that a person wrote.
     *
     * @throws IllegalArgumentException if the text is not a snapshot id
     */
    public static SnapshotId read(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not a snapshot id: " + Texts.quoted(text));
        }
        return new SnapshotId(text);
    }

    @Override
    public int compareTo(SnapshotId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
