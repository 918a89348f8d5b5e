package dev.amikeeper.sweep;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.SweepState.Unit;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Puts the tags of volumes on their snapshots if they are missing. */
final class SnapshotTags {
    private static final Logger log = LoggerFactory.getLogger(SnapshotTags.class);

    /** CreateTags accepts a thousand resources. */
    private static final int TAGGED_AT_ONCE = 500;

    private final Catalog catalog;
    private final ImageChanges imageChanges;
    private final Policies policies;
    private final Instant now;
    private final boolean dryRun;
    private final BooleanSupplier timeLeft;

    SnapshotTags(Catalog catalog, ImageChanges imageChanges, Policies policies, SweepRun run) {
        this.catalog = catalog;
        this.imageChanges = imageChanges;
        this.policies = policies;
        now = run.now();
        dryRun = run.dryRun();
        timeLeft = run.timeLeft();
    }

    /**
     * Puts as many as there is time for; the next sweeps do the rest.
     *
     * @return whether none are missing any more
     */
    boolean put(
            Unit unit, List<Image> records, TaggedAmis amis, Map<SnapshotId, Snapshot> snapshots) {
        Optional<Policy> policy = policies.find(unit.policy());
        if (dryRun || policy.isEmpty()) {
            return true;
        }
        boolean all = true;
        for (var missing :
                VolumeTags.missing(
                                records,
                                amis.byId(),
                                snapshots,
                                policy.get().image().copyTags(),
                                now)
                        .entrySet()) {
            for (List<SnapshotId> some : Batches.of(missing.getValue(), TAGGED_AT_ONCE)) {
                all = timeLeft.getAsBoolean() && put(unit.region(), some, missing.getKey()) && all;
            }
        }
        return all;
    }

    /** Whether EC2 allowed it. */
    private boolean put(Region region, List<SnapshotId> ids, Map<String, String> tags) {
        if (imageChanges.tag(region, ids, tags) instanceof ChangeResult.Refused(String why)) {
            log.warn("{}: {} do not get the tags of their volumes: {}", region, ids, why);
            catalog.note(
                    Notice.event(
                            Trouble.VOLUME_TAGS.in(
                                    region, now.atZone(ZoneOffset.UTC).toLocalDate()),
                            now,
                            "%s: the tags of volumes cannot be put on their snapshots, as of %s: %s"
                                    .formatted(region, ids.getFirst(), why),
                            "each sweep tries again for a day; check the role of"
                                    + " SweepFunction"));
            return false;
        }
        return true;
    }
}
