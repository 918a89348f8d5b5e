package dev.amikeeper.image;

import java.time.Instant;
import java.util.Map;

/**
 * A snapshot as EC2 describes it.
 *
 * @param started when it was started
 * @param state EC2's word, as {@code completed}; {@code archived} if it is in the archive tier
 * @param volume the volume that it was created from, as {@code vol-0abc}; empty for a copy
 */
public record Snapshot(
        SnapshotId id, Map<String, String> tags, Instant started, String state, String volume) {
    public Snapshot {
        tags = Map.copyOf(tags);
    }
}
