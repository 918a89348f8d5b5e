package dev.amikeeper.catalog;

import dev.amikeeper.catalog.Unknowns.Form;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The images of the catalogue. Each image is a record. While there is work to do for it, it also
 * has an entry of work, and once started, a pointer by its id. A tombstone replaces the record once
 * the image is removed.
 */
final class ImageTable {
    /** No step waits longer than this; a later due time was written by a wrong clock. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(2);

    /** A page of work that is smaller than this costs as much as one of this size. */
    private static final int FEWEST_A_PAGE = 16;

    private static final int MOST_A_PAGE = 1000;

    private final CatalogTable table;
    private final TableKeys keys;
    private final Items items;
    private final ImageItems records;
    private final Unknowns unknowns;
    private final NoticeTable notices;

    ImageTable(
            CatalogTable table,
            TableKeys keys,
            Items items,
            Unknowns unknowns,
            NoticeTable notices) {
        this.table = table;
        this.keys = keys;
        this.items = items;
        this.records = items.ofImages();
        this.unknowns = unknowns;
        this.notices = notices;
    }

    private static boolean isDue(ImageItems.WorkEntry entry, long by) {
        return entry.due() <= by || entry.due() > by + LONGEST_WAIT.toSeconds();
    }

    List<Image> request(Collection<Image> intents) {
        return writeEach(distinct(intents), this::begin);
    }

    /** A transaction must not contain the same item twice. */
    private List<Image> distinct(Collection<Image> images) {
        return List.copyOf(
                images.stream()
                        .collect(
                                Collectors.toMap(
                                        this::key,
                                        Function.identity(),
                                        (first, again) -> first,
                                        LinkedHashMap::new))
                        .values());
    }

    /** The writes that belong to one image, of which all are done or none. */
    private record Group<T>(T of, List<TransactWriteItem> writes) {
        private int bytes() {
            return writes.stream().mapToInt(CatalogTable::bytes).sum();
        }
    }

    /**
     * Makes the writes of each of these, in as few transactions as possible. If writes are refused,
     * whatever they belong to is left out, and the others are tried again.
     *
     * @return those whose writes were made
     */
    private <T> List<T> writeEach(List<T> all, Function<T, List<TransactWriteItem>> writes) {
        List<T> written = new ArrayList<>();
        List<Group<T>> together = new ArrayList<>();
        int count = 0;
        int bytes = 0;
        for (T one : all) {
            Group<T> group = new Group<>(one, writes.apply(one));
            boolean isFull =
                    count + group.writes().size() > CatalogTable.WRITES_A_TRANSACTION
                            || bytes + group.bytes() > CatalogTable.BYTES_A_TRANSACTION;
            if (isFull && !together.isEmpty()) {
                written.addAll(write(together));
                together = new ArrayList<>();
                count = 0;
                bytes = 0;
            }
            together.add(group);
            count += group.writes().size();
            bytes += group.bytes();
        }
        written.addAll(write(together));
        return written;
    }

    private <T> List<T> write(List<Group<T>> together) {
        List<Group<T>> left = together;
        while (!left.isEmpty()) {
            Set<Integer> refused =
                    table.transact(
                            left.stream().flatMap(group -> group.writes().stream()).toList());
            if (refused.isEmpty()) {
                return left.stream().map(Group::of).toList();
            }
            List<Group<T>> allowed = new ArrayList<>();
            int first = 0;
            for (Group<T> group : left) {
                int next = first + group.writes().size();
                if (IntStream.range(first, next).noneMatch(refused::contains)) {
                    allowed.add(group);
                }
                first = next;
            }
            left = allowed;
        }
        return List.of();
    }

    /** Three writes: the record, the check that its slot has no tombstone, and the work. */
    private List<TransactWriteItem> begin(Image intent) {
        return List.of(
                table.putNew(records.image(intent)),
                isNotBuried(intent),
                table.put(records.work(intent).orElseThrow()));
    }

    private TransactWriteItem isNotBuried(Image image) {
        Map<String, AttributeValue> tombstone = keys.tombstone(image.region(), image.name());
        return table.isMissing(tombstone);
    }

    boolean save(Change change) {
        List<Image> copies = new ArrayList<>(change.copies());
        Map<String, AttributeValue> key = key(change.before());
        Map<String, AttributeValue> after =
                unknowns.keep(
                        records.image(change.after()),
                        key,
                        Attributes.number(change.before().version()));
        while (true) {
            List<TransactWriteItem> writes = new ArrayList<>();
            writes.add(table.putOver(after, Attributes.number(change.before().version())));
            writes.addAll(moveWork(change.before(), change.after()));
            writes.addAll(movePointer(change.before(), change.after()));
            change.notices().forEach(notice -> writes.addAll(notices.tell(notice)));
            int firstCopy = writes.size();
            copies.forEach(copy -> writes.addAll(begin(copy)));
            Set<Integer> refused = table.transact(writes);
            if (refused.isEmpty()) {
                unknowns.wrote(after, key);
                return true;
            }
            if (refused.contains(0)) {
                // It may be refused because this very step was saved and the answer was lost.
                return table.readable(key, items.images())
                        .filter(change.after()::equals)
                        .isPresent();
            }
            List<Image> tried = List.copyOf(copies);
            for (int i = tried.size() - 1; i >= 0; i--) {
                int at = firstCopy + 3 * i;
                if (refused.contains(at) || refused.contains(at + 1)) {
                    copies.remove(i);
                }
            }
        }
    }

