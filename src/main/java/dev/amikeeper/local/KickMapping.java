package dev.amikeeper.local;

import static java.util.stream.Collectors.groupingBy;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.stream.Collectors;

/**
 * Lambda's event source mapping of a FIFO queue: batches of one group, one at a time for each
 * group, and not more at once than its maximum concurrency. A message that its function names as
 * failed stays in the queue, hidden as long as its visibility says.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html">Scaling
 *     behavior for SQS event source mappings</a>
 */
final class KickMapping {
    private static final Duration AFTER_ERROR = Duration.ofSeconds(1);

    private final SimulatedCloud cloud;
    private final SimulatedSqs sqs;
    private final String function;
    private final String queue;
    private final int mostAtOnce;
    private final Queue<List<Message>> received = new ArrayDeque<>();
    private Instant pollAt = Instant.MIN;
    private int running;

    KickMapping(
            SimulatedCloud cloud, SimulatedSqs sqs, String function, String queue, int mostAtOnce) {
        this.cloud = cloud;
        this.sqs = sqs;
        this.function = function;
        this.queue = queue;
        this.mostAtOnce = mostAtOnce;
    }

    String function() {
        return function;
    }

    /** When a batch can be taken; empty if there is none, or if enough are under way. */
    Optional<Instant> next() {
        if (running >= mostAtOnce) {
            return Optional.empty();
        }
        if (!received.isEmpty()) {
            return Optional.of(cloud.now());
        }
        return sqs.nextVisible(queue).map(at -> at.isAfter(pollAt) ? at : pollAt);
    }

    /** Takes a batch, which counts as under way until {@link #end}; empty if there is none now. */
    Optional<List<Message>> take() {
        if (next().filter(at -> !at.isAfter(cloud.now())).isEmpty()) {
            return Optional.empty();
        }
        if (received.isEmpty()) {
            received.addAll(
                    receive().stream()
                            .collect(
                                    groupingBy(
                                            message ->
                                                    message.attributes()
                                                            .getOrDefault(
                                                                    MessageSystemAttributeName
                                                                            .MESSAGE_GROUP_ID,
                                                                    ""),
                                            LinkedHashMap::new,
                                            Collectors.toList()))
                            .values());
        }
        Optional<List<Message>> batch = Optional.ofNullable(received.poll());
        running += batch.isPresent() ? 1 : 0;
        return batch;
    }

    /** A batch ended; these of its messages are done. */
    void end(List<Message> done) {
        running--;
        for (Message message : new ArrayList<>(done)) {
            try {
                sqs.deleteMessage(
                        delete -> delete.queueUrl(queue).receiptHandle(message.receiptHandle()));
            } catch (SdkException | CallerKilled notNow) {
                // The message is delivered again.
            }
        }
    }

    private List<Message> receive() {
        try {
            return sqs.receiveMessage(receive ->
                            receive.queueUrl(queue)
                                    .maxNumberOfMessages(LocalLambda.MESSAGES_A_BATCH)
                                    .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
                    .messages();
        } catch (SdkException | CallerKilled notNow) {
            pollAt = cloud.now().plus(AFTER_ERROR);
            return List.of();
        }
    }
}
