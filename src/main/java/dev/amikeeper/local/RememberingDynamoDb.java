package dev.amikeeper.local;

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

/**
 * Remembers what queries found until something is written. DynamoDB Local needs a third of a
 * millisecond to find nothing, and a month has 90,000 such queries: every tick asks where the
 * schedules stand and, of every Region, whether something waits. As every writer uses this client,
 * no answer differs.
 */
final class RememberingDynamoDb implements DynamoDbClient {
    private final DynamoDbClient local;
    private final AtomicLong writes = new AtomicLong();
    private final Map<Object, Known> known = new ConcurrentHashMap<>();

    RememberingDynamoDb(DynamoDbClient local) {
        this.local = local;
    }

    /** What a query reads, whatever it then filters out: where nothing is, nothing passes. */
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
    private record Known(QueryResponse answer, long writes) {}

    @Override
    public QueryResponse query(QueryRequest query) {
        Range range = Range.of(query);
        long now = writes.get();
        for (Object question : List.of(range, query)) {
            Known before = known.get(question);
            if (before != null && before.writes() == now) {
                return before.answer();
            }
        }
        QueryResponse answer = local.query(query);
        boolean empty =
                answer.scannedCount() == 0
                        && !answer.hasLastEvaluatedKey()
                        && !query.hasExclusiveStartKey();
        known.put(empty ? range : query, new Known(answer, now));
        return answer;
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
        return write(() -> local.putItem(request));
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
        return write(() -> local.transactWriteItems(request));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {
        local.close();
    }

    private <T> T write(Supplier<T> call) {
        writes.incrementAndGet();
        known.clear();
        try {
            return call.get();
        } finally {
            writes.incrementAndGet();
        }
    }
}
