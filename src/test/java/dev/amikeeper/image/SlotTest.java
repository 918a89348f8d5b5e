package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;

final class SlotTest {
    private static final Slot SLOT = slot("2026-03-01T02:00:00Z");

    @Test
    void isExactToTheSecond() {
        assertThat(slot("2026-03-01T02:00:00.999Z")).isEqualTo(SLOT);
    }

    @Test
    void hasNoColonInAName() {
        assertThat(SLOT.inName()).isEqualTo("2026-03-01T02.00.00Z");
    }

    @Test
    void isIso8601WithSecondsInATag() {
        assertThat(SLOT).hasToString("2026-03-01T02:00:00Z");
    }

    @Test
    void isReadFromANameAsItWasWritten() {
        assertThat(Slot.inName(SLOT.inName())).contains(SLOT);
    }

    @Test
    void isReadFromATagAsItWasWritten() {
        assertThat(Slot.inTag(SLOT.toString())).contains(SLOT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "yesterday",
                "2026-03-01T02:00:00Z",
                "2026-03-01T02.00Z",
                "2026-02-30T02.00.00Z",
                "2026-13-01T02.00.00Z",
                "2026-03-01T24.00.00Z",
                "2026-03-01T02.60.00Z",
                "2026-03-01T02.00.00Z "
            })
    void isNotReadFromAnotherTextInAName(String text) {
        assertThat(Slot.inName(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "yesterday",
                "2026-03-01",
                "2026-03-01T02.00.00Z",
                "2026-02-30T02:00:00Z",
                "2026-03-01T24:00:00Z",
                "2026-03-01T02:00Z",
                "2026-03-01T02:00:00.5Z",
                "2026-03-01T03:00:00+01:00",
                "2026-03-01t02:00:00z"
            })
    void isNotReadFromAnotherTextInATag(String text) {
        assertThat(Slot.inTag(text)).isEmpty();
    }

    @Test
    void sortsByTime() {
        assertThat(slot("2026-03-01T01:00:00Z")).isLessThan(SLOT);
        assertThat(slot("2026-10-01T02:00:00Z")).isGreaterThan(SLOT);
        assertThat(slot("2026-03-01T02:00:00Z")).isEqualByComparingTo(SLOT);
    }

    private static Slot slot(String time) {
        return new Slot(Instant.parse(time));
    }
}
