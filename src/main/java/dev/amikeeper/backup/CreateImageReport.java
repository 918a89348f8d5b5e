package dev.amikeeper.backup;

import dev.amikeeper.queue.BatchItemFailure;

import java.util.List;

/**
 * What a slice of imaging did; as SQS wants it, with the kicks that it is to repeat.
 *
 * @param started images started
 * @param adopted images that an earlier try had made
 * @param again tries that failed and are followed by another
 * @param failed given up
 * @param waiting not now: they stay waiting
 * @param malformed messages that are no kicks
 */
public record CreateImageReport(
        int started,
        int adopted,
        int again,
        int failed,
        int waiting,
        int malformed,
        List<BatchItemFailure> batchItemFailures) {
    public CreateImageReport {
        batchItemFailures = List.copyOf(batchItemFailures);
    }
}
