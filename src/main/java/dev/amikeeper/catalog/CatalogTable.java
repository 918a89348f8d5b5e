package dev.amikeeper.catalog;

import dev.amikeeper.catalog.Unknowns.Form;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The one DynamoDB table. Its reads report what they could not read, and each of its writes
 * succeeds or fails as a whole. It knows items and their keys, but not what they mean.
 */
final class CatalogTable {
    /** The most items that one call reads. */
    static final int KEYS_A_BATCH = 100;

    /** The most writes of a transaction. */
    static final int WRITES_A_TRANSACTION = 100;

    /**
     * A transaction may have 4 MB. That counts what is there, too, which is replaced by something
     * of about the same size.
     */
    static final int BYTES_A_TRANSACTION = 2_000_000;

    private static final int TRIES = 8;

    private final DynamoDbClient dynamoDb;
    private final String name;
    private final Consumer<Duration> pause;
    private final RandomGenerator random;
    private final Unknowns unknowns;

    /**
     * @param pause waits for a random time before a call is tried again
     */
    CatalogTable(
            DynamoDbClient dynamoDb,
            String name,
            Consumer<Duration> pause,
            RandomGenerator random,
            Unknowns unknowns) {
        this.dynamoDb = dynamoDb;
        this.name = name;
        this.pause = pause;
        this.random = random;
        this.unknowns = unknowns;
    }

    private Optional<Map<String, AttributeValue>> get(Map<String, AttributeValue> key) {
        unknowns.forget(key);
        return Optional.of(
                        dynamoDb.getItem(get -> get.tableName(name).key(key).consistentRead(true)))
                .filter(response -> response.hasItem())
                .map(response -> response.item());
    }

    /**
     * Reads one item.
     *
     * @throws UnreadableItemException if it exists and cannot be read
     */
    <T> Optional<T> one(Map<String, AttributeValue> key, Form<T> form) {
        return get(key).map(item -> unknowns.readOne(item, form));
    }

    /** Reads one item; also empty if it cannot be read. */
    <T> Optional<T> readable(Map<String, AttributeValue> key, Form<T> form) {
        return get(key).flatMap(item -> unknowns.read(item, form));
    }

    /** Returns the readable items of a partition. */
    <T> List<T> all(String pk, Form<T> form) {
        return stream(pk, form).toList();
    }

    <T> Stream<T> stream(String pk, Form<T> form) {
        return items(pk).flatMap(item -> unknowns.read(item, form).stream());
    }

    /** The readable items of a partition as they were a moment ago, at half the price. */
    <T> Stream<T> glimpse(String pk, Form<T> form) {
        return items(pk, false).flatMap(item -> unknowns.read(item, form).stream());
    }

    Stream<Map<String, AttributeValue>> items(String pk) {
        return items(pk, true);
    }

    private Stream<Map<String, AttributeValue>> items(String pk, boolean consistent) {
        return unknowns.seeing(
                pk,
                pages(query ->
                        query.keyConditionExpression("pk = :pk")
                                .expressionAttributeValues(Map.of(":pk", AttributeValue.fromS(pk)))
                                .consistentRead(consistent)));
    }

    /**
     * Returns the items of a partition in pages of this size. A page is read when it is needed, so
     * whoever needs few items pays for few.
     *
     * @param after the key of the item, present or not, behind which to begin; from the beginning
     *     if empty
     */
    Stream<Map<String, AttributeValue>> some(
            String pk, Optional<Map<String, AttributeValue>> after, int page) {
        unknowns.forget(pk);
        return pages(query -> {
            after.ifPresent(query::exclusiveStartKey);
            return query.keyConditionExpression("pk = :pk")
                    .expressionAttributeValues(Map.of(":pk", AttributeValue.fromS(pk)))
                    .limit(page)
                    .consistentRead(true);
        });
    }

