package dev.amikeeper.image;

import java.time.Instant;
import java.util.HashMap;
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

    /**
     * The same without devices, and without any tags but those that tell what it is an image of and
     * that it is held. A Region may have 50,000 images.
     */
    public Ami lean() {
        Map<String, String> few = new HashMap<>();
        for (String key :
                List.of(ImageTags.POLICY, ImageTags.INSTANCE, ImageTags.SLOT, ImageTags.HOLD)) {
            Optional.ofNullable(tags.get(key)).ifPresent(value -> few.put(key, value));
        }
        return new Ami(
                id,
                region,
                name,
                state,
                few,
                snapshots,
                created,
                reason,
                deprecation,
                lastLaunched,
                isProtected,
                isPublic,
                Map.of());
    }
}
