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

/**
 * What reads met that this version does not know: items that it cannot read, and attributes of
 * items that it can. Two versions work on one table during an upgrade and after one that was rolled
 * back. An attribute of the other version is written back with the item, so it outlives our writes:
 * whoever writes an item has read it before, and the write's condition holds the item to what was
 * read.
 */
final class Unknowns {
    /** Of these each write decides anew, whatever stood there. */
    private static final Set<String> OURS =
            Set.of(
                    TableKeys.PK,
                    TableKeys.SK,
                    TableKeys.INSTANCE_PK,
                    TableKeys.INSTANCE_SK,
                    Items.EXPIRES,
                    Items.TELLING);

    /** How many records are remembered at most, for a function's memory is bounded. */
    private static final int REMEMBERED = 10_000;

    private final String account;
    private final Map<Map<String, AttributeValue>, Unreadable> items = new ConcurrentHashMap<>();
    private final Map<Map<String, AttributeValue>, Rest> rests = new ConcurrentHashMap<>();

    Unknowns(String account) {
        this.account = account;
    }

    /**
     * How an item is read as a record.
     *
     * @param write writes the record again, at the place of the item that it was read from
     * @param memory what was read before, by key; always empty where it does not pay
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

        /** Of items of which nothing is written back. */
        static <T> Form<T> of(Read<T> read) {
            return new Form<>(read, (_, item) -> item);
        }

        /**
         * For items that are many and seldom change. An item that equals the one read before gives
         * the same record, which costs less than reading it anew.
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

    /** An item, its record, and what that has no place for. */
    private record Known<T>(Map<String, AttributeValue> item, T read, Rest rest) {}

    /**
     * The attributes of an item that its record has no place for.
     *
     * @param version the item's, if it counts its changes
     * @param within those within attributes that are maps, by attribute
     */
    private record Rest(
            @Nullable AttributeValue version,
            Map<String, AttributeValue> whole,
            Map<String, Map<String, AttributeValue>> within) {
        boolean isEmpty() {
            return whole.isEmpty() && within.isEmpty();
        }
    }

    /** Reads an item; empty if that is not possible, which is remembered. */
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
     * The same of an item that was asked for by itself.
     *
     * @throws UnreadableItemException if that is not possible
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
     * The item as it is to be written: with what is not known of the one that it comes from.
     *
     * @param from the key of the item that was read
     * @param version which one of its changes was read; null if it counts none
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

    /** An item was written in the place of the one that was read: what is not known goes on. */
    void wrote(Map<String, AttributeValue> item, Map<String, AttributeValue> from) {
        Rest rest = rests.isEmpty() ? null : rests.remove(from);
        if (rest != null) {
            rests.put(
                    TableKeys.of(item),
                    new Rest(item.get(Items.VERSION), rest.whole(), rest.within()));
        }
    }

    /** These items are read anew. */
    void forget(String partition) {
        items.keySet().removeIf(key -> text(key, TableKeys.PK).equals(partition));
    }

    /** This item is read anew. */
    void forget(Map<String, AttributeValue> key) {
        items.remove(key);
    }

    /** All items that could not be read, by key. */
    List<Unreadable> items() {
        return items.values().stream()
                .sorted(Comparator.comparing(Unreadable::partition).thenComparing(Unreadable::key))
                .toList();
    }

    /** The same, of this partition. */
    List<Unreadable> items(String partition) {
        return items().stream()
                .filter(item -> (account + "/" + item.partition()).equals(partition))
                .toList();
    }

    /** The same, which are forgotten with that. */
    List<Unreadable> takeItems() {
        List<Unreadable> taken = items();
        items.clear();
        return taken;
    }
}
