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
        for (Image image : records) {
            if (!image.isGood() || image.since().plus(OURS_TO_SET).isBefore(now)) {
                continue;
            }
            Optional<Ami> ami = image.id().map(amis::get);
            for (Capsule.Disk disk : image.capsule().map(Capsule::disks).orElse(List.of())) {
                ami.map(it -> it.devices().get(disk.device()))
                        .map(snapshots::get)
                        .ifPresent(snapshot -> {
                            Map<String, String> lacking =
                                    ImageTags.missing(disk.tags(), copyTags, snapshot.tags());
                            if (!lacking.isEmpty()) {
                                missing.computeIfAbsent(lacking, _ -> new ArrayList<>())
                                        .add(snapshot.id());
                            }
                        });
            }
        }
        return missing;
    }
}
