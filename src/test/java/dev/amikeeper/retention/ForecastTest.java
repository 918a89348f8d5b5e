package dev.amikeeper.retention;

import static dev.amikeeper.retention.RetentionCases.image;
import static dev.amikeeper.retention.RetentionCases.keep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Schedule;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

final class ForecastTest {
    private static final Instant NOW = Instant.parse("2026-03-04T05:00:00Z");

    private final Schedule nightly = ForecastTest::nights;
    private final Image image = image("2026-03-04T02:00:00Z");
    private final Image older = image("2026-03-01T02:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "'last: 1', 2026-03-05T02:00:00Z",
        "'last: 3', 2026-03-07T02:00:00Z",
        "'daily: 7', 2026-03-11T02:00:00Z",
        "'within: 48h', 2026-03-06T02:00:00Z",
        // The night of the 4th is not the newest of its month, so only the days keep it.
        "'daily: 2, monthly: 12', 2026-03-06T02:00:00Z",
    })
    void saysWithWhichSlotNoRuleKeepsItAnyMore(String rules, Instant dropped) {
        assertThat(Forecast.dropped(keep(rules), nightly, List.of(image, older), image, NOW))
                .contains(dropped);
    }

    @ParameterizedTest
    @CsvSource({"'yearly: 9', 2026-03-01T02:00:00Z", "'last: 1100', 2026-03-04T02:00:00Z"})
    void doesNotLookAheadForEver(String rules, Instant slot) {
        Image kept =
                List.of(image, older).stream()
                        .filter(each -> each.name().slot().time().equals(slot))
                        .findFirst()
                        .orElseThrow();

        assertThat(Forecast.dropped(keep(rules), nightly, List.of(image, older), kept, NOW))
                .isEqualTo(Optional.empty());
    }

    /** At two each night. */
    private static Stream<Slot> nights(Instant after, Instant until) {
        Instant first = after.truncatedTo(ChronoUnit.DAYS).plus(Duration.ofHours(2));
        return Stream.iterate(first, at -> !at.isAfter(until), at -> at.plus(Duration.ofDays(1)))
                .filter(at -> at.isAfter(after))
                .map(Slot::new);
    }
}
