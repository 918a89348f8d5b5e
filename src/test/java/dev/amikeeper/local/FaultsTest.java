package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.entry;

import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.sns.model.SnsException;
import software.amazon.awssdk.services.sqs.model.SqsException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

final class FaultsTest {
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final Faults faults = cloud.faults();
    private final Ec2Client ec2 = cloud.ec2(HOME);

    @Test
    void aShareOfTheCallsFailsAtRandom() {
        SimulatedCloud cloud = new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
        cloud.faults().atRandom("DescribeImages"::equals, 0.2, 0.05);
        int failed = 0;
        for (int call = 0; call < 2000; call++) {
            cloud.ec2("us-east-1").describeInstances();
            try {
                cloud.ec2("us-east-1").describeImages();
            } catch (SdkException refusedOrLost) {
                failed++;
            }
        }

        assertThat(cloud.faults().struck()).containsOnlyKeys("Unavailable", "reply lost");
        assertThat(failed)
                .isEqualTo(cloud.faults().struck().values().stream().mapToInt(n -> n).sum());
        assertThat(cloud.faults().struck().get("Unavailable")).isBetween(350, 450);
        assertThat(cloud.faults().struck().get("reply lost")).isBetween(60, 140);
    }

    @Test
    void aFaultStrikesTheCallsItIsSetForAndNoOthers() {
        faults.calls("DescribeImages").in(HOME).nth(2).times(2).throttle();

        cloud.ec2(DR).describeImages(r -> {});
        ec2.describeSnapshots(r -> {});
        ec2.describeImages(r -> {});
        assertThat(describeImages()).isEqualTo("RequestLimitExceeded");
        cloud.ec2(DR).describeImages(r -> {});
        assertThat(describeImages()).isEqualTo("RequestLimitExceeded");
        ec2.describeImages(r -> {});
    }

    @Test
    void callsAreCountedFromTheMomentThatAFaultIsSet() {
        ec2.describeImages(r -> {});
        faults.calls("DescribeImages").deny();

        assertThat(describeImages()).isEqualTo("UnauthorizedOperation");
    }

    @Test
    void aCallerKilledBeforeACallHasDoneNothing() {
        String instance = launch();
        faults.calls("CreateImage").killBefore();

        assertThatThrownBy(() -> create(instance, "gold/a")).isInstanceOf(CallerKilled.class);
        assertThat(cloud.images(HOME)).isEmpty();
    }

    @Test
    void aCallerKilledAfterACallHasDoneIt() {
        String instance = launch();
        faults.calls("CreateImage").killAfter();

        assertThatThrownBy(() -> create(instance, "gold/a")).isInstanceOf(CallerKilled.class);
        assertThat(cloud.images(HOME)).hasSize(1);
    }

    @Test
    void handlingExceptionsDoesNotSurviveBeingKilled() {
        assertThat(new CallerKilled("here")).isNotInstanceOf(Exception.class);
    }

    @Test
    void theNthCallOfAnyServiceKills() {
        String queue = cloud.sqs(HOME).addQueue("kicks.fifo", Duration.ofMinutes(6));
        faults.calls().nth(2).killBefore();
        ec2.describeImages(r -> {});

        assertThatThrownBy(() ->
                        cloud.sqs(HOME)
                                .sendMessage(r ->
                                        r.queueUrl(queue)
                                                .messageBody("kick")
                                                .messageGroupId("g")
                                                .messageDeduplicationId("d")))
                .isInstanceOf(CallerKilled.class);
        assertThat(cloud.sqs(HOME).size(queue)).isZero();
    }

    @Test
    void theReplyToAnErrorIsLostToo() {
        faults.calls("CreateImage").loseReply();

        assertThatThrownBy(() -> create("i-0", "gold/a")).isInstanceOf(SdkClientException.class);
    }

