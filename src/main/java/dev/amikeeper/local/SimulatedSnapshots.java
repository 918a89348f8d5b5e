package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.ListSnapshotsInRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.ListSnapshotsInRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.ModifySnapshotAttributeRequest;
import software.amazon.awssdk.services.ec2.model.ModifySnapshotAttributeResponse;
import software.amazon.awssdk.services.ec2.model.OperationType;
import software.amazon.awssdk.services.ec2.model.RestoreSnapshotFromRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.RestoreSnapshotFromRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SnapshotRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.SnapshotReturnCodes;
import software.amazon.awssdk.services.ec2.model.SnapshotState;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The snapshots of one Region. */
final class SimulatedSnapshots {
    /** How many snapshots of a volume may be pending (of st1 and sc1 volumes: 1). */
    private static final int PENDING_PER_VOLUME = 5;

    private static final Listing<LocalSnapshot> LISTING =
            new Listing<>(
                    LocalSnapshot::id,
                    it -> it.snapshot().tags(),
                    Map.of(
                            "snapshot-id", it -> Stream.of(it.id()),
                            "status", it -> Stream.of(it.snapshot().stateAsString()),
                            "owner-id", it -> Stream.of(it.snapshot().ownerId()),
                            "volume-id", it -> Stream.of(it.snapshot().volumeId()),
                            "volume-size", it -> Stream.of("" + it.snapshot().volumeSize()),
                            "description", it -> Stream.of(it.snapshot().description()),
                            "start-time", it -> Stream.of(Ec2Times.iso(it.snapshot().startTime())),
                            "storage-tier", it -> Stream.of(it.snapshot().storageTierAsString()),
                            "encrypted", it -> Stream.of("" + it.snapshot().encrypted())));

    private final String region;
    private final CloudCore core;
    private final SortedMap<String, LocalSnapshot> snapshots = new TreeMap<>();
    private final Map<String, Set<String>> usersBySnapshot = new HashMap<>();
    private final RecycleBin<LocalSnapshot> bin;

    SimulatedSnapshots(String region, CloudCore core) {
        this.region = region;
        this.core = core;
        bin = new RecycleBin<>(core.timeline());
    }

    /** Starts a snapshot that is pending until {@link #finish}. */
    String begin(Map<String, String> tags, Consumer<Snapshot.Builder> more) {
        String id = core.ids().next("snap");
        Snapshot.Builder snapshot =
                Snapshot.builder()
                        .snapshotId(id)
                        .ownerId(core.account())
                        .startTime(core.timeline().instant())
                        .state(SnapshotState.PENDING)
                        .progress("0%")
                        .storageTier("standard")
                        .encrypted(false)
                        .tags(TagRules.list(tags));
        more.accept(snapshot);
        boolean encrypted = snapshot.build().encrypted();
        if (!encrypted && core.settings().encryptsByDefault(region)) {
            snapshot.encrypted(true).kmsKeyId(EncryptionKeys.DEFAULT);
        }
        snapshots.put(id, new LocalSnapshot(snapshot.build(), new TreeSet<>(), Optional.empty()));
        return id;
    }

    /** Adds a snapshot. */
    void add(LocalSnapshot snapshot) {
        snapshots.put(snapshot.id(), snapshot);
    }

    /** Ends the snapshots that still exist. */
    void finish(Collection<String> ids, boolean failed) {
        SnapshotState state = failed ? SnapshotState.ERROR : SnapshotState.COMPLETED;
        ids.forEach(id -> change(id, it -> it.with(s -> s.state(state).progress("100%"))));
    }

    void checkPending(String volumeId) {
        long pending =
                snapshots.values().stream()
                        .map(LocalSnapshot::snapshot)
                        .filter(s -> s.state() == SnapshotState.PENDING)
                        .filter(s -> volumeId.equals(s.volumeId()))
                        .count();
        if (pending >= PENDING_PER_VOLUME) {
            throw Ec2Errors.wrong(
                    "ConcurrentSnapshotLimitExceeded",
                    "Maximum allowed in-progress snapshots for volume " + volumeId + " exceeded.");
        }
    }

    void use(Collection<String> ids, String image) {
        ids.forEach(id -> usersBySnapshot.computeIfAbsent(id, _ -> new HashSet<>()).add(image));
    }

    void release(Collection<String> ids, String image) {
        ids.forEach(id -> usersBySnapshot.getOrDefault(id, new HashSet<>()).remove(image));
    }

    /**
     * Deletes a snapshot with its image. Returns how that went, or nothing if the snapshot does not
     * exist.
     */
    Optional<SnapshotReturnCodes> deleteWithImage(String id) {
        LocalSnapshot snapshot = snapshots.get(id);
        if (snapshot == null) {
            return Optional.empty();
        }
        if (isUsed(id)) {
            return Optional.of(SnapshotReturnCodes.SKIPPED);
        }
        if (isLocked(snapshot)) {
            return Optional.of(SnapshotReturnCodes.CLIENT_ERROR);
        }
        remove(snapshot);
        return Optional.of(SnapshotReturnCodes.SUCCESS);
    }

    DeleteSnapshotResponse delete(DeleteSnapshotRequest request) {
        String id = request.snapshotId();
        LocalSnapshot snapshot = require(id);
        if (isUsed(id)) {
            throw Ec2Errors.wrong(
                    "InvalidSnapshot.InUse",
                    "The snapshot "
                            + id
                            + " is currently in use by "
                            + usersBySnapshot.getOrDefault(id, Set.of()).iterator().next());
        }
        if (isLocked(snapshot)) {
            throw Ec2Errors.wrong("SnapshotLocked", "The snapshot " + id + " is locked");
        }
        remove(snapshot);
        return DeleteSnapshotResponse.builder().build();
    }

