package dev.amikeeper.restore;

import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What somebody asks to restore.
 *
 * @param region where to restore; if empty, where the instance is or was
 * @param at the time to restore to; if empty, the newest image is used
 * @param image this very image
 * @param policy only images of this policy
 */
public record RestoreRequest(
        InstanceId instance,
        Optional<Region> region,
        Optional<Instant> at,
        Optional<ImageId> image,
        Optional<String> policy,
        Restore.RestoreKind kind,
        RestoreOptions wish) {
    /**
     * Reads the event "Restore Requested".
     *
     * @throws MalformedEventException if a field is invalid, naming the place
     */
    static RestoreRequest of(Event event) throws MalformedEventException {
        return new RestoreRequest(
                value(event, "instance", InstanceId::new)
                        .orElseThrow(() ->
                                new MalformedEventException(
                                        "detail.instance: must be there, as i-0abc")),
                value(event, "region", Region::new),
                value(event, "at", RestoreRequest::time),
                value(event, "image", ImageId::new),
                event.onlyText("policy"),
                flag(event, "replaceRoot")
                        ? Restore.RestoreKind.REPLACE_ROOT
                        : Restore.RestoreKind.LAUNCH,
                wish(event));
    }

    private static RestoreOptions wish(Event event) throws MalformedEventException {
        Map<String, String> tags = texts(event.detail().get("tags"), "detail.tags");
        RestoreOptions.Mapping mapping = mapping(event);
        try {
            return new RestoreOptions(
                    event.onlyText("type"),
                    event.onlyText("subnet"),
                    event.texts("groups"),
                    flag(event, "keepAddress"),
                    tags,
                    mapping,
                    event.onlyText("elasticIp"),
                    event.onlyText("instanceProfile"),
                    flag(event, "noUserData"));
        } catch (IllegalArgumentException wrong) {
            throw new MalformedEventException("detail: " + wrong.getMessage());
        }
    }

    private static <T> Optional<T> value(Event event, String field, Function<String, T> reader)
            throws MalformedEventException {
        Optional<String> text = event.onlyText(field);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(reader.apply(text.get()));
        } catch (IllegalArgumentException wrong) {
            throw new MalformedEventException("detail." + field + ": " + wrong.getMessage());
        }
    }

    /**
     * Reads a time.
     *
     * @throws IllegalArgumentException if the text is not a time
     */
    public static Instant time(String text) {
        try {
            // People tend to leave out the seconds, so they are optional.
            return Instant.parse(
                    text.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\dZ")
                            ? text.replace("Z", ":00Z")
                            : text);
        } catch (DateTimeException notATime) {
            throw new IllegalArgumentException(
                    "not a time: " + Texts.quoted(text) + "; write it as 2026-03-01T02:00:00Z");
        }
    }

    static boolean flag(Event event, String field) throws MalformedEventException {
        Object value = event.detail().get(field);
        if (value != null && !(value instanceof Boolean)) {
            throw new MalformedEventException("detail." + field + ": must be true or false");
        }
        return Boolean.TRUE.equals(value);
    }

    private static RestoreOptions.Mapping mapping(Event event) throws MalformedEventException {
        Object mapping = event.detail().get("mapping");
        if (mapping == null) {
            return RestoreOptions.Mapping.NONE;
        }
        Map<String, Map<String, String>> parts = new LinkedHashMap<>();
        if (!(mapping instanceof Map<?, ?> fields)) {
            throw new MalformedEventException("detail.mapping: must be an object");
        }
        for (Map.Entry<?, ?> field : fields.entrySet()) {
            String place = "detail.mapping." + field.getKey();
            parts.put(String.valueOf(field.getKey()), texts(field.getValue(), place));
        }
        try {
            return RestoreOptions.Mapping.of(parts);
        } catch (IllegalArgumentException wrong) {
            throw new MalformedEventException("detail.mapping: " + wrong.getMessage());
        }
    }

    private static Map<String, String> texts(@Nullable Object value, String place)
            throws MalformedEventException {
        Map<String, String> texts = new LinkedHashMap<>();
        if (value == null) {
            return texts;
        }
        if (!(value instanceof Map<?, ?> fields)) {
            throw new MalformedEventException(place + ": must be an object of texts");
        }
        for (Map.Entry<?, ?> field : fields.entrySet()) {
            if (!(field.getKey() instanceof String name)
                    || !(field.getValue() instanceof String text)) {
                throw new MalformedEventException(place + ": must be an object of texts");
            }
            texts.put(name, text);
        }
        return texts;
    }

    /** What must be the same for two requests to count as one, given this image. */
    public String identity(Image chosen) {
        String same =
                List.of(
                                chosen.region(),
                                chosen.id().orElseThrow(),
                                kind,
                                wish.type(),
                                wish.subnet(),
                                wish.groups(),
                                wish.keepAddress(),
                                new TreeMap<>(wish.tags()),
                                wish.mapping().parts())
                        .toString();
        // These are included only if they are asked for, so that other requests keep the identity
        // that they have always had.
        return same
                + wish.elasticIp().map(ip -> " elastic IP " + ip).orElse("")
                + wish.instanceProfile().map(it -> " instance profile " + it).orElse("")
                + (wish.withoutUserData() ? " without user data" : "");
    }
}
