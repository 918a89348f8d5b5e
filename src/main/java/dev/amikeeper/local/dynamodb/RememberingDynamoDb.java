package dev.amikeeper.local.dynamodb;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.CreateTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ListTablesRequest;
import software.amazon.awssdk.services.dynamodb.model.ListTablesResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Remembers the last answer to a query of a partition until something is written to the partition.
 * DynamoDB Local needs a third of a millisecond to find nothing, and a month has 90,000 such
 * queries: every tick asks for the state of the schedules and whether something waits in a Region,
 * and every sweep reads all images. Because every writer uses this client, all answers stay the
 * same.
 */
final class RememberingDynamoDb implements DynamoDbClient {
    private static final String HASH_KEY = "pk";

    private final DynamoDbClient local;
    private final Map<Partition, Known> known = new ConcurrentHashMap<>();
    private final Map<Partition, Long> writes = new ConcurrentHashMap<>();
    private final AtomicLong otherWrites = new AtomicLong();

    RememberingDynamoDb(DynamoDbClient local) {
        this.local = local;
    }

    /**
     * Some of a table's items. Those that an index holds, or that a query finds by more than a key,
     * count as one partition.
     */
    private record Partition(String table, String key) {
        static final String ANY = "";
    }

    /** What a query reads before it filters: where nothing is read, no filter matters. */
    private record Range(
            String table, String index, String condition, Map<String, AttributeValue> values) {
        static Range of(QueryRequest query) {
            String condition = String.valueOf(query.keyConditionExpression());
            Map<String, AttributeValue> values = new HashMap<>(query.expressionAttributeValues());
            values.keySet().removeIf(name -> !condition.contains(name));
            return new Range(
                    query.tableName(), String.valueOf(query.indexName()), condition, values);
        }
    }

    /** An answer, and how many writes had begun or ended before the question. */
    private record Known(Object question, QueryResponse answer, long writes) {}

    @Override
    public QueryResponse query(QueryRequest query) {
        Range range = Range.of(query);
        Partition partition =
                query.indexName() == null && range.values().size() == 1
                        ? new Partition(
                                query.tableName(), range.values().values().iterator().next().s())
                        : new Partition(query.tableName(), Partition.ANY);
        long now = writesInto(partition);
        Known before = known.get(partition);
        if (before != null
                && before.writes() == now
                && (before.question().equals(range) || before.question().equals(query))) {
            return before.answer();
        }
        QueryResponse answer = local.query(query);
        boolean empty =
                answer.scannedCount() == 0
                        && !answer.hasLastEvaluatedKey()
                        && !query.hasExclusiveStartKey();
        known.put(partition, new Known(empty ? range : query, answer, now));
        return answer;
    }

    private long writesInto(Partition partition) {
        return otherWrites.get() + writes.getOrDefault(partition, 0L);
    }

    @Override
    public GetItemResponse getItem(GetItemRequest request) {
        return local.getItem(request);
    }

    @Override
    public BatchGetItemResponse batchGetItem(BatchGetItemRequest request) {
        return local.batchGetItem(request);
    }

    @Override
    public ScanResponse scan(ScanRequest request) {
        return local.scan(request);
    }

    @Override
    public DescribeTableResponse describeTable(DescribeTableRequest request) {
        return local.describeTable(request);
    }

    @Override
    public ListTablesResponse listTables(ListTablesRequest request) {
        return local.listTables(request);
    }

    @Override
    public CreateTableResponse createTable(CreateTableRequest request) {
        return write(() -> local.createTable(request));
    }

    @Override
    public DeleteTableResponse deleteTable(DeleteTableRequest request) {
        return write(() -> local.deleteTable(request));
    }

    @Override
    public PutItemResponse putItem(PutItemRequest request) {
        return write(
                List.of(partition(request.tableName(), request.item())),
                () -> local.putItem(request));
    }

    @Override
    public UpdateItemResponse updateItem(UpdateItemRequest request) {
        return write(() -> local.updateItem(request));
    }

    @Override
    public DeleteItemResponse deleteItem(DeleteItemRequest request) {
        return write(() -> local.deleteItem(request));
    }

    @Override
    public BatchWriteItemResponse batchWriteItem(BatchWriteItemRequest request) {
        return write(() -> local.batchWriteItem(request));
    }

    @Override
    public TransactWriteItemsResponse transactWriteItems(TransactWriteItemsRequest request) {
        return write(
                request.transactItems().stream()
                        .flatMap(RememberingDynamoDb::written)
                        .distinct()
                        .toList(),
                () -> local.transactWriteItems(request));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {
        local.close();
    }

    private static Stream<Partition> written(TransactWriteItem item) {
        return Stream.of(
                        Stream.ofNullable(item.put())
                                .map(put -> partition(put.tableName(), put.item())),
                        Stream.ofNullable(item.delete())
                                .map(delete -> partition(delete.tableName(), delete.key())),
                        Stream.ofNullable(item.update())
                                .map(update -> partition(update.tableName(), update.key())))
                .flatMap(written -> written);
    }

    private static Partition partition(String table, Map<String, AttributeValue> keyed) {
        AttributeValue key = keyed.get(HASH_KEY);
        return new Partition(table, key == null ? Partition.ANY : key.s());
    }

    private <T> T write(List<Partition> into, Supplier<T> call) {
        into.forEach(this::wrote);
        try {
            return call.get();
        } finally {
            into.forEach(this::wrote);
        }
    }

    private void wrote(Partition partition) {
        writes.merge(partition, 1L, Long::sum);
        writes.merge(new Partition(partition.table(), Partition.ANY), 1L, Long::sum);
    }

    private <T> T write(Supplier<T> call) {
        otherWrites.incrementAndGet();
        try {
            return call.get();
        } finally {
            otherWrites.incrementAndGet();
        }
    }
}
