package dev.amikeeper.local.dynamodb;

import dev.amikeeper.local.Calls;
import dev.amikeeper.local.DynamoDbErrors;
import dev.amikeeper.local.dynamodb.CapacityUnits.Used;
import dev.amikeeper.local.dynamodb.MemoryIndex.Row;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.services.dynamodb.model.Delete;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.Put;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * DynamoDB in one Region, in memory, as far as the catalogue uses it. A call takes microseconds,
 * whereas DynamoDB Local can take a millisecond and more. What it does not know throws {@link
 * UnsupportedOperationException}. Each call is one attempt: nothing is retried here.
 *
 * <p>The class is long because each operation checks what DynamoDB checks.
 */
public final class MemoryDynamoDb implements DynamoDbClient {
    private static final int PAGE_BYTES = 1024 * 1024;
    private static final int BATCH_BYTES = 16 * 1024 * 1024;
    private static final int TRANSACTION_BYTES = 4 * 1024 * 1024;
    private static final int MOST_ITEMS = 100;
    private static final Set<String> PUT =
            Set.of(
                    "TableName",
                    "Item",
                    "ConditionExpression",
                    "ExpressionAttributeNames",
                    "ExpressionAttributeValues");
    private static final Set<String> KEYED =
            Set.of(
                    "TableName",
                    "Key",
                    "ConditionExpression",
                    "ExpressionAttributeNames",
                    "ExpressionAttributeValues");
    private static final Calls.Errors ERRORS = new DynamoDbErrors();

    private final String region;
    private final Calls calls;
    private final Map<String, MemoryTable> tables = new HashMap<>();
    private final Map<String, MemoryTable> past = new HashMap<>();
    private final SortedMap<String, Used> used = new TreeMap<>();
    private int pageSize = Integer.MAX_VALUE;

    public MemoryDynamoDb(String region, Calls calls) {
        this.region = region;
        this.calls = calls;
    }

    /** Adds an empty table as the template defines it, unless it exists. */
    public void addTable(String name) {
        calls.alone(() -> tables.computeIfAbsent(name, _ -> new MemoryTable()));
    }

    /** Loses everything in a table, as if it were a new one with that name. */
    public void clearTable(String name) {
        calls.alone(() -> tables.put(name, new MemoryTable()));
    }

    /**
     * From now on, queries of a table that are not strongly consistent see it as it is now.
     * DynamoDB is seldom more than a second behind.
     */
    public void stopEventually(String name) {
        calls.alone(() -> past.put(name, table(name).copy()));
    }

    /** All items of a table, ordered by key. */
    public List<Map<String, AttributeValue>> items(String name) {
        return calls.alone(() -> table(name).index(null).all());
    }

    /** Sets how many items a page of a query reads at most; by default as many as fit into 1 MB. */
    public void pageSize(int items) {
        calls.alone(() -> pageSize = items);
    }

    /**
     * What all calls so far have used, as DynamoDB bills it. DynamoDB does not document what a
     * cancelled transaction costs. Here each of its items costs twice what a write to it would cost
     * whose condition fails.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html">
     *     Capacity unit consumption</a>
     * @see <a
     *     href="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html">
     *     Capacity management for transactions</a>
     * @see <a
     *     href="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html">Global
     *     secondary indexes: capacity units</a>
     */
    public CapacityUnits units() {
        return calls.alone(() -> new CapacityUnits(used));
    }

    @Override
    public PutItemResponse putItem(PutItemRequest request) {
        return call(
                request,
                PUT,
                bill -> {
                    put(
                                    request.tableName(),
                                    request.item(),
                                    condition(
                                            request.conditionExpression(),
                                            request.expressionAttributeNames(),
                                            request.expressionAttributeValues()))
                            .alone(bill);
                    return PutItemResponse.builder().build();
                });
    }

    @Override
    public DeleteItemResponse deleteItem(DeleteItemRequest request) {
        return call(
                request,
                KEYED,
                bill -> {
                    delete(
                                    request.tableName(),
                                    request.key(),
                                    condition(
                                            request.conditionExpression(),
                                            request.expressionAttributeNames(),
                                            request.expressionAttributeValues()))
                            .alone(bill);
                    return DeleteItemResponse.builder().build();
                });
    }

