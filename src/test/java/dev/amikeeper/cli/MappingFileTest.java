package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Region;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestoreOptions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

final class MappingFileTest {
    @TempDir private Path folder;

    @Test
    void readsEveryPart() throws Exception {
        RestoreOptions.Mapping mapping =
                read(
                        """
                        subnets: {subnet-1: subnet-2}
                        securityGroups:
                          sg-1: sg-2   # the web servers'
                        keyPairs: {ops: "", "007": "008"}
                        types: {m5.large: m6i.large}
                        elasticIps: {203.0.113.7: eipalloc-2}
                        instanceProfiles: {web: web-dr}
                        """);

        assertThat(mapping)
                .isEqualTo(
                        new RestoreOptions.Mapping(
                                Map.of("subnet-1", "subnet-2"),
                                Map.of("sg-1", "sg-2"),
                                Map.of("ops", "", "007", "008"),
                                Map.of("m5.large", "m6i.large"),
                                Map.of("203.0.113.7", "eipalloc-2"),
                                Map.of("web", "web-dr")));
    }

    @Test
    void whatIsNotFilledInIsNotMapped() throws Exception {
        assertThat(
                        read(
                                """
                                subnets:
                                  subnet-1: # subnet-2
                                keyPairs:
                                  ops:
                                types:
                                """))
                .isEqualTo(RestoreOptions.Mapping.NONE);
        assertThat(read("")).isEqualTo(RestoreOptions.Mapping.NONE);
        assertThat(read("# nothing yet\n")).isEqualTo(RestoreOptions.Mapping.NONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "subnet: {a: b} | :1:1: subnet: unknown key; there are subnets, securityGroups,",
                "subnets: [a] | :1:10: subnets: must have entries; write it as subnets: {subnet-",
                "subnets: {a: [x]} | :1:14: subnets.a: must be one id or name; write it as",
                "subnets: {a: b, a: c} | :1:17: subnets.a: written twice; keep one of them",
                "subnets: {a: b}\\nsubnets: {c: d} | :2:1: subnets: written twice",
                "subnets: {a: | :2:1: not YAML: ",
                "[a] | :1:1: must have entries"
            })
    void aMistakeIsNamedInOneLineWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> read(text.replace("\\n", "\n") + "\n"))
                .isInstanceOf(UnusableException.class)
                .message()
                .startsWith(folder.resolve("mapping.yaml") + message)
                .doesNotContain("\n");
    }

    @Test
    void theTextIsReadAsNothingUntilAPersonConfirmsIt() throws Exception {
        MissingMapping blank =
                new MissingMapping(
                        "subnets",
                        "subnet-1",
                        "private: a # b",
                        List.of(
                                new MissingMapping.Candidate(
                                        "subnet-2", List.of("10.0.0.0/20", "us-west-2a"), true),
                                new MissingMapping.Candidate(
                                        "subnet-3", List.of("10.0.16.0/20", "us-west-2b"), false)),
                        Optional.of("subnet-2"));
        RestoreOptions.Mapping known =
                new RestoreOptions.Mapping(Map.of(), Map.of(), Map.of("my key", ""), Map.of());
        String text = MappingFile.text(new Region("us-west-2"), known, List.of(blank));

        assertThat(text)
                .contains(
                        """
                        subnets:
                          # private: a # b: there are
                          #   subnet-2  10.0.0.0/20   us-west-2a  <- the same name
                          #   subnet-3  10.0.16.0/20  us-west-2b
                          subnet-1: # subnet-2
                        """);
        assertThat(read(text)).isEqualTo(known);
        assertThat(read(text.replace("subnet-1: # ", "subnet-1: ")).subnets())
                .isEqualTo(Map.of("subnet-1", "subnet-2"));
    }

    @Test
    void aLongListOfCandidatesIsCut() {
        MissingMapping blank =
                new MissingMapping(
                        "keyPairs",
                        "ops",
                        "",
                        IntStream.range(0, 40)
                                .mapToObj(i ->
                                        new MissingMapping.Candidate("key-" + i, List.of(), false))
                                .toList(),
                        Optional.empty());

        String text =
                MappingFile.text(
                        new Region("us-west-2"), RestoreOptions.Mapping.NONE, List.of(blank));

        assertThat(text).contains("  #   ... 28 more\n  ops:\n");
    }

    private RestoreOptions.Mapping read(String text) throws IOException {
        Path file = folder.resolve("mapping.yaml");
        Files.writeString(file, text);
        return MappingFile.read(file);
    }
}
