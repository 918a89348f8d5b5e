package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

final class ImageTagsTest {
    private static final ImageName NAME =
            new ImageName(
                    "gold",
                    new InstanceId("i-0abc"),
                    new Slot(Instant.parse("2026-03-01T02:00:00Z")));
    private static final ImageRef HOME =
            new ImageRef(new Region("us-east-1"), new ImageId("ami-0abc"));
    private static final Map<String, String> OURS =
            Map.of(
                    "amikeeper:policy", "gold",
                    "amikeeper:instance", "i-0abc",
                    "amikeeper:slot", "2026-03-01T02:00:00Z");

    @Test
    void sayWhatTheImageIsOf() {
        assertThat(tags(Map.of())).isEqualTo(OURS);
    }

    @Test
    void sayOnACopyWhatItIsACopyOf() {
        assertThat(ImageTags.of(NAME, Optional.of(HOME), Map.of(), List.of()))
                .containsAllEntriesOf(OURS)
                .containsEntry("amikeeper:home", "us-east-1/ami-0abc")
                .hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "amikeeper:policy",
                "amikeeper:instance",
                "amikeeper:slot",
                "amikeeper:home",
                "amikeeper:hold",
                "amikeeper:request",
                "amikeeper:anything",
                "AmiKeeper:policy",
                "aws:autoscaling:groupName",
                "AWS:x",
                ""
            })
    void neverCopyAKeyThatIsOursOrAwss(String key) {
        assertThat(tags(Map.of(key, "inherited"))).isEqualTo(OURS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Name", "awsome", "aws", "amikeeper", "team:aws:x", "é"})
    void copyEveryOtherKey(String key) {
        assertThat(tags(Map.of(key, "value")))
                .containsAllEntriesOf(OURS)
                .contains(entry(key, "value"));
    }

    @ParameterizedTest
    @CsvSource({
        "Name, true",
        "team, true",
        "team-web, false",
        "cost-centre, true",
        "cost-, true",
        "stage1, true",
        "stage12, false",
        "name, false"
    })
    void copyTheKeysThatAPatternMatches(String key, boolean copied) {
        Map<String, String> tags =
                ImageTags.of(
                        NAME,
                        Optional.empty(),
                        Map.of(key, "value"),
                        List.of("Name", "team", "cost-*", "stage?"));

        assertThat(tags.containsKey(key)).isEqualTo(copied);
    }

    @Test
    void copyNothingWithoutAPattern() {
        assertThat(ImageTags.of(NAME, Optional.empty(), Map.of("Name", "web-1"), List.of()))
                .isEqualTo(OURS);
    }

    /** A hold must find room on whatever we make. */
    @Test
    void leaveTwoPlacesFreeOnAHomeImage() {
        Map<String, String> tags = tags(numbered(50));

        assertThat(tags).hasSize(48).containsAllEntriesOf(OURS);
        assertThat(tags).containsKeys("key-00", "key-44").doesNotContainKey("key-45");
        assertThat(ImageTags.hasRoom(tags, Map.of(ImageTags.HOLD, "", "team", "web"))).isTrue();
    }

    @Test
    void leaveTwoPlacesFreeOnACopy() {
        Map<String, String> tags =
                ImageTags.of(NAME, Optional.of(HOME), numbered(50), List.of("*"));

        assertThat(tags).hasSize(48).containsAllEntriesOf(OURS).containsKey(ImageTags.HOME);
        assertThat(tags).containsKeys("key-00", "key-43").doesNotContainKey("key-44");
    }

    @Test
    void leaveTwoPlacesFreeOnWhatIsRegistered() {
        assertThat(
                        ImageTags.ofRegistered(
                                NAME, Optional.of(HOME), numbered(50), Optional.of("fetched")))
                .hasSize(48)
                .containsAllEntriesOf(OURS)
                .containsEntry(ImageTags.HOLD, "fetched");
    }

    @Test
    void leaveTwoPlacesFreeOnARestoredServer() {
        Map<String, String> ours =
                Map.of(ImageTags.RESTORE, "gold/i-0abc/1", ImageTags.RESTORED_FROM, "x");

        assertThat(ImageTags.ofServer(ours, numbered(50)))
                .hasSize(48)
                .containsAllEntriesOf(ours)
                .containsKeys("key-00", "key-45");
        assertThat(ImageTags.ofServer(ours, Map.of("Name", "web-1", ImageTags.RESTORE, "old")))
                .containsAllEntriesOf(ours)
                .containsEntry("Name", "web-1")
                .hasSize(3);
    }

    @Test
    void takeNoRoomForWhatIsNotCopied() {
        Map<String, String> inherited = new HashMap<>(numbered(45));
        inherited.put("aws:cloudformation:stack-name", "web");
        inherited.put("Amikeeper:x", "y");

        assertThat(tags(inherited)).hasSize(48).containsAllEntriesOf(numbered(45));
    }

    @Test
    void leaveOutWhatIsLongerThanEc2Takes() {
        Map<String, String> tags =
                tags(
                        Map.of(
                                "k".repeat(127),
                                "longest key",
                                "K".repeat(128),
                                "too long a key",
                                "longest value",
                                "v".repeat(255),
                                "too long a value",
                                "v".repeat(256)));

        assertThat(tags)
                .containsKeys("k".repeat(127), "longest value")
                .doesNotContainKeys("K".repeat(128), "too long a value");
    }

    @Test
    void areReadBackToTheName() {
        assertThat(ImageTags.name(tags(Map.of("Name", "web-1")))).contains(NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"amikeeper:policy", "amikeeper:instance", "amikeeper:slot"})
    void nameNothingWhenOneIsLost(String lost) {
        Map<String, String> tags = new HashMap<>(OURS);
        tags.remove(lost);

        assertThat(ImageTags.name(tags)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "amikeeper:policy, ''",
        "amikeeper:policy, Gold Policy",
        "amikeeper:policy, <b>gold</b>",
        "amikeeper:instance, ''",
        "amikeeper:instance, web-1",
        "amikeeper:slot, ''",
        "amikeeper:slot, 2026-03-01",
        "amikeeper:slot, 2026-02-30T02:00:00Z",
        "amikeeper:slot, 2026-03-01T02.00.00Z"
    })
    void nameNothingWhenOneIsDamaged(String key, String value) {
        Map<String, String> tags = new HashMap<>(OURS);
        tags.put(key, value);

        assertThat(ImageTags.name(tags)).isEmpty();
    }

    private static Map<String, String> tags(Map<String, String> inherited) {
        return ImageTags.of(NAME, Optional.empty(), inherited, List.of("*"));
    }

    private static Map<String, String> numbered(int count) {
        return IntStream.range(0, count)
                .boxed()
                .collect(
                        Collectors.toMap(
                                i -> String.format(Locale.ROOT, "key-%02d", i), i -> "v" + i));
    }
}