    @Test
    void noCallReachesAnUnreachableRegionUntilItIsBack() {
        faults.unreachable(HOME, START.plusSeconds(60));

        assertThatThrownBy(() -> ec2.describeImages(r -> {}))
                .isInstanceOf(SdkClientException.class);
        assertThat(cloud.ec2(DR).describeImages(r -> {}).images()).isEmpty();
        cloud.advance(Duration.ofSeconds(60));
        assertThat(ec2.describeImages(r -> {}).images()).isEmpty();
        assertThat(cloud.calls(HOME)).containsEntry("DescribeImages", 1);
    }

    @Test
    void clearedFaultsDoNotStrike() {
        faults.calls("DescribeImages").deny();
        faults.unreachable(HOME, START.plusSeconds(60));
        faults.events().lose();
        faults.clear();

        create(launch(), "gold/a");
        assertThat(ec2.describeImages(r -> {}).images()).hasSize(1);
        cloud.advance(Duration.ofMinutes(5));
        assertThat(cloud.takeEvents()).hasSize(1);
    }

    @Test
    void queuesAndTopicsFailInTheirOwnWords() {
        faults.calls("ReceiveMessage").throttle();
        faults.calls("Publish").internalError();

        assertThat(
                        catchThrowableOfType(
                                        SqsException.class,
                                        () ->
                                                cloud.sqs(HOME)
                                                        .receiveMessage(r -> r.queueUrl("none")))
                                .awsErrorDetails()
                                .errorCode())
                .isEqualTo("RequestThrottled");
        assertThat(
                        catchThrowableOfType(
                                        SnsException.class,
                                        () -> cloud.sns(HOME).publish(r -> r.topicArn("none")))
                                .statusCode())
                .isEqualTo(500);
    }

    @Test
    void aLostEventNeverComes() {
        faults.events("EC2 AMI State Change").lose();
        create(launch(), "gold/a");
        create(launch(), "gold/b");

        cloud.advance(Duration.ofDays(1));

        assertThat(cloud.takeEvents()).hasSize(1);
    }

    @Test
    void aDelayedEventComesLaterAndStillTellsWhenItHappened() {
        faults.events("EC2 AMI State Change").delay(Duration.ofMinutes(20));
        create(launch(), "gold/a");

        cloud.advance(Duration.ofMinutes(24));
        assertThat(cloud.takeEvents()).isEmpty();
        assertThat(cloud.nextDue()).contains(START.plus(Duration.ofMinutes(25)));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(cloud.takeEvents())
                .extracting(event -> event.get("time"))
                .containsExactly("2026-03-01T00:05:00Z");
    }

    @Test
    void aRepeatedEventIsTheSameEventAgain() {
        faults.events("EC2 AMI State Change").repeat(2);
        create(launch(), "gold/a");
        cloud.advance(Duration.ofMinutes(5));

        List<Map<String, Object>> events = cloud.takeEvents();

        assertThat(events).hasSize(3);
        assertThat(events).extracting(event -> event.get("id")).containsOnly(firstId(events));
    }

    @Test
    void anEventMayComeOnceMoreMuchLater() {
        faults.events("EC2 AMI State Change").again(Duration.ofHours(3));
        create(launch(), "gold/a");
        cloud.advance(Duration.ofMinutes(5));
        List<Map<String, Object>> first = cloud.takeEvents();

        cloud.advance(Duration.ofHours(2));
        assertThat(cloud.takeEvents()).isEmpty();
        cloud.advance(Duration.ofHours(1));
        assertThat(first).hasSize(1);
        assertThat(cloud.takeEvents()).isEqualTo(first);
    }

    @Test
    void reorderedEventsOvertakeEachOtherAndNoneIsLost() {
        faults.events("EC2 AMI State Change").times(20).reorder(Duration.ofMinutes(10));
        for (int n = 0; n < 20; n++) {
            create(launch(), "gold/" + n);
            cloud.advance(Duration.ofSeconds(1));
        }

        cloud.advance(Duration.ofMinutes(20));

        List<String> times =
                cloud.takeEvents().stream().map(event -> "" + event.get("time")).toList();
        assertThat(times).hasSize(20).doesNotHaveDuplicates();
        assertThat(times).isNotEqualTo(times.stream().sorted().toList());
    }

