package dev.amikeeper.queue;

import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;

import java.time.Instant;
import java.util.UUID;

/**
 * The access to the two FIFO queues. There is one message group per account and Region, hence one
 * worker at a time. Each kick has its own deduplication id. Otherwise SQS might drop it as a
 * duplicate of an older kick, whose worker had already missed the new work.
 */
public final class Kicks {
    private static final Logger log = LoggerFactory.getLogger(Kicks.class);

    private final SqsClient sqs;
    private final String createQueue;
    private final String copyQueue;
    private final String account;

    public Kicks(SqsClient sqs, String createQueue, String copyQueue, String account) {
        this.sqs = sqs;
        this.createQueue = createQueue;
        this.copyQueue = copyQueue;
        this.account = account;
    }

    /** Announces that intents may be waiting in this Region. */
    public void create(Region region, Instant at) {
        kick(createQueue, region, at);
    }

    /** Announces that copies to this Region may be waiting. */
    public void copy(Region region, Instant at) {
        kick(copyQueue, region, at);
    }

    /**
     * Sends a kick and never fails: no work is lost with a kick, because the sweep sees what waits.
     */
    private void kick(String queue, Region region, Instant at) {
        try {
            sqs.sendMessage(message ->
                    message.queueUrl(queue)
                            .messageBody(Kick.body(region, at))
                            .messageGroupId(account + "/" + region)
                            .messageDeduplicationId(UUID.randomUUID().toString()));
        } catch (SdkException lost) {
            log.warn(
                    "the kick for {} was lost, the next sweep repeats it: {}",
                    region,
                    lost.getMessage());
        }
    }
}
