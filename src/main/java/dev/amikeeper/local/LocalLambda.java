package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.FunctionReport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Lambda in one Region: calls functions, retries, counts the calls, sums the metrics, and keeps the
 * events on which a function failed to the last try.
 */
final class LocalLambda {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Logger log = LoggerFactory.getLogger(LocalDeployment.class);
    static final int EVENT_TRIES = 3;
    static final int MESSAGES_A_BATCH = 10;

    private final SimulatedCloud cloud;
    private final SimulatedSqs sqs;
    private final String home;
    private final String deadEvents;
    private final SortedMap<String, Integer> invocations = new TreeMap<>();
    private final SortedMap<String, Integer> metrics = new TreeMap<>();
    private final List<LocalDeployment.UndeliveredEvent> deadLetters = new ArrayList<>();
    private int requests;

    /**
     * Starts without any calls.
     *
     * @param deadEvents the queue of the events on which a function failed to the last try
     */
    LocalLambda(SimulatedCloud cloud, String home, String deadEvents) {
        this.cloud = cloud;
        this.home = home;
        this.deadEvents = deadEvents;
        sqs = cloud.sqs(home);
    }

    /** How often each function was called. */
    SortedMap<String, Integer> invocations() {
        return new TreeMap<>(invocations);
    }

    /** The sums of all reports' counts, as {@code CopyImageFunction.started}. */
    SortedMap<String, Integer> metrics() {
        return new TreeMap<>(metrics);
    }

    /** The events on which functions failed to the last try. */
    List<LocalDeployment.UndeliveredEvent> deadLetters() {
        return List.copyOf(deadLetters);
    }

    /** Calls a function with an event, up to three times. */
    void retried(
            String function,
            RequestHandler<Map<String, Object>, ? extends FunctionReport<?>> handler,
            Map<String, Object> event) {
        for (int tried = 1; ; tried++) {
            count(function);
            try {
                measured(function, handler.handleRequest(event, context(function)));
                return;
            } catch (RuntimeException | CallerKilled crashed) {
                if (tried == EVENT_TRIES) {
                    String error = String.valueOf(crashed);
                    deadLetters.add(new LocalDeployment.UndeliveredEvent(function, event, error));
                    sqs.deliver(
                            deadEvents,
                            failure(
                                    arn(function),
                                    "request-" + requests,
                                    cloud.now(),
                                    event,
                                    error));
                    return;
                }
            }
        }
    }

    interface Worker {
        List<BatchItemFailure> work(SQSEvent event, Context context);
    }

    /**
     * Delivers messages; false if there are none. A message that fails becomes visible again after
     * the timeout.
     */
    boolean deliver(String function, String queue, Worker worker) {
        List<Message> messages = receive(queue);
        if (messages.isEmpty()) {
            return false;
        }
        count(function);
        List<BatchItemFailure> failures;
        try {
            SQSEvent event = new SQSEvent();
            event.setRecords(messages.stream().map(LocalLambda::sqsMessage).toList());
            failures = worker.work(event, context(function));
        } catch (RuntimeException | CallerKilled crashed) {
            return true;
        }
        for (Message message : messages) {
            if (!failures.contains(new BatchItemFailure(message.messageId()))) {
                delete(queue, message);
            }
        }
        return true;
    }

    /** If a call fails, Lambda's poller simply asks again. */
    private List<Message> receive(String queue) {
        try {
            return sqs.receiveMessage(receive ->
                            receive.queueUrl(queue)
                                    .maxNumberOfMessages(MESSAGES_A_BATCH)
                                    .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
                    .messages();
        } catch (SdkException | CallerKilled notNow) {
            return List.of();
        }
    }

    /** A message that cannot be deleted is delivered again. */
    private void delete(String queue, Message message) {
        try {
            sqs.deleteMessage(
                    delete -> delete.queueUrl(queue).receiptHandle(message.receiptHandle()));
        } catch (SdkException | CallerKilled notNow) {
            log.info("a message stays in {}: {}", queue, notNow.getMessage());
        }
    }

    static SQSMessage sqsMessage(Message message) {
        SQSMessage delivered = new SQSMessage();
        delivered.setMessageId(message.messageId());
        delivered.setReceiptHandle(message.receiptHandle());
        delivered.setBody(message.body());
        delivered.setAttributes(message.attributesAsStrings());
        delivered.setEventSource("aws:sqs");
        return delivered;
    }

    /**
     * How Lambda describes an event on which a function failed to the last try.
     *
     * @param arn of the function
     */
    static String failure(
            String arn, String requestId, Instant now, Map<String, Object> event, String error) {
        try {
            return JSON.writeValueAsString(
                    Map.of(
                            "version",
                            "1.0",
                            "timestamp",
                            now.toString(),
                            "requestContext",
                            Map.of(
                                    "requestId",
                                    requestId,
                                    "functionArn",
                                    arn,
                                    "condition",
                                    "RetriesExhausted",
                                    "approximateInvokeCount",
                                    EVENT_TRIES),
                            "requestPayload",
                            event,
                            "responseContext",
                            Map.of(
                                    "statusCode",
                                    200,
                                    "executedVersion",
                                    "$LATEST",
                                    "functionError",
                                    "Unhandled"),
                            "responsePayload",
                            Map.of("errorMessage", error)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an event is plain JSON", e);
        }
    }

    String arn(String function) {
        return arn(home, function);
    }

    static String arn(String region, String function) {
        return "arn:aws:lambda:%s:%s:function:%s:$LATEST"
                .formatted(region, SimulatedCloud.ACCOUNT, function);
    }

    /** What Lambda tells a function about one call. */
    Context context(String function) {
        return new LocalContext(function, "request-" + ++requests);
    }

    void count(String function) {
        invocations.merge(function, 1, Integer::sum);
    }

    /** Adds a report's counts to the metrics, as {@code Invocation} sends them. */
    <R extends FunctionReport<?>> R measured(String function, R report) {
        report.counts()
                .forEach(
                        (name, count) -> metrics.merge(function + "." + name, count, Integer::sum));
        return report;
    }
}
