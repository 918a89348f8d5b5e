package dev.amikeeper.lifecycle;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

import java.util.List;
import java.util.Map;

/**
 * What the slices of a batch of kicks did. It has the form that SQS expects and names the kicks to
 * deliver again.
 */
public final class SliceReport extends FunctionReport<SliceReport.SliceCount> {
    /** What is counted. */
    public enum SliceCount {
        /** Images or copies that were started. */
        STARTED,

        /** Images or copies that an earlier try had made. */
        ADOPTED,

        /** Tries that failed and are followed by another. */
        AGAIN,

        /** Images or copies that were given up. */
        FAILED,

        /** Images or copies that keep waiting because there is no room or it is not time yet. */
        WAITING,

        /** Messages that are not kicks. */
        MALFORMED
    }

    private final List<BatchItemFailure> batchItemFailures;

    /** A report with these counts. */
    public SliceReport(Counts<SliceCount> counts, List<BatchItemFailure> batchItemFailures) {
        super(counts, Map.of("batchItemFailures", List.copyOf(batchItemFailures)));
        this.batchItemFailures = List.copyOf(batchItemFailures);
    }

    /** The kicks that SQS is to deliver again. */
    public List<BatchItemFailure> batchItemFailures() {
        return batchItemFailures;
    }
}
