package dev.amikeeper.retention;

import dev.amikeeper.Counts;

import java.time.Instant;
import java.util.Optional;

/**
 * What the parts of one run of the pruner share.
 *
 * @param now the time of its event
 * @param dryRun whether it only shows what it would do
 * @param approval the digest of the one plan to carry out; empty if the run is not an approval
 * @param counts what it has done so far
 */
record PruneRun(
        Instant now,
        boolean dryRun,
        Optional<String> approval,
        Counts<PruneReport.PruneCount> counts) {}
