package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An AMI as EC2 describes it.
 *
 * @param snapshots the snapshots of its volumes
 * @param reason why it failed; empty if EC2 gives no reason
 * @param deprecation when it is or becomes deprecated
 * @param lastLaunched when an instance was last launched from it; EC2 reports this 24 hours late
 * @param isProtected whether EC2 refuses to deregister it
 * @param isPublic whether anybody may launch it
 * @param devices the snapshots by the device names of their volumes, as {@code /dev/xvda}
 */
public record Ami(
        ImageId id,
        Region region,
        String name,
        AmiState state,
        Map<String, String> tags,
        List<SnapshotId> snapshots,
        Instant created,
        String reason,
        Optional<Instant> deprecation,
        Optional<Instant> lastLaunched,
        boolean isProtected,
        boolean isPublic,
        Map<String, SnapshotId> devices) {
    public Ami {
        tags = Map.copyOf(tags);
        snapshots = List.copyOf(snapshots);
        devices = Map.copyOf(devices);
    }
}
