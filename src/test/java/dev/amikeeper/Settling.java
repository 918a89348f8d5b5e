package dev.amikeeper;

import dev.amikeeper.policy.Schedule;
import dev.amikeeper.sweep.Drift;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** What runs by itself in a deployment, until nothing is left to do. */
final class Settling {
    private static final Duration ALL_TRIES = Duration.ofMinutes(100);
    private static final Duration A_FEW_TICKS = Duration.ofMinutes(20);
    private static final long SWEEP_MINUTES = Drift.EVERY.toMinutes();
    private static final LocalTime PRUNE_AT = LocalTime.of(4, 30);

    private Settling() {}

    /**
     * Plays ticks, sweeps, events and queues for a while after this time, then so many days of
     * storing and pruning.
     */
    static void since(Instant start, TestDeployment given, int days) {
        Instant midnight = start.truncatedTo(ChronoUnit.DAYS);
        Instant end = start.plus(days == 0 ? ALL_TRIES : A_FEW_TICKS);
        for (Instant tick = midnight; tick.isBefore(end); tick = tick.plus(Schedule.TICK)) {
            if (tick.isAfter(given.cloud.now())) {
                everything(given, tick);
            }
        }
        Instant prune = midnight.atZone(ZoneOffset.UTC).with(PRUNE_AT).toInstant();
        for (int day = 1; day <= days; day++) {
            Instant at = prune.plus(Duration.ofDays(day));
            for (int hours = 3; hours > 0; hours--) {
                Instant before = at.minus(Duration.ofHours(hours));
                given.deployment.runUntil(before);
                given.deployment.store(before);
            }
            given.deployment.runUntil(at);
            given.deployment.prune(at, false);
            everything(given, at.plus(Drift.EVERY));
        }
    }

    private static void everything(TestDeployment given, Instant at) {
        given.deployment.runUntil(at);
        given.deployment.tick(at);
        if (at.atZone(ZoneOffset.UTC).getMinute() % SWEEP_MINUTES == 0) {
            given.deployment.sweep(at);
        }
    }
}
