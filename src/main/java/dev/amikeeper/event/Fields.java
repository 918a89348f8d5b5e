package dev.amikeeper.event;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Fields of parsed JSON. */
final class Fields {
    private Fields() {}

    static Optional<String> text(Map<String, Object> fields, String name) {
        return fields.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    static Optional<String> onlyText(Map<String, Object> fields, String name, String place)
            throws MalformedEventException {
        if (fields.get(name) != null && !(fields.get(name) instanceof String)) {
            throw new MalformedEventException(place + ": must be a string");
        }
        return text(fields, name);
    }

    static String needed(Map<String, Object> fields, String name) throws MalformedEventException {
        return text(fields, name)
                .filter(text -> !text.isBlank())
                .orElseThrow(
                        () -> new MalformedEventException(name + ": must be present, as a string"));
    }

    static List<String> texts(Map<String, Object> fields, String name, String place)
            throws MalformedEventException {
        Object value = fields.get(name);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            throw new MalformedEventException(place + ": must be a list of strings");
        }
        List<String> texts = new ArrayList<>();
        for (Object one : list) {
            if (!(one instanceof String text)) {
                throw new MalformedEventException(place + ": must be a list of strings");
            }
            texts.add(text);
        }
        return texts;
    }
}