    @Override
    public TransactWriteItemsResponse transactWriteItems(TransactWriteItemsRequest request) {
        return call(
                request,
                Set.of("TransactItems", "ClientRequestToken"),
                bill -> {
                    // The token is known above only because a request without one makes one up
                    // when asked.
                    if (request.clientRequestToken() != null) {
                        throw new UnsupportedOperationException("ClientRequestToken");
                    }
                    checkCount(request.transactItems().size());
                    List<Write> writes = request.transactItems().stream().map(this::write).toList();
                    if (writes.stream().map(Write::key).distinct().count() < writes.size()) {
                        throw DynamoDbErrors.invalid(
                                "Transaction request cannot include multiple operations on one"
                                        + " item");
                    }
                    if (writes.stream().mapToInt(Write::bytes).sum() > TRANSACTION_BYTES) {
                        throw new UnsupportedOperationException("a transaction of over 4 MB");
                    }
                    List<Boolean> allowed = writes.stream().map(Write::isAllowed).toList();
                    boolean done = !allowed.contains(false);
                    writes.forEach(write -> bill.accept(write.inTransaction(done)));
                    if (!done) {
                        throw DynamoDbErrors.cancelled(
                                allowed.stream().map(MemoryDynamoDb::reason).toList());
                    }
                    writes.forEach(write -> write.effect().run().run());
                    return TransactWriteItemsResponse.builder().build();
                });
    }

    @Override
    public GetItemResponse getItem(GetItemRequest request) {
        return call(
                request,
                Set.of("TableName", "Key", "ConsistentRead"),
                bill -> {
                    MemoryTable table = table(request.tableName());
                    table.checkKey(request.key());
                    GetItemResponse.Builder answer = GetItemResponse.builder();
                    Optional<Row> row = table.find(request.key());
                    bill.accept(Used.reading(bytes(row), request.consistentRead()));
                    row.ifPresent(it -> answer.item(it.item()));
                    return answer.build();
                });
    }

    @Override
    public BatchGetItemResponse batchGetItem(BatchGetItemRequest request) {
        return call(
                request,
                Set.of("RequestItems"),
                bill -> {
                    checkCount(
                            request.requestItems().values().stream()
                                    .mapToInt(asked -> asked.keys().size())
                                    .sum());
                    Map<String, List<Map<String, AttributeValue>>> found = new LinkedHashMap<>();
                    request.requestItems()
                            .forEach((name, asked) ->
                                    found.put(name, items(table(name), asked, bill)));
                    return BatchGetItemResponse.builder()
                            .responses(found)
                            .unprocessedKeys(Map.of())
                            .build();
                });
    }

