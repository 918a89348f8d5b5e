package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

import java.util.Optional;

/** Reads YAML 1.2 into nodes that know their lines; no content can make it grow without bound. */
final class YamlFile {
    /** In characters: far more than policies need, and little enough for any memory. */
    private static final int MAX_LENGTH = 256 * 1024;

    private static final int MAX_ALIASES = 50;

    private YamlFile() {}

    /** The whole file; empty, with the problem noted, if it is empty or not YAML. */
    static Optional<Place> root(String yaml, Problems problems) {
        LoadSettings settings =
                LoadSettings.builder()
                        .setCodePointLimit(MAX_LENGTH)
                        .setMaxAliasesForCollections(MAX_ALIASES)
                        .build();
        try {
            Optional<Node> root = new Compose(settings).composeString(yaml);
            if (root.isEmpty()) {
                problems.add(
                        Optional.empty(), "", "the file is empty; write policies: {gold: {…}}");
            }
            return root.map(node -> Place.root(problems, node));
        } catch (MarkedYamlEngineException e) {
            problems.add(e.getProblemMark(), "", "not YAML: " + oneLine(e.getProblem()));
        } catch (YamlEngineException e) {
            problems.add(Optional.empty(), "", "not YAML: " + oneLine(e.getMessage()));
        } catch (StackOverflowError e) {
            // The parser calls itself once per level and sets no limit.
            problems.add(Optional.empty(), "", "nested too deeply; policies need six levels");
        }
        return Optional.empty();
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "unreadable" : Texts.plain(text.strip().replaceAll("\\s+", " "));
    }
}
