package dev.amikeeper.local;

import dev.amikeeper.local.SimulatedQueue.Redrive;

import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityRequest;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityResponse;
import software.amazon.awssdk.services.sqs.model.DeleteMessageRequest;
import software.amazon.awssdk.services.sqs.model.DeleteMessageResponse;
import software.amazon.awssdk.services.sqs.model.GetQueueAttributesRequest;
import software.amazon.awssdk.services.sqs.model.GetQueueAttributesResponse;
import software.amazon.awssdk.services.sqs.model.GetQueueUrlRequest;
import software.amazon.awssdk.services.sqs.model.GetQueueUrlResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageResponse;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * SQS in one Region: standard queues, and FIFO queues, whose names end in {@code .fifo}. Receiving
 * never waits, because only the owner of the cloud moves its clock.
 */
public final class SimulatedSqs implements SqsClient {
    private static final Calls.Errors ERRORS = new SqsErrors();
    private static final int MOST_AT_ONCE = 10;

    private final String region;
    private final CloudCore core;
    private final Calls calls;
    private final Map<String, SimulatedQueue> queues = new HashMap<>();

    SimulatedSqs(String region, CloudCore core, Calls calls) {
        this.region = region;
        this.core = core;
        this.calls = calls;
    }

    /**
     * Adds a queue without a dead-letter queue.
     *
     * @return its URL
     */
    public String addQueue(String name, Duration visibility) {
        return add(name, visibility, Optional.empty());
    }

    /**
     * Adds a queue that moves a message to another queue after this many receipts.
     *
     * @return its URL
     */
    public String addQueue(
            String name, Duration visibility, String deadLettersUrl, int maxReceives) {
        return add(name, visibility, Optional.of(new Redrive(queue(deadLettersUrl), maxReceives)));
    }

    /** How many messages a queue holds, including those in flight. */
    public int size(String queueUrl) {
        return calls.alone(() -> queue(queueUrl).size());
    }

    /** When the next message of a queue can be received; empty if there is none. */
    public Optional<Instant> nextVisible(String queueUrl) {
        return calls.alone(() -> queue(queueUrl).nextVisible(core.timeline().instant()));
    }

    @Override
    public GetQueueUrlResponse getQueueUrl(GetQueueUrlRequest request) {
        String url = url(request.queueName());
        return call(
                "GetQueueUrl",
                () -> {
                    queue(url);
                    return GetQueueUrlResponse.builder().queueUrl(url).build();
                });
    }

    /**
     * The attributes that the request asks for, of those that say how many messages there are and
     * where they go.
     */
    @Override
    public GetQueueAttributesResponse getQueueAttributes(GetQueueAttributesRequest request) {
        return call(
                "GetQueueAttributes",
                () -> {
                    SimulatedQueue queue = queue(request.queueUrl());
                    Map<QueueAttributeName, String> found = new EnumMap<>(QueueAttributeName.class);
                    int hidden = queue.hidden(core.timeline().instant());
                    found.put(
                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                            "" + (queue.size() - hidden));
                    found.put(
                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE,
                            "" + hidden);
                    queue.redrive()
                            .ifPresent(
                                    to -> found.put(QueueAttributeName.REDRIVE_POLICY, policy(to)));
                    found.keySet().retainAll(request.attributeNames());
                    return GetQueueAttributesResponse.builder().attributes(found).build();
                });
    }

    private String policy(Redrive redrive) {
        String url =
                queues.entrySet().stream()
                        .filter(queue -> queue.getValue() == redrive.deadLetters())
                        .findFirst()
                        .orElseThrow()
                        .getKey();
        return "{\"deadLetterTargetArn\":\"arn:aws:sqs:%s:%s:%s\",\"maxReceiveCount\":%d}"
                .formatted(
                        region,
                        core.account(),
                        url.substring(url.lastIndexOf('/') + 1),
                        redrive.maxReceives());
    }

