package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

final class ImageNameTest {
    /** What {@code CreateImage} takes as a name. */
    private static final String TAKEN_BY_EC2 = "[A-Za-z0-9()\\[\\] ./'@_-]{3,128}";

    @Test
    void isWrittenAsPolicyInstanceAndSlot() {
        assertThat(name("gold", "i-0abc", "2026-03-01T02:00:00Z"))
                .hasToString("gold/i-0abc/2026-03-01T02.00.00Z");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gold/i-0abc/2026-03-01T02.00.00Z",
                "a/i-1/1970-01-01T00.00.00Z",
                "gold-2-eu/i-0abc1234def567890/2028-02-29T23.59.59Z"
            })
    void isReadAsItIsWritten(String text) {
        assertThat(ImageName.parse(text).map(ImageName::toString)).contains(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "//",
                "web server, before the upgrade",
                "gold/i-0abc",
                "gold/i-0abc/2026-03-01T02.00.00Z/1",
                "gold/i-0abc/",
                "/i-0abc/2026-03-01T02.00.00Z",
                "Gold/i-0abc/2026-03-01T02.00.00Z",
                "gold/ami-0abc/2026-03-01T02.00.00Z",
                "gold/i-0abc/2026-03-01T02:00:00Z",
                "gold/i-0abc/2026-03-01T02.00.00",
                "gold/i-0abc/2026-3-1T02.00.00Z",
                "gold/i-0abc/2026-03-01T02.00.00Z\n",
                " gold/i-0abc/2026-03-01T02.00.00Z"
            })
    void isNotReadFromAForeignName(String foreign) {
        assertThat(ImageName.parse(foreign)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gold/i-0abc/2026-02-30T02.00.00Z",
                "gold/i-0abc/2026-02-29T02.00.00Z",
                "gold/i-0abc/2026-03-01T24.00.00Z"
            })
    void isNotReadFromATimeThatWeWouldWriteDifferently(String foreign) {
        assertThat(ImageName.parse(foreign)).isEmpty();
    }

    @Test
    void staysWithinEc2sLimitsAtItsLongest() {
        ImageName longest = name("p".repeat(40), "i-" + "a".repeat(40), "2026-03-01T02:00:00Z");

        assertThat(longest.toString()).matches(TAKEN_BY_EC2);
    }

    @Test
    void staysWithinEc2sLimitsAtItsShortest() {
        assertThat(name("p", "i-1", "2026-03-01T02:00:00Z").toString()).matches(TAKEN_BY_EC2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Gold", "2gold", "-gold", "go_ld", "go/ld", "gold ", "gold\n"})
    void refusesWhatIsNoPolicysName(String policy) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> name(policy, "i-1", "2026-03-01T02:00:00Z"))
                .withMessageStartingWith("not a policy's name: \"");
    }

    @Test
    void refusesAPolicysNameOfMoreThan40Characters() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> name("p".repeat(41), "i-1", "2026-03-01T02:00:00Z"));
    }

    @Test
    void sortsByNeed() {
        ImageName early = name("silver", "i-2", "2026-03-01T01:00:00Z");
        ImageName gold1 = name("gold", "i-1", "2026-03-01T02:00:00Z");
        ImageName gold2 = name("gold", "i-2", "2026-03-01T02:00:00Z");
        ImageName silver = name("silver", "i-1", "2026-03-01T02:00:00Z");

        assertThat(Stream.of(silver, gold2, early, gold1).sorted().toList())
                .isEqualTo(List.of(early, gold1, gold2, silver));
    }

    @Test
    void sortsThoseOfASlotAsTheirTextsSort() {
        List<ImageName> names =
                Stream.of("gold", "gold-2", "gold2", "silver")
                        .flatMap(policy ->
                                Stream.of("i-1", "i-10", "i-1a", "i-2")
                                        .map(id -> name(policy, id, "2026-03-01T02:00:00Z")))
                        .toList();

        assertThat(names.stream().sorted().map(ImageName::toString)).isSorted();
    }

    private static ImageName name(String policy, String instance, String slot) {
        return new ImageName(policy, new InstanceId(instance), new Slot(Instant.parse(slot)));
    }
}
