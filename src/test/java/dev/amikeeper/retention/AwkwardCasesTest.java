package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.retention.AwkwardCase.Outcome;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Histories as operators meet them and did not expect them, one file each in {@code cases}. */
final class AwkwardCasesTest {
    private static final int CASES = 40;

    static List<Path> files() throws Exception {
        return YamlFields.files("cases");
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyImageEndsAsTheFileSays(Path file) throws Exception {
        AwkwardCase given = AwkwardCase.read(file);
        Map<String, Outcome> outcomes = CasePlanner.outcomes(given);

        assertThat(outcomes).as("images, no two of them the same").hasSameSizeAs(given.images());
        assertThat(
                        given.images().stream()
                                .filter(image ->
                                        !image.expected().equals(outcomes.get(image.key())))
                                .map(image ->
                                        "%s: %s, expected %s, is %s"
                                                .formatted(
                                                        image.place(),
                                                        image.slot(),
                                                        image.expected(),
                                                        outcomes.get(image.key()))))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFileIsComplete(Path file) throws Exception {
        Set<String> words =
                Arrays.stream(Reason.ReasonKind.values())
                        .map(Reason.ReasonKind::word)
                        .collect(Collectors.toSet());

        assertThat(Files.readAllLines(file).getFirst()).startsWith("# ");
        assertThat(AwkwardCase.read(file).images())
                .isNotEmpty()
                .allSatisfy(image -> {
                    Outcome expected = image.expected();
                    assertThat(expected.word())
                            .as(image.place())
                            .isIn(
                                    "keep",
                                    "disable",
                                    "wait",
                                    "remove",
                                    "await approval",
                                    "finish",
                                    "call off",
                                    "unjudged");
                    boolean stays = Set.of("keep", "call off").contains(expected.word());
                    assertThat(!expected.because().isEmpty()).as(image.place()).isEqualTo(stays);
                    assertThat(words).as(image.place()).containsAll(expected.because());
                });
    }

    @Test
    void thereAreEnoughAndTheyAreNumbered() throws Exception {
        List<String> names = files().stream().map(file -> file.getFileName().toString()).toList();

        assertThat(names).hasSizeGreaterThanOrEqualTo(CASES);
        for (int i = 0; i < names.size(); i++) {
            assertThat(names.get(i)).matches("%02d-[a-z0-9-]+\\.yaml".formatted(i + 1));
        }
    }
}
