package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.CALLED_OFF;
import static dev.amikeeper.retention.PruneReport.PruneCount.DEPRECATED;
import static dev.amikeeper.retention.PruneReport.PruneCount.DISABLED;
import static dev.amikeeper.retention.PruneReport.PruneCount.LEFT;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import dev.amikeeper.Counts;

import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

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
        Counts<PruneReport.PruneCount> counts) {
    private static final Set<PruneReport.PruneCount> DONE =
            EnumSet.of(DEPRECATED, DISABLED, REMOVED, LEFT, CALLED_OFF);

    /** Whether any image took a step. */
    boolean hasDoneSomething() {
        return DONE.stream().anyMatch(done -> counts.of(done) > 0);
    }
}
