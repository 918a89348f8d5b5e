package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An AMI as EC2 shows it.
 *
 * @param state EC2's word, as {@code available}
 * @param snapshots the snapshots of its volumes
 * @param reason why it failed; empty if EC2 says nothing
 */
public record Ami(
        ImageId id,
        Region region,
        String name,
        String state,
        Map<String, String> tags,
        List<SnapshotId> snapshots,
        Instant created,
        String reason) {
    public Ami {
        tags = Map.copyOf(tags);
        snapshots = List.copyOf(snapshots);
    }
}