    /** Lets another service of the cloud send a message to a standard queue. */
    void deliver(String queueUrl, String body) {
        calls.alone(() ->
                queue(queueUrl)
                        .send(
                                core.ids().uuid(),
                                body,
                                null,
                                null,
                                Duration.ZERO,
                                core.timeline().instant()));
    }

    @Override
    public SendMessageResponse sendMessage(SendMessageRequest request) {
        int delay = request.delaySeconds() == null ? 0 : request.delaySeconds();
        return call(
                "SendMessage",
                () -> {
                    String id =
                            queue(request.queueUrl())
                                    .send(
                                            core.ids().uuid(),
                                            request.messageBody(),
                                            request.messageGroupId(),
                                            request.messageDeduplicationId(),
                                            Duration.ofSeconds(delay),
                                            core.timeline().instant());
                    return SendMessageResponse.builder().messageId(id).build();
                });
    }

    @Override
    public ReceiveMessageResponse receiveMessage(ReceiveMessageRequest request) {
        int most = request.maxNumberOfMessages() == null ? 1 : request.maxNumberOfMessages();
        Optional<Duration> hiddenFor =
                Optional.ofNullable(request.visibilityTimeout()).map(Duration::ofSeconds);
        return call(
                "ReceiveMessage",
                () -> {
                    if (most < 1 || most > MOST_AT_ONCE) {
                        throw SqsErrors.invalidValue(
                                "MaxNumberOfMessages must be between 1 and " + MOST_AT_ONCE);
                    }
                    List<Message> received =
                            queue(request.queueUrl())
                                    .receive(most, hiddenFor, core.timeline().instant());
                    return ReceiveMessageResponse.builder()
                            .messages(received.stream().map(m -> asked(m, request)).toList())
                            .build();
                });
    }

    @Override
    public DeleteMessageResponse deleteMessage(DeleteMessageRequest request) {
        return call(
                "DeleteMessage",
                () -> {
                    queue(request.queueUrl())
                            .delete(request.receiptHandle(), core.timeline().instant());
                    return DeleteMessageResponse.builder().build();
                });
    }

    @Override
    public ChangeMessageVisibilityResponse changeMessageVisibility(
            ChangeMessageVisibilityRequest request) {
        return call(
                "ChangeMessageVisibility",
                () -> {
                    queue(request.queueUrl())
                            .hide(
                                    request.receiptHandle(),
                                    Duration.ofSeconds(request.visibilityTimeout()),
                                    core.timeline().instant());
                    return ChangeMessageVisibilityResponse.builder().build();
                });
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    private String add(String name, Duration visibility, Optional<Redrive> redrive) {
        SimulatedQueue queue = new SimulatedQueue(name.endsWith(".fifo"), visibility, redrive);
        return calls.alone(() -> {
            queues.put(url(name), queue);
            return url(name);
        });
    }

    private String url(String name) {
        return "https://sqs.%s.amazonaws.com/%s/%s".formatted(region, core.account(), name);
    }

    private SimulatedQueue queue(String url) {
        SimulatedQueue queue = queues.get(url);
        if (queue == null) {
            throw SqsErrors.noQueue();
        }
        return queue;
    }

    private <T> T call(String action, Supplier<T> work) {
        return calls.run(new Calls.Action(action, region), Optional.empty(), ERRORS, work);
    }

    /** A message shows only the attributes that the request asks for. */
    private static Message asked(Message message, ReceiveMessageRequest request) {
        Set<MessageSystemAttributeName> names = EnumSet.noneOf(MessageSystemAttributeName.class);
        names.addAll(request.messageSystemAttributeNames());
        if (names.contains(MessageSystemAttributeName.ALL)) {
            return message;
        }
        Map<MessageSystemAttributeName, String> shown = new HashMap<>(message.attributes());
        shown.keySet().retainAll(names);
        return message.toBuilder().attributes(shown).build();
    }
}
