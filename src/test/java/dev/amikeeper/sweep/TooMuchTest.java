package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

final class TooMuchTest {
    private static final Instant MIDNIGHT = Instant.parse("2026-03-02T00:00:00Z");

    private final TestDeployment given =
            new TestDeployment(
                    """
                    policies:
                      gold:
                        select: {tags: {backup: gold}}
                        schedule: {every: 1h}
                    """);

    @Test
    void peopleAreToldOnceAMonthInTheFirstSweepOfADay() {
        for (int server = 1; server <= 6; server++) {
            given.instance("web-" + server);
        }

        given.deployment.sweep(MIDNIGHT.minusSeconds(1));
        assertThat(told()).isEmpty();

        given.deployment.sweep(MIDNIGHT.plus(Duration.ofMinutes(7)));
        given.deployment.sweep(MIDNIGHT.plus(Duration.ofDays(1)));
        assertThat(told())
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.text())
                            .startsWith("us-east-1: the rules keep 52,")
                            .contains("EC2's default quota is 50,000");
                    assertThat(notice.remedy()).contains("keep fewer, or have the quota");
                });

        given.deployment.sweep(Instant.parse("2026-04-01T00:00:00Z"));
        assertThat(told()).hasSize(2);
    }

    private List<Notice> told() {
        return given.catalog().notices().stream()
                .filter(notice -> notice.about().is(Trouble.FIT))
                .toList();
    }
}
