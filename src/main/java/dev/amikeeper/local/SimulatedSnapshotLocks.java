package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.LockMode;
import software.amazon.awssdk.services.ec2.model.LockSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.LockSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.LockState;
import software.amazon.awssdk.services.ec2.model.LockedSnapshotsInfo;
import software.amazon.awssdk.services.ec2.model.UnlockSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.UnlockSnapshotResponse;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The locks on the snapshots of one Region. */
final class SimulatedSnapshotLocks {
    private static final Listing<LockedSnapshotsInfo> LOCKS =
            new Listing<>(
                    LockedSnapshotsInfo::snapshotId,
                    _ -> List.of(),
                    Map.of("lock-state", it -> Stream.of(it.lockStateAsString())));

    private static final String COOLING_OFF = "compliance-cooloff";

    private final CloudCore core;
    private final SimulatedSnapshots snapshots;

    SimulatedSnapshotLocks(CloudCore core, SimulatedSnapshots snapshots) {
        this.core = core;
        this.snapshots = snapshots;
    }

    /** Locks for a duration or until a date. A lock in compliance mode can only be extended. */
    LockSnapshotResponse lock(LockSnapshotRequest request) {
        LocalSnapshot snapshot = snapshots.require(request.snapshotId());
        Instant now = core.timeline().instant();
        if ((request.lockDuration() == null) == (request.expirationDate() == null)) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination", "Specify either LockDuration or ExpirationDate");
        }
        Instant ends =
                request.expirationDate() != null
                        ? request.expirationDate()
                        : now.plus(Duration.ofDays(request.lockDuration()));
        if (!ends.isAfter(now)) {
            throw Ec2Errors.invalidValue("The expiration date is in the past");
        }
        requireLonger(snapshot, request.lockMode(), ends, now);
        Optional<Integer> coolOff =
                Optional.ofNullable(request.coolOffPeriod())
                        .filter(_ -> request.lockMode() == LockMode.COMPLIANCE);
        LockedSnapshotsInfo lock =
                LockedSnapshotsInfo.builder()
                        .snapshotId(snapshot.id())
                        .ownerId(core.account())
                        .lockState(coolOff.isPresent() ? COOLING_OFF : request.lockModeAsString())
                        .lockDuration((int) Duration.between(now, ends).toDays())
                        .coolOffPeriod(coolOff.orElse(null))
                        .coolOffPeriodExpiresOn(
                                coolOff.map(hours -> now.plus(Duration.ofHours(hours)))
                                        .orElse(null))
                        .lockCreatedOn(now)
                        .lockDurationStartTime(now)
                        .lockExpiresOn(ends)
                        .build();
        snapshots.change(snapshot.id(), it -> it.locked(Optional.of(lock)));
        return LockSnapshotResponse.builder()
                .snapshotId(snapshot.id())
                .lockState(lock.lockState())
                .lockExpiresOn(ends)
                .build();
    }

    private static void requireLonger(
            LocalSnapshot snapshot, LockMode mode, Instant ends, Instant now) {
        boolean forCompliance =
                snapshot.isLocked(now)
                        && now(snapshot.lock().orElseThrow(), now).lockState()
                                == LockState.COMPLIANCE;
        if (forCompliance
                && (mode != LockMode.COMPLIANCE
                        || ends.isBefore(snapshot.lock().orElseThrow().lockExpiresOn()))) {
            throw Ec2Errors.wrong(
                    "OperationNotPermitted",
                    "The snapshot "
                            + snapshot.id()
                            + " is locked in compliance mode: the lock can only be extended");
        }
    }

    UnlockSnapshotResponse unlock(UnlockSnapshotRequest request) {
        String id = request.snapshotId();
        LocalSnapshot snapshot = snapshots.require(id);
        Instant now = core.timeline().instant();
        if (!snapshot.isLocked(now)) {
            throw Ec2Errors.wrong("IncorrectState", "The snapshot " + id + " is not locked");
        }
        if (now(snapshot.lock().orElseThrow(), now).lockState() == LockState.COMPLIANCE) {
            throw Ec2Errors.wrong(
                    "OperationNotPermitted",
                    "The snapshot " + id + " is locked in compliance mode");
        }
        snapshots.change(id, it -> it.locked(Optional.empty()));
        return UnlockSnapshotResponse.builder().snapshotId(id).build();
    }

    DescribeLockedSnapshotsResponse locks(DescribeLockedSnapshotsRequest request) {
        Instant now = core.timeline().instant();
        Set<String> ids = Set.copyOf(request.snapshotIds());
        Listing.Page<LockedSnapshotsInfo> page =
                LOCKS.page(
                        snapshots.all().stream()
                                .filter(it -> Listing.isAmong(ids, it.id()))
                                .flatMap(it -> it.lock().stream())
                                .map(lock -> now(lock, now)),
                        request.filters(),
                        request.maxResults(),
                        request.nextToken());
        return DescribeLockedSnapshotsResponse.builder()
                .snapshots(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    /** A lock in its present state. */
    private static LockedSnapshotsInfo now(LockedSnapshotsInfo lock, Instant now) {
        if (!lock.lockExpiresOn().isAfter(now)) {
            return lock.toBuilder().lockState(LockState.EXPIRED).build();
        }
        return lock.coolOffPeriodExpiresOn() != null && !lock.coolOffPeriodExpiresOn().isAfter(now)
                ? lock.toBuilder().lockState(LockState.COMPLIANCE).build()
                : lock;
    }
}
