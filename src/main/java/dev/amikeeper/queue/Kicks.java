package dev.amikeeper.queue;

import dev.amikeeper.event.Handover;
import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The access to the two FIFO queues. There is one message group per account and Region, hence one
 * worker at a time. Each kick has its own deduplication id. Otherwise SQS might drop it as a
 * duplicate of an older kick, whose worker had already missed the new work.
 */
public final class Kicks {
    private static final Logger log = LoggerFactory.getLogger(Kicks.class);

    /** A Region stands still for minutes if its kick cannot be hidden for less. */
    private static final int HOLD_TRIES = 3;

    private final Supplier<SqsClient> sqs;
    private final String createQueue;
    private final String copyQueue;
    private final String account;

    public Kicks(Supplier<SqsClient> sqs, String createQueue, String copyQueue, String account) {
        this.sqs = sqs;
        this.createQueue = createQueue;
        this.copyQueue = copyQueue;
        this.account = account;
    }

    /** Announces that intents may be waiting in this Region. */
    public void create(Region region, Instant at) {
        kick(createQueue, region, at, Handover.NONE);
    }

    /** Announces that copies to this Region may be waiting. */
    public void copy(Region region, Instant at) {
        kick(copyQueue, region, at, Handover.NONE);
    }

    /** The queue whose kicks wake the worker that creates images. */
    public WorkerQueue forCreation() {
        return new WorkerQueue(createQueue);
    }

    /** The queue whose kicks wake the worker that copies images. */
    public WorkerQueue forCopies() {
        return new WorkerQueue(copyQueue);
    }

    /** The queue from which a worker takes its kicks. */
    public final class WorkerQueue {
        private final String queue;

        private WorkerQueue(String queue) {
            this.queue = queue;
        }

        /**
         * Kicks the next worker of this Region and tells it something.
         *
         * @return false if the kick was lost
         */
        public boolean kick(Region region, Instant at, Handover handover) {
            return Kicks.this.kick(queue, region, at, handover);
        }

        /**
         * Hides a kick that this worker was given, so that SQS delivers it again after this time.
         * Until then SQS delivers no other kick of the same Region, because a FIFO queue delivers
         * no message of a group while another one of it is in flight. The answer to SQS must name
         * the kick as failed, or it is deleted.
         *
         * <p>If SQS does not do this, the kick comes again when the queue's visibility timeout
         * ends.
         *
         * @param time whole seconds; SQS allows up to 12 hours
         * @see <a
         *     href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html">ChangeMessageVisibility</a>
         * @see <a
         *     href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html">FIFO
         *     queue delivery logic</a>
         */
        public void hold(Kick kick, Duration time) {
            SdkException last = null;
            for (int tried = 1; tried <= HOLD_TRIES; tried++) {
                try {
                    sqs.get()
                            .changeMessageVisibility(change ->
                                    change.queueUrl(queue)
                                            .receiptHandle(kick.delivery().receipt())
                                            .visibilityTimeout((int) time.toSeconds()));
                    return;
                } catch (SdkException refused) {
                    last = refused;
                }
            }
            log.warn("{}: a kick comes again at its visibility timeout: {}", kick.region(), last);
        }
    }

    /**
     * Sends a kick and never fails: no work is lost with a kick, because the sweep sees what waits.
     */
    private boolean kick(String queue, Region region, Instant at, Handover handover) {
        try {
            sqs.get()
                    .sendMessage(message ->
                            message.queueUrl(queue)
                                    .messageBody(Kick.body(region, at, handover))
                                    .messageGroupId(account + "/" + region)
                                    .messageDeduplicationId(UUID.randomUUID().toString()));
            return true;
        } catch (SdkException lost) {
            log.warn(
                    "the kick for {} was lost, the next sweep repeats it: {}",
                    region,
                    lost.getMessage());
            return false;
        }
    }
}
