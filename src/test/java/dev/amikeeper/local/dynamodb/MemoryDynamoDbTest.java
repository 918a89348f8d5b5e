package dev.amikeeper.local.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.SimulatedCloud;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;

import java.time.Instant;
import java.util.Map;

/** What the table in memory does beyond answering; that is compared elsewhere. */
final class MemoryDynamoDbTest {
    private static final String HOME = "us-east-1";
    private static final Map<String, AttributeValue> KEY =
            Map.of("pk", AttributeValue.fromS("a"), "sk", AttributeValue.fromS("b"));

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final MemoryDynamoDb dynamoDb = cloud.tables(HOME);

    @BeforeEach
    void begin() {
        dynamoDb.addTable("table");
    }

    @Test
    void callsAreCountedWithThoseOfTheCloud() {
        put();

        assertThat(cloud.calls(HOME)).containsExactly(Map.entry("PutItem", 1));
    }

    @Test
    void aCallerKilledBeforeACallHasWrittenNothing() {
        cloud.faults().calls("PutItem").killBefore();

        assertThatThrownBy(this::put).isInstanceOf(CallerKilled.class);
        assertThat(isThere()).isFalse();
    }

    @Test
    void aCallerKilledAfterACallHasWritten() {
        cloud.faults().calls("PutItem").killAfter();

        assertThatThrownBy(this::put).isInstanceOf(CallerKilled.class);
        assertThat(isThere()).isTrue();
    }

    @Test
    void aCallWhoseReplyIsLostHasWritten() {
        cloud.faults().calls("PutItem").loseReply();

        assertThatThrownBy(this::put).isInstanceOf(SdkClientException.class);
        assertThat(isThere()).isTrue();
    }

    @Test
    void errorsAreDynamoDbsOwn() {
        cloud.faults().calls("PutItem").throttle();
        assertThatThrownBy(this::put).isInstanceOf(ProvisionedThroughputExceededException.class);

        cloud.faults().calls("PutItem").error("AccessDeniedException", 400);
        assertThatThrownBy(this::put).isInstanceOf(DynamoDbException.class);
        assertThat(isThere()).isFalse();
    }

    @Test
    void whatItDoesNotKnowIsNotGuessed() {
        assertThatThrownBy(() -> dynamoDb.scan(scan -> scan.tableName("table")))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() ->
                        dynamoDb.getItem(
                                get -> get.tableName("table").key(KEY).projectionExpression("pk")))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() ->
                        dynamoDb.putItem(put ->
                                put.tableName("table")
                                        .item(KEY)
                                        .conditionExpression("begins_with(pk, :v)")))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private void put() {
        dynamoDb.putItem(put -> put.tableName("table").item(KEY));
    }

    private boolean isThere() {
        return dynamoDb.getItem(get -> get.tableName("table").key(KEY)).hasItem();
    }
}
