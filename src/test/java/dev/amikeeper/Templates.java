package dev.amikeeper;

import org.snakeyaml.engine.v2.api.ConstructNode;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads CloudFormation templates, and finds one's way in them by paths such as {@code
 * Properties.Timeout}.
 */
final class Templates {
    private Templates() {}

    static Object at(Object node, String path) {
        return find(node, path).orElseThrow(() -> new AssertionError("no " + path + " in " + node));
    }

    static Optional<Object> find(Object node, String path) {
        Optional<Object> found = Optional.of(node);
        for (String key : path.split("\\.", -1)) {
            found = found.map(inner -> inner instanceof Map<?, ?> map ? map.get(key) : null);
        }
        return found;
    }

    @SuppressWarnings("unchecked") // the keys of JSON, and of our YAML, are strings
    static Map<String, Object> map(Object node) {
        return (Map<String, Object>) node;
    }

    static List<?> list(Object node) {
        return (List<?>) node;
    }

    /** A template as plain maps, lists and values. */
    static Object read(String file) {
        LoadSettings settings = LoadSettings.builder().setLabel(file).build();
        try {
            return new Load(settings, new Intrinsics(settings))
                    .loadFromString(Files.readString(Path.of(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads {@code !Ref Table} as {@code {Ref: Table}}, and so every other short form. */
    private static final class Intrinsics extends StandardConstructor {
        Intrinsics(LoadSettings settings) {
            super(settings);
        }

        @Override
        protected Optional<ConstructNode> findConstructorFor(Node node) {
            String tag = node.getTag().getValue();
            return tag.startsWith("!")
                    ? Optional.of(_ -> Map.of(tag.substring(1), argument(node)))
                    : super.findConstructorFor(node);
        }

        private Object argument(Node node) {
            return switch (node) {
                case ScalarNode scalar -> constructScalar(scalar);
                case SequenceNode sequence -> constructSequence(sequence);
                case MappingNode mapping -> constructMapping(mapping);
                default -> throw new AssertionError("an intrinsic of " + node);
            };
        }
    }
}
