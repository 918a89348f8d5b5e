package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One value of a policy file and its position. A value that cannot be read as requested is noted as
 * a problem and read as empty, so that reading continues and finds the other problems, too.
 *
 * <p>The readers of single values are functions that throw {@link IllegalArgumentException}; its
 * message says what is wrong and what would be right.
 */
final class Place {
    private static final Set<Tag> SCALARS = Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL);

    private final Problems problems;
    private final String path;
    private final Optional<Mark> keyMark;
    private final Node node;

    private Place(Problems problems, String path, Optional<Mark> keyMark, Node node) {
        this.problems = problems;
        this.path = path;
        this.keyMark = keyMark;
        this.node = node;
    }

    /** The root of the file. */
    static Place root(Problems problems, Node node) {
        return new Place(problems, "", node.getStartMark(), node);
    }

    /** Notes that this value is wrong. */
    void wrong(String message) {
        problems.add(node.getStartMark(), path, message);
    }

    /** Notes that this value is valid but may not mean what its author thinks. */
    void hint(String message) {
        problems.hint(node.getStartMark(), path, message);
    }

    /** Notes that the key of this value is wrong, or that something is missing below it. */
    void wrongKey(String message) {
        problems.add(keyMark, path, message);
    }

    /** Whether the key has no value. */
    boolean isNull() {
        return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
    }

    /** Reads a single value as it is written, even if YAML takes it for a number or a boolean. */
    <T> Optional<T> read(Function<String, T> reader) {
        return text("a single value").flatMap(text -> read(text, reader, this::wrong));
    }

    /** Reads the key of this value. */
    <T> Optional<T> readKey(String key, Function<String, T> reader) {
        return read(key, reader, this::wrongKey);
    }

    /** Reads a list of values; a single value counts as a list of one. */
    <T> List<T> readAll(Function<String, T> reader) {
        if (!(node instanceof SequenceNode)) {
            return text("a value or a list")
                    .flatMap(text -> read(text, reader, this::wrong))
                    .stream()
                    .toList();
        }
        return items().stream().flatMap(item -> item.read(reader).stream()).toList();
    }

    /** The items of a list; a single value counts as a list of one. */
    List<Place> items() {
        if (!(node instanceof SequenceNode list)) {
            return List.of(this);
        }
        List<Place> items = new ArrayList<>();
        for (Node item : list.getValue()) {
            String itemPath = path + "[" + items.size() + "]";
            items.add(new Place(problems, itemPath, item.getStartMark(), item));
        }
        return items;
    }

    /** Whether this is a mapping. */
    boolean isMapping() {
        return node instanceof MappingNode;
    }

    /** Like {@link #readAll}, for lists that must not be empty. */
    <T> List<T> readSome(Function<String, T> reader, String remedy) {
        if (node instanceof SequenceNode list && list.getValue().isEmpty()) {
            wrong("an empty list; " + remedy);
        }
        return readAll(reader);
    }

    /** The entries of a mapping whose keys the user chooses. */
    Map<String, Place> entries(String wanted) {
        if (!(node instanceof MappingNode mapping)) {
            wrong(found() + "; write " + wanted);
            return Map.of();
        }
        Map<String, Place> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node key = tuple.getKeyNode();
            new Place(problems, path, key.getStartMark(), key)
                    .text("a single value as key")
                    .ifPresent(name -> add(entries, name, key, tuple.getValueNode()));
        }
        return entries;
    }

    private void add(Map<String, Place> entries, String name, Node key, Node value) {
        Place place = new Place(problems, below(name), key.getStartMark(), value);
        Place first = entries.putIfAbsent(name, place);
        if (first != null) {
            int line = first.keyMark.map(Mark::getLine).orElse(0) + 1;
            place.wrongKey("written twice, first on line " + line + "; keep one of them");
        }
    }

    /** Like {@link #entries}, for mappings that must not be empty. */
    Map<String, Place> someEntries(String wanted) {
        if (node instanceof MappingNode mapping && mapping.getValue().isEmpty()) {
            wrong("empty; write " + wanted);
        }
        return entries(wanted);
    }

    /** The entries of a mapping that allows only these keys. */
    MappingFields fields(String... known) {
        List<String> names = List.of(known);
        Map<String, Place> entries = entries("a mapping with keys of " + String.join(", ", names));
        boolean sound = node instanceof MappingNode;
        for (Map.Entry<String, Place> entry : entries.entrySet()) {
            if (!names.contains(entry.getKey())) {
                entry.getValue().wrongKey("unknown key; " + Nearest.hint(entry.getKey(), names));
                sound = false;
            }
        }
        return new MappingFields(entries, sound);
    }

    /** Notes that a key is missing, unless this is not a mapping, which is reported on its own. */
    void missing(String name, String remedy) {
        if (node instanceof MappingNode) {
            problems.add(keyMark, below(name), "missing; " + remedy);
        }
    }

    private Optional<String> text(String wanted) {
        if (node instanceof ScalarNode scalar && SCALARS.contains(scalar.getTag()) && !isNull()) {
            return Optional.of(scalar.getValue());
        }
        wrong(found() + "; write " + wanted);
        return Optional.empty();
    }

    private static <T> Optional<T> read(
            String text, Function<String, T> reader, Consumer<String> problem) {
        try {
            return Optional.of(reader.apply(text));
        } catch (IllegalArgumentException e) {
            problem.accept(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private String found() {
        if (isNull()) {
            return "nothing is written here";
        }
        return switch (node) {
            case MappingNode _ -> "a mapping does not fit here";
            case SequenceNode _ -> "a list does not fit here";
            case ScalarNode scalar when SCALARS.contains(scalar.getTag()) ->
                    Texts.quoted(scalar.getValue()) + " does not fit here";
            default -> "the YAML tag " + Texts.plain(node.getTag().toString()) + " has no meaning";
        };
    }

    private String below(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /**
     * The entries of a mapping with known keys.
     *
     * @param sound whether it is a mapping with only valid keys; if not, a key that seems to be
     *     missing may just be misspelled
     */
    record MappingFields(Map<String, Place> entries, boolean sound) {
        static final MappingFields NONE = new MappingFields(Map.of(), true);

        Optional<Place> find(String name) {
            return Optional.ofNullable(entries.get(name));
        }

        /** The entries of the mapping under a key; none if the key is absent. */
        MappingFields below(String name, String... known) {
            return find(name).map(place -> place.fields(known)).orElse(NONE);
        }

        /** Reads the single value of a key; empty if it is absent or wrong. */
        <T> Optional<T> read(String name, Function<String, T> reader) {
            return find(name).flatMap(place -> place.read(reader));
        }

        /** Reads the list of values of a key; empty if it is absent. */
        <T> List<T> readAll(String name, Function<String, T> reader) {
            return find(name).map(place -> place.readAll(reader)).orElse(List.of());
        }
    }
}
