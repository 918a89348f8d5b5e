package dev.amikeeper.local.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.catalog.DynamoDbCatalog;
import dev.amikeeper.catalog.TestTables;
import dev.amikeeper.local.SimulatedCloud;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.services.dynamodb.model.Delete;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.Put;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The table in memory answers as DynamoDB Local does, error codes included. */
final class MemoryDynamoDbDifferenceTest {
    private static final int OPERATIONS = 1000;
    private static final List<String> ODD_KEYS = List.of("", "é", "\uFFFD", "\uD83D\uDE00", "~");

    private final String table = TestTables.fresh();
    private final DynamoDbClient local = TestTables.dynamoDb();
    private final MemoryDynamoDb memory =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1).tables("us-east-1");

    @BeforeEach
    void begin() {
        memory.addTable(table);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyAnswerIsTheSame(long seed) {
        Play play = new Play(table, new Random(seed));
        for (int i = 0; i < OPERATIONS; i++) {
            Operation operation = play.next();
            assertThat(answer(operation, memory))
                    .as("seed %s, operation %s: %s", seed, i, operation.request())
                    .isEqualTo(answer(operation, local));
        }
    }

    @Test
    void aPageEndsAtAMegabyte() {
        for (int i = 0; i < 12; i++) {
            put(
                    Map.of(
                            "pk",
                            text("a"),
                            "sk",
                            text("" + (char) ('a' + i)),
                            "x",
                            bytes(100_000 + i)));
        }

        assertSame(queryAll());
    }

    @Test
    void anItemHasAtMost400Kilobytes() {
        put(Map.of("pk", text("a"), "sk", text("b"), "x", bytes(400 * 1024 - 1 - 6)));
        put(Map.of("pk", text("a"), "sk", text("c"), "x", bytes(400 * 1024 - 6)));

        assertSame(queryAll());
    }

    @Test
    void aTransactionHas1To100Writes() {
        for (int writes : List.of(0, 1, 100, 101)) {
            TransactWriteItemsRequest request =
                    TransactWriteItemsRequest.builder()
                            .transactItems(
                                    IntStream.range(0, writes).mapToObj(i -> deletion(i)).toList())
                            .build();
            assertSame(Operation.write(request, client -> client.transactWriteItems(request)));
        }
    }

    @Test
    void aBatchHas1To100Keys() {
        for (int keys : List.of(1, 100, 101)) {
            BatchGetItemRequest request =
                    BatchGetItemRequest.builder()
                            .requestItems(
                                    Map.of(
                                            table,
                                            KeysAndAttributes.builder()
                                                    .keys(
                                                            IntStream.range(0, keys)
                                                                    .mapToObj(i -> key("a", "" + i))
                                                                    .toList())
                                                    .build()))
                            .build();
            assertSame(new Operation(request, client -> client.batchGetItem(request).responses()));
        }
    }

    private void put(Map<String, AttributeValue> item) {
        PutItemRequest request = PutItemRequest.builder().tableName(table).item(item).build();
        assertSame(Operation.write(request, client -> client.putItem(request)));
    }

    private Operation queryAll() {
        QueryRequest request =
                QueryRequest.builder()
                        .tableName(table)
                        .keyConditionExpression("pk = :pk")
                        .expressionAttributeValues(Map.of(":pk", text("a")))
                        .build();
        return new Operation(
                request,
                client ->
                        client.queryPaginator(request).stream()
                                .map(page -> page.items().stream().map(it -> it.get("sk")).toList())
                                .toList());
    }

    private void assertSame(Operation operation) {
        assertThat(answer(operation, memory)).isEqualTo(answer(operation, local));
    }

    private TransactWriteItem deletion(int number) {
        return TransactWriteItem.builder()
                .delete(delete -> delete.tableName(table).key(key("a", "" + number)))
                .build();
    }

    private static Object answer(Operation operation, DynamoDbClient client) {
        try {
            return operation.call().apply(client);
        } catch (TransactionCanceledException cancelled) {
            return cancelled.cancellationReasons().stream().map(CancellationReason::code).toList();
        } catch (DynamoDbException refused) {
            return refused.awsErrorDetails().errorCode();
        }
    }

    private static List<Object> page(QueryResponse query) {
        return List.of(
                query.items(), query.count(), query.scannedCount(), query.lastEvaluatedKey());
    }

    private static Map<String, AttributeValue> key(String pk, String sk) {
        return Map.of("pk", text(pk), "sk", text(sk));
    }

    private static AttributeValue text(String value) {
        return AttributeValue.fromS(value);
    }

    private static AttributeValue number(int value) {
        return AttributeValue.fromN("" + value);
    }

    private static AttributeValue bytes(int count) {
        return text("x".repeat(count));
    }

    private record Operation(Object request, Function<DynamoDbClient, Object> call) {
        /** A write answers nothing but that it was done. */
        static Operation write(Object request, Consumer<DynamoDbClient> call) {
            return new Operation(
                    request,
                    client -> {
                        call.accept(client);
                        return "done";
                    });
        }
    }

    /** Random operations on few keys, so that they meet. */
    private static final class Play {
        private final String table;
        private final Random random;

        Play(String table, Random random) {
            this.table = table;
            this.random = random;
        }

        Operation next() {
            return switch (random.nextInt(11)) {
                case 0, 1 -> put();
                case 2 -> delete();
                case 3 -> get();
                case 4 -> batch();
                case 5, 6 -> query();
                case 7 -> queryIndex();
                case 8 -> transactTwiceOnOne();
                default -> transact();
            };
        }

        private Operation put() {
            Condition condition = condition();
            PutItemRequest request =
                    PutItemRequest.builder()
                            .tableName(table)
                            .item(item(key()))
                            .conditionExpression(condition.text())
                            .expressionAttributeNames(condition.names())
                            .expressionAttributeValues(condition.values())
                            .build();
            return Operation.write(request, client -> client.putItem(request));
        }

        private Operation delete() {
            Condition condition = condition();
            DeleteItemRequest request =
                    DeleteItemRequest.builder()
                            .tableName(table)
                            .key(key())
                            .conditionExpression(condition.text())
                            .expressionAttributeNames(condition.names())
                            .expressionAttributeValues(condition.values())
                            .build();
            return Operation.write(request, client -> client.deleteItem(request));
        }

        private Operation get() {
            GetItemRequest request =
                    GetItemRequest.builder()
                            .tableName(table())
                            .key(key())
                            .consistentRead(random.nextBoolean())
                            .build();
            return new Operation(
                    request,
                    client -> {
                        var response = client.getItem(request);
                        return response.hasItem() ? response.item() : "nothing";
                    });
        }

        private Operation batch() {
            List<Map<String, AttributeValue>> keys = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                keys.add(key());
            }
            BatchGetItemRequest request =
                    BatchGetItemRequest.builder()
                            .requestItems(
                                    Map.of(
                                            table,
                                            KeysAndAttributes.builder()
                                                    .keys(keys)
                                                    .consistentRead(true)
                                                    .build()))
                            .build();
            return new Operation(
                    request,
                    client -> {
                        var response = client.batchGetItem(request);
                        return Map.of(
                                "found",
                                Set.copyOf(response.responses().getOrDefault(table, List.of())),
                                "left",
                                response.unprocessedKeys());
                    });
        }

        private Operation query() {
            Map<String, AttributeValue> values = new HashMap<>();
            values.put(":pk", text(pk()));
            QueryRequest.Builder query =
                    QueryRequest.builder()
                            .tableName(table)
                            .keyConditionExpression("pk = :pk")
                            .scanIndexForward(random.nextBoolean())
                            .consistentRead(random.nextBoolean());
            if (random.nextBoolean()) {
                values.put(":now", number(random.nextInt(4)));
                query.filterExpression("#due <= :now").expressionAttributeNames(named("due"));
            }
            if (random.nextInt(20) == 0) {
                values.put(":unused", number(1));
            }
            return page(query.expressionAttributeValues(values));
        }

        private Operation queryIndex() {
            return page(
                    QueryRequest.builder()
                            .tableName(table)
                            .indexName(
                                    random.nextInt(20) == 0 ? "other" : DynamoDbCatalog.BY_INSTANCE)
                            .keyConditionExpression("gpk = :pk")
                            .expressionAttributeValues(Map.of(":pk", text("g" + random.nextInt(2))))
                            .consistentRead(random.nextInt(20) == 0)
                            .scanIndexForward(random.nextBoolean()));
        }

        /** All of it, or a page, or the page after where the last one ended. */
        private Operation page(QueryRequest.Builder query) {
            if (random.nextBoolean()) {
                query.limit(1 + random.nextInt(4));
            }
            QueryRequest first = query.build();
            return new Operation(
                    first,
                    client -> {
                        List<Object> pages = new ArrayList<>();
                        client.queryPaginator(first).stream()
                                .forEach(
                                        page -> pages.add(MemoryDynamoDbDifferenceTest.page(page)));
                        return pages;
                    });
        }

        private Operation transact() {
            Map<Map<String, AttributeValue>, TransactWriteItem> writes = new LinkedHashMap<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                Map<String, AttributeValue> key = key();
                writes.put(key, write(key, condition()));
            }
            return transact(writes.values());
        }

        /** Where conditions fail too, DynamoDB Local complains of them first. */
        private Operation transactTwiceOnOne() {
            Map<String, AttributeValue> key = key();
            Condition none = new Condition(null, null, null);
            return transact(List.of(write(key, none), write(key(), none), write(key, none)));
        }

        private static Operation transact(Collection<TransactWriteItem> writes) {
            TransactWriteItemsRequest request =
                    TransactWriteItemsRequest.builder().transactItems(writes).build();
            return Operation.write(request, client -> client.transactWriteItems(request));
        }

        private TransactWriteItem write(Map<String, AttributeValue> key, Condition condition) {
            TransactWriteItem.Builder write = TransactWriteItem.builder();
            return switch (random.nextInt(condition.text() == null ? 2 : 3)) {
                case 0 ->
                        write.put(
                                        Put.builder()
                                                .tableName(table)
                                                .item(item(key))
                                                .conditionExpression(condition.text())
                                                .expressionAttributeNames(condition.names())
                                                .expressionAttributeValues(condition.values())
                                                .build())
                                .build();
                case 1 ->
                        write.delete(
                                        Delete.builder()
                                                .tableName(table)
                                                .key(key)
                                                .conditionExpression(condition.text())
                                                .expressionAttributeNames(condition.names())
                                                .expressionAttributeValues(condition.values())
                                                .build())
                                .build();
                default ->
                        write.conditionCheck(
                                        ConditionCheck.builder()
                                                .tableName(table)
                                                .key(key)
                                                .conditionExpression(condition.text())
                                                .expressionAttributeNames(condition.names())
                                                .expressionAttributeValues(condition.values())
                                                .build())
                                .build();
            };
        }

        private record Condition(
                @Nullable String text,
                @Nullable Map<String, String> names,
                @Nullable Map<String, AttributeValue> values) {}

        private Condition condition() {
            Map<String, AttributeValue> value = Map.of(":v", number(random.nextInt(3)));
            return switch (random.nextInt(10)) {
                case 0, 1 -> new Condition("attribute_not_exists(pk)", null, null);
                case 2 -> new Condition("#x = :v", Map.of("#x", "version"), value);
                case 3 ->
                        new Condition(
                                "attribute_not_exists(pk) OR #x = :v",
                                Map.of("#x", "version"),
                                value);
                case 4 ->
                        new Condition(
                                "#x = :v AND #due <= :v",
                                Map.of("#x", "version", "#due", "due"),
                                value);
                case 5 -> wrongCondition(value);
                default -> new Condition(null, null, null);
            };
        }

        private Condition wrongCondition(Map<String, AttributeValue> value) {
            return switch (random.nextInt(4)) {
                case 0 -> new Condition("#x = :w", Map.of("#x", "version"), value);
                case 1 -> new Condition("#x = :v", null, value);
                case 2 -> new Condition("attribute_not_exists(pk)", Map.of(), null);
                default -> new Condition(null, null, value);
            };
        }

        private Map<String, AttributeValue> item(Map<String, AttributeValue> key) {
            Map<String, AttributeValue> item = new HashMap<>(key);
            item.put("version", number(random.nextInt(3)));
            if (random.nextBoolean()) {
                item.put("due", number(random.nextInt(4)));
            }
            if (random.nextBoolean()) {
                item.put("gpk", text("g" + random.nextInt(2)));
                // No two of one order, which DynamoDB leaves open.
                item.put("gsk", text(random.nextInt(3) + "/" + key(item)));
            }
            item.put("list", AttributeValue.fromL(List.of(text(""), text("b"))));
            item.put("truth", AttributeValue.fromBool(random.nextBoolean()));
            return item;
        }

        private static String key(Map<String, AttributeValue> item) {
            return "" + item.get("pk") + item.get("sk");
        }

        private Map<String, AttributeValue> key() {
            String sk =
                    random.nextInt(6) == 0
                            ? ODD_KEYS.get(random.nextInt(ODD_KEYS.size()))
                            : "s" + random.nextInt(6);
            Map<String, AttributeValue> key = new HashMap<>();
            key.put("pk", text(pk()));
            key.put("sk", text(sk));
            if (random.nextInt(40) == 0) {
                key.remove(random.nextBoolean() ? "pk" : "sk");
            }
            return key;
        }

        private String pk() {
            return "p" + random.nextInt(2);
        }

        private String table() {
            return random.nextInt(40) == 0 ? "no-such-table" : table;
        }

        private static Map<String, String> named(String name) {
            return Map.of("#" + name, name);
        }
    }
}
