package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.LATE_SLOTS;

import dev.amikeeper.Counts;
import dev.amikeeper.backup.ScheduleReport;
import dev.amikeeper.backup.Tick;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.SweepState.Unit;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.event.Event;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Takes the slots that no tick took. */
final class LateSlots {
    private static final Logger log = LoggerFactory.getLogger(LateSlots.class);

    private final Catalog catalog;
    private final Policies policies;
    private final Tick tick;
    private final Instant now;
    private final InstantSource clock;
    private final boolean dryRun;
    private final Counts<SweepReport.SweepCount> counts;

    LateSlots(Catalog catalog, Policies policies, Tick tick, SweepRun run) {
        this.catalog = catalog;
        this.policies = policies;
        this.tick = tick;
        now = run.now();
        clock = run.clock();
        dryRun = run.dryRun();
        counts = run.counts();
    }

    /** A tick comes every five minutes. If none came, the sweep takes its place. */
    void take(Bookmarks bookmarks) {
        Map<Unit, Instant> cursors = new HashMap<>();
        for (Cursor cursor : bookmarks.cursors()) {
            cursors.put(new Unit(cursor.region(), cursor.policy()), cursor.time());
        }
        int late = 0;
        for (Policy policy : policies.all()) {
            for (Region region : policy.select().regions()) {
                Optional<Instant> cursor =
                        Optional.ofNullable(cursors.get(new Unit(region, policy.name())));
                late += policy.schedule().map(schedule -> late(schedule, cursor)).orElse(0);
            }
        }
        if (late == 0 || dryRun) {
            counts.add(LATE_SLOTS, late);
            return;
        }
        ScheduleReport taken = tick.run();
        int made =
                taken.count(ScheduleReport.ScheduleCount.SLOTS)
                        + taken.count(ScheduleReport.ScheduleCount.MISSED);
        if (made > 0) {
            counts.add(LATE_SLOTS, made);
            log.error("{} slots were taken by no tick", made);
            catalog.note(
                    Notice.event(
                            Trouble.TICKS.of(now.atZone(ZoneOffset.UTC).toLocalDate()),
                            now,
                            "the ticks came late or not at all: a sweep took " + made + " slots",
                            "see why ScheduleFunction does not run every five minutes"));
        }
    }

    /** Counts the late slots. A policy that no tick has seen counts, too. */
    private int late(Schedule schedule, Optional<Instant> cursor) {
        Instant longAgo = now.minus(Drift.EVERY);
        if (cursor.isEmpty()) {
            return 1;
        }
        if (Event.isAhead(cursor.get(), clock.instant())) {
            // A tick moves it back.
            return 1;
        }
        if (!cursor.get().isBefore(longAgo)) {
            return 0;
        }
        DueSlots due = DueSlots.of(schedule, cursor.get(), longAgo);
        return (due.taken().isPresent() ? 1 : 0)
                + due.missed().map(DueSlots.MissedSlots::count).orElse(0);
    }
}
