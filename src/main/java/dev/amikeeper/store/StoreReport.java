package dev.amikeeper.store;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What a run did about images that are to be stored in S3. */
public final class StoreReport extends FunctionReport<StoreReport.StoreCount> {
    /** What is counted. */
    public enum StoreCount {
        /** Images that EC2 began to store. */
        BEGUN,

        /** Images whose objects now exist. */
        STORED,

        /** Images that EC2 is storing. */
        UNDER_WAY,

        /**
         * Images that wait for room, for their next try, or for a person to fix what was reported.
         */
        WAITING,

        /** Tries that failed and will be followed by another. */
        FAILED,

        /** Images that were given up and stay out of S3; people are told. */
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