    @Override
    public QueryResponse query(QueryRequest request) {
        return call(
                request,
                Set.of(
                        "TableName",
                        "IndexName",
                        "KeyConditionExpression",
                        "FilterExpression",
                        "ExpressionAttributeNames",
                        "ExpressionAttributeValues",
                        "ConsistentRead",
                        "ScanIndexForward",
                        "Limit",
                        "ExclusiveStartKey"),
                bill -> page(request, asSeen(request).index(request.indexName()), bill));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    /** What each part of a call adds to what the table's owner is billed. */
    private interface Bill extends Consumer<Used> {}

    /**
     * What a write that is allowed does.
     *
     * @param bytes the size of the new item; 0 if there is none
     * @param index the write units for the index
     */
    private record Effect(int bytes, double index, Runnable run) {}

    /**
     * One write, or one check, of a request.
     *
     * @param key the table's name and the item's key
     * @param before the present item; empty if there is none
     */
    private record Write(
            List<String> key,
            Optional<Row> before,
            Predicate<Map<String, AttributeValue>> condition,
            Effect effect) {
        int bytes() {
            return effect.bytes();
        }

        boolean isAllowed() {
            return condition.test(before.map(Row::item).orElse(Map.of()));
        }

        void alone(Bill bill) {
            boolean allowed = isAllowed();
            bill.accept(units(1, allowed));
            if (!allowed) {
                throw DynamoDbErrors.conditionFailed();
            }
            effect.run().run();
        }

        /** A transaction prepares each of its items and then writes it. */
        Used inTransaction(boolean done) {
            return units(2, done);
        }

        /** A write costs by the larger of the two items, and a refused one by the present item. */
        private Used units(int times, boolean done) {
            int present = MemoryDynamoDb.bytes(before);
            return done
                    ? Used.writing(Math.max(present, bytes()), times, effect.index())
                    : Used.writing(present, times, 0);
        }
    }

    private Write write(TransactWriteItem item) {
        allowOnly(item, Set.of("Put", "Delete", "ConditionCheck"));
        if (Stream.of(item.put(), item.delete(), item.conditionCheck())
                        .filter(Objects::nonNull)
                        .count()
                != 1) {
            throw DynamoDbErrors.invalid("TransactItems can only contain one of its operations");
        }
        if (item.put() != null) {
            Put put = item.put();
            allowOnly(put, PUT);
            return put(
                    put.tableName(),
                    put.item(),
                    condition(
                            put.conditionExpression(),
                            put.expressionAttributeNames(),
                            put.expressionAttributeValues()));
        }
        if (item.delete() != null) {
            Delete delete = item.delete();
            allowOnly(delete, KEYED);
            return delete(
                    delete.tableName(),
                    delete.key(),
                    condition(
                            delete.conditionExpression(),
                            delete.expressionAttributeNames(),
                            delete.expressionAttributeValues()));
        }
        ConditionCheck check = item.conditionCheck();
        allowOnly(check, KEYED);
        return write(
                check.tableName(),
                check.key(),
                condition(
                        check.conditionExpression(),
                        check.expressionAttributeNames(),
                        check.expressionAttributeValues()),
                new Effect(0, 0, () -> {}));
    }

    private Write put(
            String name,
            Map<String, AttributeValue> item,
            Predicate<Map<String, AttributeValue>> condition) {
        MemoryTable table = table(name);
        Row row = table.row(item);
        return write(
                name,
                table.keyOf(item),
                condition,
                new Effect(row.bytes(), table.indexUnits(item, item), () -> table.put(row)));
    }

    private Write delete(
            String name,
            Map<String, AttributeValue> key,
            Predicate<Map<String, AttributeValue>> condition) {
        MemoryTable table = table(name);
        return write(
                name,
                key,
                condition,
                new Effect(0, table.indexUnits(key, Map.of()), () -> table.remove(key)));
    }

    private Write write(
            String name,
            Map<String, AttributeValue> key,
            Predicate<Map<String, AttributeValue>> condition,
            Effect effect) {
        MemoryTable table = table(name);
        table.checkKey(key);
        List<String> named = new ArrayList<>(table.index(null).key(key).orElseThrow());
        named.addFirst(name);
        return new Write(named, table.find(key), condition, effect);
    }

    private static int bytes(Optional<Row> row) {
        return row.map(Row::bytes).orElse(0);
    }

    private static List<Map<String, AttributeValue>> items(
            MemoryTable table, KeysAndAttributes asked, Bill bill) {
        allowOnly(asked, Set.of("Keys", "ConsistentRead"));
        asked.keys().forEach(table::checkKey);
        if (Set.copyOf(asked.keys()).size() < asked.keys().size()) {
            throw DynamoDbErrors.invalid("Provided list of item keys contains duplicates");
        }
        List<Row> rows = new ArrayList<>();
        for (Map<String, AttributeValue> key : asked.keys()) {
            Optional<Row> row = table.find(key);
            bill.accept(Used.reading(bytes(row), asked.consistentRead()));
            row.ifPresent(rows::add);
        }
        if (rows.stream().mapToInt(Row::bytes).sum() > BATCH_BYTES) {
            throw new UnsupportedOperationException("a batch of over 16 MB");
        }
        return rows.stream().map(Row::item).toList();
    }

    private QueryResponse page(QueryRequest request, MemoryIndex index, Bill bill) {
        DynamoDbExpressions expressions =
                new DynamoDbExpressions(
                        request.expressionAttributeNames(), request.expressionAttributeValues());
        String hash =
                expressions.equal(index.names().getFirst(), request.keyConditionExpression()).s();
        Predicate<Map<String, AttributeValue>> filter =
                expressions.condition(request.filterExpression());
        expressions.requireAllUsed();
        Map<String, AttributeValue> start = request.exclusiveStartKey();
        if (!start.isEmpty() && !hash.equals(index.key(start).orElseThrow().getFirst())) {
            throw DynamoDbErrors.invalid("The provided starting key is outside query boundaries");
        }
        if (request.indexName() != null && Boolean.TRUE.equals(request.consistentRead())) {
            throw DynamoDbErrors.invalid("Consistent reads are not supported on global indexes");
        }
        int most = Math.min(pageSize, request.limit() == null ? pageSize : request.limit());
        List<Map<String, AttributeValue>> found = new ArrayList<>();
        int scanned = 0;
        int bytes = 0;
        Map<String, AttributeValue> last = Map.of();
        for (Row row : index.rows(hash, start, !Boolean.FALSE.equals(request.scanIndexForward()))) {
            if (filter.test(row.item())) {
                found.add(row.item());
            }
            scanned++;
            bytes += row.bytes();
            if (scanned == most || bytes >= PAGE_BYTES) {
                last = index.keyOf(row.item());
                break;
            }
        }
        bill.accept(Used.reading(bytes, request.consistentRead()));
        QueryResponse.Builder page =
                QueryResponse.builder().items(found).count(found.size()).scannedCount(scanned);
        return (last.isEmpty() ? page : page.lastEvaluatedKey(last)).build();
    }

    private MemoryTable asSeen(QueryRequest request) {
        MemoryTable now = table(request.tableName());
        return Boolean.TRUE.equals(request.consistentRead())
                ? now
                : past.getOrDefault(request.tableName(), now);
    }

    private static Predicate<Map<String, AttributeValue>> condition(
            @Nullable String expression,
            Map<String, String> names,
            Map<String, AttributeValue> values) {
        DynamoDbExpressions expressions = new DynamoDbExpressions(names, values);
        Predicate<Map<String, AttributeValue>> condition = expressions.condition(expression);
        expressions.requireAllUsed();
        return condition;
    }

    private static CancellationReason reason(boolean allowed) {
        CancellationReason.Builder reason = CancellationReason.builder();
        return allowed
                ? reason.code("None").build()
                : reason.code("ConditionalCheckFailed")
                        .message("The conditional request failed")
                        .build();
    }

    private static void checkCount(int items) {
        if (items < 1 || items > MOST_ITEMS) {
            throw DynamoDbErrors.invalid("A request names 1 to " + MOST_ITEMS + " items");
        }
    }

    private MemoryTable table(String name) {
        MemoryTable table = tables.get(name);
        if (table == null) {
            throw DynamoDbErrors.noTable();
        }
        return table;
    }

    /** Refuses fields that would be ignored. */
    private static void allowOnly(SdkPojo request, Set<String> known) {
        for (SdkField<?> field : request.sdkFields()) {
            if (!known.contains(field.memberName()) && isSet(field.getValueOrDefault(request))) {
                throw new UnsupportedOperationException(field.memberName());
            }
        }
    }

    private static boolean isSet(@Nullable Object value) {
        return value != null
                && !(value instanceof SdkAutoConstructList)
                && !(value instanceof SdkAutoConstructMap);
    }

    private <R extends DynamoDbRequest, T> T call(
            R request, Set<String> known, Function<Bill, T> work) {
        String action = request.getClass().getSimpleName().replaceFirst("Request$", "");
        return calls.run(
                new Calls.Action(action, region),
                Optional.empty(),
                ERRORS,
                () -> {
                    allowOnly(request, known);
                    return work.apply(part -> used.merge(action, part, Used::plus));
                });
    }
}
