package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import org.junit.jupiter.api.Test;

final class TortureCommandTest {
    @Test
    void playsSomeSeedsAndTellsTheTotals() {
        CommandRun run = CommandRun.of("torture", "--seeds", "2", "--from", "5", "--days", "2");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("2 seeds of 2 days from 5 on")
                .contains("Every promise was kept.");
    }

    @Test
    void printsTheTotalsForPrograms() throws Exception {
        CommandRun run = CommandRun.of("torture", "--seeds", "1", "--days", "2", "--json");

        JsonNode totals = JsonMapper.builder().build().readTree(run.out());
        assertThat(totals.path("seeds").asInt()).isEqualTo(1);
        assertThat(totals.path("imageLives").asInt()).isPositive();
        assertThat(totals.path("failures")).isEmpty();
    }

    @Test
    void tellsTheStoryOfASeed() {
        CommandRun run = CommandRun.of("torture", "--replay", "7", "--days", "2");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("seed 7, 2 days from")
                .contains("server 1 is launched")
                .contains("every promise was kept");
        assertThat(CommandRun.of("torture", "--replay", "7", "--days", "2").out())
                .isEqualTo(run.out());
    }

    @Test
    void refusesDaysThatCannotBePlayed() {
        CommandRun run = CommandRun.of("torture", "--days", "0");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--days: 0 is not between 1 and 366");
    }
}
