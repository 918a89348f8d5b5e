package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.scanner.StreamReader;

import java.util.Optional;

/** Reads YAML 1.2 into nodes that know their lines. Memory use is bounded whatever the content. */
final class YamlFile {
    /** In characters: far more than policies need, and small enough for any memory size. */
    private static final int MAX_LENGTH = 256 * 1024;

    private static final int MAX_ALIASES = 50;

    private YamlFile() {}

    /** Reads the whole file; empty, with the problem noted, if it is empty or not YAML. */
    static Optional<Place> root(String yaml, Problems problems) {
        if (yaml.length() > MAX_LENGTH) {
            problems.add(1, 1, "the file is too long; write at most " + MAX_LENGTH + " characters");
            return Optional.empty();
        }
        LoadSettings settings =
                LoadSettings.builder().setMaxAliasesForCollections(MAX_ALIASES).build();
        try {
            Optional<Node> root = new Compose(settings).composeString(yaml);
            if (root.isEmpty()) {
                problems.add(1, 1, "the file is empty; write policies: {gold: {…}}");
            }
            return root.map(node -> Place.root(problems, node));
        } catch (MarkedYamlEngineException e) {
            problems.add(
                    e.getProblemMark(),
                    "",
                    "not YAML: "
                            + problem(e)
                            + (problem(e).contains("scanning an alias")
                                    ? "; quote a value that begins with *"
                                    : ""));
        } catch (ReaderException e) {
            noteUnprintable(yaml, problems);
        } catch (YamlEngineException e) {
            problems.add(1, 1, "not YAML: " + oneLine(e.getMessage()));
        } catch (StackOverflowError e) {
            // The parser recurses once per level and sets no limit.
            problems.add(1, 1, "nested too deeply; policies need six levels");
        }
        return Optional.empty();
    }

    /** What the parser was reading, from which line on, and what it found. */
    private static String problem(MarkedYamlEngineException e) {
        String context = oneLine(e.getContext());
        return context.isEmpty()
                ? oneLine(e.getProblem())
                : context
                        + e.getContextMark()
                                .map(at -> " from line " + (at.getLine() + 1))
                                .orElse("")
                        + ", "
                        + oneLine(e.getProblem());
    }

    private static void noteUnprintable(String yaml, Problems problems) {
        int line = 1;
        int column = 1;
        for (int character : yaml.codePoints().toArray()) {
            if (!StreamReader.isPrintable(character)) {
                problems.add(
                        line, column, "not YAML: character U+%04X; remove it".formatted(character));
            }
            line = character == '\n' ? line + 1 : line;
            column = character == '\n' ? 1 : column + 1;
        }
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : Texts.plain(text.strip().replaceAll("\\s+", " "));
    }
}
