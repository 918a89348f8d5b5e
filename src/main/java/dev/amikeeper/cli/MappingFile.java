package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.report.Table;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestoreOptions;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** The file that maps resources of the original Region to those of another Region. */
final class MappingFile {
    private static final String AS = "write it as subnets: {subnet-0abc: subnet-0def}";

    /** The most candidates to show for one missing entry. */
    private static final int SHOWN = 12;

    private final Path file;

    private MappingFile(Path file) {
        this.file = file;
    }

    /**
     * Reads the file. An entry without a value is not mapped; only two quotes mean "none".
     *
     * @throws UnusableException if it cannot be read; the message says where
     */
    static RestoreOptions.Mapping read(Path file) {
        return new MappingFile(file).read();
    }

    private RestoreOptions.Mapping read() {
        Map<String, Map<String, String>> parts = new LinkedHashMap<>();
        root().ifPresent(root ->
                entries("", root)
                        .forEach((part, entry) -> {
                            if (!RestoreOptions.Mapping.PARTS.contains(part)) {
                                throw wrong(
                                        entry.getKeyNode(),
                                        part,
                                        "unknown key; there are "
                                                + String.join(", ", RestoreOptions.Mapping.PARTS));
                            }
                            parts.put(part, texts(part, entry.getValueNode()));
                        }));
        return RestoreOptions.Mapping.of(parts);
    }

    private Optional<Node> root() {
        try {
            return new Compose(LoadSettings.builder().build())
                    .composeString(Files.readString(file))
                    .filter(node -> !isEmpty(node));
        } catch (IOException unreadable) {
            throw new UnusableException(
                    file + " cannot be read: " + Application.reason(unreadable) + ".");
        } catch (MarkedYamlEngineException malformed) {
            throw new UnusableException(
                    place(malformed.getProblemMark())
                            + "not YAML: "
                            + oneLine(malformed.getProblem()));
        } catch (YamlEngineException malformed) {
            throw new UnusableException(file + ": not YAML: " + oneLine(malformed.getMessage()));
        }
    }

    private Map<String, String> texts(String part, Node value) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (isEmpty(value)) {
            return texts;
        }
        entries(part, value)
                .forEach((from, entry) -> {
                    Node to = entry.getValueNode();
                    if (!(to instanceof ScalarNode text)) {
                        throw wrong(to, part + "." + from, "must be one id or name; " + AS);
                    }
                    if (!isEmpty(to)) {
                        texts.put(from, text.getValue());
                    }
                });
        return texts;
    }

    private Map<String, NodeTuple> entries(String path, Node node) {
        if (!(node instanceof MappingNode mapping)) {
            throw wrong(node, path, "must have entries; " + AS);
        }
        Map<String, NodeTuple> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node key = tuple.getKeyNode();
            if (!(key instanceof ScalarNode name)) {
                throw wrong(key, path, "a key must be one id or name; " + AS);
            }
            if (entries.putIfAbsent(name.getValue(), tuple) != null) {
                throw wrong(
                        key,
                        path.isEmpty() ? name.getValue() : path + "." + name.getValue(),
                        "written twice; keep one of them");
            }
        }
        return entries;
    }

    private static boolean isEmpty(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.getScalarStyle() == ScalarStyle.PLAIN
                && (scalar.getValue().isEmpty() || scalar.getValue().equals("~"));
    }

    private UnusableException wrong(Node node, String path, String why) {
        return new UnusableException(
                place(node.getStartMark())
                        + (path.isEmpty() ? "" : Texts.plain(path) + ": ")
                        + why);
    }

    private String place(Optional<Mark> mark) {
        return file
                + mark.map(at -> ":%d:%d".formatted(at.getLine() + 1, at.getColumn() + 1))
                        .orElse("")
                + ": ";
    }

    private static String oneLine(@Nullable String text) {
        return Texts.plain(Objects.requireNonNullElse(text, "").strip().replaceAll("\\s+", " "));
    }

    /** Returns the file as text, for a person to complete. */
    static String text(Region region, RestoreOptions.Mapping known, List<MissingMapping> blanks) {
        StringBuilder text = new StringBuilder();
        text.append(
                """
                # The counterparts in %s of what the servers had. Write each after its colon.
                # A proposal after a # has the same name: remove the # if it is right.
                # "" leaves out a key pair, an instance profile or an additional network interface.
                """
                        .formatted(region));
        for (String part : RestoreOptions.Mapping.PARTS) {
            Map<String, String> entries = new TreeMap<>(known.parts().getOrDefault(part, Map.of()));
            List<MissingMapping> lacking =
                    blanks.stream().filter(blank -> blank.part().equals(part)).toList();
            lacking.forEach(blank -> entries.remove(blank.original()));
            if (entries.isEmpty() && lacking.isEmpty()) {
                continue;
            }
            text.append(part).append(":\n");
            entries.forEach(
                    (from, to) -> text.append("  %s: %s\n".formatted(quoted(from), quoted(to))));
            lacking.forEach(blank -> append(blank, text));
        }
        return text.toString();
    }

    private static void append(MissingMapping blank, StringBuilder text) {
        String what = blank.name().isEmpty() ? blank.original() : Texts.plain(blank.name());
        if (!blank.candidates().isEmpty()) {
            text.append("  # %s: there are\n".formatted(what));
            candidates(blank).forEach(line -> text.append("  #   ").append(line).append('\n'));
        }
        text.append(
                "  %s:%s\n"
                        .formatted(
                                quoted(blank.original()),
                                blank.proposal().map(id -> " # " + quoted(id)).orElse("")));
    }

    private static List<String> candidates(MissingMapping blank) {
        List<MissingMapping.Candidate> shown = blank.candidates().stream().limit(SHOWN).toList();
        int columns = shown.stream().mapToInt(it -> it.what().size()).max().orElse(0);
        Table table = new Table("l".repeat(columns + 2));
        for (MissingMapping.Candidate one : shown) {
            List<String> cells = new ArrayList<>();
            cells.add(quoted(one.id()));
            one.what().forEach(it -> cells.add(Texts.plain(it)));
            while (cells.size() <= columns) {
                cells.add("");
            }
            cells.add(one.sameName() ? "<- the same name" : "");
            table.row(cells.toArray(String[]::new));
        }
        List<String> lines =
                new ArrayList<>(table.lines().stream().map(String::stripTrailing).toList());
        int more = blank.candidates().size() - shown.size();
        if (more > 0) {
            lines.add("... %d more".formatted(more));
        }
        return lines;
    }

    /** Quotes a text for YAML, because names of key pairs may contain any character. */
    private static String quoted(String text) {
        return text.matches("[A-Za-z][A-Za-z0-9._-]*|\\d+(\\.\\d+){3}")
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
