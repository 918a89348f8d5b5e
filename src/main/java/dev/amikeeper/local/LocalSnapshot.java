package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Snapshot;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A snapshot of the simulated cloud: what DescribeSnapshots shows, and what it does not.
 *
 * @param sharedWith the accounts that may create volumes from it, or {@code all}
 */
public record LocalSnapshot(Snapshot snapshot, SortedSet<String> sharedWith, boolean locked) {
    public LocalSnapshot {
        sharedWith = Collections.unmodifiableSortedSet(new TreeSet<>(sharedWith));
    }

    LocalSnapshot with(Consumer<Snapshot.Builder> change) {
        Snapshot.Builder changed = snapshot.toBuilder();
        change.accept(changed);
        return new LocalSnapshot(changed.build(), sharedWith, locked);
    }

    LocalSnapshot shared(SortedSet<String> with) {
        return new LocalSnapshot(snapshot, with, locked);
    }

    LocalSnapshot locked(boolean isLocked) {
        return new LocalSnapshot(snapshot, sharedWith, isLocked);
    }

    String id() {
        return snapshot.snapshotId();
    }
}