    /**
     * Returns the readable item before this one in its partition, which may be slightly out of
     * date; empty if there is none.
     */
    <T> Optional<T> before(Map<String, AttributeValue> key, Form<T> form) {
        return pages(query ->
                        query.exclusiveStartKey(key)
                                .keyConditionExpression("pk = :pk")
                                .expressionAttributeValues(
                                        Map.of(
                                                ":pk",
                                                Objects.requireNonNull(key.get(TableKeys.PK))))
                                .scanIndexForward(false)
                                .limit(1))
                .findFirst()
                .flatMap(item -> unknowns.read(item, form));
    }

    /** Returns the readable ones of these items. */
    <T> Stream<T> each(List<Map<String, AttributeValue>> wanted, Form<T> form) {
        wanted.forEach(unknowns::forget);
        return batch(wanted).stream().flatMap(item -> unknowns.read(item, form).stream());
    }

    /** Adds the unknown attributes to an item that is about to be replaced and has no version. */
    Map<String, AttributeValue> kept(Map<String, AttributeValue> item) {
        return unknowns.keep(item, TableKeys.of(item), null);
    }

    Stream<Map<String, AttributeValue>> pages(UnaryOperator<QueryRequest.Builder> request) {
        QueryRequest query = request.apply(QueryRequest.builder().tableName(name)).build();
        return dynamoDb.queryPaginator(query).items().stream();
    }

    /**
     * Reads up to 100 items a call, and repeats the call for items that DynamoDB did not process.
     */
    private List<Map<String, AttributeValue>> batch(List<Map<String, AttributeValue>> wanted) {
        List<Map<String, AttributeValue>> found = new ArrayList<>();
        for (int from = 0; from < wanted.size(); from += KEYS_A_BATCH) {
            List<Map<String, AttributeValue>> some =
                    wanted.subList(from, Math.min(wanted.size(), from + KEYS_A_BATCH));
            Map<String, KeysAndAttributes> left =
                    Map.of(
                            name,
                            KeysAndAttributes.builder().keys(some).consistentRead(true).build());
            for (int tried = 1; !left.isEmpty(); tried++) {
                if (tried > 1) {
                    backOff(tried);
                }
                Map<String, KeysAndAttributes> asked = left;
                var response = dynamoDb.batchGetItem(get -> get.requestItems(asked));
                found.addAll(response.responses().getOrDefault(name, List.of()));
                left = response.unprocessedKeys();
            }
        }
        return found;
    }

    /**
     * Writes all items or none.
     *
     * @return the indexes of the writes whose condition did not hold; empty if everything was
     *     written
     */
    Set<Integer> transact(List<TransactWriteItem> writes) {
        for (int tried = 1; ; tried++) {
            try {
                dynamoDb.transactWriteItems(transaction -> transaction.transactItems(writes));
                return Set.of();
            } catch (TransactionCanceledException cancelled) {
                Set<Integer> refused = refused(cancelled.cancellationReasons());
                if (!refused.isEmpty()) {
                    return refused;
                }
                // Another transaction was changing the same items. Try again; then the conditions
                // decide.
                if (tried == TRIES) {
                    throw cancelled;
                }
                backOff(tried);
            }
        }
    }

    /**
     * Doubles the pause each time, up to 3.2 s, with a random part so that two writers do not
     * collide again.
     */
    private void backOff(int tried) {
        long most = 50L << Math.min(tried - 1, 6);
        pause.accept(Duration.ofMillis(random.nextLong(most / 2, most)));
    }

    private static Set<Integer> refused(List<CancellationReason> reasons) {
        return Stream.iterate(0, i -> i < reasons.size(), i -> i + 1)
                .filter(i -> "ConditionalCheckFailed".equals(reasons.get(i).code()))
                .collect(Collectors.toSet());
    }

    /** About how large the item is that a write puts; 0 if it puts none. */
    static int bytes(TransactWriteItem write) {
        return write.put() == null ? 0 : bytes(write.put().item());
    }

