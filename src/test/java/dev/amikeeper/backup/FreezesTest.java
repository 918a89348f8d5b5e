package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ssm.model.Command;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Commands before and after an image, on the cloud's end state. */
final class FreezesTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String ENDED = "EC2 Command Invocation Status-change Notification";
    private static final String MORNING = "2026-03-01T05:00:00Z";
    private static final String BOTH =
            "image: {before: {document: Freeze, timeout: 10m}, after: {document: Thaw}}";
    private static final String OR_NONE =
            "image: {before: {document: Freeze, timeout: 10m, onFailure: giveUp}, after:"
                    + " {document: Thaw}}";

    @Test
    void theImageIsMadeBetweenTheCommands() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");

        given.playUntil(MORNING);

        Image image = only(given);
        assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
        List<CommandInvocation> commands = commands(given, id);
        assertThat(commands)
                .extracting(CommandInvocation::documentName)
                .containsExactly("Freeze", "Thaw");
        Instant made =
                Instant.parse(given.images(TestDeployment.EAST).getFirst().image().creationDate());
        assertThat(made)
                .isBetween(
                        commands.getFirst().requestedDateTime().plus(Duration.ofSeconds(1)),
                        commands.getLast().requestedDateTime());
        assertThat(given.catalog().freezes(EAST)).isEmpty();
        assertThat(given.told()).isEmpty();
    }

    @Test
    void theDocumentsAreGivenTheirParameters() {
        TestDeployment given =
                TestDeployment.nightlyInMemory(
                        "image: {before: {document: Freeze, parameters: {Level: [\"2\"], Paths:"
                                + " [/a, /b]}}, after: {document: Thaw, parameters: {Level: 3}}}");
        String id = given.instance("db-1");

        given.playUntil(MORNING);

        assertThat(commands(given, id))
                .flatExtracting(it ->
                        given.cloud
                                .ssm(TestDeployment.EAST)
                                .listCommands(ask -> ask.commandId(it.commandId()))
                                .commands())
                .extracting(Command::parameters)
                .containsExactly(
                        Map.of("Level", List.of("2"), "Paths", List.of("/a", "/b")),
                        Map.of("Level", List.of("3")));
    }

    @Test
    void aStoppedInstanceHasNothingToFreeze() {
        TestDeployment given = TestDeployment.nightlyInMemory(OR_NONE);
        String id = given.instance("db-1");
        given.cloud.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id));

        given.playUntil(MORNING);

        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(commands(given, id)).isEmpty();
    }

    @Test
    void whereTheCommandFailsTheImageIsMadeAllTheSameAndTheServerLetGo() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");
        given.cloud.settings().failingCommands((document, _) -> document.equals("Freeze"));

        given.playUntil(MORNING);

        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(commands(given, id))
                .extracting(CommandInvocation::documentName)
                .containsExactly("Freeze", "Thaw");
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("could not make " + id + " ready", "made all the same", "Freeze failed");
    }

    @Test
    void wherePeopleWantNoImageWithoutTheCommandThereIsNone() {
        TestDeployment given = TestDeployment.nightlyInMemory(OR_NONE);
        String id = given.instance("db-1");
        given.cloud.settings().failingCommands((document, _) -> document.equals("Freeze"));

        given.playUntil(MORNING);

        assertThat(only(given).state()).isEqualTo(ImageState.FAILED);
        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(commands(given, id))
                .extracting(CommandInvocation::documentName)
                .containsExactly("Freeze", "Thaw", "Freeze", "Thaw", "Freeze", "Thaw");
        assertThat(given.catalog().freezes(EAST)).isEmpty();
        assertThat(given.told()).anyMatch(told -> told.contains("so there is none"));
    }

    @Test
    void aServerWithoutAnAgentIsImagedAllTheSameAndPeopleAreToldOnce() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        given.cloud.settings().booting(false);
        List<String> ids = List.of(given.instance("db-1"), given.instance("db-2"));
        given.cloud.faults().calls("DescribeInstanceInformation").times(9).deny();

        given.playUntil(MORNING);

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(2)
                .allMatch(image -> image.state() == ImageState.AVAILABLE);
        assertThat(ids).allMatch(id -> commands(given, id).isEmpty());
        assertThat(given.told()).singleElement().asString().contains("made all the same");
    }

    @Test
    void aCommandWhoseReplyWasLostIsNotSentAgain() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");
        given.cloud.faults().calls("SendCommand").times(2).loseReply();

        given.playUntil(MORNING);

        assertThat(commands(given, id))
                .extracting(CommandInvocation::documentName)
                .containsExactly("Freeze", "Thaw");
        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void aWorkerThatDiesBeforeOrAfterTheCommandLeavesNobodyFrozen() {
        for (String call : List.of("SendCommand", "CreateImage", "ListCommandInvocations")) {
            for (boolean before : List.of(true, false)) {
                TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
                String id = given.instance("db-1");
                var fault = given.cloud.faults().calls(call).times(1);
                if (before) {
                    fault.killBefore();
                } else {
                    fault.killAfter();
                }

                given.playUntil(MORNING);

                assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
                assertThat(given.images(TestDeployment.EAST)).hasSize(1);
                assertThat(commands(given, id))
                        .as(call + before)
                        .extracting(CommandInvocation::documentName)
                        .containsExactly("Freeze", "Thaw");
                assertThat(given.catalog().freezes(EAST)).isEmpty();
            }
        }
    }

    @Test
    void nobodyStaysFrozenWhereImagesCannotBeStarted() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");
        given.cloud.faults().calls("CreateImage").times(300).throttle();

        given.playUntil("2026-03-01T08:00:00Z");

        List<CommandInvocation> commands = commands(given, id);
        assertThat(commands.size()).isGreaterThan(2);
        for (int i = 0; i < commands.size(); i += 2) {
            assertThat(commands.get(i).documentName()).isEqualTo("Freeze");
            assertThat(commands.get(i + 1).documentName()).isEqualTo("Thaw");
            assertThat(
                            Duration.between(
                                    commands.get(i).requestedDateTime(),
                                    commands.get(i + 1).requestedDateTime()))
                    .isLessThanOrEqualTo(Duration.ofMinutes(16));
        }
        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void aCommandThatIsTooSlowIsCancelledBeforeTheImage() {
        TestDeployment given = slow(BOTH);
        String id = given.instance("db-1");
        given.playUntil("2026-03-01T02:03:00Z");
        given.cloud.settings().commandTime(Duration.ofSeconds(20));

        given.playUntil(MORNING);

        assertThat(commands(given, id))
                .extracting(it -> it.documentName() + " " + it.statusAsString())
                .containsExactly("Freeze Cancelled", "Thaw Success");
        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(given.told()).singleElement().asString().contains("did not end within 600 s");
        assertThat(given.catalog().freezes(EAST)).isEmpty();
    }

    @Test
    void aCommandThatIsTooSlowIsCancelledWhereNothingRunsAfterTheImage() {
        TestDeployment given =
                slow("image: {before: {document: Freeze, timeout: 10m, onFailure: giveUp}}");
        String id = given.instance("db-1");

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(commands(given, id))
                .isNotEmpty()
                .filteredOn(it ->
                        it.requestedDateTime().isBefore(Instant.parse("2026-03-01T02:45:00Z")))
                .extracting(CommandInvocation::statusAsString)
                .containsOnly("Cancelled");
    }

    @Test
    void whatCannotBeCancelledKeepsNoImageBack() {
        TestDeployment given = slow(BOTH);
        String id = given.instance("db-1");
        given.cloud.faults().calls("CancelCommand").times(100).deny();
        given.playUntil("2026-03-01T02:03:00Z");
        given.cloud.settings().commandTime(Duration.ofSeconds(20));

        given.playUntil(MORNING);

        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(commands(given, id))
                .extracting(CommandInvocation::documentName)
                .as("once at once, and once more when the first one has ended")
                .containsExactly("Freeze", "Thaw", "Thaw");
        assertThat(given.catalog().freezes(EAST)).isEmpty();
    }

    private static TestDeployment slow(String image) {
        TestDeployment given = TestDeployment.nightlyInMemory(image);
        given.cloud.settings().commandTime(Duration.ofMinutes(40));
        return given;
    }

    @Test
    void aServerThatCannotBeLetGoIsTold() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");
        given.cloud.settings().failingCommands((document, _) -> document.equals("Thaw"));

        given.playUntil(MORNING);

        assertThat(only(given).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(commands(given, id))
                .extracting(CommandInvocation::documentName)
                .containsExactly("Freeze", "Thaw", "Thaw", "Thaw");
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("Thaw after the image of " + id, "may still be frozen");
        assertThat(given.catalog().freezes(EAST)).isEmpty();
    }

    @Test
    void theEventOfACommandGoesOnAtOnce() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        given.instance("db-1");

        given.playUntil("2026-03-01T02:00:15Z");
        assertThat(only(given).state()).isEqualTo(ImageState.REQUESTED);
        given.playUntil("2026-03-01T02:00:30Z");

        assertThat(only(given).state()).isEqualTo(ImageState.CREATING);
    }

    @Test
    void anEventOfACommandThatComesLateGoesOn() {
        TestDeployment given = TestDeployment.nightlyInMemory(BOTH);
        String id = given.instance("db-1");
        given.cloud.faults().events(ENDED).times(1).lose();
        given.playUntil("2026-03-01T02:01:30Z");
        assertThat(only(given).state()).isEqualTo(ImageState.REQUESTED);
        assertThat(given.catalog().freezes(EAST)).hasSize(1);

        new ImageRequestHandler(given.deployment.application())
                .handleRequest(ended(id), given.context("RequestFunction"));
        given.playUntil("2026-03-01T02:02:00Z");

        assertThat(only(given).state()).isNotEqualTo(ImageState.REQUESTED);
    }

    private static Map<String, Object> ended(String instance) {
        Map<String, Object> event = new HashMap<>(Samples.read("request-command-ended.json"));
        event.put("detail", Map.of("instance-id", instance, "status", "Success"));
        return event;
    }

    private static Image only(TestDeployment given) {
        assertThat(given.records(TestDeployment.EAST)).hasSize(1);
        return given.records(TestDeployment.EAST).getFirst();
    }

    private static List<CommandInvocation> commands(TestDeployment given, String instance) {
        return given
                .cloud
                .ssm(TestDeployment.EAST)
                .listCommandInvocations(ask -> ask.instanceId(instance))
                .commandInvocations()
                .stream()
                .sorted(Comparator.comparing(CommandInvocation::requestedDateTime))
                .toList();
    }
}
