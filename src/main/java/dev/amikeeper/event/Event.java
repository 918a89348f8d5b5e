package dev.amikeeper.event;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An event as EventBridge and EventBridge Scheduler deliver it. Scheduler writes an empty {@code
 * detail} as the text {@code "{}"}, EventBridge as an object: both are read.
 */
public record Event(
        String id,
        String source,
        String detailType,
        String account,
        Instant time,
        Region region,
        List<String> resources,
        Map<String, Object> detail) {
    /**
     * So far an event may lie ahead of the function's clock: two clocks are never quite the same.
     */
    public static final Duration AHEAD = Duration.ofMinutes(15);

    public Event {
        resources = List.copyOf(resources);
        detail = Map.copyOf(detail);
    }

    /**
     * Reads an event.
     *
     * @throws MalformedEventException if it has no valid source, time or region
     */
    public static Event of(Map<String, Object> input) throws MalformedEventException {
        return new Event(
                Fields.text(input, "id").orElse(""),
                Fields.needed(input, "source"),
                Fields.text(input, "detail-type").orElse(""),
                Fields.text(input, "account").orElse(""),
                time(Fields.needed(input, "time")),
                region(Fields.needed(input, "region")),
                Fields.texts(input, "resources", "resources"),
                detail(input.get("detail")));
    }

    /**
     * Reads an event whose time is taken for now: one of the future, as a test or a replay sends
     * it, would have everything up to then dealt with.
     *
     * @param clock what the function's own clock says
     * @throws MalformedEventException if it has no valid source, time or region, or is of the
     *     future
     */
    public static Event of(Map<String, Object> input, Instant clock)
            throws MalformedEventException {
        Event event = of(input);
        if (isAhead(event.time(), clock)) {
            throw new MalformedEventException(
                    "time: %s is ahead of this function's clock, which says %s"
                            .formatted(event.time(), clock),
                    "ahead");
        }
        return event;
    }

    /**
     * The time that is taken for now: that of the event, or the clock's if it is no event but a
     * person's call, as with {@code {"dryRun": true}} and nothing else.
     *
     * @param clock what the function's own clock says
     * @throws MalformedEventException as above
     */
    public static Instant now(Map<String, Object> input, Instant clock)
            throws MalformedEventException {
        return input.containsKey("source") || input.containsKey("time")
                ? of(input, clock).time()
                : clock;
    }

    /** Whether a time is of the future, and not merely of another clock. */
    public static boolean isAhead(Instant time, Instant clock) {
        return time.isAfter(clock.plus(AHEAD));
    }

    /** Why this event may order nothing in this account; empty if it may. */
    public Optional<String> foreign(String ours) {
        return account.equals(ours)
                ? Optional.empty()
                : Optional.of(
                        "account: "
                                + (account.isEmpty()
                                        ? "must be there"
                                        : Texts.quoted(account) + " may order nothing here")
                                + "; this stack is account "
                                + ours
                                + "'s");
    }

    /** The text of a field of the detail; empty if there is none. */
    public Optional<String> text(String field) {
        return Fields.text(detail, field);
    }

    /**
     * The text of a field of the detail, empty if there is none; anything but a text is an error.
     */
    public Optional<String> onlyText(String field) throws MalformedEventException {
        return Fields.onlyText(detail, field, "detail." + field);
    }

    /** The texts of a list in the detail. */
    public List<String> texts(String field) throws MalformedEventException {
        return Fields.texts(detail, field, "detail." + field);
    }

    /** The tags in the detail; those without a text are left out. */
    public Map<String, String> tags() {
        return detail.get("tags") instanceof Map<?, ?> tags ? textsOf(tags) : Map.of();
    }

    /** The ids at the end of the resources' ARNs: three layouts occur, the id is always last. */
    public List<String> resourceIds() {
        return resources.stream().map(arn -> arn.substring(arn.lastIndexOf('/') + 1)).toList();
    }

    private static Instant time(String text) throws MalformedEventException {
        try {
            return Instant.parse(text);
        } catch (DateTimeException notATime) {
            throw new MalformedEventException(
                    "time: not a time: "
                            + Texts.quoted(text)
                            + "; it must be as 2026-03-01T02:00:00Z");
        }
    }

    private static Region region(String text) throws MalformedEventException {
        try {
            return new Region(text);
        } catch (IllegalArgumentException notARegion) {
            throw new MalformedEventException("region: " + notARegion.getMessage());
        }
    }

    private static Map<String, Object> detail(@org.jspecify.annotations.Nullable Object detail)
            throws MalformedEventException {
        return switch (detail) {
            case null -> Map.of();
            case Map<?, ?> fields -> objectsOf(fields);
            case String text when text.isBlank() || text.strip().equals("{}") -> Map.of();
            default -> throw new MalformedEventException("detail: must be an object");
        };
    }

    private static Map<String, Object> objectsOf(Map<?, ?> fields) {
        Map<String, Object> objects = new LinkedHashMap<>();
        fields.forEach((key, value) -> {
            if (key instanceof String name && value != null) {
                objects.put(name, value);
            }
        });
        return objects;
    }

    private static Map<String, String> textsOf(Map<?, ?> fields) {
        Map<String, String> texts = new LinkedHashMap<>();
        fields.forEach((key, value) -> {
            if (key instanceof String name && value instanceof String text) {
                texts.put(name, text);
            }
        });
        return texts;
    }
}
