package dev.amikeeper.retention;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.SnapshotId;

import java.util.List;

/**
 * What is known of an image that a person wants removed.
 *
 * @param image its record
 * @param snapshots those that go with it
 * @param against why it may not be removed; empty if it may
 * @param overridden the rules that would have kept it
 */
public record ManualRemoval(
        Image image, List<SnapshotId> snapshots, List<Reason> against, List<Reason> overridden) {
    public ManualRemoval {
        snapshots = List.copyOf(snapshots);
        against = List.copyOf(against);
        overridden = List.copyOf(overridden);
    }
}
