package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.GIVEN_UP;
import static dev.amikeeper.sweep.SweepReport.SweepCount.KICKED;

import dev.amikeeper.Counts;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.queue.Kicks;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Has waiting work done, and gives up what has waited for too long. */
final class WaitingWork {
    /** An image that starts much later than its slot would lie about its time. */
    private static final Duration START_WITHIN = Duration.ofHours(24);

    /** A DR Region may be down for days. A copy is worth waiting for. */
    private static final Duration COPY_WITHIN = Duration.ofDays(7);

    private static final int SOME = 100;

    private final Catalog catalog;
    private final Kicks kicks;
    private final ImageProgress progress;
    private final Instant now;
    private final boolean dryRun;
    private final BooleanSupplier timeLeft;
    private final Counts<SweepReport.SweepCount> counts;

    WaitingWork(Catalog catalog, Kicks kicks, ImageProgress progress, SweepRun run) {
        this.catalog = catalog;
        this.kicks = kicks;
        this.progress = progress;
        now = run.now();
        dryRun = run.dryRun();
        timeLeft = run.timeLeft();
        counts = run.counts();
    }

    /**
     * Kicks what waits: a kick may have been lost, or the work was not due yet. Returns whether
     * something waits.
     */
    boolean kick(Region region) {
        boolean images = waits(region, Work.CREATE_WAITING, START_WITHIN);
        if (images || !catalog.freezes(region).isEmpty()) {
            counts.add(KICKED);
            if (!dryRun) {
                kicks.create(region, now);
            }
        }
        boolean copies = waits(region, Work.COPY_WAITING, COPY_WITHIN);
        if (copies) {
            counts.add(KICKED);
            if (!dryRun) {
                kicks.copy(region, now);
            }
        }
        return images || copies;
    }

    /** Whether something waits. What has waited too long is given up. */
    private boolean waits(Region region, Work kind, Duration within) {
        while (true) {
            List<Image> waiting = catalog.work(region, kind, now, SOME);
            List<Image> tooLong =
                    waiting.stream()
                            .filter(image -> image.since().plus(within).isBefore(now))
                            .toList();
            counts.add(GIVEN_UP, tooLong.size());
            if (!dryRun) {
                String why = "it could not be started within " + within.toHours() + " h";
                tooLong.forEach(image -> progress.giveUp(image, why, now));
            }
            if (tooLong.size() < SOME || dryRun || !timeLeft.getAsBoolean()) {
                return tooLong.size() < waiting.size();
            }
        }
    }
}
