package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageNotInflightException;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;
import software.amazon.awssdk.services.sqs.model.SqsException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

final class SimulatedSqsTest {
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final Duration VISIBILITY = Duration.ofMinutes(6);

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final SimulatedSqs sqs = cloud.sqs("us-east-1");
    private final String dead = sqs.addQueue("dead.fifo", VISIBILITY);
    private final String kicks = sqs.addQueue("kicks.fifo", VISIBILITY, dead, 2);
    private final String plain = sqs.addQueue("plain", VISIBILITY);

    @Test
    void aQueueIsFoundByItsName() {
        assertThat(sqs.getQueueUrl(r -> r.queueName("kicks.fifo")).queueUrl())
                .isEqualTo(kicks)
                .isEqualTo("https://sqs.us-east-1.amazonaws.com/123456789012/kicks.fifo");
        assertThatThrownBy(() -> sqs.getQueueUrl(r -> r.queueName("none")))
                .isInstanceOf(QueueDoesNotExistException.class);
    }

    @Test
    void aReceivedMessageIsHiddenUntilItsTimeIsOver() {
        send("a", "one");
        assertThat(bodies(receive(10))).containsExactly("one");

        cloud.advance(VISIBILITY.minusSeconds(1));
        assertThat(receive(10)).isEmpty();
        cloud.advance(Duration.ofSeconds(1));
        assertThat(bodies(receive(10))).containsExactly("one");
    }

    @Test
    void aDeletedMessageIsGone() {
        send("a", "one");
        String handle = receive(1).getFirst().receiptHandle();

        sqs.deleteMessage(r -> r.queueUrl(kicks).receiptHandle(handle));
        sqs.deleteMessage(r -> r.queueUrl(kicks).receiptHandle(handle));

        cloud.advance(VISIBILITY);
        assertThat(receive(10)).isEmpty();
        assertThat(sqs.size(kicks)).isZero();
    }

    @Test
    void aGroupIsWorkedOnByOneBatchAtATime() {
        send("a", "a1");
        send("a", "a2");
        send("b", "b1");
        Message first = receive(1).getFirst();
        assertThat(first.body()).isEqualTo("a1");

        assertThat(bodies(receive(10))).containsExactly("b1");
        sqs.deleteMessage(r -> r.queueUrl(kicks).receiptHandle(first.receiptHandle()));
        assertThat(bodies(receive(10))).containsExactly("a2");
    }

    @Test
    void oneBatchMayHoldSeveralMessagesOfAGroupInOrder() {
        send("a", "a1");
        send("a", "a2");

        assertThat(bodies(receive(10))).containsExactly("a1", "a2");
    }

    @Test
    void aGroupIsBusyWhileAnyOfItsBatchIsInFlight() {
        send("a", "a1");
        send("a", "a2");
        List<Message> batch = receive(10);
        hide(batch.getFirst(), 0);

        assertThat(receive(10)).isEmpty();
        hide(batch.getLast(), 0);
        assertThat(bodies(receive(10))).containsExactly("a1", "a2");
    }

    @Test
    void nextMessageComesWhenItsGroupIsFree() {
        assertThat(sqs.nextVisible(kicks)).isEmpty();
        send("a", "a1");
        assertThat(sqs.nextVisible(kicks)).contains(START);

        Message first = receive(1).getFirst();
        send("a", "a2");
        assertThat(sqs.nextVisible(kicks)).contains(START.plus(VISIBILITY));

        hide(first, 60);
        assertThat(sqs.nextVisible(kicks)).contains(START.plusSeconds(60));
        send("b", "b1");
        assertThat(sqs.nextVisible(kicks)).contains(START);
    }

    @Test
    void aDeduplicationIdIsTakenOnceInFiveMinutes() {
        String first = sendWithId("d-1", "one");
        assertThat(sendWithId("d-1", "two")).isEqualTo(first);
        assertThat(sqs.size(kicks)).isEqualTo(1);

        cloud.advance(Duration.ofMinutes(5));
        assertThat(sendWithId("d-1", "three")).isNotEqualTo(first);
        assertThat(sqs.size(kicks)).isEqualTo(2);
    }

    @Test
    void aDeduplicationIdHoldsEvenWhenItsMessageIsDeleted() {
        sendWithId("d-1", "one");
        String handle = receive(1).getFirst().receiptHandle();
        sqs.deleteMessage(r -> r.queueUrl(kicks).receiptHandle(handle));

        sendWithId("d-1", "two");

        assertThat(sqs.size(kicks)).isZero();
    }

