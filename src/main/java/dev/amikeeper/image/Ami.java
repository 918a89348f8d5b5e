package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An AMI as EC2 shows it.
 *
 * @param snapshots the snapshots of its volumes
 * @param reason why it failed; empty if EC2 says nothing
 * @param deprecation when it is or becomes deprecated
 * @param lastLaunched when an instance was last launched from it; EC2 tells 24 hours late
 * @param isProtected whether EC2 refuses to deregister it
 * @param isPublic whether everybody may launch it
 * @param devices the snapshots by the devices of their volumes, as {@code /dev/xvda}
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
