package dev.amikeeper.scale;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The table with the records of a fleet's images. A record is made when it is asked for. It is put
 * into another table, which holds the rest of the catalogue, right before it is changed.
 */
final class GeneratedRecords {
    /** About 1 MB of records. */
    private static final int RECORDS_A_PAGE = 400;

    private static final String TABLE = "catalogue";

    private final GeneratedFleet fleet;
    private final MemoryDynamoDb others;
    private final Map<String, AttributeValue> model;

    /** The records that are in the other table, or were until they were deleted. */
    private final Set<RecordKey> changed = ConcurrentHashMap.newKeySet();

    private final Set<RecordKey> deleted = ConcurrentHashMap.newKeySet();

    /** Which image's record it is. */
    private record RecordKey(Region region, int image) {}

    /**
     * @param others holds an item like each record: that of an available home image
     */
    GeneratedRecords(GeneratedFleet fleet, MemoryDynamoDb others) {
        this.fleet = fleet;
        this.others = others;
        model =
                others.items(TABLE).stream()
                        .filter(item -> text(item, "pk").equals(partition(GeneratedFleet.HOME)))
                        .findFirst()
                        .orElseThrow();
    }

    DynamoDbClient client() {
        return new Answering<DynamoDbClient>(DynamoDbClient.class, others)
                .on(QueryRequest.class, this::query)
                .on(GetItemRequest.class, this::get)
                .on(BatchGetItemRequest.class, this::batchGet)
                .on(TransactWriteItemsRequest.class, this::transact)
                .client();
    }

    private static String partition(Region region) {
        return SimulatedCloud.ACCOUNT + "/" + region + "/images/" + GeneratedFleet.POLICY;
    }

    private static String text(Map<String, AttributeValue> item, String name) {
        return requireNonNull(item.get(name)).s();
    }

    /** The record with this key, if it is one of the fleet's. */
    private Optional<RecordKey> key(Map<String, AttributeValue> item) {
        String[] sk = text(item, "sk").split("/", -1);
        return GeneratedFleet.REGIONS.stream()
                .filter(region -> partition(region).equals(text(item, "pk")))
                .findFirst()
                .flatMap(region ->
                        Slot.inTag(sk[1])
                                .flatMap(slot -> fleet.number(new InstanceId(sk[0]), slot))
                                .map(image -> new RecordKey(region, image)));
    }

    private QueryResponse query(QueryRequest request) {
        Map<String, AttributeValue> values = request.expressionAttributeValues();
        return GeneratedFleet.REGIONS.stream()
                .filter(region -> partition(region).equals(text(values, ":pk")))
                .findFirst()
                .map(region -> fleet.call("Query", region, () -> page(region, request)))
                .orElseGet(() -> others.query(request));
    }

    private QueryResponse page(Region region, QueryRequest request) {
        String token =
                request.hasExclusiveStartKey() ? text(request.exclusiveStartKey(), "at") : "";
        GeneratedFleet.Page page =
                GeneratedFleet.Page.of(token, RECORDS_A_PAGE, fleet.size().images());
        return QueryResponse.builder()
                .items(
                        page.map(image -> new RecordKey(region, image)).stream()
                                .flatMap(key -> present(key).stream())
                                .toList())
                .lastEvaluatedKey(
                        page.next().map(at -> Map.of("at", AttributeValue.fromS(at))).orElse(null))
                .build();
    }

    private Optional<Map<String, AttributeValue>> present(RecordKey key) {
        if (deleted.contains(key)) {
            return Optional.empty();
        }
        Map<String, AttributeValue> made = made(key);
        return Optional.of(
                changed.contains(key)
                        ? others.getItem(get -> get.tableName(TABLE).key(keyOf(made))).item()
                        : made);
    }

    private Optional<Map<String, AttributeValue>> unchanged(Map<String, AttributeValue> asked) {
        return key(asked).filter(key -> !changed.contains(key)).map(this::made);
    }

