package dev.amikeeper.queue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The access to the dead-letter queues. Only people look there. */
public final class DeadLetters {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The most messages that SQS returns per call. */
    private static final int MOST = 10;

    /** The wait of a call, in seconds; only a call that waits searches the whole queue. */
    private static final int WAIT = 2;

    /** How long a letter is hidden from others while it is put back, in seconds. */
    private static final int HIDDEN = 120;

    private final Supplier<SqsClient> sqs;
    private final String createQueue;
    private final String copyQueue;
    private final Optional<String> events;

    /** What the queues contain. */
    public enum QueueKind {
        /** Kicks for images to create. */
        CREATE,
        /** Kicks for images to copy. */
        COPY,
        /** Events and ticks. */
        EVENTS
    }

    /**
     * The contents of one queue.
     *
     * @param count approximately how many letters
     * @param letters some of them
     * @param problem why it could not be read; empty if it could
     */
    public record QueueContents(
            QueueKind kind, int count, List<DeadLetter> letters, String problem) {
        public QueueContents {
            letters = List.copyOf(letters);
        }
    }

    /**
     * The dead letters of these queues.
     *
     * @param events the URL of the queue for events, if it is known
     */
    public DeadLetters(
            Supplier<SqsClient> sqs,
            String createQueue,
            String copyQueue,
            Optional<String> events) {
        this.sqs = sqs;
        this.createQueue = createQueue;
        this.copyQueue = copyQueue;
        this.events = events;
    }

    /** Reads a queue and leaves everything in it. */
    public QueueContents look(QueueKind kind) {
        try {
            Optional<String> queue = queue(kind);
            if (queue.isEmpty()) {
                return new QueueContents(
                        kind, 0, List.of(), "not read: EVENT_DEAD_LETTER_QUEUE_URL is not set");
            }
            return new QueueContents(kind, count(queue.get()), receive(queue.get(), 0), "");
        } catch (SdkException error) {
            return new QueueContents(kind, 0, List.of(), "cannot be read: " + error.getMessage());
        }
    }

    /**
     * Receives up to ten letters and hides them from others for two minutes; empty if there are no
     * more.
     *
     * @throws SdkException if the queue cannot be read
     */
    public List<DeadLetter> take(QueueKind kind) {
        return queue(kind).map(queue -> receive(queue, HIDDEN)).orElse(List.of());
    }

    /**
     * Deletes a letter for good.
     *
     * @throws SdkException if it could not be deleted
     */
    public void delete(DeadLetter letter) {
        sqs.get()
                .deleteMessage(
                        delete -> delete.queueUrl(letter.queue()).receiptHandle(letter.receipt()));
    }

    private List<DeadLetter> receive(String queue, int hidden) {
        return sqs
                .get()
                .receiveMessage(receive ->
                        receive.queueUrl(queue)
                                .maxNumberOfMessages(MOST)
                                .waitTimeSeconds(WAIT)
                                .visibilityTimeout(hidden)
                                .messageAttributeNames("All"))
                .messages()
                .stream()
                .map(message -> letter(queue, message))
                .toList();
    }

    private static DeadLetter letter(String queue, Message message) {
        Map<String, String> attributes =
                message.messageAttributes().entrySet().stream()
                        .filter(attribute -> attribute.getValue().stringValue() != null)
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey,
                                        attribute -> attribute.getValue().stringValue()));
        return new DeadLetter(queue, message.receiptHandle(), message.body(), attributes);
    }

    private int count(String queue) {
        Map<QueueAttributeName, String> found =
                attributes(
                        queue,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
        return found.values().stream().mapToInt(Integer::parseInt).sum();
    }

    private Optional<String> queue(QueueKind kind) {
        return switch (kind) {
            case CREATE -> Optional.of(deadLettersOf(createQueue));
            case COPY -> Optional.of(deadLettersOf(copyQueue));
            case EVENTS -> events;
        };
    }

    /** The dead-letter queue that the template gives each queue of kicks. */
    private String deadLettersOf(String queue) {
        String policy =
                attributes(queue, QueueAttributeName.REDRIVE_POLICY)
                        .getOrDefault(QueueAttributeName.REDRIVE_POLICY, "");
        try {
            String arn = JSON.readTree(policy).path("deadLetterTargetArn").asText();
            String name = arn.substring(arn.lastIndexOf(':') + 1);
            return sqs.get().getQueueUrl(get -> get.queueName(name)).queueUrl();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("SQS answers with JSON, not " + policy, e);
        }
    }

    private Map<QueueAttributeName, String> attributes(String queue, QueueAttributeName... names) {
        return sqs.get()
                .getQueueAttributes(get -> get.queueUrl(queue).attributeNames(names))
                .attributes();
    }
}
