package dev.amikeeper.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

final class EventTest {
    private static final String ACCOUNT = "123456789012";
    private static final Region EAST = new Region("us-east-1");
    private static final String INSTANCE = "i-0abc1234def567890";
    private static final String INSTANCE_ARN =
            "arn:aws:ec2:us-east-1:123456789012:instance/" + INSTANCE;

    @Test
    void isReadFromAScheduledEvent() throws Exception {
        assertThat(event("schedule.json"))
                .isEqualTo(
                        new Event(
                                "d32c5kddcf5bb8c3",
                                "aws.scheduler",
                                "Scheduled Event",
                                ACCOUNT,
                                Instant.parse("2026-03-01T02:00:00Z"),
                                EAST,
                                List.of(
                                        "arn:aws:scheduler:us-east-1:123456789012:schedule/default/"
                                                + "amikeeper-ScheduleFunctionTick-1A2B3C4D5E6F"),
                                Map.of()));
    }

    @Test
    void isReadFromATagChange() throws Exception {
        Event event = event("request-tag.json");

        assertThat(event.source()).isEqualTo("aws.tag");
        assertThat(event.detailType()).isEqualTo("Tag Change on Resource");
        assertThat(event.time()).isEqualTo("2026-03-01T09:41:07Z");
        assertThat(event.resourceIds()).containsExactly(INSTANCE);
        assertThat(event.texts("changed-tag-keys")).containsExactly("amikeeper:request");
        assertThat(event.tags())
                .isEqualTo(
                        Map.of(
                                "Name",
                                "web-1",
                                "backup",
                                "gold",
                                "amikeeper:request",
                                "before-upgrade"));
        assertThat(event.text("resource-type")).contains("instance");
    }

    @Test
    void isReadFromATagChangeThatRemovesOne() throws Exception {
        Event event = event("request-tag-removed.json");

        assertThat(event.texts("changed-tag-keys")).containsExactly("amikeeper:request");
        assertThat(event.tags()).doesNotContainKey("amikeeper:request");
    }

    @Test
    void isReadWithoutAVersion() throws Exception {
        assertThat(Samples.read("request-stopped.json")).doesNotContainKey("version");

        Event event = event("request-stopped.json");

        assertThat(event.source()).isEqualTo("aws.ec2");
        assertThat(event.detailType()).isEqualTo("EC2 Instance State-change Notification");
        assertThat(event.text("instance-id")).contains(INSTANCE);
        assertThat(event.text("state")).contains("stopped");
    }

    @Test
    void isReadFromARequest() throws Exception {
        Event event = event("request-event.json");

        assertThat(event.source()).isEqualTo("amikeeper");
        assertThat(event.detailType()).isEqualTo("Backup Requested");
        assertThat(event.resources()).isEmpty();
        assertThat(event.texts("instances")).containsExactly(INSTANCE);
        assertThat(event.onlyText("policy")).contains("gold");
    }

    @ParameterizedTest
    @CsvSource({
        "image-available.json, us-east-1, ami-0abcdef1234567890, available, ''",
        "image-failed.json, us-east-1, ami-0abcdef1234567890, failed, Snapshot creation failed",
        "image-deregistered.json, us-east-1, ami-0abcdef1234567890, deregistered, ''",
        "image-disabled.json, us-east-1, ami-0abcdef1234567890, disabled, ''",
        "image-forwarded.json, us-west-2, ami-0fedcba9876543210, available, ''"
    })
    void isReadFromAnImagesStateChange(
            String file, Region region, String id, String state, String message) throws Exception {
        Event event = event(file);

        assertThat(event.detailType()).isEqualTo("EC2 AMI State Change");
        assertThat(event.account()).isEqualTo(ACCOUNT);
        assertThat(event.region()).isEqualTo(region);
        assertThat(event.resourceIds()).containsExactly(id);
        assertThat(event.text("ImageId")).contains(id);
        assertThat(event.text("State")).contains(state);
        assertThat(event.text("ErrorMessage")).contains(message);
    }

