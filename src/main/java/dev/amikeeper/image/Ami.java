package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An AMI as EC2 shows it.
 *
 * @param state EC2's word, as {@code available}
 * @param snapshots those its block devices are made of
 * @param created when EC2 was asked for it
 * @param reason EC2's own words on a state that needs some, as {@code failed}; else empty
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
