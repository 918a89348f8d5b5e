package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.restore.Wish;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The file that says what stands for what in another Region. */
final class MappingFile {
    private static final String AS =
            """
            write it as
              subnets: {subnet-0abc: subnet-0def}
              securityGroups: {sg-0abc: sg-0def}\
            """;

    private MappingFile() {}

    /**
     * Reads the file.
     *
     * @throws UnusableException if it cannot be read, naming the place
     */
    static Wish.Mapping read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException unreadable) {
            throw new UnusableException(
                    file + " cannot be read: " + Application.reason(unreadable) + ".");
        }
        Object root;
        try {
            // Every value is a text, whatever it looks like.
            root =
                    new Load(LoadSettings.builder().setSchema(new FailsafeSchema()).build())
                            .loadFromString(text);
        } catch (YamlEngineException malformed) {
            throw new UnusableException(file + ": " + malformed.getMessage());
        }
        Map<String, Map<String, String>> parts = new LinkedHashMap<>();
        fields(file, "the file", root)
                .forEach((part, value) -> {
                    Map<String, String> texts = new LinkedHashMap<>();
                    fields(file, part, value)
                            .forEach((from, to) -> {
                                if (!(to instanceof String id)) {
                                    throw new UnusableException(
                                            "%s: %s.%s: must be a text; %s"
                                                    .formatted(file, part, from, AS));
                                }
                                texts.put(from, id);
                            });
                    parts.put(part, texts);
                });
        try {
            return Wish.Mapping.of(parts);
        } catch (IllegalArgumentException wrong) {
            throw new UnusableException(file + ": " + wrong.getMessage());
        }
    }

    private static Map<String, Object> fields(Path file, String place, @Nullable Object value) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!(value instanceof Map<?, ?> map)) {
            throw new UnusableException("%s: %s: must be a mapping; %s".formatted(file, place, AS));
        }
        map.forEach((key, entry) -> fields.put(String.valueOf(key), entry));
        return fields;
    }

    /** The file as text, to be completed. */
    static String text(Map<String, Map<String, String>> parts) {
        StringBuilder text = new StringBuilder();
        parts.forEach((part, entries) -> {
            text.append("%s:%n".formatted(part));
            entries.forEach((from, to) ->
                    text.append("  %s: %s%n".formatted(from, to.isEmpty() ? "\"\"   # here" : to)));
        });
        return text.toString();
    }
}
