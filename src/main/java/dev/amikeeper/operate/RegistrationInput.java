package dev.amikeeper.operate;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an order wants to make an image from.
 *
 * @param subject the snapshot that was named
 * @param root the root volume's snapshot, if it was named
 * @param devices the device names that were given
 * @param whole whether a person says that these are all snapshots of the image
 */
record RegistrationInput(
        SnapshotId subject,
        Region region,
        ImageName name,
        List<Snapshot> snapshots,
        Optional<SnapshotId> root,
        Map<SnapshotId, String> devices,
        boolean whole,
        Order.Boot boot,
        boolean approved,
        boolean dryRun) {
    List<SnapshotId> ids() {
        return snapshots.stream().map(Snapshot::id).toList();
    }

    Optional<ImageRef> home() {
        return snapshots.stream()
                .flatMap(it -> Stream.ofNullable(it.tags().get(ImageTags.HOME)))
                .flatMap(text -> ImageRef.parse(text).stream())
                .findFirst();
    }

    /** The snapshots that do not carry our tags yet. */
    List<Snapshot> others() {
        return snapshots.stream().filter(it -> !it.tags().containsKey(ImageTags.POLICY)).toList();
    }

    /** Whether none of them was ever a snapshot of ours. */
    boolean isNew() {
        return others().size() == snapshots.size();
    }

    OrderResult refused(List<String> because) {
        return new OrderResult.Declined("no image is made from " + subject, because);
    }

    OrderResult refused(String why) {
        return refused(List.of(why));
    }

    /** What is missing, and how a person can supply it. */
    List<String> withHint(List<String> what) {
        return Stream.concat(
                        what.stream(),
                        Stream.of(
                                "if you know better, say it: ./keeper register --region %s --policy"
                                                .formatted(region)
                                        + " %s --instance %s --root SNAPSHOT --volume"
                                                .formatted(name.policy(), name.instance())
                                        + " DEVICE=SNAPSHOT"))
                .toList();
    }
}
