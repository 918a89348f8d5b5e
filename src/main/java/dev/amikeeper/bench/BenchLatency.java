package dev.amikeeper.bench;

import dev.amikeeper.local.TurnTaker;

import java.time.Duration;
import java.util.Set;

/**
 * How long calls take: those to EC2 as set, a read half as long as a change; those to the table and
 * the queues as long as they usually do from within their Region.
 */
record BenchLatency(Duration change) implements TurnTaker.Latency {
    private static final Duration TABLE_READ = Duration.ofMillis(5);
    private static final Duration TABLE_WRITE = Duration.ofMillis(10);
    private static final Duration MESSAGE = Duration.ofMillis(10);
    private static final Set<String> READS = Set.of("GetItem", "BatchGetItem", "Query", "Scan");
    private static final Set<String> WRITES =
            Set.of(
                    "PutItem",
                    "UpdateItem",
                    "DeleteItem",
                    "BatchWriteItem",
                    "TransactGetItems",
                    "TransactWriteItems");
    private static final Set<String> MESSAGES =
            Set.of(
                    "SendMessage",
                    "SendMessageBatch",
                    "ReceiveMessage",
                    "DeleteMessage",
                    "ChangeMessageVisibility",
                    "GetQueueAttributes",
                    "GetQueueUrl",
                    "Publish");

    @Override
    public Duration of(String action, String region) {
        if (READS.contains(action)) {
            return TABLE_READ;
        }
        if (WRITES.contains(action)) {
            return TABLE_WRITE;
        }
        if (MESSAGES.contains(action)) {
            return MESSAGE;
        }
        return action.startsWith("Describe") || action.startsWith("Get")
                ? change.dividedBy(2)
                : change;
    }

    /** Whether this is an action of DynamoDB. */
    static boolean isTable(String action) {
        return READS.contains(action) || WRITES.contains(action);
    }

    /** Whether this is an action of EC2, or of a service beside it that functions call. */
    static boolean isEc2(String action) {
        return !isTable(action) && !MESSAGES.contains(action);
    }
}
