package dev.amikeeper.local.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.catalog.DynamoDbCatalog;
import dev.amikeeper.catalog.TestTables;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.CapacityUnits.Used;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The units that the table in memory counts. Most sizes are those of AWS's own examples.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html">
 *     Capacity unit consumption</a>
 */
final class CapacityUnitsTest {
    private static final int KB = 1024;
    private static final ReturnConsumedCapacity TOTAL = ReturnConsumedCapacity.TOTAL;

    private final String table = TestTables.fresh();
    private final DynamoDbClient local = TestTables.dynamoDb();
    private final MemoryDynamoDb memory =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1).tables("us-east-1");

    @BeforeEach
    void begin() {
        memory.addTable(table);
    }

    @Test
    void anItemIsReadInStepsOf4Kilobytes() {
        put("a", 3500);
        put("b", 10 * KB);

        assertThat(used(() -> get("a", true))).isEqualTo(read(1));
        assertThat(used(() -> get("a", false))).isEqualTo(read(0.5));
        assertThat(used(() -> get("b", true))).isEqualTo(read(3));
        assertThat(used(() -> get("b", false))).isEqualTo(read(1.5));
    }

    @Test
    void whatIsNotThereCostsAsMuchAsASmallItem() {
        assertThat(used(() -> get("a", true))).isEqualTo(read(1));
        assertThat(used(() -> query(query(false)))).isEqualTo(read(0.5));
        assertThat(used(() -> memory.deleteItem(deletion("a")))).isEqualTo(new Used(0, 1));
    }

    @Test
    void eachItemOfABatchIsRoundedUp() {
        put("a", 1536);
        put("b", 6656);

        assertThat(used(() -> memory.batchGetItem(batch(true, "a", "b", "none"))))
                .isEqualTo(read(1 + 2 + 1));
    }

    @Test
    void aQueryIsRoundedUpOnce() {
        for (int i = 0; i < 10; i++) {
            put("" + i, 4178);
        }

        assertThat(used(() -> query(query(true)))).isEqualTo(read(11));
        assertThat(used(() -> query(query(false)))).isEqualTo(read(5.5));
    }

    @Test
    void aFilterMakesNoQueryCheaper() {
        put("a", 8 * KB);

        QueryRequest filtered =
                query(true).toBuilder()
                        .filterExpression("#due <= :now")
                        .expressionAttributeNames(Map.of("#due", "due"))
                        .expressionAttributeValues(
                                Map.of(":pk", text("p"), ":now", AttributeValue.fromN("1")))
                        .build();
        assertThat(memory.query(filtered).items()).isEmpty();
        assertThat(used(() -> query(filtered))).isEqualTo(read(2));
    }

    @Test
    void aWriteCostsByTheLargerItem() {
        assertThat(used(() -> put("a", 512))).isEqualTo(new Used(0, 1));
        assertThat(used(() -> put("a", 3 * KB))).isEqualTo(new Used(0, 3));
        assertThat(used(() -> put("a", 100))).isEqualTo(new Used(0, 3));
        assertThat(used(() -> put("a", 1025))).isEqualTo(new Used(0, 2));
        assertThat(used(() -> memory.deleteItem(deletion("a")))).isEqualTo(new Used(0, 2));
    }

    @Test
    void aRefusedWriteCostsByThePresentItem() {
        PutItemRequest put =
                putting("a", 310 * KB).toBuilder()
                        .conditionExpression("attribute_not_exists(pk)")
                        .build();
        put("a", 300 * KB);

        assertThat(
                        used(() ->
                                assertThatThrownBy(() -> memory.putItem(put))
                                        .isInstanceOf(ConditionalCheckFailedException.class)))
                .isEqualTo(new Used(0, 300));
    }

    @Test
    void theIndexCostsWhatChangesInIt() {
        assertThat(used(() -> memory.putItem(indexed("a", "i-1", 2 * KB))))
                .isEqualTo(new Used(0, 3));
        assertThat(used(() -> memory.putItem(indexed("a", "i-1", 2 * KB))))
                .isEqualTo(new Used(0, 2));
        assertThat(used(() -> memory.putItem(indexed("a", "i-2", 2 * KB))))
                .isEqualTo(new Used(0, 4));
        assertThat(used(() -> memory.deleteItem(deletion("a")))).isEqualTo(new Used(0, 3));
    }

    @Test
    void aTransactionWritesEachItemTwiceAndTheIndexOnce() {
        assertThat(used(() -> memory.transactWriteItems(transaction("attribute_not_exists(pk)"))))
                .isEqualTo(new Used(0, 2 * 2 + 1 + 2));
        assertThatThrownBy(() -> memory.transactWriteItems(transaction("attribute_not_exists(pk)")))
                .isInstanceOf(TransactionCanceledException.class);
        assertThat(memory.units().write()).isEqualTo(7 + 2 * 2 + 2);
    }

    @Test
    void whatWasUsedSinceAnEarlierReadingIsToldByOperation() {
        put("a", 100);
        CapacityUnits before = memory.units();

        get("a", true);
        get("a", false);
        query(query(true));

        assertThat(memory.units().since(before).byOperation())
                .isEqualTo(Map.of("GetItem", new Used(1.5, 0), "Query", new Used(1, 0)));
        assertThat(memory.units().read()).isEqualTo(2.5);
        assertThat(memory.units().write()).isEqualTo(1);
    }

    /**
     * AWS's own implementation counts the same. But it counts nothing for a query or a batch that
     * finds nothing, and leaves most items of a transaction out.
     */
    @Test
    void dynamoDbLocalAgrees() {
        Random random = new Random(1);
        assertSame(putting("known", 5000));
        assertSame(indexed("always", "i-1", 100));
        for (int i = 0; i < 200; i++) {
            String sk = "" + random.nextInt(8);
            boolean consistent = random.nextBoolean();
            int bytes = random.nextInt(9000);
            switch (random.nextInt(6)) {
                case 0 -> assertSame(putting(sk, bytes));
                case 1 -> assertSame(indexed("a", "i-" + random.nextInt(2), bytes));
                case 2 -> {
                    DeleteItemRequest delete = deletion(sk);
                    assertSame(
                            used(() -> memory.deleteItem(delete)),
                            local.deleteItem(
                                            delete.toBuilder()
                                                    .returnConsumedCapacity(TOTAL)
                                                    .build())
                                    .consumedCapacity());
                }
                case 3 -> {
                    GetItemRequest get = getting(sk, consistent);
                    assertSame(
                            used(() -> memory.getItem(get)),
                            local.getItem(get.toBuilder().returnConsumedCapacity(TOTAL).build())
                                    .consumedCapacity());
                }
                case 4 -> {
                    BatchGetItemRequest batch = batch(consistent, "known");
                    assertSame(
                            used(() -> memory.batchGetItem(batch)),
                            local.batchGetItem(
                                            batch.toBuilder().returnConsumedCapacity(TOTAL).build())
                                    .consumedCapacity()
                                    .getFirst());
                }
                default -> {
                    QueryRequest query =
                            random.nextBoolean()
                                    ? query(consistent)
                                    : QueryRequest.builder()
                                            .tableName(table)
                                            .indexName(DynamoDbCatalog.BY_INSTANCE)
                                            .keyConditionExpression("gpk = :pk")
                                            .expressionAttributeValues(Map.of(":pk", text("i-1")))
                                            .build();
                    assertSame(
                            used(() -> query(query)),
                            local.query(query.toBuilder().returnConsumedCapacity(TOTAL).build())
                                    .consumedCapacity());
                }
            }
        }
    }

    private void assertSame(PutItemRequest put) {
        assertSame(
                used(() -> memory.putItem(put)),
                local.putItem(put.toBuilder().returnConsumedCapacity(TOTAL).build())
                        .consumedCapacity());
    }

    private static void assertSame(Used ours, ConsumedCapacity theirs) {
        assertThat(ours.read() + ours.write()).isEqualTo(theirs.capacityUnits());
    }

    private Used used(Runnable call) {
        CapacityUnits before = memory.units();
        call.run();
        CapacityUnits since = memory.units().since(before);
        return new Used(since.read(), since.write());
    }

    private static Used read(double units) {
        return new Used(units, 0);
    }

    private void put(String sk, int bytes) {
        memory.putItem(putting(sk, bytes));
    }

    private PutItemRequest putting(String sk, int bytes) {
        return PutItemRequest.builder().tableName(table).item(item(sk, bytes)).build();
    }

    /** An item of this size with an entry in the index. */
    private PutItemRequest indexed(String sk, String instance, int bytes) {
        Map<String, AttributeValue> item = new HashMap<>(item(sk, Math.max(40, bytes) - 13));
        item.put("gpk", text(instance));
        item.put("gsk", text("s"));
        return PutItemRequest.builder().tableName(table).item(item).build();
    }

    private TransactWriteItemsRequest transaction(String condition) {
        return TransactWriteItemsRequest.builder()
                .transactItems(
                        TransactWriteItem.builder()
                                .put(put ->
                                        put.tableName(table)
                                                .item(indexed("a", "i-1", 2 * KB).item())
                                                .conditionExpression(condition))
                                .build(),
                        TransactWriteItem.builder()
                                .conditionCheck(check ->
                                        check.tableName(table)
                                                .key(key("other"))
                                                .conditionExpression("attribute_not_exists(pk)"))
                                .build())
                .build();
    }

    private void get(String sk, boolean consistent) {
        memory.getItem(getting(sk, consistent));
    }

    private GetItemRequest getting(String sk, boolean consistent) {
        return GetItemRequest.builder()
                .tableName(table)
                .key(key(sk))
                .consistentRead(consistent)
                .build();
    }

    private DeleteItemRequest deletion(String sk) {
        return DeleteItemRequest.builder().tableName(table).key(key(sk)).build();
    }

    private BatchGetItemRequest batch(boolean consistent, String... sks) {
        return BatchGetItemRequest.builder()
                .requestItems(
                        Map.of(
                                table,
                                KeysAndAttributes.builder()
                                        .keys(Stream.of(sks).map(CapacityUnitsTest::key).toList())
                                        .consistentRead(consistent)
                                        .build()))
                .build();
    }

    private void query(QueryRequest query) {
        memory.query(query);
    }

    private QueryRequest query(boolean consistent) {
        return QueryRequest.builder()
                .tableName(table)
                .keyConditionExpression("pk = :pk")
                .expressionAttributeValues(Map.of(":pk", text("p")))
                .consistentRead(consistent)
                .build();
    }

    private static Map<String, AttributeValue> item(String sk, int bytes) {
        Map<String, AttributeValue> item = new HashMap<>(key(sk));
        item.put("x", text("x".repeat(Math.max(0, bytes - 7))));
        return item;
    }

    private static Map<String, AttributeValue> key(String sk) {
        return Map.of("pk", text("p"), "sk", text(sk));
    }

    private static AttributeValue text(String value) {
        return AttributeValue.fromS(value);
    }
}
