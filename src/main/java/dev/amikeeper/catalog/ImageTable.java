package dev.amikeeper.catalog;

import dev.amikeeper.catalog.Unknowns.Form;
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
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The images of the catalogue. Each image is a record. While there is work to do for it, it also
 * has an entry of work, and once started, a pointer by its id. A tombstone replaces the record once
 * the image is removed.
 */
final class ImageTable {
    /** DynamoDB allows 100 items per transaction; an intent takes three. */
    private static final int INTENTS_A_TRANSACTION = 33;

    /** No step waits longer than this; a later due time was written by a wrong clock. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(2);

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
        List<Image> fresh = new ArrayList<>();
        // A transaction must not contain the same item twice.
        List<Image> all =
                List.copyOf(
                        intents.stream()
                                .collect(
                                        Collectors.toMap(
                                                intent ->
                                                        keys.image(intent.region(), intent.name()),
                                                Function.identity(),
                                                (first, again) -> first,
                                                LinkedHashMap::new))
                                .values());
        for (int from = 0; from < all.size(); from += INTENTS_A_TRANSACTION) {
            fresh.addAll(
                    requestTogether(
                            all.subList(from, Math.min(all.size(), from + INTENTS_A_TRANSACTION))));
        }
        return fresh;
    }

    /**
     * Writes intents in one transaction; if some are refused, leaves them out and tries the others
     * again.
     */
    private List<Image> requestTogether(List<Image> intents) {
        List<Image> left = intents;
        while (!left.isEmpty()) {
            List<TransactWriteItem> writes = new ArrayList<>();
            left.forEach(intent -> writes.addAll(begin(intent)));
            Set<Integer> refused = table.transact(writes);
            if (refused.isEmpty()) {
                return left;
            }
            List<Image> tried = left;
            left =
                    Stream.iterate(0, i -> i < tried.size(), i -> i + 1)
                            .filter(i -> !refused.contains(3 * i) && !refused.contains(3 * i + 1))
                            .map(tried::get)
                            .toList();
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
        Map<String, AttributeValue> key =
                keys.image(change.before().region(), change.before().name());
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
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(
                table.deleteVersion(keys.image(before.region(), before.name()), before.version()));
        before.id().ifPresent(id -> writes.add(table.delete(keys.ami(before.region(), id))));
        keys.work(before).ifPresent(key -> writes.add(table.delete(key)));
        Map<String, AttributeValue> key = keys.image(before.region(), before.name());
        Map<String, AttributeValue> item =
                unknowns.keep(
                        records.tombstone(tombstone), key, Attributes.number(before.version()));
        writes.add(table.put(item));
        boolean buried = table.transact(writes).isEmpty();
        if (buried) {
            unknowns.wrote(item, key);
        }
        return buried;
    }

    Optional<Image> find(Region region, ImageName name) {
        return table.one(keys.image(region, name), items.images());
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

    private List<Image> work(Region region, Work kind, List<ImageName> names) {
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

    int copiesInFlight(Region region) {
        int readable =
                entries(region, Work.COPY_UNDER_WAY)
                        .mapToInt(entry -> Math.max(1, entry.snapshots()))
                        .sum();
        return readable + unknowns.items(keys.work(region, Work.COPY_UNDER_WAY)).size();
    }

    List<Image> ofPolicy(String policy, Region region) {
        return table.all(keys.images(region, policy), items.images());
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

    boolean adopt(Image found) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(table.putNew(records.image(found)));
        writes.add(isNotBuried(found));
        records.work(found).ifPresent(work -> writes.add(table.put(work)));
        found.id().ifPresent(id -> writes.add(table.put(records.ami(found, id))));
        return table.transact(writes).isEmpty();
    }
}
