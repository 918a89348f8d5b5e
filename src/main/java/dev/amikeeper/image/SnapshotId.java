package dev.amikeeper.image;

/** The id of an EBS snapshot, as {@code snap-0abcdef1234567890}. */
public record SnapshotId(String value) {
    @Override
    public String toString() {
        return value;
    }
}
