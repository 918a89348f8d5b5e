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
 * detail} as the text {@code "{}"}, EventBridge as an object; both are accepted.
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
     * How far an event may be ahead of the function's clock, because two clocks never quite agree.
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
     * Reads an event whose time is used as the current time. An event from the future, for example
     * from a test or a replay, is refused: everything until then would count as done.
     *
     * @param clock the time of the function's own clock
     * @throws MalformedEventException if it has no valid source, time or region, or is from the
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
     * Returns the time to use as the current time: the event's or, if a person calls the function
     * without an event, for example with just {@code {"dryRun": true}}, the clock's.
     *
     * @param clock the time of the function's own clock
     * @throws MalformedEventException if the event has no valid source, time or region, or is from
     *     the future
     */
    public static Instant now(Map<String, Object> input, Instant clock)
            throws MalformedEventException {
        return input.containsKey("source") || input.containsKey("time")
                ? of(input, clock).time()
                : clock;
    }

    /** Whether a time is in the future by more than clocks may differ. */
    public static boolean isAhead(Instant time, Instant clock) {
        return time.isAfter(clock.plus(AHEAD));
    }

    /** What this event orders; empty if it is not an order. */
    public Optional<OrderKind> order() {
        return OrderKind.of(source, detailType);
    }

    /** Whether this event is an order of this kind. */
    public boolean orders(OrderKind kind) {
        return order().equals(Optional.of(kind));
    }

    /** Why this event must not order anything in this account; empty if it may. */
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

    /** Returns the text of a field of the detail; empty if there is none. */
    public Optional<String> text(String field) {
        return Fields.text(detail, field);
    }

    /**
     * Returns the text of a field of the detail; empty if there is none. Anything other than a text
     * is an error.
     */
    public Optional<String> onlyText(String field) throws MalformedEventException {
        return Fields.onlyText(detail, field, "detail." + field);
    }

    /** Returns the texts of a list in the detail. */
    public List<String> texts(String field) throws MalformedEventException {
        return Fields.texts(detail, field, "detail." + field);
    }

    /** Returns the tags in the detail; those whose value is not a text are left out. */
    public Map<String, String> tags() {
        return detail.get("tags") instanceof Map<?, ?> tags ? textsOf(tags) : Map.of();
    }

    /**
     * Returns the ids at the end of the resources' ARNs. There are three layouts of ARNs; the id is
     * always last.
     */
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
                            + "; it must look like 2026-03-01T02:00:00Z");
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
