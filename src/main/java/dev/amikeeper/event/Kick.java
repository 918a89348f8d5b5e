package dev.amikeeper.event;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The news that a Region may have work. It carries no work: the catalogue says what there is to do.
 *
 * @param messageId the id of the message that brought it, for the answer to SQS
 * @param at the time of the event that led to it, which the worker uses as the current time; a kick
 *     sent by hand may have none
 * @param handover what the worker before tells this one; only workers' own kicks have something
 */
public record Kick(
        String messageId,
        Region region,
        Optional<Instant> at,
        Handover handover,
        Delivery delivery) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A kick that says no more than that there may be work. */
    public Kick(String messageId, Region region, Optional<Instant> at) {
        this(messageId, region, at, Handover.NONE, Delivery.FIRST);
    }

    /**
     * How SQS delivered it.
     *
     * @param receipt the receipt handle of this delivery; empty if SQS gave none
     * @param receives how often it was delivered, including this time
     */
    public record Delivery(String receipt, int receives) {
        /** A first delivery of which nothing else is known. */
        static final Delivery FIRST = new Delivery("", 1);
    }

    /** The contents of a batch of messages. */
    public record Batch(List<Kick> kicks, List<String> malformed) {
        public Batch {
            kicks = List.copyOf(kicks);
            malformed = List.copyOf(malformed);
        }
    }

    /** Returns the message body of a kick. */
    public static String body(Region region, Instant at) {
        return body(region, at, Handover.NONE);
    }

    /** Returns the message body of a worker's kick to the next worker. */
    public static String body(Region region, Instant at, Handover handover) {
        ObjectNode body = JSON.createObjectNode();
        body.put("region", region.name()).put("at", at.toString());
        handover.write(body);
        return body.toString();
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
        Delivery delivery =
                new Delivery(
                        Objects.requireNonNullElse(message.getReceiptHandle(), ""),
                        receives(message.getAttributes()));
        return of(message.getMessageId(), message.getBody())
                .map(kick ->
                        new Kick(
                                kick.messageId,
                                kick.region,
                                kick.at.or(() -> sent),
                                kick.handover,
                                delivery));
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
                                    : Optional.empty(),
                            at.isTextual() ? Handover.read(fields) : Handover.NONE,
                            Delivery.FIRST));
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

    private static int receives(@Nullable Map<String, String> attributes) {
        return Optional.ofNullable(attributes)
                .map(fields -> fields.get("ApproximateReceiveCount"))
                .filter(count -> count.matches("\\d{1,6}"))
                .map(Integer::parseInt)
                .orElse(1);
    }
}
