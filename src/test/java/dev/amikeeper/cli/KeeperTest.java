package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the command line says to its user, right or wrong. */
final class KeeperTest {
    @TempDir private Path folder = Path.of("");

    @Test
    void saysWhatItCanDoWhenAskedForNothing() {
        CommandRun run = CommandRun.of();

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("Usage: keeper", "demo");
    }

    @Test
    void knowsItsVersion() {
        assertThat(CommandRun.of("--version").out().strip()).matches("AMI Keeper \\d+\\.\\d+\\S*");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--days=0    | --days: 0 is not between 1 and 366",
                "--days=367  | --days: 367 is not between 1 and 366",
                "--days=soon | '--days': 'soon' is not an int",
                "--seed=x    | '--seed': 'x' is not a long",
                "--day       | Unknown option: '--day'"
            })
    void refusesAWrongOptionWithOneMessage(String option, String message) {
        CommandRun run = CommandRun.of("demo", option);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(message, "keeper demo --help").doesNotContain("Exception");
        assertThat(run.err().lines()).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void saysThatAPolicyFileIsMissing() {
        CommandRun run = CommandRun.of("demo", "--policies", "nowhere.yaml");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().strip())
                .startsWith("nowhere.yaml: there is no such file")
                .doesNotContain("\n");
    }

    @Test
    void namesTheFileAndEveryErrorInIt() throws IOException {
        Path file =
                policies(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "soon"}
                            kept: {daily: 3}
                        """);
        CommandRun run = CommandRun.of("demo", "--policies", file.toString());

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains(file.toString()));
    }

    @Test
    void namesTheTagsOfTheFleetWhenNothingIsSelected() throws IOException {
        Path file =
                policies(
                        """
                        policies:
                          mine:
                            select: {tags: {team: payments}}
                            schedule: {every: 6h}
                            keep: {last: 3}
                        """);
        CommandRun run = CommandRun.of("demo", "--policies", file.toString());

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("select no instance of the demo fleet", "backup: gold or silver");
    }

    private Path policies(String yaml) throws IOException {
        return Files.writeString(folder.resolve("policies.yaml"), yaml);
    }
}