    @Test
    void whatIsReceivedTooOftenGoesToTheDeadLetters() {
        send("a", "poison");
        receive(1);
        cloud.advance(VISIBILITY);
        receive(1);
        cloud.advance(VISIBILITY);

        assertThat(receive(1)).isEmpty();
        assertThat(sqs.size(kicks)).isZero();
        assertThat(sqs.size(dead)).isEqualTo(1);
        assertThat(bodies(receiveFrom(dead, 1))).containsExactly("poison");
    }

    @Test
    void theTimeThatAMessageIsHiddenCanBeChanged() {
        send("a", "one");
        Message message = receive(1).getFirst();
        hide(message, 3600);

        cloud.advance(Duration.ofMinutes(59));
        assertThat(receive(1)).isEmpty();
        assertThat(sqs.nextVisible(kicks)).contains(START.plus(Duration.ofHours(1)));
    }

    @Test
    void aReceiptIsWorthNothingOnceTheMessageIsVisibleAgain() {
        send("a", "one");
        Message message = receive(1).getFirst();
        cloud.advance(VISIBILITY);

        assertThatThrownBy(() -> hide(message, 60)).isInstanceOf(MessageNotInflightException.class);
        assertThatThrownBy(() ->
                        sqs.deleteMessage(
                                r -> r.queueUrl(kicks).receiptHandle(message.receiptHandle())))
                .isInstanceOf(SqsException.class)
                .hasMessageContaining("expired");
        assertThat(sqs.size(kicks)).isEqualTo(1);
    }

    @Test
    void aMadeUpReceiptIsInvalid() {
        assertThatThrownBy(() -> sqs.deleteMessage(r -> r.queueUrl(kicks).receiptHandle("made up")))
                .isInstanceOf(ReceiptHandleIsInvalidException.class);
    }

    @Test
    void aFifoQueueAsksForAGroupAndADeduplicationId() {
        assertThatThrownBy(() -> sqs.sendMessage(r -> r.queueUrl(kicks).messageBody("x")))
                .hasMessageContaining("MessageGroupId");
        assertThatThrownBy(() ->
                        sqs.sendMessage(
                                r -> r.queueUrl(kicks).messageBody("x").messageGroupId("a")))
                .hasMessageContaining("MessageDeduplicationId");
    }

    @Test
    void aMessageTellsItsAttributesWhenAsked() {
        sendWithId("d-1", "one");

        Message message =
                sqs.receiveMessage(r ->
                                r.queueUrl(kicks)
                                        .messageSystemAttributeNames(
                                                MessageSystemAttributeName.ALL))
                        .messages()
                        .getFirst();

        assertThat(message.attributes())
                .containsEntry(MessageSystemAttributeName.MESSAGE_GROUP_ID, "a")
                .containsEntry(MessageSystemAttributeName.MESSAGE_DEDUPLICATION_ID, "d-1")
                .containsEntry(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, "1")
                .containsEntry(
                        MessageSystemAttributeName.SENT_TIMESTAMP, "" + START.toEpochMilli());
    }

    @Test
    void aMessageTellsNoAttributesUnasked() {
        send("a", "one");

        assertThat(receive(1).getFirst().attributes()).isEqualTo(Map.of());
    }

    @Test
    void aStandardQueueHasNoGroupsAndMayDelay() {
        sqs.sendMessage(r -> r.queueUrl(plain).messageBody("now"));
        sqs.sendMessage(r -> r.queueUrl(plain).messageBody("later").delaySeconds(60));

        assertThat(bodies(receiveFrom(plain, 10))).containsExactly("now");
        cloud.advance(Duration.ofSeconds(60));
        assertThat(bodies(receiveFrom(plain, 10))).containsExactly("later");
    }

    @Test
    void atMostTenMessagesComeAtOnce() {
        assertThatThrownBy(() -> receive(11)).hasMessageContaining("MaxNumberOfMessages");
    }

    private void send(String group, String body) {
        sqs.sendMessage(r ->
                r.queueUrl(kicks)
                        .messageBody(body)
                        .messageGroupId(group)
                        .messageDeduplicationId(body));
    }

    private String sendWithId(String id, String body) {
        return sqs.sendMessage(r ->
                        r.queueUrl(kicks)
                                .messageBody(body)
                                .messageGroupId("a")
                                .messageDeduplicationId(id))
                .messageId();
    }

    private void hide(Message message, int seconds) {
        sqs.changeMessageVisibility(r ->
                r.queueUrl(kicks)
                        .receiptHandle(message.receiptHandle())
                        .visibilityTimeout(seconds));
    }

    private List<Message> receive(int most) {
        return receiveFrom(kicks, most);
    }

    private List<Message> receiveFrom(String queue, int most) {
        return sqs.receiveMessage(r -> r.queueUrl(queue).maxNumberOfMessages(most)).messages();
    }

    private static List<String> bodies(List<Message> messages) {
        return messages.stream().map(Message::body).toList();
    }
}
