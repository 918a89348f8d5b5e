package dev.amikeeper.operate;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

import java.util.Map;

/** What became of an order. */
public final class OperateReport extends FunctionReport<OperateReport.OperateCount> {
    /** What is counted. */
    public enum OperateCount {
        /** 1 if the order is done, or was only to be previewed. */
        DONE,

        /** 1 if the order is not done; people are told why. */
        REFUSED,

        /** 1 if the event could not be understood. */
        MALFORMED
    }

    private final String text;

    OperateReport(Counts<OperateCount> counts, String text) {
        super(counts, Map.of("text", text));
        this.text = text;
    }

    /** What became of the order, in one line. */
    public String text() {
        return text;
    }
}
