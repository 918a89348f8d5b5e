package dev.amikeeper.catalog;

import dev.amikeeper.image.Texts;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What was read that this version does not know: unreadable items, and unknown attributes of
 * readable items. Two versions share a table during an upgrade and after a rollback. Unknown
 * attributes are written back with their item, so that they survive. This works because an item is
 * always read before it is written, and the write's condition ensures that it has not changed
 * since.
 *
 * <p>Several threads may use it. It holds no lock.
 */
final class Unknowns {
    /** Attributes that each write sets anew and that are never carried over. */
    private static final Set<String> OURS =
            Set.of(
                    TableKeys.PK,
                    TableKeys.SK,
                    TableKeys.INSTANCE_PK,
                    TableKeys.INSTANCE_SK,
                    Items.EXPIRES,
                    Items.TELLING);

    /**
     * The most records to remember, because a function's memory is limited: with its item, one
     * takes about 15 KB.
     */
    private static final int REMEMBERED = 2_000;

    private final String account;
    private final Map<Map<String, AttributeValue>, Unreadable> items = new ConcurrentHashMap<>();
    private final Map<Map<String, AttributeValue>, Rest> rests = new ConcurrentHashMap<>();

    Unknowns(String account) {
        this.account = account;
    }

    /**
     * How an item is read as a record.
     *
     * @param write writes the record again, with the key of the item that it was read from
     * @param memory what was read before, by key; absent if remembering is not worthwhile
     */
    record Form<T>(
            Read<T> read,
            Write<T> write,
            Optional<Map<Map<String, AttributeValue>, Known<T>>> memory) {
        Form(Read<T> read, Write<T> write) {
            this(read, write, Optional.empty());
        }

        interface Read<T> {
            T of(Map<String, AttributeValue> item);
        }

        interface Write<T> {
            Map<String, AttributeValue> of(T read, Map<String, AttributeValue> item);
        }

        /** For items that are never written back. */
        static <T> Form<T> of(Read<T> read) {
            return new Form<>(read, (_, item) -> item);
        }

        /**
         * For items that are numerous and seldom change. An item that equals the one read before
         * yields the same record, which is cheaper than reading it again.
         */
        static <T> Form<T> remembering(Read<T> read, Write<T> write) {
            return new Form<>(read, write, Optional.of(new ConcurrentHashMap<>()));
        }

        private @Nullable Known<T> known(
                Map<String, AttributeValue> key, Map<String, AttributeValue> item) {
            return memory.map(known -> known.get(key))
                    .filter(known -> known.item().equals(item))
                    .orElse(null);
        }

        private void remember(Map<String, AttributeValue> key, Known<T> read) {
            memory.ifPresent(known -> {
                if (known.size() >= REMEMBERED) {
                    known.clear();
                }
                known.put(key, read);
            });
        }
    }

    /** An item, its record, and the attributes for which the record has no place. */
    private record Known<T>(Map<String, AttributeValue> item, T read, Rest rest) {}

    /**
     * The attributes of an item for which its record has no place.
     *
     * @param version the item's version, if it has one
     * @param whole attributes that are unknown as a whole
     * @param within unknown entries of attributes that are maps, by attribute
     */
    private record Rest(
            @Nullable AttributeValue version,
            Map<String, AttributeValue> whole,
            Map<String, Map<String, AttributeValue>> within) {
        boolean isEmpty() {
            return whole.isEmpty() && within.isEmpty();
        }
    }

    /** Reads an item; empty if it cannot be read, which is remembered. */
    <T> Optional<T> read(Map<String, AttributeValue> item, Form<T> form) {
        Map<String, AttributeValue> key = TableKeys.of(item);
        try {
            Known<T> known = form.known(key, item);
            if (known == null) {
                known = readAnew(key, item, form);
                form.remember(key, known);
            }
            if (!known.rest().isEmpty()) {
                rests.put(key, known.rest());
            } else if (!rests.isEmpty()) {
                rests.remove(key);
            }
            if (!items.isEmpty()) {
                items.remove(key);
            }
            return Optional.of(known.read());
        } catch (RuntimeException unreadable) {
            items.put(key, unreadable(key, unreadable));
            return Optional.empty();
        }
    }

    private static <T> Known<T> readAnew(
            Map<String, AttributeValue> key, Map<String, AttributeValue> item, Form<T> form) {
        T read = form.read().of(item);
        Map<String, AttributeValue> written = form.write().of(read, item);
        if (!TableKeys.of(written).equals(key)) {
            throw new IllegalStateException("its attributes belong to another key");
        }
        return new Known<>(item, read, rest(item, written));
    }

