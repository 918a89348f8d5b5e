package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The fields of a YAML mapping in a file beside the tests of retention. Times are read as text.
 *
 * @param place where it stands, for messages
 */
record YamlFields(String place, Map<String, Object> all) {
    /** The files of a folder, in the order of their names. */
    static List<Path> files(String folder) throws IOException, URISyntaxException {
        URL found = Objects.requireNonNull(YamlFields.class.getResource(folder), folder);
        try (Stream<Path> files = Files.list(Path.of(found.toURI()))) {
            return files.sorted().toList();
        }
    }

    /** Reads a file that holds these fields and no others. */
    static YamlFields read(Path file, String... allowed) throws IOException {
        Object root =
                new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
        return of(String.valueOf(file.getFileName()), root, allowed);
    }

    /** A mapping with these fields and no others. */
    static YamlFields of(String place, Object mapping, String... allowed) {
        Map<String, Object> all = new LinkedHashMap<>();
        ((Map<?, ?>) mapping).forEach((key, value) -> all.put((String) key, value));
        assertThat(Set.of(allowed)).as(place + ": known fields").containsAll(all.keySet());
        return new YamlFields(place, all);
    }

    Optional<Object> find(String key) {
        return Optional.ofNullable(all.get(key));
    }

    Object get(String key) {
        return find(key).orElseThrow(() -> new AssertionError(place + ": no " + key));
    }

    String text(String key) {
        return (String) get(key);
    }

    String text(String key, String ifMissing) {
        return (String) find(key).orElse(ifMissing);
    }

    /** A list of texts; empty if there is none. */
    List<String> texts(String key) {
        return ((List<?>) find(key).orElse(List.of())).stream().map(String.class::cast).toList();
    }

    boolean isTrue(String key) {
        return (Boolean) find(key).orElse(false);
    }

    List<?> list(String key) {
        return (List<?>) get(key);
    }
}
