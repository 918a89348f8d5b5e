package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.SnapshotId;

import java.util.Map;

/**
 * Which of AMI Keeper's images others may launch, and from which of its snapshots they may create
 * volumes, according to EC2.
 *
 * @param images the policies that their tags name, by image
 * @param snapshots the policies that their tags name, by snapshot
 * @param unread how many images could not be checked in the time available
 */
public record Reach(Map<ImageId, String> images, Map<SnapshotId, String> snapshots, int unread) {
    public Reach {
        images = Map.copyOf(images);
        snapshots = Map.copyOf(snapshots);
    }
}
