package dev.amikeeper.image;

import java.time.Instant;
import java.util.Map;

/**
 * A snapshot as EC2 shows it.
 *
 * @param started when it was begun
 */
public record Snapshot(SnapshotId id, Map<String, String> tags, Instant started) {
    public Snapshot {
        tags = Map.copyOf(tags);
    }
}
