package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class ImageRequestsTest {
    private static final Region EAST = new Region("us-east-1");
    private static final InstanceId INSTANCE = new InstanceId("i-0abc1234def567890");

    @Test
    void aSetTagAsksOfAllPolicies() throws Exception {
        assertThat(request("request-tag.json", Map.of()))
                .contains(asks(Trigger.TAGGED, "2026-03-01T09:41:07Z", Optional.empty()));
    }

    @Test
    void aRemovedTagAsksNothing() throws Exception {
        assertThat(request("request-tag-removed.json", Map.of())).isEmpty();
    }

    @Test
    void aTagThatWasSetBeforeAsksNothing() throws Exception {
        assertThat(request("request-tag.json", Map.of("changed-tag-keys", List.of("Name"))))
                .isEmpty();
    }

    @Test
    void aSetTagAmongSeveralChangedAsks() throws Exception {
        assertThat(
                        request(
                                "request-tag.json",
                                Map.of(
                                        "changed-tag-keys",
                                        List.of("Name", "amikeeper:request", "x"))))
                .contains(asks(Trigger.TAGGED, "2026-03-01T09:41:07Z", Optional.empty()));
    }

    @Test
    void aSetTagWithoutAValueAsks() throws Exception {
        assertThat(request("request-tag.json", Map.of("tags", Map.of("amikeeper:request", ""))))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({"service, s3", "service, EC2", "resource-type, volume", "resource-type, image"})
    void aTagOnSomethingElseAsksNothing(String field, String value) throws Exception {
        assertThat(request("request-tag.json", Map.of(field, value))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "3.0"})
    void aTagChangesVersionMayBeWrittenAsItLikes(double version) throws Exception {
        assertThat(request("request-tag.json", Map.of("version", version))).isPresent();
    }

    @Test
    void aTagChangeMustNameItsInstance() {
        Map<String, Object> input = Samples.read("request-tag.json");
        input.remove("resources");

        assertThatThrownBy(() -> ImageRequests.of(Event.of(input)))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage("resources: must name at least one instance");
    }

    @Test
    void aTagChangeMustListWhatChanged() {
        assertThatThrownBy(() -> request("request-tag.json", Map.of("changed-tag-keys", "Name")))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage("detail.changed-tag-keys: must be a list of strings");
    }

    @Test
    void aStoppedInstanceAsks() throws Exception {
        assertThat(request("request-stopped.json", Map.of()))
                .contains(asks(Trigger.STOPPED, "2026-03-01T18:02:44Z", Optional.empty()));
    }

    @Test
    void aStoppedInstanceIsFoundInTheArnAsWell() throws Exception {
        Map<String, Object> input = Samples.read("request-stopped.json");
        input.put("detail", Map.of("state", "stopped"));

        assertThat(ImageRequests.of(Event.of(input)))
                .contains(asks(Trigger.STOPPED, "2026-03-01T18:02:44Z", Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pending", "running", "stopping", "shutting-down", "terminated", ""})
    void anotherStateAsksNothing(String state) throws Exception {
        assertThat(request("request-stopped.json", Map.of("state", state))).isEmpty();
    }

    @Test
    void aStoppedInstanceMustBeOne() {
        assertThatThrownBy(() -> request("request-stopped.json", Map.of("instance-id", "vol-1\n")))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage("detail.instance-id: not an instance id: \"vol-1?\"");
    }

    @Test
    void anEventAsksOfThePolicyThatItNames() throws Exception {
        assertThat(request("request-event.json", Map.of()))
                .contains(asks(Trigger.REQUESTED, "2026-03-01T10:15:00Z", Optional.of("gold")));
    }

    @Test
    void anEventWithoutAPolicyAsksOfAll() throws Exception {
        Map<String, Object> input = Samples.read("request-event.json");
        input.put("detail", Map.of("instances", List.of(INSTANCE.value())));

        assertThat(ImageRequests.of(Event.of(input)))
                .contains(asks(Trigger.REQUESTED, "2026-03-01T10:15:00Z", Optional.empty()));
    }

    @Test
    void anEventAsksOnceForAnInstanceThatItNamesTwice() throws Exception {
        assertThat(
                        request(
                                        "request-event.json",
                                        Map.of("instances", List.of("i-2", "i-1", "i-2")))
                                .orElseThrow()
                                .instances())
                .containsExactly(new InstanceId("i-2"), new InstanceId("i-1"));
    }

    @Test
    void anEventMustNameInstances() {
        assertThatThrownBy(() -> request("request-event.json", Map.of("instances", List.of())))
                .hasMessage("detail.instances: must name at least one instance");
        assertThatThrownBy(() -> request("request-event.json", Map.of("instances", "i-1")))
                .hasMessage("detail.instances: must be a list of strings");
        assertThatThrownBy(() ->
                        request("request-event.json", Map.of("instances", List.of("i-1", "x"))))
                .hasMessage("detail.instances: not an instance id: \"x\"");
    }

    @Test
    void anEventThatNamesAPolicyInAnotherFormAsksOfNone() {
        assertThatThrownBy(() -> request("request-event.json", Map.of("policy", List.of("gold"))))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage("detail.policy: must be a string");
    }

    @ParameterizedTest
    @CsvSource({
        "aws.ec2, EC2 AMI State Change",
        "aws.ec2, Tag Change on Resource",
        "amikeeper, Restore Requested",
        "somebody, Backup Requested",
        "aws.scheduler, Scheduled Event"
    })
    void anotherKindOfEventIsNotUnderstood(String source, String type) {
        Map<String, Object> input = Samples.read("request-event.json");
        input.put("source", source);
        input.put("detail-type", type);

        assertThatThrownBy(() -> ImageRequests.of(Event.of(input)))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage(
                        "source and detail-type: \""
                                + source
                                + ": "
                                + type
                                + "\" is not a tag change, an instance's state change or a"
                                + " \"Backup Requested\" of source \"amikeeper\"");
    }

    private static Optional<BackupPlan.ImageRequest> request(
            String file, Map<String, Object> changes) throws MalformedEventException {
        Map<String, Object> input = Samples.read(file);
        Map<String, Object> detail = new HashMap<>(Event.of(input).detail());
        detail.putAll(changes);
        input.put("detail", detail);
        return ImageRequests.of(Event.of(input));
    }

    private static BackupPlan.ImageRequest asks(
            Trigger trigger, String slot, Optional<String> policy) {
        return new BackupPlan.ImageRequest(
                trigger, EAST, new Slot(Instant.parse(slot)), List.of(INSTANCE), policy);
    }
}
