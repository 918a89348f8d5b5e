package dev.amikeeper.event;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
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
 * The news that a Region may have work. It carries nothing else: the catalogue says what there is
 * to do.
 *
 * @param messageId the id of the message that brought it, for the answer to SQS
 * @param at the time of the event that led to it, which the worker uses as the current time; a kick
 *     sent by hand may have none
 */
public record Kick(String messageId, Region region, Optional<Instant> at) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The contents of a batch of messages. */
    public record Batch(List<Kick> kicks, List<String> malformed) {
        public Batch {
            kicks = List.copyOf(kicks);
            malformed = List.copyOf(malformed);
        }
    }

    /** Returns the message body of a kick. */
    public static String body(Region region, Instant at) {
        return "{\"region\":\"" + region + "\",\"at\":\"" + at + "\"}";
    }

    /**
     * Reads the messages that SQS delivers to a function, and explains what is wrong with those
     * that are not kicks.
     *
     * @param input null if a function was called without an event
     * @throws MalformedEventException if this is not a delivery from SQS
     */
    public static Batch batch(@Nullable SQSEvent input) throws MalformedEventException {
        if (input == null || input.getRecords() == null) {
            throw new MalformedEventException("Records: must be present, as SQS delivers them");
        }
        List<Kick> kicks = new ArrayList<>();
        List<String> malformed = new ArrayList<>();
        for (SQSMessage message : input.getRecords()) {
            if (message.getMessageId() == null || message.getBody() == null) {
                malformed.add("Records: a message must have a messageId and a body");
                continue;
            }
            of(message)
                    .ifPresentOrElse(
                            kicks::add,
                            () ->
                                    malformed.add(
                                            "body: a kick must look like"
                                                    + " {\"region\":\"us-west-2\"}, not "
                                                    + Texts.quoted(message.getBody())));
        }
        return new Batch(kicks, malformed);
    }

    private static Optional<Kick> of(SQSMessage message) {
        Optional<Instant> sent = sent(message.getAttributes());
        return of(message.getMessageId(), message.getBody())
                .map(kick ->
                        kick.at.isPresent() ? kick : new Kick(kick.messageId, kick.region, sent));
    }

    /** Reads a kick from the body of a message; empty if it is not one. */
    public static Optional<Kick> of(String messageId, String body) {
        try {
            JsonNode fields = JSON.readTree(body);
            JsonNode at = fields.path("at");
            return Optional.of(
                    new Kick(
                            messageId,
                            new Region(fields.path("region").asText()),
                            at.isTextual()
                                    ? Optional.of(Instant.parse(at.asText()))
                                    : Optional.empty()));
        } catch (IllegalArgumentException | DateTimeException | JsonProcessingException notAKick) {
            return Optional.empty();
        }
    }

    /** SQS's own timestamp, in milliseconds, for a kick sent by hand without a time. */
    private static Optional<Instant> sent(@Nullable Map<String, String> attributes) {
        return Optional.ofNullable(attributes)
                .map(fields -> fields.get("SentTimestamp"))
                .filter(millis -> millis.matches("\\d{1,15}"))
                .map(millis -> Instant.ofEpochMilli(Long.parseLong(millis)));
    }
}