    private void remove(LocalSnapshot snapshot) {
        snapshots.remove(snapshot.id());
        if (snapshot.snapshot().state() == SnapshotState.COMPLETED) {
            bin.put(snapshot.id(), snapshot, core.settings().snapshotsInBin());
        }
    }

    ListSnapshotsInRecycleBinResponse listBin(ListSnapshotsInRecycleBinRequest request) {
        Listing.Page<RecycleBin.BinEntry<LocalSnapshot>> page =
                bin.page(request.snapshotIds(), request.maxResults(), request.nextToken());
        return ListSnapshotsInRecycleBinResponse.builder()
                .snapshots(page.items().stream().map(SimulatedSnapshots::info).toList())
                .nextToken(page.nextToken())
                .build();
    }

    private static SnapshotRecycleBinInfo info(RecycleBin.BinEntry<LocalSnapshot> entry) {
        return SnapshotRecycleBinInfo.builder()
                .snapshotId(entry.id())
                .volumeId(entry.thing().snapshot().volumeId())
                .description(entry.thing().snapshot().description())
                .recycleBinEnterTime(entry.entered())
                .recycleBinExitTime(entry.exits())
                .build();
    }

    RestoreSnapshotFromRecycleBinResponse restore(RestoreSnapshotFromRecycleBinRequest request) {
        String id = request.snapshotId();
        LocalSnapshot restored = bin.find(id).orElseThrow(() -> Ec2Errors.noSnapshot(id));
        bin.remove(id);
        snapshots.put(id, restored);
        Snapshot snapshot = restored.snapshot();
        return RestoreSnapshotFromRecycleBinResponse.builder()
                .snapshotId(id)
                .state(snapshot.state())
                .progress(snapshot.progress())
                .startTime(snapshot.startTime())
                .ownerId(snapshot.ownerId())
                .description(snapshot.description())
                .encrypted(snapshot.encrypted())
                .volumeId(snapshot.volumeId())
                .volumeSize(snapshot.volumeSize())
                .build();
    }

    DescribeSnapshotsResponse describe(DescribeSnapshotsRequest request) {
        request.snapshotIds().forEach(this::require);
        Set<String> ids = Set.copyOf(request.snapshotIds());
        Stream<LocalSnapshot> wanted =
                snapshots.values().stream()
                        .filter(it -> Listing.isAmong(ids, it.id()))
                        .filter(it -> core.isOwnedBy(request.ownerIds()))
                        .filter(it ->
                                request.restorableByUserIds().isEmpty()
                                        || request.restorableByUserIds().stream()
                                                .anyMatch(user -> it.sharedWith().contains(user)));
        Listing.Page<LocalSnapshot> page =
                LISTING.page(wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeSnapshotsResponse.builder()
                .snapshots(page.items().stream().map(LocalSnapshot::snapshot).toList())
                .nextToken(page.nextToken())
                .build();
    }

    /**
     * Lets others create volumes from a snapshot, or stops that.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html">
     *     ModifySnapshotAttribute</a>
     */
    ModifySnapshotAttributeResponse share(ModifySnapshotAttributeRequest request) {
        LocalSnapshot snapshot = require(request.snapshotId());
        Set<String> adding = new HashSet<>();
        Set<String> removing = new HashSet<>();
        if (request.createVolumePermission() != null) {
            adding.addAll(names(request.createVolumePermission().add()));
            removing.addAll(names(request.createVolumePermission().remove()));
        }
        Set<String> listed = request.operationType() == OperationType.REMOVE ? removing : adding;
        listed.addAll(request.userIds());
        listed.addAll(request.groupNames());
        if (!adding.isEmpty() && !removing.isEmpty()) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "You cannot add and remove permissions in one call");
        }
        if (!adding.isEmpty() && isUnderTheDefaultKey(snapshot.id())) {
            throw Ec2Errors.notUnderTheDefaultKey();
        }
        adding.stream()
                .filter(who -> !who.equals("all"))
                .filter(who -> !core.isAccount(who))
                .findFirst()
                .ifPresent(who -> {
                    throw Ec2Errors.wrong(
                            "InvalidParameterValue", "Invalid value '" + who + "' for userId.");
                });
        SortedSet<String> with = new TreeSet<>(snapshot.sharedWith());
        with.addAll(adding);
        with.removeAll(removing);
        change(snapshot.id(), it -> it.shared(with));
        return ModifySnapshotAttributeResponse.builder().build();
    }

    /** Whether the snapshot is encrypted with the key that AWS manages. */
    boolean isUnderTheDefaultKey(String id) {
        Snapshot snapshot = require(id).snapshot();
        return snapshot.encrypted()
                && EncryptionKeys.isDefault(Optional.ofNullable(snapshot.kmsKeyId()));
    }

    private boolean isLocked(LocalSnapshot snapshot) {
        return snapshot.isLocked(core.timeline().instant());
    }

    void change(String id, UnaryOperator<LocalSnapshot> change) {
        snapshots.computeIfPresent(id, (_, it) -> change.apply(it));
    }

    boolean exists(String id) {
        return snapshots.containsKey(id);
    }

    LocalSnapshot require(String id) {
        LocalSnapshot snapshot = snapshots.get(id);
        if (snapshot == null) {
            throw Ec2Errors.noSnapshot(id);
        }
        return snapshot;
    }

    List<LocalSnapshot> all() {
        return List.copyOf(snapshots.values());
    }

    private boolean isUsed(String id) {
        return !usersBySnapshot.getOrDefault(id, Set.of()).isEmpty();
    }

    private static List<String> names(List<CreateVolumePermission> permissions) {
        return permissions.stream()
                .map(p -> p.userId() != null ? p.userId() : p.groupAsString())
                .toList();
    }
}
