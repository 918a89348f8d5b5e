package dev.amikeeper.usage;

import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Locks;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Finds images with a locked snapshot. The lock keeps the image, as a hold does. */
final class SnapshotLocks {
    static final String PERMISSION = "ec2:DescribeLockedSnapshots";

    private static final int VALUES_A_FILTER = 200;

    private SnapshotLocks() {}

    static Probe probe(Function<Region, Ec2Client> clients, ImageReads images) {
        return new Probe(
                        "snapshot locks",
                        (region, users) -> look(region, clients.apply(region), images, users))
                .whereOffered();
    }

    private static void look(Region region, Ec2Client client, ImageReads images, Users users) {
        users.calling(PERMISSION);
        Map<SnapshotId, String> locks = Locks.all(client, List.of());
        users.calling("ec2:DescribeImages");
        for (List<SnapshotId> some : Batches.of(List.copyOf(locks.keySet()), VALUES_A_FILTER)) {
            images.using(region, some)
                    .forEach(ami ->
                            ami.snapshots().stream()
                                    .filter(locks::containsKey)
                                    .forEach(snapshot ->
                                            users.add(
                                                    ami.id().value(),
                                                    "the lock on "
                                                            + snapshot
                                                            + ", "
                                                            + locks.get(snapshot))));
        }
    }
}
