package dev.amikeeper.restore;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a run of drills started. */
public final class DrillReport extends FunctionReport<DrillReport.DrillCount> {
    /** What is counted. */
    public enum DrillCount {
        /** Drills that were started. */
        BEGUN,

        /** Policies whose budget for this month is used up. */
        OVER_BUDGET,

        /** Events that could not be read. */
        MALFORMED
    }

    DrillReport(Counts<DrillCount> counts) {
        super(counts);
    }
}
