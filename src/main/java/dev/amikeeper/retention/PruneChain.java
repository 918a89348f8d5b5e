package dev.amikeeper.retention;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.UnfinishedPrune;
import dev.amikeeper.catalog.UnfinishedPrune.Taken;
import dev.amikeeper.policy.Policy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Runs that go on with each other. A run that ran out of time leaves a mark. A second schedule goes
 * on with it every quarter of an hour, until a run finishes or gets nowhere. To the breaker, the
 * runs of a chain are one run: it cannot be evaded slice by slice. The daily run begins a new
 * chain. Dry runs and approvals belong to none.
 */
final class PruneChain {
    /** A run lasts no longer, so that it does not run beside the one that goes on with it. */
    static final Duration LONGEST = Duration.ofMinutes(15);

    private final Catalog catalog;
    private final PruneRun run;
    private final boolean goesOn;
    private Optional<UnfinishedPrune> found = Optional.empty();
    private Map<String, Taken> taken = Map.of();

    /**
     * @param goesOn whether the run only goes on with another one
     */
    PruneChain(Catalog catalog, PruneRun run, boolean goesOn) {
        this.catalog = catalog;
        this.run = run;
        this.goesOn = goesOn;
    }

    /**
     * Finds the run that this one goes on with. Marks it as this run's, so that no third one goes
     * on beside this.
     *
     * @return false if there is nothing for this run to do
     */
    boolean begin() {
        if (!isPart()) {
            return true;
        }
        found = catalog.unfinishedPrune();
        if (goesOn) {
            if (found.filter(last -> !run.now().isBefore(last.began().plus(LONGEST))).isEmpty()) {
                return false;
            }
            taken = found.map(UnfinishedPrune::taken).orElse(Map.of());
        }
        found.ifPresent(_ -> catalog.unfinished(new UnfinishedPrune(run.now(), taken)));
        return true;
    }

    private boolean isPart() {
        return !run.dryRun() && run.approval().isEmpty();
    }

    /** What earlier runs of the chain took away of a policy's images. */
    Taken taken(Policy policy) {
        return UnfinishedPrune.of(taken, policy.allNames());
    }

    /**
     * Leaves a mark for the next run, or takes it away.
     *
     * @param isLeft whether this run could have done more if it had more time
     * @param more what it took away, by the policy in the images' names
     */
    void end(boolean isLeft, Map<String, Taken> more) {
        if (!isPart()) {
            return;
        }
        if (isLeft && (run.hasDoneSomething() || !goesOn)) {
            catalog.unfinished(new UnfinishedPrune(run.now(), UnfinishedPrune.sum(taken, more)));
        } else if (found.isPresent()) {
            catalog.finishedPrune(run.now());
        }
    }
}
