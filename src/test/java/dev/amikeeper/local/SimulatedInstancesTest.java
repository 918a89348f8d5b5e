package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What the conformance tests cannot ask of every EC2. */
final class SimulatedInstancesTest {
    private static final String HOME = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2(HOME);

    @Test
    void anEventTellsOfEveryState() {
        String id = launch();
        ec2.stopInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        ec2.startInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        ec2.terminateInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(cloud.takeEvents())
                .extracting(event -> "" + detail(event).get("state"))
                .containsExactly(
                        "stopping", "stopped", "pending", "running", "shutting-down", "terminated");
    }

    @Test
    void theEventOfAStateHasNoVersionAsInItsDocumentedSample() {
        ec2.stopInstances(r -> r.instanceIds(launch()));

        assertThat(cloud.takeEvents().getFirst())
                .containsOnlyKeys(
                        "id",
                        "detail-type",
                        "source",
                        "account",
                        "time",
                        "region",
                        "resources",
                        "detail");
    }

    @Test
    void stoppingWhatIsStoppedChangesNothing() {
        String id = launch();
        ec2.stopInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        cloud.takeEvents();

        ec2.stopInstances(r -> r.instanceIds(id));

        assertThat(state(id)).isEqualTo("stopped");
        assertThat(cloud.takeEvents()).isEmpty();
    }

    @Test
    void aTerminatedInstanceNeitherStartsNorStops() {
        String id = launch();
        ec2.terminateInstances(r -> r.instanceIds(id));

        assertThat(refusal(() -> ec2.stopInstances(r -> r.instanceIds(id))))
                .isEqualTo("IncorrectInstanceState");
        assertThat(refusal(() -> ec2.startInstances(r -> r.instanceIds(id))))
                .isEqualTo("IncorrectInstanceState");
    }

    @Test
    void anInstanceThatIsTerminatedWhileItStopsStaysTerminated() {
        String id = launch();
        ec2.stopInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofSeconds(10));
        ec2.terminateInstances(r -> r.instanceIds(id));

        cloud.advance(Duration.ofMinutes(5));

        assertThat(state(id)).isEqualTo("terminated");
    }

    @Test
    void aCallThatNamesAnUnknownInstanceChangesNone() {
        String id = launch();

        assertThat(refusal(() -> ec2.stopInstances(r -> r.instanceIds(id, "i-0"))))
                .isEqualTo("InvalidInstanceID.NotFound");
        assertThat(state(id)).isEqualTo("running");
    }

    @Test
    void aTerminatedInstanceIsForgottenAfterAnHour() {
        String id = launch();
        ec2.terminateInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofHours(2));

        assertThat(refusal(() -> state(id))).isEqualTo("InvalidInstanceID.NotFound");
        assertThat(cloud.instances(HOME)).isEmpty();
    }

    @Test
    void idsAndPagesDoNotGoTogether() {
        String id = launch();

        assertThat(refusal(() -> ec2.describeInstances(r -> r.instanceIds(id).maxResults(5))))
                .isEqualTo("InvalidParameterCombination");
    }

    @Test
    void aClientTokenLaunchesOneThingOnly() {
        String image = image();
        run(image, "t-1", "t3.micro");

        assertThat(refusal(() -> run(image, "t-1", "t3.large")))
                .isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void anInstanceMayFailItsChecks() {
        cloud.settings().booting(false);
        String id = run(image(), "t-1", "t3.micro");
        cloud.advance(Duration.ofMinutes(10));

        assertThat(
                        ec2.describeInstanceStatus(r -> r.instanceIds(id))
                                .instanceStatuses()
                                .getFirst()
                                .instanceStatus()
                                .status())
                .isEqualTo(SummaryStatus.IMPAIRED);
    }

    @Test
    void instancesThatWereLaunchedTogetherShareAReservation() {
        String image = image();
        ec2.terminateInstances(r -> r.instanceIds(cloud.instances(HOME).getFirst().id()));
        cloud.advance(Duration.ofHours(2));
        ec2.runInstances(r -> r.imageId(image).minCount(2).maxCount(2));

        assertThat(ec2.describeInstances().reservations())
                .singleElement()
                .satisfies(it -> assertThat(it.instances()).hasSize(2));
    }

    @Test
    void theVersionOfATagChangeRisesWithEachChange() {
        String id = launch();
        ec2.createTags(r -> r.resources(id).tags(tag("a", "1")));
        ec2.createTags(r -> r.resources(id).tags(tag("a", "2")));

        assertThat(cloud.takeEvents())
                .extracting(event -> "" + detail(event).get("version"))
                .containsExactly("1", "2");
    }

    @Test
    void aTagThatIsSetToWhatItIsChangesNothing() {
        String id = cloud.launch(HOME, Map.of("a", "1"), List.of(8));
        ec2.createTags(r -> r.resources(id).tags(tag("a", "1")));

        assertThat(cloud.takeEvents()).isEmpty();
    }

    @Test
    void aTagIsRemovedByValueOnlyIfThatIsItsValue() {
        String id = cloud.launch(HOME, Map.of("a", "1"), List.of(8));

        ec2.deleteTags(r -> r.resources(id).tags(tag("a", "2")));
        assertThat(instance(id).tags()).containsExactly(tag("a", "1"));
        ec2.deleteTags(r -> r.resources(id).tags(tag("a", "1")));
        assertThat(instance(id).tags()).isEmpty();
    }

    @Test
    void removingTagsWithoutNamingAnyRemovesAll() {
        String id = cloud.launch(HOME, Map.of("a", "1", "b", "2"), List.of(8));

        ec2.deleteTags(r -> r.resources(id));

        assertThat(instance(id).tags()).isEmpty();
    }

    @Test
    void whatDoesNotExistCannotBeTagged() {
        assertThat(refusal(() -> ec2.createTags(r -> r.resources("i-0").tags(tag("a", "1")))))
                .isEqualTo("InvalidInstanceID.NotFound");
        assertThat(refusal(() -> ec2.createTags(r -> r.resources("ami-0").tags(tag("a", "1")))))
                .isEqualTo("InvalidAMIID.NotFound");
        assertThat(refusal(() -> ec2.createTags(r -> r.resources("nothing").tags(tag("a", "1")))))
                .isEqualTo("InvalidID");
    }

    private String launch() {
        return cloud.launch(HOME, Map.of(), List.of(8));
    }

    private String image() {
        String instance = launch();
        String image = ec2.createImage(r -> r.instanceId(instance).name("gold/a")).imageId();
        cloud.advance(Duration.ofMinutes(5));
        return image;
    }

    private String run(String image, String token, String type) {
        return ec2.runInstances(r ->
                        r.imageId(image)
                                .instanceType(type)
                                .clientToken(token)
                                .minCount(1)
                                .maxCount(1))
                .instances()
                .getFirst()
                .instanceId();
    }

    private Instance instance(String id) {
        return ec2.describeInstances(r -> r.instanceIds(id))
                .reservations()
                .getFirst()
                .instances()
                .getFirst();
    }

    private String state(String id) {
        return instance(id).state().nameAsString();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    private static Map<?, ?> detail(Map<String, Object> event) {
        return (Map<?, ?>) Objects.requireNonNull(event.get("detail"));
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
