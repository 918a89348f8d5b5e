package dev.amikeeper.sweep;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tags that volumes have of their own and that their snapshots still lack. EC2 puts the same
 * tags on all snapshots of an image or copy that it makes. The volumes' own tags therefore come
 * later, on many snapshots in one call. Pure.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html">CreateImage</a>
 */
final class VolumeTags {
    /** After this time, the tags are the operator's: changed or removed tags stay that way. */
    static final Duration OURS_TO_SET = Duration.ofHours(24);

    private VolumeTags() {}

    /**
     * Which snapshots lack which tags.
     *
     * @param amis the AMIs of the Region, by their ids
     * @param snapshots the snapshots of the Region, by their ids
     * @param copyTags patterns of the keys that are to be copied
     */
    static Map<Map<String, String>, List<SnapshotId>> missing(
            Collection<Image> records,
            Map<ImageId, Ami> amis,
            Map<SnapshotId, Snapshot> snapshots,
            List<String> copyTags,
            Instant now) {
        Map<Map<String, String>, List<SnapshotId>> missing = new LinkedHashMap<>();
        wanted(records, amis, now)
                .forEach(wanted ->
                        Optional.ofNullable(snapshots.get(wanted.snapshot()))
                                .map(it -> ImageTags.missing(wanted.tags(), copyTags, it.tags()))
                                .filter(lacking -> !lacking.isEmpty())
                                .ifPresent(lacking ->
                                        missing.computeIfAbsent(lacking, _ -> new ArrayList<>())
                                                .add(wanted.snapshot())));
        return missing;
    }

    /** A snapshot, and the tags that the volume has of its own. */
    private record Wanted(SnapshotId snapshot, Map<String, String> tags) {}

    private static Stream<Wanted> wanted(
            Collection<Image> records, Map<ImageId, Ami> amis, Instant now) {
        return records.stream()
                .filter(Image::isGood)
                .filter(image -> !image.since().plus(OURS_TO_SET).isBefore(now))
                .flatMap(image ->
                        image.id().map(amis::get).stream()
                                .flatMap(ami -> wanted(image, ami.devices())));
    }

    private static Stream<Wanted> wanted(Image image, Map<String, SnapshotId> devices) {
        return image.capsule().map(Capsule::disks).orElse(List.of()).stream()
                .filter(disk -> !disk.tags().isEmpty())
                .flatMap(disk ->
                        Optional.ofNullable(devices.get(disk.device())).stream()
                                .map(snapshot -> new Wanted(snapshot, disk.tags())));
    }

    /** The snapshots that should have tags of their volumes. */
    static Set<SnapshotId> concerned(
            Collection<Image> records, Map<ImageId, Ami> amis, Instant now) {
        return wanted(records, amis, now).map(Wanted::snapshot).collect(Collectors.toSet());
    }
}
