package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.UNREADABLE;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The Regions that this sweep could not read, and what people are told about them. */
final class UnreadRegions {
    private static final Logger log = LoggerFactory.getLogger(UnreadRegions.class);

    private final Catalog catalog;
    private final Instant now;
    private final boolean dryRun;
    private final Counts<SweepReport.SweepCount> counts;
    private final Blockers blockers;
    private final Set<Region> silent = new HashSet<>();

    UnreadRegions(Catalog catalog, SweepRun run) {
        this.catalog = catalog;
        now = run.now();
        dryRun = run.dryRun();
        counts = run.counts();
        blockers = new Blockers(catalog);
    }

    /** Whether the Region does not answer. In that case, it is no use asking it again. */
    boolean isSilent(Region region) {
        return silent.contains(region);
    }

    /**
     * Reports the Region. A Region that does not answer recovers by itself; a role that lacks a
     * permission does not.
     */
    void tell(Region region, SdkException error, boolean announced) {
        if (Fault.of(error) == Fault.UNREACHABLE) {
            silent.add(region);
        }
        counts.add(UNREADABLE);
        String why = Fault.text(error);
        log.error("{}: cannot be swept: {}", region, why);
        Optional<Blocker> whole =
                Blocker.of(error, "ec2:DescribeImages", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly());
        if (!dryRun && whole.isPresent()) {
            blockers.tell(region, "sweeps and what they find", whole.get(), now);
        } else if (!dryRun) {
            catalog.note(
                    new Notice(
                            Trouble.UNSWEPT.in(region),
                            now,
                            region + ": could not be swept: " + why,
                            "every sweep tries again; check the Region and the role of"
                                    + " SweepFunction",
                            announced));
        }
    }
}
