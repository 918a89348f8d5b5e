package dev.amikeeper.image;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What to register an image from.
 *
 * @param volumes snapshots by device name, including the root device's
 */
public record Blueprint(Machine machine, SortedMap<String, SnapshotId> volumes) {
    public Blueprint {
        volumes = Collections.unmodifiableSortedMap(new TreeMap<>(volumes));
    }

    /** The snapshots and their devices, as text for people. */
    public String text() {
        return volumes.entrySet().stream()
                .map(volume -> volume.getValue() + " (" + volume.getKey() + ")")
                .collect(Collectors.joining(", "));
    }
}
