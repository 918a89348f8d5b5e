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
 * The door to the two FIFO queues. One message group per account and Region, hence one worker at a
 * time. Each kick has a deduplication id of its own: merged with an older one it could be the one
 * that came after the work it announces was missed.
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

    /** Says that intents may wait in this Region. */
    public void create(Region region, Instant at) {
        kick(createQueue, region, at);
    }

    /** Says that copies to this Region may wait. */
    public void copy(Region region, Instant at) {
        kick(copyQueue, region, at);
    }

    /** A lost kick is not lost work: the sweep sees what waits. So this never fails. */
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
