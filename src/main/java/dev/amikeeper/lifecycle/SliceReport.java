package dev.amikeeper.lifecycle;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

import java.util.List;
import java.util.Map;

/**
 * What the slices of a batch of kicks did; as SQS wants it, with the kicks that it is to repeat.
 */
public final class SliceReport extends FunctionReport<SliceReport.SliceCount> {
    /** What is counted. */
    public enum SliceCount {
        /** Images or copies started. */
        STARTED,

        /** Those that an earlier try had made. */
        ADOPTED,

        /** Tries that failed and are followed by another. */
        AGAIN,

        /** Given up. */
        FAILED,

        /** No room, or not now: they stay waiting. */
        WAITING,

        /** Messages that are no kicks. */
        MALFORMED
    }

    private final List<BatchItemFailure> batchItemFailures;

    /** From these counts. */
    public SliceReport(Counts<SliceCount> counts, List<BatchItemFailure> batchItemFailures) {
        super(counts, Map.of("batchItemFailures", List.copyOf(batchItemFailures)));
        this.batchItemFailures = List.copyOf(batchItemFailures);
    }

    /** The kicks that SQS is to deliver again. */
    public List<BatchItemFailure> batchItemFailures() {
        return batchItemFailures;
    }
}