    private GetItemResponse get(GetItemRequest request) {
        return unchanged(request.key())
                .map(item -> GetItemResponse.builder().item(item).build())
                .orElseGet(() -> others.getItem(request));
    }

    private BatchGetItemResponse batchGet(BatchGetItemRequest request) {
        List<Map<String, AttributeValue>> found =
                new ArrayList<>(
                        others.batchGetItem(request).responses().getOrDefault(TABLE, List.of()));
        requireNonNull(request.requestItems().get(TABLE)).keys().stream()
                .flatMap(key -> unchanged(key).stream())
                .forEach(found::add);
        return BatchGetItemResponse.builder()
                .responses(Map.of(TABLE, found))
                .unprocessedKeys(Map.of())
                .build();
    }

    private TransactWriteItemsResponse transact(TransactWriteItemsRequest request) {
        keys(request.transactItems().stream().flatMap(GeneratedRecords::written))
                .filter(changed::add)
                .forEach(key -> others.putItem(put -> put.tableName(TABLE).item(made(key))));
        TransactWriteItemsResponse done = others.transactWriteItems(request);
        keys(request.transactItems().stream().flatMap(GeneratedRecords::put))
                .forEach(deleted::remove);
        keys(request.transactItems().stream().flatMap(GeneratedRecords::delete))
                .forEach(deleted::add);
        return done;
    }

    private Stream<RecordKey> keys(Stream<Map<String, AttributeValue>> items) {
        return items.flatMap(item -> key(item).stream());
    }

    private static Stream<Map<String, AttributeValue>> written(TransactWriteItem item) {
        return Stream.of(
                        put(item),
                        delete(item),
                        Stream.ofNullable(item.conditionCheck()).map(check -> check.key()))
                .flatMap(each -> each);
    }

    private static Stream<Map<String, AttributeValue>> put(TransactWriteItem item) {
        return Stream.ofNullable(item.put()).map(put -> put.item());
    }

    private static Stream<Map<String, AttributeValue>> delete(TransactWriteItem item) {
        return Stream.ofNullable(item.delete()).map(delete -> delete.key());
    }

    private Map<String, AttributeValue> made(RecordKey key) {
        Region region = key.region();
        ImageName name = fleet.name(key.image());
        Map<String, AttributeValue> item = fresh(model);
        String since = name.slot().time().plus(Duration.ofMinutes(10)).toString();
        Map.of(
                        "pk",
                        partition(region),
                        "sk",
                        name.instance() + "/" + name.slot(),
                        "gpk",
                        SimulatedCloud.ACCOUNT + "/instance/" + name.instance(),
                        "gsk",
                        name.slot() + "/" + region + "/" + GeneratedFleet.POLICY,
                        "region",
                        region.name(),
                        "name",
                        name.toString(),
                        "id",
                        GeneratedFleet.ami(region, key.image()),
                        "since",
                        since,
                        "dueAt",
                        since)
                .forEach((field, value) -> item.put(field, AttributeValue.fromS(value)));
        if (!region.equals(GeneratedFleet.HOME)) {
            item.put("home", AttributeValue.fromS(GeneratedFleet.home(key.image())));
        }
        return item;
    }

    private static Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
        return Map.of("pk", requireNonNull(item.get("pk")), "sk", requireNonNull(item.get("sk")));
    }

    /** A response consists of objects of its own. */
    private static Map<String, AttributeValue> fresh(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> copy = new HashMap<>();
        item.forEach((name, value) -> copy.put(String.valueOf(name.toCharArray()), fresh(value)));
        return copy;
    }

    private static AttributeValue fresh(AttributeValue value) {
        return switch (value.type()) {
            case S -> AttributeValue.fromS(String.valueOf(value.s().toCharArray()));
            case M -> AttributeValue.fromM(fresh(value.m()));
            case L ->
                    AttributeValue.fromL(value.l().stream().map(GeneratedRecords::fresh).toList());
            default -> value.toBuilder().build();
        };
    }
}
