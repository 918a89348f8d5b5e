package dev.amikeeper.local;

import dev.amikeeper.Application;
import dev.amikeeper.Settings;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

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

    /**
     * The objects of a function, on top of the simulated services.
     *
     * @param together how its calls go on at the same time, and how it waits
     */
    Application application(
            SimulatedCloud cloud,
            DynamoDbClient dynamoDb,
            Policies policies,
            Random random,
            Timing together) {
        String home = settings.home().name();
        return Application.of(
                settings,
                policies,
                new Application.Cloud(
                        region -> cloud.ec2(region.name()),
                        region -> cloud.autoScaling(region.name()),
                        region -> cloud.ssm(region.name()),
                        _ -> cloud.iam(),
                        dynamoDb,
                        cloud.sqs(home),
                        cloud.sns(home),
                        () -> cloud.now().plus(cloud.settings().functionClock()),
                        together.pause(),
                        random,
                        together.sideBySide()));
    }

    /** How a function waits, and how its calls go on at the same time. */
    record Timing(Consumer<Duration> pause, SideBySide sideBySide) {}
}
