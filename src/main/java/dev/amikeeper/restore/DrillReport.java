package dev.amikeeper.restore;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a run of drills began. */
public final class DrillReport extends FunctionReport<DrillReport.DrillCount> {
    /** What is counted. */
    public enum DrillCount {
        /** Drills. */
        BEGUN,

        /** Policies whose budget of this month is used up. */
        OVER_BUDGET,

        /** Events that could not be read. */
        MALFORMED
    }

    DrillReport(Counts<DrillCount> counts) {
        super(counts);
    }
}
