package dev.amikeeper.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The news that a Region may have work. It carries nothing else: what there is to do stands in the
 * catalogue.
 *
 * @param messageId names the message that brought it, for the answer to SQS
 * @param at the time of the event that led to it, which is the worker's "now"; a kick sent by hand
 *     may have none
 */
public record Kick(String messageId, Region region, Optional<Instant> at) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a batch of messages holds. */
    public record Batch(List<Kick> kicks, List<String> malformed) {
        public Batch {
            kicks = List.copyOf(kicks);
            malformed = List.copyOf(malformed);
        }
    }

    /** The body of a kick's message. */
    public static String body(Region region, Instant at) {
        return "{\"region\":\"" + region + "\",\"at\":\"" + at + "\"}";
    }

    /**
     * Reads the messages that SQS delivers to a function; of those that are no kicks it says why.
     *
     * @throws MalformedEventException if this is no delivery of SQS
     */
    public static Batch batch(Map<String, Object> input) throws MalformedEventException {
        if (!(input.get("Records") instanceof List<?> records)) {
            throw new MalformedEventException("Records: must be there, as SQS delivers them");
        }
        List<Kick> kicks = new ArrayList<>();
        List<String> malformed = new ArrayList<>();
        for (Object message : records) {
            if (message instanceof Map<?, ?> fields
                    && fields.get("messageId") instanceof String id
                    && fields.get("body") instanceof String body) {
                try {
                    kicks.add(kick(id, body, fields.get("attributes")));
                } catch (IllegalArgumentException
                        | DateTimeException
                        | JsonProcessingException notAKick) {
                    malformed.add(
                            "body: a kick must be as {\"region\":\"us-west-2\"}, not "
                                    + Texts.quoted(body));
                }
            } else {
                malformed.add("Records: a message must have a messageId and a body");
            }
        }
        return new Batch(kicks, malformed);
    }

    private static Kick kick(String messageId, String body, @Nullable Object attributes)
            throws JsonProcessingException {
        JsonNode fields = JSON.readTree(body);
        JsonNode at = fields.path("at");
        return new Kick(
                messageId,
                new Region(fields.path("region").asText()),
                at.isTextual() ? Optional.of(Instant.parse(at.asText())) : sent(attributes));
    }

    /** SQS's own time stamp, in milliseconds, where a kick sent by hand has no time. */
    private static Optional<Instant> sent(@Nullable Object attributes) {
        return attributes instanceof Map<?, ?> fields
                        && fields.get("SentTimestamp") instanceof String millis
                        && millis.matches("\\d{1,15}")
                ? Optional.of(Instant.ofEpochMilli(Long.parseLong(millis)))
                : Optional.empty();
    }
}
