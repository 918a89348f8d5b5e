package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;

import dev.amikeeper.backup.CreateImageHandler;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.SimulatedSqs;
import dev.amikeeper.local.TurnTaker;
import dev.amikeeper.local.TurnTaker.TurnOrder;
import dev.amikeeper.local.dynamodb.CapacityUnits;
import dev.amikeeper.replication.CopyImageHandler;
import dev.amikeeper.replication.ImageStateHandler;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The two workers, eight calls at a time, each in an environment that knows nothing of the one
 * before, on EC2's buckets in virtual time.
 */
final class WorkersTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final String TO_WEST = "replicate: {us-west-2: {}}";

    /** As if the user data were known from earlier images. */
    private static final String KNOWN = "image: {userData: none}";

    private static final Set<String> OF_THE_TABLE =
            Set.of("GetItem", "BatchGetItem", "Query", "PutItem", "TransactWriteItems");

    /**
     * How a play went.
     *
     * @param images how long it took until the last image was started
     * @param copies how long it took until the last copy was started
     */
    private record Played(
            Duration images, Duration copies, Map<String, Integer> calls, CapacityUnits units) {
        int count(String call) {
            return calls.getOrDefault(call, 0);
        }
    }

    /**
     * CreateImage has a bucket of 50 that gets five a second; a worker that is told nothing uses
     * half.
     */
    @Test
    void imagesStartAsFastAsTheBucketFillsAndNoCallIsThrottled() {
        TestDeployment given = given(KNOWN, 300);

        Played played = play(given, Duration.ofMillis(300));

        assertThat(given.images(TestDeployment.EAST).size()).isEqualTo(300);
        assertThat(played.count("CreateImage")).isEqualTo(300);
        // Two reads a burst, and one of the subnets in each environment.
        assertThat(played.count("DescribeInstances")).isLessThanOrEqualTo(13);
        // With half a bucket to begin with, (300 - 25) / 5 = 55 s.
        assertThat(played.images).isLessThan(Duration.ofSeconds(60));
    }

    /** CopyImage has a bucket of 100 that gets one a second. */
    @Test
    void copiesStartAsFastAsTheBucketFillsAndNoCallIsThrottled() {
        TestDeployment given = given(TO_WEST, 200);
        given.cloud.settings().copyTime(Duration.ofMinutes(1));

        Played played = play(given, Duration.ofSeconds(1));

        assertThat(given.images(TestDeployment.WEST).size()).isEqualTo(200);
        assertThat(played.count("CopyImage")).isEqualTo(200);
        // The first home image is available after five minutes, and (200 - 50) / 1 = 150 s.
        assertThat(played.copies).isLessThan(Duration.ofSeconds(300 + 170));
        assertThat(good(given, WEST)).isEqualTo(200);
    }

    @Test
    void slowCallsDoNotSetThePace() {
        TestDeployment given = given(KNOWN, 150);

        Played played = play(given, Duration.ofSeconds(1));
        // (150 - 25) / 5 = 25 s.
        assertThat(played.images).isLessThan(Duration.ofSeconds(29));
    }

    @Test
    void anImageAndACopyCostFewReadUnitsHoweverLongCopiesTake() {
        TestDeployment given = given(TO_WEST, 400);
        given.cloud.settings().copyTime(Duration.ofMinutes(15));

        Played played = play(given, Duration.ofMillis(300));

        assertThat(good(given, WEST)).isEqualTo(400);
        assertThat(played.units.read() / 400).isLessThan(10);
        assertThat(played.units.write() / 400).isLessThanOrEqualTo(32);
    }

    @Test
    void withFaultsEverythingGetsDoneOnce() {
        TestDeployment given = given(TO_WEST, 120);
        given.cloud.settings().copyTime(Duration.ofMinutes(2));
        for (String call : List.of("CreateImage", "CopyImage", "DescribeInstances")) {
            for (int n = 4; n < 400; n += 5) {
                given.cloud.faults().calls(call).nth(n).throttle();
            }
            for (int n = 11; n < 400; n += 20) {
                given.cloud.faults().calls(call).nth(n).loseReply();
            }
        }

        Played played = play(given, Duration.ofMillis(300));

        for (Region region : List.of(EAST, WEST)) {
            assertThat(given.images(region.name()).size()).isEqualTo(120);
            assertThat(good(given, region)).isEqualTo(120);
        }
        // A quarter of all calls fails.
        assertThat(played.count("CreateImage")).isLessThanOrEqualTo(120 * 4 / 3);
        assertThat(played.count("CopyImage")).isLessThanOrEqualTo(120 * 4 / 3);
    }

    @Test
    void noMoreCopiesThanTheRegionAllowsAndNoneIsForgotten() {
        TestDeployment given = given(TO_WEST, 60);
        given.cloud.settings().copyQuota(20).copyTime(Duration.ofMinutes(4));

        Played played = play(given, Duration.ofMillis(300));
        assertThat(good(given, WEST)).isEqualTo(60);
        // A few refusals show the limit, and it is remembered.
        assertThat(played.count("CopyImage")).isLessThan(60 + 30);
    }

    private static List<Image> records(TestDeployment given, Region region) {
        return given.catalog().ofPolicy("gold", region);
    }

    /** How many images were made at the first try. */
    private static long good(TestDeployment given, Region region) {
        return records(given, region).stream()
                .filter(image -> image.isGood() && image.attempt() == 1)
                .count();
    }

    /** Servers, each with an intent, and the kick. */
    private static TestDeployment given(String more, int servers) {
        TestDeployment given = TestDeployment.nightly(more);
        given.deployment.withoutSchedules();
        given.cloud.settings().throttling(true);
        Instant now = given.cloud.now();
        List<Image> intents =
                IntStream.range(0, servers)
                        .mapToObj(i -> new InstanceId(given.instance("web-" + i)))
                        .map(id -> new ImageName("gold", id, new Slot(now)))
                        .map(name -> Image.intent(name, EAST, Trigger.SCHEDULED, now))
                        .toList();
        given.catalog().request(intents);
        given.deployment.application().kicks().create(EAST, now);
        return given;
    }

    /** Plays the queues and the state events until nothing is left, for at most six hours. */
    private static Played play(TestDeployment given, Duration latency) {
        Instant begin = given.cloud.now();
        Map<String, Integer> before = given.cloud.calls();
        CapacityUnits units = given.cloud.tables(TestDeployment.EAST).units();
        Settings settings = given.deployment.application().settings();
        AtomicBoolean done = new AtomicBoolean();
        try (TurnTaker turns =
                new TurnTaker(
                        given.cloud,
                        (action, _) ->
                                OF_THE_TABLE.contains(action) || action.endsWith("Message")
                                        ? Duration.ofMillis(10)
                                        : latency,
                        TurnOrder.FIRST_COME)) {
            given.sideBySide(new SideBySide(8, turns), turns::pause);
            given.cloud.watch(turns);
            turns.start(() ->
                    poll(
                            given,
                            turns,
                            settings.createQueue(),
                            done,
                            event ->
                                    new CreateImageHandler(given.environment())
                                            .handleRequest(
                                                    event, given.context("CreateImageFunction"))
                                            .batchItemFailures()));
            turns.start(() ->
                    poll(
                            given,
                            turns,
                            settings.copyQueue(),
                            done,
                            event ->
                                    new CopyImageHandler(given.environment())
                                            .handleRequest(
                                                    event, given.context("CopyImageFunction"))
                                            .batchItemFailures()));
            turns.start(() -> follow(given, turns, done));
            turns.run();
        }
        Map<String, Integer> calls = new TreeMap<>(given.cloud.calls());
        before.forEach((call, count) -> calls.merge(call, -count, Integer::sum));
        return new Played(
                lastStart(given, EAST, begin),
                lastStart(given, WEST, begin),
                calls,
                given.cloud.tables(TestDeployment.EAST).units().since(units));
    }

    private static Duration lastStart(TestDeployment given, Region region, Instant begin) {
        return given.images(region.name()).stream()
                .map(it -> Duration.between(begin, Instant.parse(it.image().creationDate())))
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** Lambda's poller. A function's environment serves one batch here. */
    private static void poll(
            TestDeployment given,
            TurnTaker turns,
            String queue,
            AtomicBoolean done,
            Function<SQSEvent, List<BatchItemFailure>> function) {
        SimulatedSqs sqs = given.cloud.sqs(TestDeployment.EAST);
        while (!done.get()) {
            List<Message> messages =
                    sqs.receiveMessage(receive ->
                                    receive.queueUrl(queue)
                                            .maxNumberOfMessages(10)
                                            .messageSystemAttributeNames(
                                                    MessageSystemAttributeName.ALL))
                            .messages();
            if (messages.isEmpty()) {
                turns.pause(Duration.ofMillis(200));
                continue;
            }
            SQSEvent event = new SQSEvent();
            event.setRecords(messages.stream().map(WorkersTest::delivered).toList());
            List<BatchItemFailure> kept = function.apply(event);
            for (Message message : messages) {
                if (!kept.contains(new BatchItemFailure(message.messageId()))) {
                    sqs.deleteMessage(delete ->
                            delete.queueUrl(queue).receiptHandle(message.receiptHandle()));
                }
            }
        }
    }

    private static SQSMessage delivered(Message message) {
        SQSMessage delivered = new SQSMessage();
        delivered.setMessageId(message.messageId());
        delivered.setReceiptHandle(message.receiptHandle());
        delivered.setBody(message.body());
        delivered.setAttributes(message.attributesAsStrings());
        return delivered;
    }

    private static void follow(TestDeployment given, TurnTaker turns, AtomicBoolean done) {
        ImageStateHandler handler = new ImageStateHandler(given.environment());
        Instant sweep = given.cloud.now().plus(Duration.ofMinutes(15));
        Instant end = given.cloud.now().plus(Duration.ofHours(12));
        while (!done.get()) {
            if (!given.cloud.now().isBefore(sweep)) {
                sweep = sweep.plus(Duration.ofMinutes(15));
                done.set(sweep(given) || sweep.isAfter(end));
            }
            List<Map<String, Object>> events = given.cloud.takeEvents();
            for (Map<String, Object> event : events) {
                if ("EC2 AMI State Change".equals(event.get("detail-type"))) {
                    handler.handleRequest(event, given.context("ImageStateFunction"));
                }
            }
            turns.pause(Duration.ofMillis(100));
        }
    }

    /** The sweep kicks where something waits. Returns whether nothing is left to do. */
    private static boolean sweep(TestDeployment given) {
        Application app = given.environment();
        Instant now = given.cloud.now();
        boolean images = app.catalog().hasWork(EAST, Work.CREATE_WAITING, now);
        boolean copies = app.catalog().hasWork(WEST, Work.COPY_WAITING, now);
        if (images) {
            app.kicks().create(EAST, now);
        }
        if (copies) {
            app.kicks().copy(WEST, now);
        }
        SimulatedSqs sqs = given.cloud.sqs(TestDeployment.EAST);
        return !images
                && !copies
                && given.cloud.nextDue().isEmpty()
                && sqs.size(app.settings().createQueue()) == 0
                && sqs.size(app.settings().copyQueue()) == 0;
    }
}
