package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.amikeeper.event.Samples;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.GetCommandInvocationResponse;
import software.amazon.awssdk.services.ssm.model.Target;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

final class SimulatedCommandsTest {
    private static final String HOME = "us-east-1";
    private static final String DOCUMENT = "drill-check";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2(HOME);
    private final SsmClient ssm = cloud.ssm(HOME);
    private final String server = cloud.launch(HOME, Map.of(), List.of(8));

    @Test
    void aCommandIsInProgressThenSucceeds() {
        String command = send(server);

        assertThat(invocation(command).statusAsString()).isEqualTo("InProgress");
        assertThat(invocation(command).responseCode()).isEqualTo(-1);
        cloud.advance(Duration.ofSeconds(20));
        assertThat(invocation(command).statusAsString()).isEqualTo("Success");
        assertThat(invocation(command).responseCode()).isZero();
    }

    @Test
    void aCommandThatIsCancelledStaysSoAndOneThatHasEndedIsNotCancelled() {
        String ended = send(server);
        cloud.advance(Duration.ofSeconds(20));
        String command = send(server);

        ssm.cancelCommand(cancel -> cancel.commandId(command).instanceIds(server));
        ssm.cancelCommand(cancel -> cancel.commandId(ended));
        cloud.advance(Duration.ofSeconds(30));

        assertThat(invocation(command).statusAsString()).isEqualTo("Cancelled");
        assertThat(invocation(ended).statusAsString()).isEqualTo("Success");
        assertThat(refusal(() -> ssm.cancelCommand(cancel -> cancel.commandId("none"))))
                .isEqualTo("InvalidCommandId");
    }

    @Test
    void theEndOfACommandIsAnEventInTheShapeOfTheSample() {
        String command = send(server);
        cloud.advance(Duration.ofSeconds(20));

        Map<String, Object> event =
                cloud.takeEvents().stream()
                        .filter(it -> "aws.ssm".equals(it.get("source")))
                        .findFirst()
                        .orElseThrow();
        Map<String, Object> sample = Samples.read("request-command-ended.json");
        assertThat(event.keySet()).containsExactlyInAnyOrderElementsOf(sample.keySet());
        assertThat(event).containsEntry("detail-type", sample.get("detail-type"));
        assertThat(event.get("detail"))
                .isEqualTo(
                        Map.of(
                                "command-id", command,
                                "document-name", DOCUMENT,
                                "instance-id", server,
                                "requested-date-time", "2026-03-01T00:00:00Z",
                                "status", "Success"));
        assertThat(sample.get("detail"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsOnlyKeys(
                        "command-id",
                        "document-name",
                        "instance-id",
                        "requested-date-time",
                        "status");
    }

    @Test
    void aCommandThatHangsTimesOutAfterAnHour() {
        cloud.settings().hangingCommands((document, _) -> document.equals(DOCUMENT));
        String command = send(server);

        cloud.advance(Duration.ofMinutes(59));
        assertThat(invocation(command).statusAsString()).isEqualTo("InProgress");
        cloud.advance(Duration.ofMinutes(1));
        assertThat(invocation(command).statusAsString()).isEqualTo("TimedOut");
        assertThat(invocation(command).statusDetails()).isEqualTo("ExecutionTimedOut");
    }

    @Test
    void aDocumentMayFailOnSomeInstances() {
        String other = cloud.launch(HOME, Map.of(), List.of(8), r -> r.instanceType("c5.large"));
        cloud.settings()
                .failingCommands((document, launch) ->
                        document.equals(DOCUMENT) && launch.type().equals("c5.large"));
        String fails = send(other);
        String succeeds = send(server);
        cloud.advance(Duration.ofSeconds(20));

        assertThat(
                        ssm.getCommandInvocation(r -> r.commandId(fails).instanceId(other))
                                .statusAsString())
                .isEqualTo("Failed");
        assertThat(invocation(succeeds).statusAsString()).isEqualTo("Success");
    }

    @Test
    void aNewInstanceTakesCommandsOnlyWhenItsChecksHavePassed() {
        String image = ec2.createImage(r -> r.instanceId(server).name("gold/a")).imageId();
        cloud.advance(Duration.ofMinutes(5));
        String id =
                ec2.runInstances(r ->
                                r.imageId(image).instanceType("t3.micro").minCount(1).maxCount(1))
                        .instances()
                        .getFirst()
                        .instanceId();

        assertThat(refusal(() -> send(id))).isEqualTo("InvalidInstanceId");
        cloud.advance(Duration.ofSeconds(30));
        assertThat(refusal(() -> send(id))).isEqualTo("InvalidInstanceId");
        cloud.advance(Duration.ofMinutes(2));
        assertThat(send(id)).isNotEmpty();
    }

    @Test
    void whatIsNotThereIsRefused() {
        cloud.settings().missingDocument("gone");

        assertThat(refusal(() -> send("i-0"))).isEqualTo("InvalidInstanceId");
        assertThat(refusal(() -> ssm.sendCommand(r -> r.documentName("gone").instanceIds(server))))
                .isEqualTo("InvalidDocument");
        assertThat(refusal(() -> ssm.sendCommand(r -> r.documentName(DOCUMENT))))
                .isEqualTo("ValidationException");
        assertThat(refusal(() -> invocation("no-such"))).isEqualTo("InvocationDoesNotExist");
    }

    @Test
    void aCommandIsUndeliverableToWhatWasTerminated() {
        String command = send(server);
        ec2.terminateInstances(r -> r.instanceIds(server));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(invocation(command).statusDetails()).isEqualTo("Undeliverable");
    }

    @Test
    void invocationsAreListedByCommandAndInstanceInPages() {
        String other = cloud.launch(HOME, Map.of(), List.of(8));
        String both =
                ssm.sendCommand(r ->
                                r.documentName(DOCUMENT)
                                        .targets(
                                                Target.builder()
                                                        .key("InstanceIds")
                                                        .values(server, other)
                                                        .build()))
                        .command()
                        .commandId();
        send(server);

        assertThat(ssm.listCommandInvocations(r -> r.commandId(both)).commandInvocations())
                .hasSize(2);
        assertThat(ssm.listCommandInvocations(r -> r.instanceId(server)).commandInvocations())
                .hasSize(2);
        assertThat(ssm.listCommandInvocationsPaginator(r -> r.maxResults(1)).commandInvocations())
                .hasSize(3);
        assertThat(refusal(() -> ssm.listCommandInvocations(r -> r.maxResults(51))))
                .isEqualTo("ValidationException");
    }

    @Test
    void faultsReachCommandsToo() {
        cloud.faults().calls("SendCommand").loseReply();
        cloud.faults().calls("SendCommand").nth(2).throttle();
        assertThatThrownBy(() -> send(server)).isInstanceOf(SdkClientException.class);

        assertThat(refusal(() -> send(server))).isEqualTo("ThrottlingException");
        assertThat(ssm.listCommandInvocations(r -> {}).commandInvocations()).hasSize(1);
        assertThat(cloud.calls()).containsEntry("SendCommand", 2);
    }

    private String send(String instance) {
        return ssm.sendCommand(r -> r.documentName(DOCUMENT).instanceIds(instance))
                .command()
                .commandId();
    }

    private GetCommandInvocationResponse invocation(String command) {
        return ssm.getCommandInvocation(r -> r.commandId(command).instanceId(server));
    }

    private static String refusal(ThrowingCallable call) {
        AwsServiceException refused = catchThrowableOfType(AwsServiceException.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
