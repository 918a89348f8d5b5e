package dev.amikeeper.local.dynamodb;

import dev.amikeeper.catalog.DynamoDbCatalog;
import dev.amikeeper.local.DynamoDbErrors;
import dev.amikeeper.local.dynamodb.MemoryIndex.Row;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The catalogue's table as the template defines it, with its index. Both are always up to date. */
final class MemoryTable {
    /**
     * The maximum size of an item.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html">
     *     Quotas</a>
     */
    private static final int MOST_BYTES = 400 * 1024;

    private final MemoryIndex items = new MemoryIndex("pk", "sk");
    private final MemoryIndex byInstance = new MemoryIndex("gpk", "gsk", "pk", "sk");

    /** The table's own order, or that of an index. */
    MemoryIndex index(@Nullable String name) {
        if (name == null) {
            return items;
        }
        if (!name.equals(DynamoDbCatalog.BY_INSTANCE)) {
            throw DynamoDbErrors.invalid("The table does not have the specified index: " + name);
        }
        return byInstance;
    }

    /** A table of its own with the same items. */
    MemoryTable copy() {
        MemoryTable copy = new MemoryTable();
        items.all().forEach(item -> copy.put(copy.row(item)));
        return copy;
    }

    Optional<Row> find(Map<String, AttributeValue> key) {
        return items.find(key);
    }

    void put(Row row) {
        remove(row.item());
        items.put(row);
        Map<String, AttributeValue> keys = byInstance.keyOf(row.item());
        byInstance.put(new Row(keys, bytes(keys)));
    }

    void remove(Map<String, AttributeValue> key) {
        items.find(key)
                .ifPresent(row -> {
                    items.remove(row.item());
                    byInstance.remove(row.item());
                });
    }

    /**
     * The write units for the index if an item becomes this one: one to add an entry, one to remove
     * one, both to change its keys, and none if they stay.
     *
     * @param key the item's key
     * @param after the new item; empty if it is removed
     */
    double indexUnits(Map<String, AttributeValue> key, Map<String, AttributeValue> after) {
        Optional<Map<String, AttributeValue>> old = find(key).flatMap(row -> entry(row.item()));
        Optional<Map<String, AttributeValue>> now = entry(after);
        return old.equals(now)
                ? 0
                : Stream.of(old, now)
                        .flatMap(Optional::stream)
                        .mapToDouble(entry -> CapacityUnits.writing(bytes(entry)))
                        .sum();
    }

    /** An item's entry in the index; empty if it has none. */
    private Optional<Map<String, AttributeValue>> entry(Map<String, AttributeValue> item) {
        return byInstance.key(item).map(_ -> byInstance.keyOf(item));
    }

    /** The key of an item. */
    Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
        return items.keyOf(item);
    }

    /** An item that DynamoDB accepts. */
    Row row(Map<String, AttributeValue> item) {
        for (String name : byInstance.names()) {
            AttributeValue value = item.get(name);
            boolean required = items.names().contains(name);
            if (value == null ? required : value.s() == null || value.s().isEmpty()) {
                throw DynamoDbErrors.invalid("The key attribute " + name + " is not valid");
            }
        }
        int bytes = bytes(item);
        if (bytes > MOST_BYTES) {
            throw DynamoDbErrors.invalid("Item size has exceeded the maximum allowed size");
        }
        return new Row(item, bytes);
    }

    /** Refuses what is no key of this table. */
    void checkKey(Map<String, AttributeValue> key) {
        if (key.size() != items.names().size()) {
            throw DynamoDbErrors.invalid("The provided key element does not match the schema");
        }
        row(key);
    }

    private static int bytes(Map<String, AttributeValue> item) {
        int bytes = 0;
        for (Map.Entry<String, AttributeValue> field : item.entrySet()) {
            bytes += utf8(field.getKey()) + bytes(field.getValue());
        }
        return bytes;
    }

    private static int bytes(AttributeValue value) {
        return switch (value.type()) {
            case S -> utf8(value.s());
            case BOOL -> 1;
            case N -> {
                if (!value.n().equals(Long.toString(Long.parseLong(value.n())))) {
                    throw new UnsupportedOperationException("the number " + value.n());
                }
                yield value.n().length() / 2 + 2;
            }
            case L -> {
                int bytes = 3;
                for (AttributeValue element : value.l()) {
                    bytes += 1 + bytes(element);
                }
                yield bytes;
            }
            case M -> 3 + value.m().size() + bytes(value.m());
            default -> throw new UnsupportedOperationException("a value of " + value.type());
        };
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
