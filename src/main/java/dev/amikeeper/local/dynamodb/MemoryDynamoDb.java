package dev.amikeeper.local.dynamodb;

import dev.amikeeper.local.Calls;
import dev.amikeeper.local.DynamoDbErrors;
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

    /** All items of a table, ordered by key. */
    public List<Map<String, AttributeValue>> items(String name) {
        return calls.alone(() -> table(name).index(null).all());
    }

    /** Sets how many items a page of a query reads at most; by default as many as fit into 1 MB. */
    public void pageSize(int items) {
        calls.alone(() -> pageSize = items);
    }

    @Override
    public PutItemResponse putItem(PutItemRequest request) {
        return call(
                request,
                PUT,
                _ -> {
                    put(
                                    request.tableName(),
                                    request.item(),
                                    condition(
                                            request.conditionExpression(),
                                            request.expressionAttributeNames(),
                                            request.expressionAttributeValues()))
                            .alone();
                    return PutItemResponse.builder().build();
                });
    }

    @Override
    public DeleteItemResponse deleteItem(DeleteItemRequest request) {
        return call(
                request,
                KEYED,
                _ -> {
                    delete(
                                    request.tableName(),
                                    request.key(),
                                    condition(
                                            request.conditionExpression(),
                                            request.expressionAttributeNames(),
                                            request.expressionAttributeValues()))
                            .alone();
                    return DeleteItemResponse.builder().build();
                });
    }

    @Override
    public TransactWriteItemsResponse transactWriteItems(TransactWriteItemsRequest request) {
        return call(
                request,
                Set.of("TransactItems", "ClientRequestToken"),
                _ -> {
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
                    if (allowed.contains(false)) {
                        throw DynamoDbErrors.cancelled(
                                allowed.stream().map(MemoryDynamoDb::reason).toList());
                    }
                    writes.forEach(write -> write.effect().run());
                    return TransactWriteItemsResponse.builder().build();
                });
    }

    @Override
    public GetItemResponse getItem(GetItemRequest request) {
        return call(
                request,
                Set.of("TableName", "Key", "ConsistentRead"),
                _ -> {
                    MemoryTable table = table(request.tableName());
                    table.checkKey(request.key());
                    GetItemResponse.Builder answer = GetItemResponse.builder();
                    table.find(request.key()).ifPresent(row -> answer.item(row.item()));
                    return answer.build();
                });
    }

    @Override
    public BatchGetItemResponse batchGetItem(BatchGetItemRequest request) {
        return call(
                request,
                Set.of("RequestItems"),
                _ -> {
                    checkCount(
                            request.requestItems().values().stream()
                                    .mapToInt(asked -> asked.keys().size())
                                    .sum());
                    Map<String, List<Map<String, AttributeValue>>> found = new LinkedHashMap<>();
                    request.requestItems()
                            .forEach((name, asked) -> found.put(name, items(table(name), asked)));
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
                _ -> {
                    return page(request, table(request.tableName()).index(request.indexName()));
                });
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    /**
     * One write, or one check, of a request.
     *
     * @param key the table's name and the item's key
     * @param before the present item; empty if there is none
     */
    private record Write(
            List<String> key,
            Map<String, AttributeValue> before,
            Predicate<Map<String, AttributeValue>> condition,
            int bytes,
            Runnable effect) {
        boolean isAllowed() {
            return condition.test(before);
        }

        void alone() {
            if (!isAllowed()) {
                throw DynamoDbErrors.conditionFailed();
            }
            effect.run();
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
                0,
                () -> {});
    }

    private Write put(
            String name,
            Map<String, AttributeValue> item,
            Predicate<Map<String, AttributeValue>> condition) {
        MemoryTable table = table(name);
        Row row = table.row(item);
        return write(name, table.keyOf(item), condition, row.bytes(), () -> table.put(row));
    }

    private Write delete(
            String name,
            Map<String, AttributeValue> key,
            Predicate<Map<String, AttributeValue>> condition) {
        return write(name, key, condition, 0, () -> table(name).remove(key));
    }

    private Write write(
            String name,
            Map<String, AttributeValue> key,
            Predicate<Map<String, AttributeValue>> condition,
            int bytes,
            Runnable effect) {
        MemoryTable table = table(name);
        table.checkKey(key);
        List<String> named = new ArrayList<>(table.index(null).key(key).orElseThrow());
        named.addFirst(name);
        return new Write(
                named, table.find(key).map(Row::item).orElse(Map.of()), condition, bytes, effect);
    }

    private static List<Map<String, AttributeValue>> items(
            MemoryTable table, KeysAndAttributes asked) {
        allowOnly(asked, Set.of("Keys", "ConsistentRead"));
        asked.keys().forEach(table::checkKey);
        if (Set.copyOf(asked.keys()).size() < asked.keys().size()) {
            throw DynamoDbErrors.invalid("Provided list of item keys contains duplicates");
        }
        List<Row> rows = asked.keys().stream().flatMap(key -> table.find(key).stream()).toList();
        if (rows.stream().mapToInt(Row::bytes).sum() > BATCH_BYTES) {
            throw new UnsupportedOperationException("a batch of over 16 MB");
        }
        return rows.stream().map(Row::item).toList();
    }

    private QueryResponse page(QueryRequest request, MemoryIndex index) {
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
        QueryResponse.Builder page =
                QueryResponse.builder().items(found).count(found.size()).scannedCount(scanned);
        return (last.isEmpty() ? page : page.lastEvaluatedKey(last)).build();
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
            R request, Set<String> known, Function<R, T> work) {
        String action = request.getClass().getSimpleName().replaceFirst("Request$", "");
        return calls.run(
                new Calls.Action(action, region),
                Optional.empty(),
                ERRORS,
                () -> {
                    allowOnly(request, known);
                    return work.apply(request);
                });
    }
}
