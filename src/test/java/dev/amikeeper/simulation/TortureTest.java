package dev.amikeeper.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Effort;
import dev.amikeeper.simulation.History.TimedHappening;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

final class TortureTest {
    private static final int SEEDS = Effort.of(12, 1000);
    private static final int DAYS = 8;

    private static final Level LOGGED = LogManager.getRootLogger().getLevel();

    /** What the functions log of years of trouble takes longer than the years. */
    @BeforeAll
    static void logNothing() {
        Configurator.setRootLevel(Level.OFF);
    }

    @AfterAll
    static void logAgain() {
        Configurator.setRootLevel(LOGGED);
    }

    @Test
    void everyPromiseIsKeptWhateverHappens() {
        Torture.Totals totals = Torture.run(1, SEEDS, DAYS, 2, () -> false, _ -> {});

        assertThat(totals.failures())
                .as(() ->
                        Torture.shortest(Torture.history(totals.failures().getFirst().seed(), DAYS))
                                .toString())
                .isEmpty();
        assertThat(totals.seeds()).isEqualTo(SEEDS);
        assertThat(totals.imageLives()).isGreaterThan(50L * SEEDS);
        if (Effort.isNightly()) {
            everyKindOfFaultStruck(totals);
        }
    }

    private static void everyKindOfFaultStruck(Torture.Totals totals) {
        assertThat(totals.faults())
                .containsKeys(
                        "throttled",
                        "InternalError",
                        "reply lost",
                        "killed before a call",
                        "killed after a call",
                        "TransactionConflict",
                        "event lost",
                        "event repeated",
                        "event late",
                        "events out of order",
                        "Region unreachable",
                        "copy failed",
                        "image failed",
                        "launch failed",
                        "command fails",
                        "command hangs",
                        "double tick",
                        "scheduler silent");
    }

    @Test
    void aSeedReplaysExactly() {
        for (long seed = 1; seed <= Effort.of(2, 6); seed++) {
            History history = Torture.history(seed, DAYS);
            assertThat(Torture.history(seed, DAYS)).isEqualTo(history);
            assertThat(Torture.play(history)).isEqualTo(Torture.play(history));
        }
    }

    @Test
    void seedsDiffer() {
        Set<Long> traces = new HashSet<>();
        for (long seed = 1; seed <= 5; seed++) {
            traces.add(Torture.play(Torture.history(seed, 3)).trace());
        }
        assertThat(traces).hasSize(5);
    }

    @Test
    void aFailingHistoryIsMadeAsShortAsItCanBe() {
        History history = Torture.history(3, DAYS);
        List<TimedHappening> steps = new ArrayList<>(history.steps());
        Happening culprit = new Happening.Failing("us-east-1", false, 4);
        steps.add(steps.size() / 2, new TimedHappening(Duration.ofDays(4), culprit));

        History shortest =
                Shrinking.shortest(
                        history.with(steps),
                        it ->
                                it.steps().stream()
                                        .anyMatch(s -> s.what() instanceof Happening.Failing),
                        500);

        assertThat(shortest.steps())
                .extracting(TimedHappening::what)
                .containsExactly(new Happening.Failing("us-east-1", false, 1));
        assertThat(shortest.conditions()).isEqualTo(History.Conditions.PLAIN);
        assertThat(shortest.policies()).hasSize(1);
    }

    @Test
    void aHistoryIsReadable() {
        assertThat(Torture.history(1, DAYS).toString())
                .contains("seed 1, 8 days from")
                .contains("policies:")
                .contains("server 1 is launched in us-east-1");
    }
}
