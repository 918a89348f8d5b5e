package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import org.junit.jupiter.api.Test;

final class BenchCommandTest {
    @Test
    void tellsWhatANightTakes() {
        CommandRun run = bench("--instances", "3", "--regions", "1");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("3 instances of 1 volume, 1 DR Region, not shared.")
                .contains("Night 2: 6 of 6 images made, 0 twice, 6 removed, 0 events given up.")
                .containsPattern("CreateImage +3 +3 +1.00\n")
                .containsPattern("throttled, in all nights +0\n")
                .containsPattern("CopyImage +us-west-2 +3 ")
                .contains("for 1,000 images with their copies")
                .contains("(This machine needed ");
    }

    @Test
    void printsTheFiguresForPrograms() throws Exception {
        CommandRun run = bench("--instances", "2", "--regions", "0", "--nights", "1", "--json");

        JsonNode report = JsonMapper.builder().build().readTree(run.out());
        assertThat(report.path("version").asInt()).isEqualTo(1);
        assertThat(report.at("/setup/instances").asInt()).isEqualTo(2);
        assertThat(report.at("/outcome/images").asInt()).isEqualTo(2);
        assertThat(report.path("calls")).isNotEmpty();
        assertThat(report.at("/dollars/perThousand").asDouble()).isPositive();
    }

    @Test
    void refusesWhatCannotBePlayed() {
        assertThat(bench("--instances", "0").exitCode()).isEqualTo(2);
        assertThat(bench("--instances", "0").err())
                .contains("--instances: 0 is not between 1 and 50000");
        assertThat(bench("--regions", "6").err()).contains("--regions: 6 is not between 0 and 5");
        assertThat(bench("--faults", "0.6").err()).contains("--faults: 0.6 is not between 0");
    }

    private static CommandRun bench(String... options) {
        String[] arguments = new String[options.length + 1];
        arguments[0] = "bench";
        System.arraycopy(options, 0, arguments, 1, options.length);
        return CommandRun.beforeAnyPlay(arguments);
    }
}
