package dev.amikeeper.restore;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a run of drills began. */
public final class DrillReport extends FunctionReport<DrillReport.Count> {
    /** What is counted. */
    public enum Count {
        /** Drills. */
        BEGUN,

        /** Policies whose budget of this month is used up. */
        OVER_BUDGET,

        /** Events that could not be read. */
        MALFORMED
    }

    DrillReport(Counts<Count> counts) {
        super(counts);
    }
}