    private List<TransactWriteItem> moveWork(Image before, Image after) {
        Optional<Map<String, AttributeValue>> old = records.work(before);
        Optional<Map<String, AttributeValue>> now = records.work(after);
        if (old.equals(now)) {
            return List.of();
        }
        List<TransactWriteItem> writes = new ArrayList<>();
        Optional<Map<String, AttributeValue>> oldKey = keys.work(before);
        if (oldKey.isPresent() && !oldKey.equals(keys.work(after))) {
            writes.add(table.delete(oldKey.get()));
        }
        now.ifPresent(item -> writes.add(table.put(item)));
        return writes;
    }

    private List<TransactWriteItem> movePointer(Image before, Image after) {
        if (before.id().equals(after.id())) {
            return List.of();
        }
        List<TransactWriteItem> writes = new ArrayList<>();
        before.id().ifPresent(id -> writes.add(table.delete(keys.ami(before.region(), id))));
        after.id().ifPresent(id -> writes.add(table.put(records.ami(after, id))));
        return writes;
    }

    boolean bury(Image before, Tombstone tombstone) {
        return !bury(List.of(new Burial(before, tombstone))).isEmpty();
    }

    List<Tombstone> bury(Collection<Tombstone> tombstones) {
        Map<Map<String, AttributeValue>, Burial> distinct = new LinkedHashMap<>();
        for (Tombstone tombstone : tombstones) {
            Image last = tombstone.image();
            distinct.putIfAbsent(
                    keys.image(last.region(), last.name()), new Burial(last, tombstone));
        }
        return bury(List.copyOf(distinct.values())).stream().map(Burial::tombstone).toList();
    }

    private record Burial(Image before, Tombstone tombstone) {}

    private List<Burial> bury(List<Burial> burials) {
        List<Burial> done = writeEach(burials, this::writes);
        done.forEach(burial -> unknowns.wrote(item(burial), key(burial.before())));
        return done;
    }

    private List<TransactWriteItem> writes(Burial burial) {
        Image before = burial.before();
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(table.deleteVersion(key(before), before.version()));
        before.id().ifPresent(id -> writes.add(table.delete(keys.ami(before.region(), id))));
        keys.work(before).ifPresent(key -> writes.add(table.delete(key)));
        writes.add(table.put(item(burial)));
        return writes;
    }

    private Map<String, AttributeValue> item(Burial burial) {
        return unknowns.keep(
                records.tombstone(burial.tombstone()),
                key(burial.before()),
                Attributes.number(burial.before().version()));
    }

    private Map<String, AttributeValue> key(Image image) {
        return keys.image(image.region(), image.name());
    }

    Optional<Image> find(Region region, ImageName name) {
        return table.one(keys.image(region, name), items.images());
    }

    Map<ImageName, Image> find(Region region, Collection<ImageName> names) {
        return table.each(
                        names.stream().distinct().map(name -> keys.image(region, name)).toList(),
                        items.images())
                .collect(Collectors.toMap(Image::name, Function.identity()));
    }

    Optional<Image> find(Region region, ImageId id) {
        return table.one(keys.ami(region, id), Form.of(Attributes::name))
                .flatMap(name -> find(region, name))
                .filter(image -> image.id().equals(Optional.of(id)));
    }

    List<Image> work(Region region, Work kind, Instant dueBy, int limit) {
        Iterator<ImageName> names =
                entries(region, kind)
                        .filter(entry -> isDue(entry, dueBy.getEpochSecond()))
                        .map(ImageItems.WorkEntry::name)
                        .iterator();
        List<Image> found = new ArrayList<>();
        while (found.size() < limit && names.hasNext()) {
            int room = Math.min(CatalogTable.KEYS_A_BATCH, limit - found.size());
            List<ImageName> some = new ArrayList<>();
            while (some.size() < room && names.hasNext()) {
                some.add(names.next());
            }
            found.addAll(work(region, kind, some));
        }
        return found;
    }

    boolean hasWork(Region region, Work kind, Instant dueBy) {
        return !waiting(region, kind, dueBy, Optional.empty(), 1).isEmpty();
    }

