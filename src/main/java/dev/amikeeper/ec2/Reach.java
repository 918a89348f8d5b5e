package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.SnapshotId;

import java.util.Map;

/**
 * Which of our images others may launch, and of which of our snapshots they may create volumes, by
 * what EC2 says.
 *
 * @param images the policies that their tags name, by image
 * @param snapshots the same, by snapshot
 * @param unread how many images could not be asked about in the time that there was
 */
public record Reach(Map<ImageId, String> images, Map<SnapshotId, String> snapshots, int unread) {
    public Reach {
        images = Map.copyOf(images);
        snapshots = Map.copyOf(snapshots);
    }
}
