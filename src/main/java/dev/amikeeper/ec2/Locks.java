package dev.amikeeper.ec2;

import dev.amikeeper.image.SnapshotId;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.LockState;
import software.amazon.awssdk.services.ec2.model.LockedSnapshotsInfo;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The locks on snapshots. A locked snapshot outlives its image: EC2 deregisters the image but does
 * not delete the snapshot. So AMI Keeper keeps the image for as long as the lock lasts.
 *
 * @see <a href="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshot-lock.html">Amazon EBS
 *     snapshot lock</a>
 */
public final class Locks {
    private static final int PAGE = 1000;

    /** The only state of a lock in which the snapshot can be deleted again. */
    private static final LockState OVER = LockState.EXPIRED;

    private Locks() {}

    /**
     * Returns the locks in force, each as text like {@code governance until 2026-03-01T00:00:00Z}.
     *
     * @param of the snapshots to check; if empty, all
     */
    public static Map<SnapshotId, String> all(Ec2Client client, Collection<SnapshotId> of) {
        List<LockedSnapshotsInfo> found = new ArrayList<>();
        DescribeLockedSnapshotsResponse page;
        String token = "";
        do {
            String from = token;
            page =
                    client.describeLockedSnapshots(ask -> {
                        if (of.isEmpty()) {
                            ask.maxResults(PAGE);
                        } else {
                            ask.snapshotIds(of.stream().map(SnapshotId::value).toList());
                        }
                        if (!from.isEmpty()) {
                            ask.nextToken(from);
                        }
                    });
            found.addAll(page.snapshots());
            token = Objects.requireNonNullElse(page.nextToken(), "");
        } while (!token.isEmpty());
        Map<SnapshotId, String> locks = new TreeMap<>();
        found.stream()
                .filter(lock -> lock.lockState() != OVER)
                .forEach(lock -> locks.put(new SnapshotId(lock.snapshotId()), words(lock)));
        return locks;
    }

    private static String words(LockedSnapshotsInfo lock) {
        String mode = Objects.requireNonNullElse(lock.lockStateAsString(), "locked");
        return lock.lockExpiresOn() == null ? mode : mode + " until " + lock.lockExpiresOn();
    }
}
