package dev.amikeeper.store;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a run did about images on their way into S3. */
public final class StoreReport extends FunctionReport<StoreReport.StoreCount> {
    /** What is counted. */
    public enum StoreCount {
        /** EC2 took them on. */
        BEGUN,

        /** Their objects are there now. */
        STORED,

        /** EC2 is at work on them. */
        UNDER_WAY,

        /** They wait: for room, for their next try, or for what a person is told. */
        WAITING,

        /** Tries that failed; there will be another one. */
        FAILED,

        /** They stay out of S3, and people are told. */
        GIVEN_UP,

        /** Regions that did not answer. */
        UNREADABLE,

        /** Events that could not be understood. */
        MALFORMED
    }

    StoreReport(Counts<StoreCount> counts) {
        super(counts);
    }
}
