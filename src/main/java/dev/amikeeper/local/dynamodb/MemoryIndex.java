package dev.amikeeper.local.dynamodb;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** Items by hash key, and for one hash key in the order of the range key. */
final class MemoryIndex {
    private static final Comparator<List<String>> ORDER =
            (one, other) -> {
                for (int i = 0; i < one.size(); i++) {
                    int order = compare(one.get(i), other.get(i));
                    if (order != 0) {
                        return order;
                    }
                }
                return 0;
            };

    private final List<String> names;
    private final Map<String, NavigableMap<List<String>, Row>> partitions = new HashMap<>();

    /**
     * An empty index.
     *
     * @param names the attributes that make up the key, the hash key first
     */
    MemoryIndex(String... names) {
        this.names = List.of(names);
    }

    /** An item and its size by DynamoDB's rules. */
    record Row(Map<String, AttributeValue> item, int bytes) {}

    /** The attributes that make up its key, the hash key first. */
    List<String> names() {
        return names;
    }

    /** Puts an item, replacing one with the same key. An item without the key is left out. */
    void put(Row row) {
        key(row.item())
                .ifPresent(key ->
                        partitions
                                .computeIfAbsent(key.getFirst(), _ -> new TreeMap<>(ORDER))
                                .put(key, row));
    }

    void remove(Map<String, AttributeValue> item) {
        key(item)
                .ifPresent(key ->
                        partitions.computeIfPresent(
                                key.getFirst(),
                                (_, rows) -> {
                                    rows.remove(key);
                                    return rows.isEmpty() ? null : rows;
                                }));
    }

    Optional<Row> find(Map<String, AttributeValue> item) {
        return key(item)
                .flatMap(key ->
                        Optional.ofNullable(partitions.get(key.getFirst()))
                                .map(rows -> rows.get(key)));
    }

    /** All items, ordered by hash key and range key. */
    List<Map<String, AttributeValue>> all() {
        return partitions.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .flatMap(partition -> partition.getValue().values().stream())
                .map(Row::item)
                .toList();
    }

    /** The items of a hash key; if a start is given, only those after it. */
    Collection<Row> rows(String hash, Map<String, AttributeValue> start, boolean forward) {
        NavigableMap<List<String>, Row> rows = partitions.getOrDefault(hash, new TreeMap<>(ORDER));
        NavigableMap<List<String>, Row> wanted = forward ? rows : rows.descendingMap();
        return start.isEmpty()
                ? wanted.values()
                : wanted.tailMap(key(start).orElseThrow(), false).values();
    }

    /** An item's key; empty if a part of it is missing. */
    Optional<List<String>> key(Map<String, AttributeValue> item) {
        List<String> key = new ArrayList<>(names.size());
        for (String name : names) {
            AttributeValue value = item.get(name);
            if (value == null) {
                return Optional.empty();
            }
            key.add(value.s());
        }
        return Optional.of(key);
    }

    /** The attributes of an item that make up its key. */
    Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> key = new LinkedHashMap<>(item);
        key.keySet().retainAll(names);
        return key;
    }

    /** Compares as DynamoDB does: by the bytes in UTF-8, which is the order of code points. */
    static int compare(String one, String other) {
        int length = Math.min(one.length(), other.length());
        for (int i = 0; i < length; i++) {
            char a = one.charAt(i);
            char b = other.charAt(i);
            if (a != b) {
                boolean beyond = Character.isSurrogate(a);
                return beyond == Character.isSurrogate(b) ? a - b : beyond ? 1 : -1;
            }
        }
        return one.length() - other.length();
    }
}
