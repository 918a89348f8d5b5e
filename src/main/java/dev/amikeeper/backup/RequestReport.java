package dev.amikeeper.backup;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

/** What became of an event that may ask for images. */
public final class RequestReport extends FunctionReport<RequestReport.RequestCount> {
    /** What is counted. */
    public enum RequestCount {
        /** New intents. */
        REQUESTED,

        /** Intents that existed already. */
        ALREADY,

        /** Instances that no policy images on this event. */
        REFUSED,

        /** 1 if the event asks for nothing. */
        IGNORED,

        /** 1 if the event could not be understood. */
        MALFORMED
    }

    RequestReport(Counts<RequestCount> counts) {
        super(counts);
    }
}