    List<ImageName> waiting(
            Region region, Work kind, Instant dueBy, Optional<ImageName> after, int limit) {
        return table.some(
                        keys.work(region, kind),
                        after.map(name -> keys.work(region, kind, name)),
                        Math.clamp(limit, FEWEST_A_PAGE, MOST_A_PAGE))
                .flatMap(item -> unknowns.read(item, Form.of(ImageItems::entry)).stream())
                .filter(entry -> isDue(entry, dueBy.getEpochSecond()))
                .map(ImageItems.WorkEntry::name)
                .limit(limit)
                .toList();
    }

    List<Image> work(Region region, Work kind, List<ImageName> names) {
        Map<ImageName, Image> found =
                table.each(
                                names.stream().map(name -> keys.image(region, name)).toList(),
                                items.images())
                        .collect(Collectors.toMap(Image::name, Function.identity()));
        return names.stream()
                .flatMap(name -> Optional.ofNullable(found.get(name)).stream())
                .filter(image -> Work.of(image).equals(Optional.of(kind)))
                .toList();
    }

    private Stream<ImageItems.WorkEntry> entries(Region region, Work kind) {
        return table.stream(keys.work(region, kind), Form.of(ImageItems::entry));
    }

    Optional<Image> before(Region region, ImageName name) {
        return table.before(keys.image(region, name), items.images())
                .filter(image -> image.name().instance().equals(name.instance()));
    }

    int copiesInFlight(Region region) {
        // An entry that cannot be read is still a copy that is under way.
        return table.items(keys.work(region, Work.COPY_UNDER_WAY))
                .mapToInt(item -> {
                    unknowns.read(item, Form.of(ImageItems::entry));
                    return 1;
                })
                .sum();
    }

    List<Image> ofPolicy(String policy, Region region) {
        return sharing(table.stream(keys.images(region, policy), items.images()));
    }

    List<Image> glimpse(String policy, Region region) {
        return sharing(table.glimpse(keys.images(region, policy), items.images()));
    }

    /**
     * An instance's images come one after the other, and most have the same capsule. It is kept
     * once, for it is most of a record, and there may be fifty thousand.
     */
    private static List<Image> sharing(Stream<Image> images) {
        List<Image> all = new ArrayList<>();
        images.forEach(image -> {
            Optional<Capsule> last = all.isEmpty() ? Optional.empty() : all.getLast().capsule();
            boolean isSame = image.capsule().isPresent() && image.capsule().equals(last);
            all.add(isSame ? image.remembering(last) : image);
        });
        return Collections.unmodifiableList(all);
    }

    List<Image> ofInstance(InstanceId instance) {
        List<Map<String, AttributeValue>> found =
                table.pages(query ->
                                query.indexName(DynamoDbCatalog.BY_INSTANCE)
                                        .keyConditionExpression("gpk = :pk")
                                        .expressionAttributeValues(
                                                Map.of(
                                                        ":pk",
                                                        AttributeValue.fromS(
                                                                keys.instance(instance))))
                                        .scanIndexForward(false))
                        .map(CatalogTable::keyOf)
                        .toList();
        return table.each(found, items.images())
                .sorted(Comparator.comparing(Image::name).reversed().thenComparing(Image::region))
                .toList();
    }

    List<Tombstone> removed(String policy, Region region) {
        return table.all(keys.tombstones(region, policy), items.tombstones());
    }

    Optional<Tombstone> removed(Region region, ImageName name) {
        return table.one(keys.tombstone(region, name), items.tombstones());
    }

    Map<ImageName, Tombstone> removed(Region region, Collection<ImageName> names) {
        return table.each(
                        names.stream()
                                .distinct()
                                .map(name -> keys.tombstone(region, name))
                                .toList(),
                        items.tombstones())
                .collect(Collectors.toMap(Tombstone::name, Function.identity()));
    }

    boolean unbury(Tombstone tombstone, Image after) {
        Map<String, AttributeValue> key = keys.tombstone(after.region(), after.name());
        Map<String, AttributeValue> item =
                unknowns.keep(
                        records.image(after), key, Attributes.number(tombstone.image().version()));
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(table.putNew(item));
        writes.add(table.deleteVersion(key, tombstone.image().version()));
        after.id().ifPresent(id -> writes.add(table.put(records.ami(after, id))));
        records.work(after).ifPresent(work -> writes.add(table.put(work)));
        boolean unburied = table.transact(writes).isEmpty();
        if (unburied) {
            unknowns.wrote(item, key);
        }
        return unburied;
    }

    boolean save(Tombstone before, Tombstone after) {
        return table.replace(
                records.tombstone(after),
                keys.tombstone(after.region(), after.name()),
                before.image().version());
    }

    List<Image> adopt(Collection<Image> found) {
        return writeEach(distinct(found), this::adoption);
    }

    private List<TransactWriteItem> adoption(Image found) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(table.putNew(records.image(found)));
        writes.add(isNotBuried(found));
        records.work(found).ifPresent(work -> writes.add(table.put(work)));
        found.id().ifPresent(id -> writes.add(table.put(records.ami(found, id))));
        return writes;
    }
}