    @ParameterizedTest
    @ValueSource(strings = "prune.json")
    void isReadFromAPrunersEvent(String file) throws Exception {
        Event event = event(file);

        assertThat(event.source()).isEqualTo("aws.scheduler");
        assertThat(event.time()).isEqualTo("2026-03-01T04:30:00Z");
        assertThat(event.detail()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void isReadFromEverySampleThatIsNoKick(String file) throws Exception {
        Map<String, Object> input = Samples.read(file);

        if (input.containsKey("Records")) {
            assertThat(Kick.batch(Samples.delivery(file)).malformed()).isEmpty();
        } else if (input.containsKey("source")) {
            assertThat(Event.of(input).account()).isEqualTo(ACCOUNT);
        } else {
            // What a person sends to the pruner.
            assertThat(input).isIn(Map.of("dryRun", true), Map.of("approve", "3bb0ac0514ee5ab7"));
        }
    }

    static List<String> samples() {
        return Samples.names();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " {} ", ""})
    void hasNoDetailWhereSchedulerWritesItAsAText(String detail) throws Exception {
        assertThat(with("detail", detail).detail()).isEmpty();
    }

    @Test
    void hasNoDetailWhereThereIsNone() throws Exception {
        Map<String, Object> input = Samples.read("image-available.json");
        input.remove("detail");

        assertThat(Event.of(input).detail()).isEmpty();
    }

    @Test
    void leavesOutWhatIsNull() throws Exception {
        Map<String, Object> detail = new HashMap<>();
        detail.put("State", null);
        detail.put("ImageId", "ami-1");

        assertThat(with("detail", detail).detail()).isEqualTo(Map.of("ImageId", "ami-1"));
    }

    @Test
    void leavesOutTagsWithoutAText() throws Exception {
        Map<String, Object> tags = new HashMap<>(Map.of("Name", "web-1", "count", 3));
        tags.put("nothing", null);

        assertThat(with("detail", Map.of("tags", tags)).tags()).isEqualTo(Map.of("Name", "web-1"));
        assertThat(with("detail", Map.of("tags", "none")).tags()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arn:aws:ec2:us-east-1::image/ami-0abc",
                "arn:aws:ec2:us-east-1:123456789012:image/ami-0abc",
                "arn:aws:ec2::us-east-1:image/ami-0abc",
                "ami-0abc"
            })
    void findsTheIdAtTheEndOfAnyArn(String arn) throws Exception {
        assertThat(with("resources", List.of(arn)).resourceIds()).containsExactly("ami-0abc");
    }

    @Test
    void needsNeitherIdNorAccountNorType() throws Exception {
        Event event =
                Event.of(
                        Map.of(
                                "source", "aws.ec2",
                                "time", "2026-03-01T02:00:00Z",
                                "region", "us-east-1"));

        assertThat(event.id() + event.account() + event.detailType()).isEmpty();
        assertThat(event.resources()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void saysWhatIsWrongAndWhere(String field, Object value, String message) {
        assertThatThrownBy(() -> with(field, value))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage(message);
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                Arguments.of("source", "", "source: must be present, as a string"),
                Arguments.of("source", 7, "source: must be present, as a string"),
                Arguments.of("time", " ", "time: must be present, as a string"),
                Arguments.of("time", 1772330400, "time: must be present, as a string"),
                Arguments.of(
                        "time",
                        "yesterday\n",
                        "time: not a time: \"yesterday?\"; it must look like 2026-03-01T02:00:00Z"),
                Arguments.of("region", List.of(), "region: must be present, as a string"),
                Arguments.of("region", "mars", "region: not a Region: \"mars\""),
                Arguments.of("resources", INSTANCE_ARN, "resources: must be a list of strings"),
                Arguments.of("resources", List.of(7), "resources: must be a list of strings"),
                Arguments.of(
                        "resources",
                        Arrays.asList(INSTANCE_ARN, null),
                        "resources: must be a list of strings"),
                Arguments.of("detail", List.of(), "detail: must be an object"),
                Arguments.of("detail", 7, "detail: must be an object"),
                Arguments.of("detail", "{\"State\":\"failed\"}", "detail: must be an object"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"source", "time", "region"})
    void saysWhatIsMissing(String field) {
        Map<String, Object> input = Samples.read("image-available.json");
        input.remove(field);

        assertThatThrownBy(() -> Event.of(input))
                .isInstanceOf(MalformedEventException.class)
                .hasMessage(field + ": must be present, as a string");
    }

    @Test
    void saysWhereInTheDetailSomethingIsWrong() throws Exception {
        Event event = with("detail", Map.of("instances", INSTANCE, "policy", List.of("gold")));

        assertThatThrownBy(() -> event.texts("instances"))
                .hasMessage("detail.instances: must be a list of strings");
        assertThatThrownBy(() -> event.onlyText("policy"))
                .hasMessage("detail.policy: must be a string");
    }

    private static Event event(String file) throws MalformedEventException {
        return Event.of(Samples.read(file));
    }

    private static Event with(String field, Object value) throws MalformedEventException {
        Map<String, Object> input = Samples.read("image-available.json");
        input.put(field, value);
        return Event.of(input);
    }
}