    /**
     * Reads an item that was requested by itself.
     *
     * @throws UnreadableItemException if it cannot be read
     */
    <T> T readOne(Map<String, AttributeValue> item, Form<T> form) {
        return read(item, form)
                .orElseThrow(() ->
                        new UnreadableItemException(
                                Objects.requireNonNull(items.get(TableKeys.of(item)))));
    }

    private Unreadable unreadable(Map<String, AttributeValue> key, RuntimeException why) {
        String said = Objects.requireNonNullElse(why.getMessage(), why.getClass().getSimpleName());
        return new Unreadable(partition(key), text(key, TableKeys.SK), Texts.plain(said));
    }

    private String partition(Map<String, AttributeValue> key) {
        return text(key, TableKeys.PK).substring(account.length() + 1);
    }

    private static String text(Map<String, AttributeValue> key, String name) {
        return Objects.requireNonNull(key.get(name)).s();
    }

    private static Rest rest(Map<String, AttributeValue> item, Map<String, AttributeValue> known) {
        Map<String, AttributeValue> whole = new HashMap<>();
        Map<String, Map<String, AttributeValue>> within = new HashMap<>();
        item.forEach((name, value) -> {
            AttributeValue ours = known.get(name);
            if (OURS.contains(name) || value.equals(ours)) {
                return;
            }
            if (ours == null) {
                whole.put(name, value);
            } else if (value.hasM() && ours.hasM()) {
                Map<String, AttributeValue> more = new HashMap<>(value.m());
                more.keySet().removeAll(ours.m().keySet());
                if (!more.isEmpty()) {
                    within.put(name, more);
                }
            }
        });
        return new Rest(item.get(Items.VERSION), whole, within);
    }

    /**
     * Adds the unknown attributes of the item that it comes from to an item before it is written.
     *
     * @param from the key of the item that was read
     * @param version the version that was read; null if the item has none
     */
    Map<String, AttributeValue> keep(
            Map<String, AttributeValue> item,
            Map<String, AttributeValue> from,
            @Nullable AttributeValue version) {
        Rest rest = rests.isEmpty() ? null : rests.get(from);
        if (rest == null || !Objects.equals(rest.version(), version)) {
            return item;
        }
        Map<String, AttributeValue> all = new HashMap<>(item);
        rest.whole().forEach(all::putIfAbsent);
        rest.within()
                .forEach((name, more) -> {
                    AttributeValue ours = all.get(name);
                    if (ours != null && ours.hasM()) {
                        Map<String, AttributeValue> both = new HashMap<>(more);
                        both.putAll(ours.m());
                        all.put(name, AttributeValue.fromM(both));
                    }
                });
        return all;
    }

    /** An item was written in place of the one that was read; the unknown attributes go with it. */
    void wrote(Map<String, AttributeValue> item, Map<String, AttributeValue> from) {
        Rest rest = rests.isEmpty() ? null : rests.remove(from);
        if (rest != null) {
            rests.put(
                    TableKeys.of(item),
                    new Rest(item.get(Items.VERSION), rest.whole(), rest.within()));
        }
    }

    /**
     * The items of a partition while they are read again. When all have been read, those that could
     * not be read before and are no longer there are forgotten. Not earlier, because another thread
     * may be asking what cannot be read.
     */
    Stream<Map<String, AttributeValue>> seeing(
            String partition, Stream<Map<String, AttributeValue>> again) {
        Set<Map<String, AttributeValue>> before =
                items.keySet().stream()
                        .filter(key -> text(key, TableKeys.PK).equals(partition))
                        .collect(Collectors.toSet());
        return before.isEmpty()
                ? again
                : Stream.concat(
                        again.peek(item -> before.remove(TableKeys.of(item))),
                        Stream.of(before)
                                .flatMap(gone -> {
                                    items.keySet().removeAll(gone);
                                    return Stream.empty();
                                }));
    }

    /** What is known of the items of this partition does not count any more. */
    void forget(String partition) {
        items.keySet().removeIf(key -> text(key, TableKeys.PK).equals(partition));
    }

    /** This item is about to be read again. */
    void forget(Map<String, AttributeValue> key) {
        items.remove(key);
    }

    /** Returns all items that could not be read, by key. */
    List<Unreadable> items() {
        return items.values().stream()
                .sorted(Comparator.comparing(Unreadable::partition).thenComparing(Unreadable::key))
                .toList();
    }

    /** Returns the items of this partition that could not be read. */
    List<Unreadable> items(String partition) {
        return items().stream()
                .filter(item -> (account + "/" + item.partition()).equals(partition))
                .toList();
    }

    /** Returns all items that could not be read, and forgets them. */
    List<Unreadable> takeItems() {
        List<Unreadable> taken = items();
        items.clear();
        return taken;
    }
}
