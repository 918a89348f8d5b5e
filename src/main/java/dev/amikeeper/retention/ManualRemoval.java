package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.SnapshotId;

import java.util.List;

/**
 * What is known about an image that a person wants to remove.
 *
 * @param image its record
 * @param snapshots the snapshots that are deleted with it
 * @param against why it may not be removed; empty if it may
 * @param overridden the rules that would otherwise have kept it
 */
public record ManualRemoval(
        Image image, List<SnapshotId> snapshots, List<Reason> against, List<Reason> overridden) {
    public ManualRemoval {
        snapshots = List.copyOf(snapshots);
        against = List.copyOf(against);
        overridden = List.copyOf(overridden);
    }
}
