package dev.amikeeper.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.RecordedCloud;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * Writes what {@link StoredItemsTest} reads, as this version has it, to {@code target/stored}; part
 * of no run. A version that stores something new is given a fixture of its own, beside the others.
 */
final class StoredItemsRecorder {
    @Test
    void records() throws IOException {
        Path to = Files.createDirectories(Path.of("target", "stored"));
        String policies = StoredItemsTest.text("39c78ed", "policies.yaml");
        LocalDeployment played =
                StoredScene.play(
                        policies, policies + StoredItemsTest.text("39c78ed", "bronze.yaml"));
        String home = StoredScene.HOME.name();
        JsonNode items =
                RecordedCloud.items(played.cloud(), home, played.application().settings().table());
        JsonNode listing =
                RecordedCloud.listing(played.cloud(), List.of(home, StoredScene.WEST.name()));
        Files.writeString(to.resolve("items.json"), lines(items));
        Files.writeString(to.resolve("cloud.json"), pretty(listing));
        Files.writeString(
                to.resolve("answers.json"),
                pretty(StoredItemsTest.answers(policies, items, listing)));
    }

    /** The fixture of {@link StoredFreezesTest}. */
    @Test
    void recordsFreezes() throws IOException {
        Path to = Files.createDirectories(Path.of("target", "stored", "freezes"));
        Files.writeString(to.resolve("items.json"), lines(StoredFreezesTest.play()));
    }

    /** The fixture of {@link StoredPrunesTest}. */
    @Test
    void recordsPrunes() throws IOException {
        Path to = Files.createDirectories(Path.of("target", "stored", "prune"));
        Files.writeString(to.resolve("items.json"), lines(StoredPrunesTest.play()));
    }

    private static String lines(JsonNode items) {
        return StreamSupport.stream(items.spliterator(), false)
                .map(JsonNode::toString)
                .collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    /** As many lines as a person wants to read in a difference. */
    private static String pretty(JsonNode node) throws IOException {
        return JsonMapper.builder()
                        .build()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(node)
                + "\n";
    }
}
