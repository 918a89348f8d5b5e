package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.serialization.factories.JacksonFactory;

import dev.amikeeper.sweep.SweepReport;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

final class FunctionReportTest {
    private enum What {
        DONE,
        GIVEN_UP
    }

    private static final class Example extends FunctionReport<What> {
        Example(Counts<What> counts) {
            super(counts, Map.of("text", "so \"it\" is"));
        }
    }

    @Test
    void lambdaAnswersWithOneFlatObject() {
        assertThat(json(new Example(Counts.once(What.GIVEN_UP, What.GIVEN_UP))))
                .isEqualTo("{\"done\":0,\"givenUp\":2,\"text\":\"so \\\"it\\\" is\"}");
    }

    @Test
    void countsAreNamedAsInMetrics() {
        assertThat(Counts.none(SweepReport.SweepCount.class).named().keySet())
                .containsExactly(
                        "kicked",
                        "givenUp",
                        "done",
                        "gone",
                        "slow",
                        "found",
                        "adopted",
                        "returned",
                        "foreign",
                        "uncopied",
                        "switched",
                        "unfinished",
                        "unshared",
                        "withdrawn",
                        "beyond",
                        "publicImages",
                        "keys",
                        "litter",
                        "orphans",
                        "lateSlots",
                        "requests",
                        "leases",
                        "failed",
                        "unreadable",
                        "unswept",
                        "malformed");
    }

    @Test
    void aReportDoesNotChangeWithWhatIsCountedLater() {
        Counts<What> counts = Counts.once(What.DONE);
        Example report = new Example(counts);
        counts.add(What.DONE);

        assertThat(report.count(What.DONE)).isOne();
        assertThat(report).isEqualTo(new Example(Counts.once(What.DONE)));
    }

    /** As the function's runtime does it. */
    private static String json(Example report) {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        JacksonFactory.getInstance().getSerializer(Example.class).toJson(report, written);
        return written.toString(StandardCharsets.UTF_8);
    }
}