    @Test
    void faultsOfEventsAddUp() {
        faults.events().delay(Duration.ofMinutes(1));
        faults.events().repeat(1);
        create(launch(), "gold/a");

        cloud.advance(Duration.ofMinutes(5));
        assertThat(cloud.takeEvents()).isEmpty();
        cloud.advance(Duration.ofMinutes(1));
        assertThat(cloud.takeEvents()).hasSize(2);
    }

    @Test
    void whatIsDoneWithoutFaultsMeetsAndCountsNone() {
        faults.calls("DescribeImages").deny();
        faults.unreachable(HOME, START.plusSeconds(60));

        assertThat(faults.without(() -> ec2.describeImages(r -> {}).images())).isEmpty();
        cloud.advance(Duration.ofMinutes(1));
        assertThat(describeImages()).isEqualTo("UnauthorizedOperation");
    }

    @Test
    void faultsThatStruckAreCountedByKind() {
        faults.calls("DescribeImages").deny();
        faults.calls("DescribeImages").nth(2).throttle();
        faults.events().repeat(1);
        assertThat(describeImages()).isEqualTo("UnauthorizedOperation");
        assertThat(describeImages()).isEqualTo("RequestLimitExceeded");
        create(launch(), "gold/a");
        cloud.advance(Duration.ofMinutes(5));

        assertThat(faults.struck())
                .containsExactly(
                        entry("UnauthorizedOperation", 1),
                        entry("event repeated", 1),
                        entry("throttled", 1));
    }

    @Test
    void aTransactionMeetsAnotherOneAsDynamoDbSaysIt() {
        MemoryDynamoDb dynamoDb = cloud.tables(HOME);
        dynamoDb.addTable("catalogue");
        faults.calls("TransactWriteItems").conflict();

        assertThat(
                        catchThrowableOfType(
                                        TransactionCanceledException.class,
                                        () -> dynamoDb.transactWriteItems(r -> {}))
                                .cancellationReasons())
                .extracting(CancellationReason::code)
                .containsExactly("TransactionConflict");
    }

    @Test
    void clocksDisagree() {
        cloud.settings()
                .clocks(Duration.ofMinutes(3), Duration.ofMinutes(-2), Duration.ofMinutes(1));
        create(launch(), "gold/a");
        cloud.advance(Duration.ofMinutes(5));

        assertThat(cloud.images(HOME))
                .extracting(it -> it.image().creationDate())
                .containsExactly("2026-03-01T00:03:00.000Z");
        assertThat(cloud.takeEvents())
                .extracting(event -> event.get("time"))
                .containsExactly("2026-03-01T00:03:00Z");
        assertThat(cloud.now()).isEqualTo(START.plus(Duration.ofMinutes(5)));
    }

    @Test
    void aWatcherSeesTheCallsThatAreCarriedOutAndNoOthers() {
        List<String> seen = new ArrayList<>();
        cloud.settings()
                .watcher(
                        new CloudSettings.Watcher() {
                            @Override
                            public void before(String region, Ec2Request call) {
                                seen.add("before " + call.getClass().getSimpleName());
                            }

                            @Override
                            public void after(String region, Ec2Request call, Object answer) {
                                seen.add("after " + answer.getClass().getSimpleName());
                            }
                        });
        faults.calls("DescribeImages").throttle();

        assertThat(describeImages()).isEqualTo("RequestLimitExceeded");
        ec2.describeImages(r -> {});
        assertThat(seen)
                .containsExactly("before DescribeImagesRequest", "after DescribeImagesResponse");
    }

    private String launch() {
        return cloud.launch(HOME, Map.of(), List.of(8));
    }

    private String create(String instance, String name) {
        return ec2.createImage(r -> r.instanceId(instance).name(name)).imageId();
    }

    private String describeImages() {
        return catchThrowableOfType(Ec2Exception.class, () -> ec2.describeImages(r -> {}))
                .awsErrorDetails()
                .errorCode();
    }

    private static Object firstId(List<Map<String, Object>> events) {
        return events.getFirst().getOrDefault("id", "");
    }
}
