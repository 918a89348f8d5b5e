package dev.amikeeper.backup;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a tick did. */
public final class ScheduleReport extends FunctionReport<ScheduleReport.ScheduleCount> {
    /** What is counted. */
    public enum ScheduleCount {
        /** Slots taken, counted per policy and Region. */
        SLOTS,

        /** Slots that were missed. */
        MISSED,

        /** Instances that the policies of those slots select. */
        SELECTED,

        /** New intents. */
        REQUESTED,

        /** Policies whose Region could not be read; they are tried again. */
        UNREADABLE,

        /** Regions where images are to be made. */
        KICKED,

        /** 1 if the event could not be understood. */
        MALFORMED
    }

    ScheduleReport(Counts<ScheduleCount> counts) {
        super(counts);
    }
}
