package dev.amikeeper.sweep;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What matters of a Region's snapshots: those that belong to no image, and some of the others. A
 * Region may have a hundred thousand, so the rest is not kept.
 */
final class RegionSnapshots {
    private final Set<SnapshotId> used;
    private final Set<SnapshotId> concerned;
    private final Map<ImageName, List<Snapshot>> orphans = new TreeMap<>();
    private final Map<SnapshotId, Snapshot> byId = new HashMap<>();
    private boolean none = true;

    /**
     * No snapshot yet.
     *
     * @param amis all images of ours in the Region
     * @param concerned snapshots to keep although they belong to an image
     */
    RegionSnapshots(Collection<Ami> amis, Set<SnapshotId> concerned) {
        used = amis.stream().flatMap(ami -> ami.snapshots().stream()).collect(Collectors.toSet());
        this.concerned = concerned;
    }

    void add(Snapshot snapshot) {
        none = false;
        if (concerned.contains(snapshot.id())) {
            byId.put(snapshot.id(), snapshot);
        }
        if (!used.contains(snapshot.id())) {
            ImageTags.name(snapshot.tags())
                    .ifPresent(name ->
                            orphans.computeIfAbsent(name, _ -> new ArrayList<>()).add(snapshot));
        }
    }

    /**
     * The snapshots that belong to no image of ours, by the image that their tags name. Snapshots
     * of other kinds do not concern AMI Keeper.
     */
    Map<ImageName, List<Snapshot>> orphans() {
        return Collections.unmodifiableMap(orphans);
    }

    /** Those that were to be kept. */
    Map<SnapshotId, Snapshot> byId() {
        return Collections.unmodifiableMap(byId);
    }

    /** Whether the Region has no snapshot of ours. */
    boolean isEmpty() {
        return none;
    }
}
