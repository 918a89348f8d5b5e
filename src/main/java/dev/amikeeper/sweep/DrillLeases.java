package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.LEASES;

import dev.amikeeper.Counts;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.restore.Leases;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;

/** Ends the leases of drills that are over. */
final class DrillLeases {
    private final Leases leases;
    private final Policies policies;
    private final UnreadRegions unread;
    private final Instant now;
    private final boolean dryRun;
    private final Counts<SweepReport.SweepCount> counts;

    DrillLeases(Leases leases, Policies policies, UnreadRegions unread, SweepRun run) {
        this.leases = leases;
        this.policies = policies;
        this.unread = unread;
        now = run.now();
        dryRun = run.dryRun();
        counts = run.counts();
    }

    /**
     * Whatever became of a drill, nothing that it launched outlives its lease. If no policy has
     * drills any longer, only the first sweep of an hour looks.
     *
     * @return the troubles about instances that only look like a drill's, if it looked
     */
    Optional<Set<NoticeKey>> end(Region region) {
        boolean drills =
                policies.all().stream()
                        .flatMap(policy -> policy.drill().stream())
                        .anyMatch(drill -> drill.region().equals(region));
        Instant hour = now.truncatedTo(ChronoUnit.HOURS);
        if (!dryRun && (drills || now.isBefore(hour.plus(Drift.EVERY)))) {
            try {
                Leases.Ended ended = leases.end(region);
                counts.add(LEASES, ended.over());
                return Optional.of(ended.copied());
            } catch (SdkException error) {
                unread.tell(region, error, Fault.of(error) == Fault.DENIED);
            }
        }
        return Optional.empty();
    }
}
