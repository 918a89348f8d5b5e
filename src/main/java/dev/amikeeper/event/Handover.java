package dev.amikeeper.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a worker tells the next worker of its Region in a kick. It may be lost, doubled or late: a
 * worker that does not have it makes a call or two that EC2 refuses.
 *
 * @param tokens how many tokens each call's bucket held at the time of the kick, by the call's
 *     name, as {@code CopyImage}
 * @param ceiling a limit that EC2 showed
 */
public record Handover(Map<String, Double> tokens, Optional<Ceiling> ceiling) {
    /** Nothing to tell. */
    public static final Handover NONE = new Handover(Map.of(), Optional.empty());

    public Handover {
        tokens = Map.copyOf(tokens);
    }

    /**
     * A limit on copies under way that is lower than the setting, for a while.
     *
     * @param copies how many copies may be under way
     */
    public record Ceiling(int copies, Instant until) {}

    /** Adds this to the body of a kick. */
    void write(ObjectNode body) {
        if (!tokens.isEmpty()) {
            ObjectNode levels = body.putObject("tokens");
            // Tenths are exact enough, and are rounded down so that nobody spends what is not
            // there.
            new TreeMap<>(tokens)
                    .forEach((call, held) -> levels.put(call, Math.floor(held * 10) / 10));
        }
        ceiling.ifPresent(limit ->
                body.putObject("limit")
                        .put("copies", limit.copies)
                        .put("until", limit.until.toString()));
    }

    /** Reads it from the body of a kick. What cannot be read is left out. */
    static Handover read(JsonNode body) {
        Map<String, Double> tokens = new TreeMap<>();
        body.path("tokens")
                .properties()
                .forEach(level -> {
                    double held = level.getValue().asDouble(Double.NaN);
                    if (level.getValue().isNumber() && Double.isFinite(held)) {
                        tokens.put(level.getKey(), held);
                    }
                });
        return new Handover(tokens, ceiling(body.path("limit")));
    }

    private static Optional<Ceiling> ceiling(JsonNode limit) {
        int copies = limit.path("copies").asInt(-1);
        if (!limit.path("copies").isInt() || copies < 0 || !limit.path("until").isTextual()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Ceiling(copies, Instant.parse(limit.path("until").asText())));
        } catch (DateTimeException noTime) {
            return Optional.empty();
        }
    }
}
