package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.cli.FailuresCommand.Failures;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;

/** {@code keeper failures} and {@code retry}. */
final class FailureCommandsTest {
    private static final String TO_WEST = "replicate: {us-west-2: {}}";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void withoutFailuresNothingNeedsYou() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.nights(1);

        Failures failures = failures(given);

        assertThat(failures.none()).isTrue();
        assertThat(failures.troubles()).isEmpty();
        assertThat(failures.givenUp()).isEmpty();
        assertThat(failures.deadLetters())
                .extracting(FailuresCommand.ListedQueue::queue)
                .containsExactly("create", "copy", "events");
    }

    @Test
    void failuresShowTroublesAndWhatWasGivenUpOnce() {
        TestDeployment given = deniedNight("");
        given.catalog()
                .note(
                        new Notice(
                                        NoticeKey.parse(
                                                "refused/us-east-1/gold/i-1/2026-02-01T02.00.00Z"),
                                        given.cloud.now(),
                                        "us-east-1: image x could not be removed: no",
                                        "look",
                                        true)
                                .tried("3 runs"));

        Failures failures = failures(given);

        assertThat(failures.none()).isFalse();
        assertThat(failures.troubles())
                .containsExactly(
                        new FailuresCommand.Lasting(
                                "refused/us-east-1/gold/i-1/2026-02-01T02.00.00Z",
                                given.cloud.now().toString(),
                                "us-east-1",
                                "i-1",
                                "image x could not be removed: no",
                                "3 runs",
                                "look"));
        assertThat(failures.givenUp())
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.kind()).isEqualTo("image");
                    assertThat(image.tries()).isEqualTo(3);
                    assertThat(image.why()).contains("InvalidParameterValue");
                    assertThat(image.canBeRetried()).isTrue();
                });
    }

    @Test
    void whatANewerImageMakesUpForNeedsNobody() {
        TestDeployment given = deniedNight("");
        given.cloud.faults().clear();

        given.nights(1, 1);

        Failures failures = failures(given);
        assertThat(failures.givenUp()).isEmpty();
        assertThat(failures.madeUpFor()).isEqualTo(1);
    }

    @Test
    void failuresShowDeadLettersAndLeaveThem() {
        TestDeployment given = withDeadEvent();

        for (int i = 0; i < 2; i++) {
            assertThat(failures(given).deadLetters())
                    .filteredOn(box -> box.count() > 0)
                    .singleElement()
                    .satisfies(box -> {
                        assertThat(box.queue()).isEqualTo("events");
                        assertThat(box.count()).isEqualTo(1);
                        assertThat(box.letters())
                                .singleElement()
                                .satisfies(letter -> {
                                    assertThat(letter.function()).isEqualTo("ScheduleFunction");
                                    assertThat(letter.error()).isNotEmpty();
                                });
                    });
        }
    }

    @Test
    void aRetriedImageIsMadeByANewTry() {
        TestDeployment given = deniedNight("");
        given.cloud.faults().clear();
        Image failed = given.records(TestDeployment.EAST).getFirst();

        assertThat(retry(given, failed.name().toString())).isTrue();
        given.deployment.drain();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(out.toString()).contains("waits for try 4").hasLineCount(1);
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.attempt()).isEqualTo(4);
                });
        assertThat(failures(given).givenUp()).isEmpty();
    }

    @Test
    void aCopyIsRetriedByItsHomeImageHoweverLate() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.settings().failing(attempt -> attempt.copy() && attempt.number() <= 5);
        given.nights(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofDays(1)));
        kickEvery(given, Duration.ofDays(3));
        Image home = given.records(TestDeployment.EAST).getFirst();
        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);

        assertThat(retry(given, home.id().orElseThrow().value())).isTrue();
        given.deployment.drain();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state, Image::attempt)
                .containsExactly(tuple(ImageState.AVAILABLE, 6));
    }

    @Test
    void aHomeImageOfAnOldSlotIsNotRetried() {
        TestDeployment given = deniedNight("");
        given.cloud.advance(Duration.ofHours(23));
        Image failed = given.records(TestDeployment.EAST).getFirst();

        assertThat(retry(given, failed.name().toString())).isFalse();
        assertThat(err.toString())
                .contains("more than 24 h ago", "amikeeper:request on " + failed.name().instance())
                .hasLineCount(1);
        assertThat(given.records(TestDeployment.EAST).getFirst()).isEqualTo(failed);
        assertThat(retryAll(given)).isTrue();
        assertThat(out.toString()).contains("1 home images stay given up", "Nothing");
        assertThat(failures(given).givenUp()).extracting("canBeRetried").containsExactly(false);
    }

    @Test
    void retryAllTakesAll() {
        TestDeployment given = deniedNight("");

        assertThat(retryAll(given)).isTrue();

        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.REQUESTED);
    }

    @Test
    void retrySaysWhatAnImageIsThatWasNotGivenUp() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.nights(1);
        Image image = given.records(TestDeployment.EAST).getFirst();

        assertThat(retry(given, image.name().toString())).isFalse();
        assertThat(err.toString()).contains("was not given up: it is available").hasLineCount(1);
        assertThat(retry(given, image.id().orElseThrow().value())).isFalse();
        assertThatThrownBy(() -> retry(given, "ami-0nothing"))
                .hasMessage("The catalogue knows no image ami-0nothing.");
    }

    @Test
    void deadEventsGoBackToTheirFunctions() {
        TestDeployment given = withDeadEvent();
        given.cloud.faults().clear();

        assertThat(putBack(given)).isTrue();

        assertThat(out.toString())
                .contains("create: 0 of 0", "copy: 0 of 0", "events: 1 of 1 dead letters put back");
        assertThat(failures(given).none()).isTrue();
        given.deployment.drain();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::isGood)
                .containsExactly(true);
    }

    @Test
    void deadKicksGoBackAsNewOnes() {
        TestDeployment given = TestDeployment.nightly("");
        Application app = given.deployment.application();
        String queue = app.settings().createQueue();
        app.kicks().create(new Region(TestDeployment.EAST), given.cloud.now());
        send(given, queue, "what?");
        die(given, queue);
        assertThat(given.deployment.deadKicks()).isEqualTo(2);

        assertThat(putBack(given)).isFalse();

        assertThat(out.toString()).contains("create: 1 of 2 dead letters put back");
        assertThat(err.toString()).contains("is not a kick and stays: what?").hasLineCount(1);
        assertThat(given.deployment.deadKicks()).isEqualTo(1);
        assertThat(given.cloud.sqs(TestDeployment.EAST).size(queue)).isEqualTo(1);
    }

    @Test
    void whatCannotBeLookedIntoIsSaid() {
        TestDeployment given = TestDeployment.nightly("");
        given.cloud.faults().calls("GetQueueAttributes").times(100).deny();

        assertThat(failures(given).deadLetters())
                .allMatch(box -> box.problem().startsWith("cannot be read: "));
    }

    @Test
    void failuresPrintATableAndJson() throws Exception {
        CommandRun text = CommandRun.of("failures", "--demo");
        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.out())
                .contains("Given up", "eu-west-1", "copy gold/i-", "keeper retry --all")
                .doesNotContain("Nothing needs you");

        String json = KeeperCommand.json(failures(deniedNight("")));
        JsonNode found = JsonMapper.builder().build().readTree(json);
        assertThat(found.get("givenUp")).hasSize(1);
        assertThat(found.get("deadLetters")).hasSize(3);

        CommandRun again = CommandRun.on(CommandRun.once(), "retry", "--demo", "--all");
        assertThat(again.exitCode()).isZero();
        assertThat(again.out()).contains("waits for try 6");
    }

    @Test
    void retrySaysWhatIsWrongWithItsArgument() {
        CommandRun odd = CommandRun.of("retry", "web-1");
        assertThat(odd.exitCode()).isEqualTo(2);
        assertThat(odd.err()).contains("web-1 is neither the name").hasLineCount(1);
        assertThat(CommandRun.of("retry").exitCode()).isEqualTo(2);
        assertThat(CommandRun.of("retry", "ami-1", "--all").exitCode()).isEqualTo(2);
        assertThat(CommandRun.of("failures").err()).contains("TABLE", "--demo");
    }

    private static Failures failures(TestDeployment given) {
        return FailuresCommand.find(given.deployment.application());
    }

    private boolean retry(TestDeployment given, String image) {
        return RetryCommand.one(
                given.deployment.application(), image, new PrintWriter(out), new PrintWriter(err));
    }

    private boolean retryAll(TestDeployment given) {
        return RetryCommand.all(
                given.deployment.application(), new PrintWriter(out), new PrintWriter(err));
    }

    private boolean putBack(TestDeployment given) {
        return RetryCommand.putBack(
                given.deployment.application(),
                Functions.of(given.deployment),
                new PrintWriter(out),
                new PrintWriter(err));
    }

    /** One night on which no image may be made. */
    private static TestDeployment deniedNight(String policy) {
        TestDeployment given = TestDeployment.nightly(policy);
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").times(100).error("InvalidParameterValue", 400);
        given.nights(1);
        kickEvery(given, Duration.ofHours(1));
        return given;
    }

    /** One tick that failed to the last try. */
    private static TestDeployment withDeadEvent() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.tick("2026-03-01T00:00:00Z");
        given.deployment.withoutSchedules();
        given.cloud.advanceTo(Instant.parse("2026-03-01T02:00:00Z"));
        given.cloud.faults().calls("DescribeInstances").times(3).killBefore();
        given.tick("2026-03-01T02:00:00Z");
        return given;
    }

    private static void kickEvery(TestDeployment given, Duration time) {
        Instant end = given.cloud.now().plus(time);
        while (given.cloud.now().isBefore(end)) {
            Application app = given.deployment.application();
            app.kicks().create(new Region(TestDeployment.EAST), given.cloud.now());
            app.kicks().copy(new Region(TestDeployment.WEST), given.cloud.now());
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        }
    }

    private static void send(TestDeployment given, String queue, String body) {
        given.cloud
                .sqs(TestDeployment.EAST)
                .sendMessage(message ->
                        message.queueUrl(queue)
                                .messageBody(body)
                                .messageGroupId("other")
                                .messageDeduplicationId(body));
    }

    /** Receives what is there until the queue gives it up. */
    private static void die(TestDeployment given, String queue) {
        for (int i = 0; i < 6; i++) {
            given.cloud
                    .sqs(TestDeployment.EAST)
                    .receiveMessage(receive -> receive.queueUrl(queue).maxNumberOfMessages(10));
            given.cloud.advance(Duration.ofMinutes(6));
        }
    }
}
