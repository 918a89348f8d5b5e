package dev.amikeeper.lifecycle;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;

import java.util.List;

/**
 * What the slices of a batch of kicks did; as SQS wants it, with the kicks that it is to repeat.
 *
 * @param started images or copies started
 * @param adopted those that an earlier try had made
 * @param again tries that failed and are followed by another
 * @param failed given up
 * @param waiting no room, or not now: they stay waiting
 * @param malformed messages that are no kicks
 */
public record SliceReport(
        int started,
        int adopted,
        int again,
        int failed,
        int waiting,
        int malformed,
        List<BatchItemFailure> batchItemFailures) {
    public SliceReport {
        batchItemFailures = List.copyOf(batchItemFailures);
    }
}
