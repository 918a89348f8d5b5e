package dev.amikeeper.local;

import dev.amikeeper.Settings;
import dev.amikeeper.image.Region;

import java.time.Duration;
import java.util.Optional;

/**
 * The template's queues and its topic.
 *
 * @param settings what the template tells the functions
 */
record StackQueues(
        Settings settings, String deadCreateKicks, String deadCopyKicks, String deadEvents) {
    private static final Duration VISIBILITY = Duration.ofSeconds(330);

    /**
     * Adds them to a cloud.
     *
     * @param maxReceives how often a kick is received before SQS gives it up
     */
    static StackQueues add(SimulatedCloud cloud, Region home, String table, int maxReceives) {
        SimulatedSqs sqs = cloud.sqs(home.name());
        String deadCreateKicks = sqs.addQueue("create-dead-letters.fifo", VISIBILITY);
        String deadCopyKicks = sqs.addQueue("copy-dead-letters.fifo", VISIBILITY);
        String deadEvents = sqs.addQueue("event-dead-letters", VISIBILITY);
        Settings settings =
                new Settings(
                        home,
                        SimulatedCloud.ACCOUNT,
                        table,
                        sqs.addQueue("create.fifo", VISIBILITY, deadCreateKicks, maxReceives),
                        sqs.addQueue("copy.fifo", VISIBILITY, deadCopyKicks, maxReceives),
                        cloud.sns(home.name()).addTopic("alerts"),
                        Optional.of(deadEvents),
                        Settings.COPIES_AT_ONCE,
                        "embedded");
        return new StackQueues(settings, deadCreateKicks, deadCopyKicks, deadEvents);
    }
}
