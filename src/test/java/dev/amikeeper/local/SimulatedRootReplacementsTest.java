package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

final class SimulatedRootReplacementsTest {
    private static final String HOME = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2(HOME);
    private final String server = cloud.launch(HOME, Map.of(), List.of(8, 20));
    private final String image = image(server, "gold/a");

    @Test
    void aTaskIsPendingThenInProgressThenSucceeded() {
        String task = replace("t-1");

        assertThat(state(task)).isEqualTo("pending");
        cloud.advance(Duration.ofSeconds(30));
        assertThat(state(task)).isEqualTo("in-progress");
        cloud.advance(Duration.ofSeconds(30));
        assertThat(state(task)).isEqualTo("succeeded");
    }

    @Test
    void onlyTheRootVolumeIsAnother() {
        Instance before = instance();
        replace("t-1");
        cloud.advance(Duration.ofMinutes(1));

        Instance after = instance();
        assertThat(volume(after, 0)).isNotEqualTo(volume(before, 0));
        assertThat(volume(after, 1)).isEqualTo(volume(before, 1));
        assertThat(after.privateIpAddress()).isEqualTo(before.privateIpAddress());
        assertThat(after.networkInterfaces()).isEqualTo(before.networkInterfaces());
        assertThat(after.state().nameAsString()).isEqualTo("running");
    }

    @Test
    void theReplacedVolumeStaysUnlessItIsToGo() {
        String first = volume(instance(), 0);
        replace("t-1");
        cloud.advance(Duration.ofMinutes(1));
        assertThat(volumeIds()).contains(first);

        String second = volume(instance(), 0);
        ec2.createReplaceRootVolumeTask(
                r -> r.instanceId(server).imageId(image).deleteReplacedRootVolume(true));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(volumeIds()).contains(first).doesNotContain(second);
    }

    @Test
    void theInstanceBootsFromTheNewVolumeAndIsCheckedAnew() {
        cloud.settings().failsToBoot(launch -> launch.image().equals(image));
        replace("t-1");
        cloud.advance(Duration.ofMinutes(1));

        assertThat(check()).isEqualTo(SummaryStatus.INITIALIZING);
        cloud.advance(Duration.ofMinutes(5));
        assertThat(check()).isEqualTo(SummaryStatus.IMPAIRED);
    }

    @Test
    void aTaskMayFailAndLeavesTheRootVolumeAsItIs() {
        String before = volume(instance(), 0);
        cloud.settings().failsToReplaceRoot(_ -> true);
        String task = replace("t-1");
        cloud.advance(Duration.ofMinutes(1));

        assertThat(state(task)).isEqualTo("failed");
        assertThat(volume(instance(), 0)).isEqualTo(before);
    }

    @Test
    void aTaskFailsIfTheInstanceIsTerminatedMeanwhile() {
        String task = replace("t-1");
        ec2.terminateInstances(r -> r.instanceIds(server));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(state(task)).isEqualTo("failed");
    }

    @Test
    void aLostReplyIsAskedForAgainWithTheSameToken() {
        cloud.faults().calls("CreateReplaceRootVolumeTask").loseReply();
        assertThatThrownBy(() -> replace("t-1")).isInstanceOf(SdkClientException.class);
        String task = replace("t-1");

        assertThat(ec2.describeReplaceRootVolumeTasks(r -> {}).replaceRootVolumeTasks())
                .singleElement()
                .satisfies(it -> assertThat(it.replaceRootVolumeTaskId()).isEqualTo(task));
        assertThat(
                        refusal(() ->
                                ec2.createReplaceRootVolumeTask(r ->
                                        r.instanceId("i-1").imageId(image).clientToken("t-1"))))
                .isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void oneTaskAtATime() {
        replace("t-1");

        assertThat(refusal(() -> replace("t-2"))).isEqualTo("IncorrectState");
    }

    @Test
    void onlyARunningInstanceIsReplacedTheRootOf() {
        ec2.stopInstances(r -> r.instanceIds(server));

        assertThat(refusal(() -> replace("t-1"))).isEqualTo("IncorrectInstanceState");
    }

    @Test
    void anImageOfAnotherArchitectureOrProductIsRefused() {
        String arm = cloud.launch(HOME, Map.of(), List.of(8), r -> r.instanceType("m7g.large"));
        String armImage = image(arm, "gold/arm");
        assertThat(
                        refusal(() ->
                                ec2.createReplaceRootVolumeTask(
                                        r -> r.instanceId(server).imageId(armImage))))
                .isEqualTo("InvalidParameterValue");

        cloud.productCode(HOME, image, "abc");
        assertThat(refusal(() -> replace("t-1"))).isEqualTo("InvalidParameterValue");
    }

    @Test
    void anUnknownTaskIsRefused() {
        assertThat(refusal(() -> state("replacevol-0")))
                .isEqualTo("InvalidReplaceRootVolumeTaskId.NotFound");
    }

    private String image(String source, String name) {
        String made = ec2.createImage(r -> r.instanceId(source).name(name)).imageId();
        cloud.advance(Duration.ofMinutes(5));
        return made;
    }

    private String replace(String token) {
        return ec2.createReplaceRootVolumeTask(
                        r -> r.instanceId(server).imageId(image).clientToken(token))
                .replaceRootVolumeTask()
                .replaceRootVolumeTaskId();
    }

    private String state(String task) {
        return ec2.describeReplaceRootVolumeTasks(r -> r.replaceRootVolumeTaskIds(task))
                .replaceRootVolumeTasks()
                .getFirst()
                .taskStateAsString();
    }

    private SummaryStatus check() {
        return ec2.describeInstanceStatus(r -> r.instanceIds(server))
                .instanceStatuses()
                .getFirst()
                .instanceStatus()
                .status();
    }

    private Instance instance() {
        return ec2.describeInstances(r -> r.instanceIds(server))
                .reservations()
                .getFirst()
                .instances()
                .getFirst();
    }

    private List<String> volumeIds() {
        return ec2.describeVolumes().volumes().stream().map(it -> it.volumeId()).toList();
    }

    private static String volume(Instance instance, int index) {
        return instance.blockDeviceMappings().get(index).ebs().volumeId();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
