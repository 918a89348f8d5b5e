package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One queue, standard or FIFO.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html">FIFO
 *     queue delivery logic</a>
 */
final class SimulatedQueue {
    private static final Duration DEDUPLICATION = Duration.ofMinutes(5);

    private final boolean fifo;
    private final Duration visibility;
    private final Optional<Redrive> redrive;
    private final List<Held> messages = new ArrayList<>();
    private final Map<String, Sent> sentByDeduplicationId = new HashMap<>();
    private long sequence;

    SimulatedQueue(boolean fifo, Duration visibility, Optional<Redrive> redrive) {
        this.fifo = fifo;
        this.visibility = visibility;
        this.redrive = redrive;
    }

    /** Moves a message there, instead of delivering it again, once it was received this often. */
    record Redrive(SimulatedQueue deadLetters, int maxReceives) {}

    private record Sent(String messageId, Instant at) {}

    /** A message and its state. */
    private record Held(
            String id,
            String body,
            String group,
            String deduplicationId,
            long sequence,
            Instant sentAt,
            Instant visibleAt,
            int receives) {
        /** Changes with each receipt, so that an old handle differs from the newest. */
        String handle() {
            return id + "#" + receives;
        }

        boolean isHidden(Instant now) {
            return visibleAt.isAfter(now);
        }

        boolean isInFlight(Instant now) {
            return receives > 0 && isHidden(now);
        }

        Held received(Instant until) {
            return new Held(
                    id, body, group, deduplicationId, sequence, sentAt, until, receives + 1);
        }

        Held visibleAt(Instant then) {
            return new Held(id, body, group, deduplicationId, sequence, sentAt, then, receives);
        }

        Held dead(Instant now) {
            return new Held(id, body, group, deduplicationId, sequence, sentAt, now, 0);
        }
    }

    /**
     * Adds a message, unless one with the same deduplication id was added within 5 minutes.
     *
     * @return the id of the message, or of the earlier one
     */
    String send(
            String id,
            String body,
            @Nullable String group,
            @Nullable String deduplicationId,
            Duration delay,
            Instant now) {
        if (!fifo) {
            keep(id, body, id, "", now, delay);
            return id;
        }
        if (group == null) {
            throw SqsErrors.missing("MessageGroupId");
        }
        if (deduplicationId == null) {
            throw SqsErrors.invalidValue("A FIFO queue needs a MessageDeduplicationId");
        }
        if (delay.isPositive()) {
            throw SqsErrors.invalidValue("A message of a FIFO queue has no delay of its own");
        }
        Sent earlier = sentByDeduplicationId.get(deduplicationId);
        if (earlier != null && now.isBefore(earlier.at().plus(DEDUPLICATION))) {
            return earlier.messageId();
        }
        sentByDeduplicationId.put(deduplicationId, new Sent(id, now));
        keep(id, body, group, deduplicationId, now, delay);
        return id;
    }

    /**
     * At most this many visible messages, in order. A FIFO queue gives none whose group has others
     * in flight: the group's next messages come when those are deleted or visible again.
     */
    List<Message> receive(int most, Optional<Duration> hiddenFor, Instant now) {
        buryDead(now);
        Set<String> busy = new HashSet<>();
        messages.stream().filter(it -> it.isInFlight(now)).map(Held::group).forEach(busy::add);
        Instant until = now.plus(hiddenFor.orElse(visibility));
        List<Message> received = new ArrayList<>();
        for (int i = 0; i < messages.size() && received.size() < most; i++) {
            Held message = messages.get(i);
            if (!message.isHidden(now) && !busy.contains(message.group())) {
                messages.set(i, message.received(until));
                received.add(answer(messages.get(i)));
            }
        }
        return received;
    }

    /** Deletes the message of this receipt. Deleting one that is gone succeeds. */
    void delete(String handle, Instant now) {
        int at = find(handle);
        if (at < 0) {
            return;
        }
        Held message = messages.get(at);
        if (fifo && (!message.isInFlight(now) || !message.handle().equals(handle))) {
            throw SqsErrors.invalidValue(
                    "Value "
                            + handle
                            + " for parameter ReceiptHandle is invalid. Reason: The"
                            + " receipt handle has expired.");
        }
        messages.remove(at);
    }

    /** Hides a message in flight for this long from now on. */
    void hide(String handle, Duration time, Instant now) {
        int at = find(handle);
        if (at < 0) {
            throw SqsErrors.invalidValue("The message does not exist: " + handle);
        }
        Held message = messages.get(at);
        if (!message.isInFlight(now) || !message.handle().equals(handle)) {
            throw SqsErrors.notInFlight();
        }
        messages.set(at, message.visibleAt(now.plus(time)));
    }

    Optional<Redrive> redrive() {
        return redrive;
    }

    /** How many are in flight or cannot be received yet. */
    int hidden(Instant now) {
        return (int) messages.stream().filter(message -> message.isHidden(now)).count();
    }

    int size() {
        return messages.size();
    }

    /**
     * When the first message can be received; empty if there is none. A message of a FIFO queue
     * must wait for those of its group that are in flight.
     */
    Optional<Instant> nextVisible(Instant now) {
        Map<String, Instant> busy = new HashMap<>();
        messages.stream()
                .filter(it -> fifo && it.isInFlight(now))
                .forEach(it ->
                        busy.merge(
                                it.group(),
                                it.visibleAt(),
                                (one, other) -> one.isAfter(other) ? one : other));
        return messages.stream()
                .map(it -> busy.getOrDefault(it.group(), it.visibleAt()))
                .min(Instant::compareTo);
    }

    private void keep(
            String id,
            String body,
            String group,
            String deduplicationId,
            Instant now,
            Duration delay) {
        messages.add(
                new Held(id, body, group, deduplicationId, ++sequence, now, now.plus(delay), 0));
    }

    private void buryDead(Instant now) {
        redrive.ifPresent(to -> {
            List<Held> dead =
                    messages.stream()
                            .filter(it -> it.receives() >= to.maxReceives())
                            .filter(it -> !it.isHidden(now))
                            .toList();
            messages.removeAll(dead);
            dead.forEach(it -> to.deadLetters().messages.add(it.dead(now)));
        });
    }

    /** The position of the message of this receipt; negative if it is gone. */
    private int find(String handle) {
        int mark = handle.lastIndexOf('#');
        if (mark < 0) {
            throw SqsErrors.badHandle();
        }
        String id = handle.substring(0, mark);
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }

    private Message answer(Held message) {
        Map<MessageSystemAttributeName, String> attributes =
                new EnumMap<>(MessageSystemAttributeName.class);
        attributes.put(
                MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, "" + message.receives());
        attributes.put(
                MessageSystemAttributeName.SENT_TIMESTAMP, "" + message.sentAt().toEpochMilli());
        if (fifo) {
            attributes.put(MessageSystemAttributeName.MESSAGE_GROUP_ID, message.group());
            attributes.put(
                    MessageSystemAttributeName.MESSAGE_DEDUPLICATION_ID, message.deduplicationId());
            attributes.put(
                    MessageSystemAttributeName.SEQUENCE_NUMBER,
                    "%020d".formatted(message.sequence()));
        }
        return Message.builder()
                .messageId(message.id())
                .receiptHandle(message.handle())
                .body(message.body())
                .attributes(attributes)
                .build();
    }
}
