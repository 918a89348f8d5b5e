package dev.amikeeper.operate;

import dev.amikeeper.image.Blueprint;
import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which snapshot becomes which device of an image, and on what machine it boots. Pure. */
sealed interface RegisterPlan {
    /** Everything is known. */
    record Ready(Blueprint blueprint) implements RegisterPlan {}

    /** These things are not known, so a person has to supply them. */
    record Lacking(List<String> what) implements RegisterPlan {
        public Lacking {
            what = List.copyOf(what);
        }
    }

    /**
     * Combines what a person says with what EC2 knows. The person takes precedence.
     *
     * @param root the root volume's snapshot, if a person named it
     * @param devices the device names that a person gave
     * @param known machines of the same server, the closest match first
     */
    static RegisterPlan of(
            List<Snapshot> snapshots,
            Optional<SnapshotId> root,
            Map<SnapshotId, String> devices,
            Order.Boot boot,
            List<Machine> known) {
        Machine machine =
                known.stream()
                        .findFirst()
                        .orElse(Machine.UNKNOWN)
                        .as(boot.rootDevice(), boot.architecture(), boot.mode());
        List<String> lacking = new ArrayList<>();
        if (machine.rootDevice().isEmpty()) {
            lacking.add("its root device is no longer known: name it (--root-device)");
        }
        if (machine.architecture().isEmpty()) {
            lacking.add("its architecture is no longer known: name it (--architecture)");
        }
        SortedMap<String, SnapshotId> volumes = new TreeMap<>();
        for (Snapshot snapshot : snapshots) {
            Optional<String> device =
                    root.equals(Optional.of(snapshot.id()))
                            ? Optional.of(machine.rootDevice())
                            : device(snapshot, devices, known)
                                    .or(() -> only(snapshots, machine.rootDevice()));
            if (device.isEmpty()) {
                lacking.add(
                        "nothing tells which device %s was attached as: name it (--volume DEVICE=%s)"
                                .formatted(snapshot.id(), snapshot.id()));
            } else {
                SnapshotId other = volumes.put(device.get(), snapshot.id());
                if (other != null && !device.get().isEmpty()) {
                    lacking.add(
                            "%s and %s are both of %s: name the one that is meant"
                                    .formatted(other, snapshot.id(), device.get()));
                }
            }
        }
        if (lacking.isEmpty() && !volumes.containsKey(machine.rootDevice())) {
            lacking.add(
                    "none of them is of the root device, %s: name it (--root)"
                            .formatted(machine.rootDevice()));
        }
        return lacking.isEmpty()
                ? new Ready(new Blueprint(machine, volumes))
                : new Lacking(lacking);
    }

    private static Optional<String> device(
            Snapshot snapshot, Map<SnapshotId, String> devices, List<Machine> known) {
        return Optional.ofNullable(devices.get(snapshot.id()))
                .or(() ->
                        known.stream()
                                .flatMap(machine ->
                                        Optional.ofNullable(
                                                machine.devices().get(snapshot.volume()))
                                                .stream())
                                .findFirst());
    }

    /** Every image has a root volume, so if there is only one snapshot, it is the root volume's. */
    private static Optional<String> only(List<Snapshot> snapshots, String rootDevice) {
        return snapshots.size() == 1 ? Optional.of(rootDevice) : Optional.empty();
    }
}
