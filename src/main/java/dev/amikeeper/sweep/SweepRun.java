package dev.amikeeper.sweep;

import dev.amikeeper.Counts;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;

/**
 * What the steps of one sweep share.
 *
 * @param now the time of its event
 * @param dryRun whether it only counts
 * @param counts what it has found and done so far
 */
record SweepRun(
        Instant now,
        InstantSource clock,
        boolean dryRun,
        BooleanSupplier timeLeft,
        Counts<SweepReport.SweepCount> counts) {}
