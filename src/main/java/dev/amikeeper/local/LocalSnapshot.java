package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.LockedSnapshotsInfo;
import software.amazon.awssdk.services.ec2.model.Snapshot;

import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A snapshot of the simulated cloud, with what DescribeSnapshots does not show.
 *
 * @param sharedWith the accounts that may create volumes from it, or {@code all}
 * @param lock its last lock, which may have expired
 */
public record LocalSnapshot(
        Snapshot snapshot, SortedSet<String> sharedWith, Optional<LockedSnapshotsInfo> lock) {
    public LocalSnapshot {
        sharedWith = Collections.unmodifiableSortedSet(new TreeSet<>(sharedWith));
    }

    LocalSnapshot with(Consumer<Snapshot.Builder> change) {
        Snapshot.Builder changed = snapshot.toBuilder();
        change.accept(changed);
        return new LocalSnapshot(changed.build(), sharedWith, lock);
    }

    LocalSnapshot shared(SortedSet<String> with) {
        return new LocalSnapshot(snapshot, with, lock);
    }

    LocalSnapshot locked(Optional<LockedSnapshotsInfo> how) {
        return new LocalSnapshot(snapshot, sharedWith, how);
    }

    boolean isLocked(Instant now) {
        return lock.filter(it -> it.lockExpiresOn().isAfter(now)).isPresent();
    }

    String id() {
        return snapshot.snapshotId();
    }
}