    private static int bytes(Map<String, AttributeValue> fields) {
        return fields.entrySet().stream()
                .mapToInt(field -> field.getKey().length() + bytes(field.getValue()))
                .sum();
    }

    /** A character is up to 3 bytes of UTF-8; most are one. */
    private static int bytes(AttributeValue value) {
        return switch (value.type()) {
            case S -> value.s().length();
            case M -> bytes(value.m());
            case L -> value.l().stream().mapToInt(CatalogTable::bytes).sum();
            default -> 20;
        };
    }

    TransactWriteItem putNew(Map<String, AttributeValue> item) {
        return put(item, "attribute_not_exists(pk)", Map.of(), Map.of());
    }

    TransactWriteItem put(Map<String, AttributeValue> item) {
        return TransactWriteItem.builder().put(put -> put.tableName(name).item(item)).build();
    }

    TransactWriteItem put(
            Map<String, AttributeValue> item,
            String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values) {
        return TransactWriteItem.builder()
                .put(put -> {
                    put.tableName(name).item(item).conditionExpression(condition);
                    if (!names.isEmpty()) {
                        put.expressionAttributeNames(names);
                    }
                    if (!values.isEmpty()) {
                        put.expressionAttributeValues(values);
                    }
                })
                .build();
    }

    TransactWriteItem delete(Map<String, AttributeValue> key) {
        return TransactWriteItem.builder()
                .delete(delete -> delete.tableName(name).key(key))
                .build();
    }

    static Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> key = new HashMap<>(item);
        key.keySet().retainAll(Set.of(TableKeys.PK, TableKeys.SK));
        return key;
    }

    /** Replaces an item that still has this version. */
    boolean replace(
            Map<String, AttributeValue> written, Map<String, AttributeValue> key, long before) {
        AttributeValue version = Attributes.number(before);
        Map<String, AttributeValue> item = unknowns.keep(written, key, version);
        boolean saved = transact(List.of(putOver(item, version))).isEmpty();
        if (saved) {
            unknowns.wrote(item, key);
        }
        return saved;
    }

    /** Writes this item unconditionally. */
    void write(Map<String, AttributeValue> item) {
        dynamoDb.putItem(put -> put.tableName(name).item(item));
    }

    /**
     * Deletes an item.
     *
     * @return whether the condition held
     */
    boolean remove(
            Map<String, AttributeValue> key,
            String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values) {
        try {
            dynamoDb.deleteItem(delete ->
                    delete.tableName(name)
                            .key(key)
                            .conditionExpression(condition)
                            .expressionAttributeNames(names)
                            .expressionAttributeValues(values));
            return true;
        } catch (ConditionalCheckFailedException doesNotHold) {
            return false;
        }
    }

    TransactWriteItem delete(
            Map<String, AttributeValue> key,
            String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values) {
        return TransactWriteItem.builder()
                .delete(delete ->
                        delete.tableName(name)
                                .key(key)
                                .conditionExpression(condition)
                                .expressionAttributeNames(names)
                                .expressionAttributeValues(values))
                .build();
    }

    /** Deletes an item that still has this version. */
    TransactWriteItem deleteVersion(Map<String, AttributeValue> key, long version) {
        return delete(
                key,
                "#version = :before",
                Map.of("#version", Items.VERSION),
                Map.of(":before", Attributes.number(version)));
    }

    /** Replaces an item that still has this version. */
    TransactWriteItem putOver(Map<String, AttributeValue> item, AttributeValue version) {
        return put(
                item,
                "#version = :before",
                Map.of("#version", Items.VERSION),
                Map.of(":before", version));
    }

    /** Writes nothing, but fails the transaction if this item exists. */
    TransactWriteItem isMissing(Map<String, AttributeValue> key) {
        return TransactWriteItem.builder()
                .conditionCheck(check ->
                        check.tableName(name)
                                .key(key)
                                .conditionExpression("attribute_not_exists(pk)"))
                .build();
    }
}
