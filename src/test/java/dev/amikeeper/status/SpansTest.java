package dev.amikeeper.status;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

final class SpansTest {
    @ParameterizedTest
    @CsvSource({
        "PT59S, 0 min",
        "PT5M, 5 min",
        "PT1H, 1 h",
        "PT1H59M59S, 1 h 59 min",
        "PT47H59M, 47 h 59 min",
        "PT48H, 2 d",
        "PT76H30M, 3 d 4 h",
    })
    void areToldInTwoUnits(Duration span, String text) {
        assertThat(Spans.text(span)).isEqualTo(text);
    }
}
