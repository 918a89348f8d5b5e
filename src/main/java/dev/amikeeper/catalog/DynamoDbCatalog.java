package dev.amikeeper.catalog;

import dev.amikeeper.catalog.Unknowns.Form;
import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The catalogue in one DynamoDB table.
 *
 * <p>Every partition key begins with the account, and with the Region where there is one:
 *
 * <table>
 *   <caption>Keys, and the access pattern that each serves</caption>
 *   <tr><th>pk</th><th>sk</th><th>serves</th></tr>
 *   <tr><td>account/Region/images/policy</td><td>instance/slot</td><td>images of a policy in a
 *       Region: pruning</td></tr>
 *   <tr><td>account/Region/ami/ami-…</td><td>"name"</td><td>image by Region and id: state events;
 *       points to the image</td></tr>
 *   <tr><td>account/Region/work/kind</td><td>slot/policy/instance</td><td>what waits or is under
 *       way or was given up, oldest slot first: workers, room for copies, sweep; points to the
 *       image</td></tr>
 *   <tr><td>account/Region/removed/policy</td><td>instance/slot</td><td>tombstones</td></tr>
 *   <tr><td>account/bookmarks</td><td>policy/Region, or Region</td><td>where the schedules
 *       stand, and which Regions there are: the tick</td></tr>
 *   <tr><td>account/runs/policy</td><td>slot/Region/outcome</td><td>runs, newest first</td></tr>
 *   <tr><td>account/marks/policy</td><td>Region</td><td>what the last pruning saw</td></tr>
 *   <tr><td>account/restores/policy</td><td>the restore's id</td><td>restores and drills of a year
 *       </td></tr>
 *   <tr><td>account/restoring</td><td>the restore's id</td><td>those that are not over: whoever
 *       follows them</td></tr>
 *   <tr><td>account/Region/freezes</td><td>instance/slot/policy</td><td>servers that a command has
 *       made ready for their image: worker, tick, sweep</td></tr>
 *   <tr><td>account/policies</td><td>name</td><td>the policies that were ever seen: what is left
 *       of those that are not in the file any more</td></tr>
 *   <tr><td>account/gone/Region</td><td>instance</td><td>since when it is gone</td></tr>
 *   <tr><td>account/sweep</td><td>"state"</td><td>what the last sweep left for the next one
 *       </td></tr>
 *   <tr><td>account/notices</td><td>key</td><td>what went wrong</td></tr>
 *   <tr><td>account/open</td><td>key</td><td>the troubles that are not over: sweep</td></tr>
 *   <tr><td>account/unannounced</td><td>key</td><td>what people are still to be told</td></tr>
 *   <tr><td>index {@value #BY_INSTANCE}: account/instance/i-…</td><td>slot/Region/policy</td>
 *       <td>images of an instance in all Regions, newest first: restoring. Keys only, so that it
 *       costs a write at the beginning and the end of an image, and none in between</td></tr>
 * </table>
 *
 * <p>Pointers are written and removed in the same transaction as the record they belong to, so none
 * can be missing or left over, and all of them are read with strong consistency.
 *
 * <p>One image's life in write units, for items up to 1 KB, computed by DynamoDB's rule that a
 * transaction writes each of its items twice over, the checked ones too, and that an index entry
 * costs one unit more when it comes or goes: an intent costs 7 (record, check for a tombstone,
 * work, index), its start 8 (record, work removed, work put, pointer), becoming available 4
 * (record, work removed), a removal 4 to begin (record, work) and 9 to bury (record, pointer, work,
 * tombstone, index): 32 units for a home image and as many for each copy. Reading costs one half to
 * one unit a lookup or page of work, shared by all images that it answers.
 */
public final class DynamoDbCatalog implements Catalog {
    /** The index over the images of an instance. */
    public static final String BY_INSTANCE = "byInstance";

    /** DynamoDB allows 100 items a transaction; an intent takes three. */
    private static final int INTENTS_A_TRANSACTION = 33;

    private static final Map<String, String> SAME_NOTICE_NAMES =
            Map.of("#at", "at", "#resolved", "resolved");

    /** No step waits longer: what is due later was written by a clock that was wrong. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(2);

    private static final int KEYS_A_BATCH = 100;
    private static final int TRIES = 8;

    private final DynamoDbClient dynamoDb;
    private final String table;
    private final Consumer<Duration> pause;
    private final RandomGenerator random;
    private final TableKeys keys;
    private final Items items;
    private final Unknowns unknowns;

    /**
     * The catalogue of an account in this table.
     *
     * @param pause waits for a while, before something is tried again
     */
    public DynamoDbCatalog(
            DynamoDbClient dynamoDb, String table, String account, Consumer<Duration> pause) {
        this(dynamoDb, table, account, pause, new Random());
    }

    /** The same, with pauses of a length that this chance decides. */
    public DynamoDbCatalog(
            DynamoDbClient dynamoDb,
            String table,
            String account,
            Consumer<Duration> pause,
            RandomGenerator random) {
        this.dynamoDb = dynamoDb;
        this.random = random;
        this.pause = pause;
        this.table = table;
        this.keys = new TableKeys(account);
        this.items = new Items(keys);
        this.unknowns = new Unknowns(account);
    }

    @Override
    public Bookmarks bookmarks() {
        List<Map<String, AttributeValue>> found = items(keys.bookmarks()).toList();
        return new Bookmarks(
                found.stream()
                        .filter(Items::isCursor)
                        .flatMap(item -> unknowns.read(item, items.cursors()).stream())
                        .toList(),
                found.stream()
                        .filter(item -> !Items.isCursor(item))
                        .flatMap(item -> unknowns.read(item, items.regions()).stream())
                        .collect(Collectors.toSet()));
    }

    @Override
    public void remember(Region region) {
        dynamoDb.putItem(put -> put.tableName(table).item(items.region(region)));
    }

    @Override
    public void remember(Region region, Instant by) {
        dynamoDb.putItem(put -> put.tableName(table).item(items.region(region, by)));
    }

    @Override
    public boolean forget(Region region, Instant now) {
        try {
            dynamoDb.deleteItem(delete ->
                    delete.tableName(table)
                            .key(keyOf(items.region(region)))
                            .conditionExpression("attribute_not_exists(#by) OR #by <= :now")
                            .expressionAttributeNames(Map.of("#by", Items.BY))
                            .expressionAttributeValues(
                                    Map.of(
                                            ":now",
                                            AttributeValue.fromN(
                                                    Long.toString(now.getEpochSecond())))));
            return true;
        } catch (ConditionalCheckFailedException waitedFor) {
            return false;
        }
    }

    @Override
    public boolean moveCursor(
            Optional<Instant> from, Cursor to, List<Run> runs, List<Notice> notices) {
        Map<String, AttributeValue> cursor = kept(items.cursor(to));
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(
                from.map(time ->
                                put(
                                        cursor,
                                        "#time = :from",
                                        Map.of("#time", "time"),
                                        Map.of(":from", AttributeValue.fromS(time.toString()))))
                        .orElseGet(() -> putNew(cursor)));
        runs.forEach(run -> writes.add(put(items.run(run))));
        notices.forEach(notice -> writes.addAll(tell(notice)));
        return transact(writes).isEmpty();
    }

    @Override
    public List<Run> runs(String policy) {
        return all(keys.runs(policy), items.runs()).reversed();
    }

    @Override
    public List<Image> request(Collection<Image> intents) {
        List<Image> fresh = new ArrayList<>();
        // A transaction may not name an item twice.
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

    /** The refused ones of a transaction are left out and the others tried again. */
    private List<Image> requestTogether(List<Image> intents) {
        List<Image> left = intents;
        while (!left.isEmpty()) {
            List<TransactWriteItem> writes = new ArrayList<>();
            left.forEach(intent -> writes.addAll(begin(intent)));
            Set<Integer> refused = transact(writes);
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

    /** Three writes: the record, the check that its slot is not buried, the work. */
    private List<TransactWriteItem> begin(Image intent) {
        return List.of(
                putNew(items.image(intent)),
                isNotBuried(intent),
                put(items.work(intent).orElseThrow()));
    }

    private TransactWriteItem isNotBuried(Image image) {
        Map<String, AttributeValue> tombstone = keys.tombstone(image.region(), image.name());
        return TransactWriteItem.builder()
                .conditionCheck(check ->
                        check.tableName(table)
                                .key(tombstone)
                                .conditionExpression("attribute_not_exists(pk)"))
                .build();
    }

    @Override
    public boolean save(Change change) {
        List<Image> copies = new ArrayList<>(change.copies());
        Map<String, AttributeValue> key =
                keys.image(change.before().region(), change.before().name());
        Map<String, AttributeValue> after =
                unknowns.keep(
                        items.image(change.after()), key, Items.number(change.before().version()));
        while (true) {
            List<TransactWriteItem> writes = new ArrayList<>();
            writes.add(
                    put(
                            after,
                            "#version = :before",
                            Map.of("#version", Items.VERSION),
                            Map.of(":before", Items.number(change.before().version()))));
            writes.addAll(moveWork(change.before(), change.after()));
            writes.addAll(movePointer(change.before(), change.after()));
            change.notices().forEach(notice -> writes.addAll(tell(notice)));
            int firstCopy = writes.size();
            copies.forEach(copy -> writes.addAll(begin(copy)));
            Set<Integer> refused = transact(writes);
            if (refused.isEmpty()) {
                unknowns.wrote(after, key);
                return true;
            }
            if (refused.contains(0)) {
                // Unless it was this very step, whose answer was lost.
                return readable(key, items.images()).filter(change.after()::equals).isPresent();
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
        Optional<Map<String, AttributeValue>> old = items.work(before);
        Optional<Map<String, AttributeValue>> now = items.work(after);
        if (old.equals(now)) {
            return List.of();
        }
        List<TransactWriteItem> writes = new ArrayList<>();
        Optional<Map<String, AttributeValue>> oldKey = keys.work(before);
        if (oldKey.isPresent() && !oldKey.equals(keys.work(after))) {
            writes.add(delete(oldKey.get()));
        }
        now.ifPresent(item -> writes.add(put(item)));
        return writes;
    }

    private List<TransactWriteItem> movePointer(Image before, Image after) {
        if (before.id().equals(after.id())) {
            return List.of();
        }
        List<TransactWriteItem> writes = new ArrayList<>();
        before.id().ifPresent(id -> writes.add(delete(keys.ami(before.region(), id))));
        after.id().ifPresent(id -> writes.add(put(items.ami(after, id))));
        return writes;
    }

    @Override
    public boolean bury(Image before, Tombstone tombstone) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(
                TransactWriteItem.builder()
                        .delete(delete ->
                                delete.tableName(table)
                                        .key(keys.image(before.region(), before.name()))
                                        .conditionExpression("#version = :before")
                                        .expressionAttributeNames(Map.of("#version", Items.VERSION))
                                        .expressionAttributeValues(
                                                Map.of(":before", Items.number(before.version()))))
                        .build());
        before.id().ifPresent(id -> writes.add(delete(keys.ami(before.region(), id))));
        keys.work(before).ifPresent(key -> writes.add(delete(key)));
        Map<String, AttributeValue> key = keys.image(before.region(), before.name());
        Map<String, AttributeValue> item =
                unknowns.keep(items.tombstone(tombstone), key, Items.number(before.version()));
        writes.add(put(item));
        boolean buried = transact(writes).isEmpty();
        if (buried) {
            unknowns.wrote(item, key);
        }
        return buried;
    }

    @Override
    public Optional<Image> find(Region region, ImageName name) {
        return one(keys.image(region, name), items.images());
    }

    @Override
    public Optional<Image> find(Region region, ImageId id) {
        return one(keys.ami(region, id), Form.of(Items::name))
                .flatMap(name -> find(region, name))
                .filter(image -> image.id().equals(Optional.of(id)));
    }

    @Override
    public List<Image> work(Region region, Work kind, Instant dueBy, int limit) {
        Iterator<ImageName> names =
                entries(region, kind)
                        .filter(entry -> isDue(entry, dueBy.getEpochSecond()))
                        .map(Items.Entry::name)
                        .iterator();
        List<Image> found = new ArrayList<>();
        while (found.size() < limit && names.hasNext()) {
            int room = Math.min(KEYS_A_BATCH, limit - found.size());
            List<ImageName> some = new ArrayList<>();
            while (some.size() < room && names.hasNext()) {
                some.add(names.next());
            }
            found.addAll(work(region, kind, some));
        }
        return found;
    }

    private static boolean isDue(Items.Entry entry, long by) {
        return entry.due() <= by || entry.due() > by + LONGEST_WAIT.toSeconds();
    }

    private List<Image> work(Region region, Work kind, List<ImageName> names) {
        Map<ImageName, Image> found =
                each(names.stream().map(name -> keys.image(region, name)).toList(), items.images())
                        .collect(Collectors.toMap(Image::name, Function.identity()));
        return names.stream()
                .flatMap(name -> Optional.ofNullable(found.get(name)).stream())
                .filter(image -> Work.of(image).equals(Optional.of(kind)))
                .toList();
    }

    private Stream<Items.Entry> entries(Region region, Work kind) {
        return stream(keys.work(region, kind), Form.of(Items::entry));
    }

    @Override
    public int copiesInFlight(Region region) {
        int readable =
                entries(region, Work.COPY_UNDER_WAY)
                        .mapToInt(entry -> Math.max(1, entry.snapshots()))
                        .sum();
        return readable + unknowns.items(keys.work(region, Work.COPY_UNDER_WAY)).size();
    }

    @Override
    public List<Image> ofPolicy(String policy, Region region) {
        return all(keys.images(region, policy), items.images());
    }

    @Override
    public List<Image> ofInstance(InstanceId instance) {
        List<Map<String, AttributeValue>> found =
                pages(query ->
                                query.indexName(BY_INSTANCE)
                                        .keyConditionExpression("gpk = :pk")
                                        .expressionAttributeValues(
                                                Map.of(
                                                        ":pk",
                                                        AttributeValue.fromS(
                                                                keys.instance(instance))))
                                        .scanIndexForward(false))
                        .map(DynamoDbCatalog::keyOf)
                        .toList();
        return each(found, items.images())
                .sorted(Comparator.comparing(Image::name).reversed().thenComparing(Image::region))
                .toList();
    }

    @Override
    public List<Tombstone> removed(String policy, Region region) {
        return all(keys.tombstones(region, policy), items.tombstones());
    }

    @Override
    public boolean unbury(Tombstone tombstone, Image after) {
        Map<String, AttributeValue> key = keys.tombstone(after.region(), after.name());
        Map<String, AttributeValue> item =
                unknowns.keep(items.image(after), key, Items.number(tombstone.image().version()));
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putNew(item));
        writes.add(
                TransactWriteItem.builder()
                        .delete(delete ->
                                delete.tableName(table)
                                        .key(key)
                                        .conditionExpression("#version = :before")
                                        .expressionAttributeNames(Map.of("#version", Items.VERSION))
                                        .expressionAttributeValues(
                                                Map.of(
                                                        ":before",
                                                        Items.number(tombstone.image().version()))))
                        .build());
        after.id().ifPresent(id -> writes.add(put(items.ami(after, id))));
        items.work(after).ifPresent(work -> writes.add(put(work)));
        boolean unburied = transact(writes).isEmpty();
        if (unburied) {
            unknowns.wrote(item, key);
        }
        return unburied;
    }

    @Override
    public boolean save(Tombstone before, Tombstone after) {
        return replace(
                items.tombstone(after),
                keys.tombstone(after.region(), after.name()),
                before.image().version());
    }

    @Override
    public Optional<Tombstone> removed(Region region, ImageName name) {
        return one(keys.tombstone(region, name), items.tombstones());
    }

    @Override
    public Map<ImageName, Tombstone> removed(Region region, Collection<ImageName> names) {
        return each(
                        names.stream()
                                .distinct()
                                .map(name -> keys.tombstone(region, name))
                                .toList(),
                        items.tombstones())
                .collect(Collectors.toMap(Tombstone::name, Function.identity()));
    }

    @Override
    public boolean adopt(Image found) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putNew(items.image(found)));
        writes.add(isNotBuried(found));
        items.work(found).ifPresent(work -> writes.add(put(work)));
        found.id().ifPresent(id -> writes.add(put(items.ami(found, id))));
        return transact(writes).isEmpty();
    }

    @Override
    public boolean begin(Restore restore) {
        return transact(
                        List.of(
                                putNew(items.restore(keys.restore(restore.id()), restore)),
                                put(items.restore(underWay(restore), restore))))
                .isEmpty();
    }

    @Override
    public boolean save(Restore before, Restore after) {
        List<TransactWriteItem> writes = new ArrayList<>();
        Map<String, AttributeValue> key = keys.restore(after.id());
        AttributeValue version = Items.number(before.version());
        Map<String, AttributeValue> item = unknowns.keep(items.restore(key, after), key, version);
        writes.add(
                put(
                        item,
                        "#version = :before",
                        Map.of("#version", Items.VERSION),
                        Map.of(":before", version)));
        if (!after.isOver()) {
            writes.add(
                    put(
                            unknowns.keep(
                                    unknowns.keep(
                                            items.restore(underWay(after), after), key, version),
                                    underWay(after),
                                    version)));
        } else if (!before.isOver()) {
            writes.add(delete(underWay(after)));
        }
        if (transact(writes).isEmpty()) {
            unknowns.wrote(item, key);
            unknowns.wrote(items.restore(underWay(after), after), underWay(after));
            return true;
        }
        // Unless it was this very step, whose answer was lost.
        return readable(key, items.restores()).filter(after::equals).isPresent();
    }

    private Map<String, AttributeValue> underWay(Restore restore) {
        return TableKeys.key(keys.restoring(), restore.id());
    }

    @Override
    public Optional<Restore> restore(String id) {
        return one(keys.restore(id), items.restores());
    }

    @Override
    public List<Restore> restoring() {
        return all(keys.restoring(), items.restores());
    }

    @Override
    public List<Restore> restores(String policy) {
        return all(keys.restores(policy), items.restores());
    }

    @Override
    public List<Freeze> freezes(Region region) {
        return all(keys.freezes(region), items.freezes());
    }

    @Override
    public boolean begin(Freeze freeze) {
        return transact(List.of(putNew(items.freeze(freeze)))).isEmpty();
    }

    @Override
    public boolean save(Freeze before, Freeze after) {
        return replace(
                items.freeze(after), keys.freeze(after.region(), after.name()), before.version());
    }

    /** Puts an item in the place of one of this version. */
    private boolean replace(
            Map<String, AttributeValue> written, Map<String, AttributeValue> key, long before) {
        AttributeValue version = Items.number(before);
        Map<String, AttributeValue> item = unknowns.keep(written, key, version);
        boolean saved =
                transact(
                                List.of(
                                        put(
                                                item,
                                                "#version = :before",
                                                Map.of("#version", Items.VERSION),
                                                Map.of(":before", version))))
                        .isEmpty();
        if (saved) {
            unknowns.wrote(item, key);
        }
        return saved;
    }

    @Override
    public void end(Freeze freeze) {
        transact(List.of(delete(keys.freeze(freeze.region(), freeze.name()))));
    }

    @Override
    public SweepState lastSweep() {
        return readable(keys.sweep(), items.sweeps()).orElse(SweepState.FRESH);
    }

    @Override
    public void swept(SweepState state) {
        dynamoDb.putItem(put -> put.tableName(table).item(kept(items.sweep(state))));
    }

    @Override
    public Set<String> policies() {
        return Set.copyOf(all(keys.policies(), items.policies()));
    }

    @Override
    public void remember(String policy) {
        dynamoDb.putItem(put -> put.tableName(table).item(items.policy(policy)));
    }

    @Override
    public Map<InstanceId, Instant> gone(Region region) {
        return all(keys.gone(region), items.gone()).stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Override
    public boolean gone(Region region, InstanceId instance, Instant since) {
        return transact(List.of(putNew(items.gone(region, instance, since)))).isEmpty();
    }

    @Override
    public void back(Region region, InstanceId instance) {
        transact(List.of(delete(TableKeys.key(keys.gone(region), instance.value()))));
    }

    @Override
    public List<PruneMark> marks(String policy) {
        return all(keys.marks(policy), items.marks());
    }

    @Override
    public void mark(PruneMark mark) {
        dynamoDb.putItem(put -> put.tableName(table).item(kept(items.mark(mark))));
    }

    @Override
    public boolean note(Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>(tell(notice));
        writes.set(0, putNew(notice(keys.notices(), notice)));
        return transact(writes).isEmpty()
                || standing(notice.key())
                        .filter(before -> before.resolved().isPresent())
                        .filter(before -> openAnew(before, notice))
                        .isPresent();
    }

    /** The record first. */
    private List<TransactWriteItem> tell(Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(put(notice(keys.notices(), notice)));
        if (notice.isOpen()) {
            writes.add(put(notice(keys.open(), notice)));
        }
        if (notice.announced()) {
            writes.add(put(notice(keys.unannounced(), notice)));
        }
        return writes;
    }

    private boolean openAnew(Notice before, Notice notice) {
        List<TransactWriteItem> writes = new ArrayList<>(tell(notice));
        writes.set(0, putInPlaceOf(before, notice));
        if (!notice.announced()) {
            return transact(writes).isEmpty();
        }
        List<TransactWriteItem> untold = new ArrayList<>(writes);
        untold.set(writes.size() - 1, takeIfNobodyHeard(before));
        return inOneOf(untold, writes);
    }

    @Override
    public boolean reword(Notice notice) {
        return standing(notice.key())
                .filter(Notice::isOpen)
                .filter(before -> !before.saysTheSame(notice))
                .filter(before -> saidAnew(before, before.saying(notice)))
                .isPresent();
    }

    private boolean saidAnew(Notice before, Notice after) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putInPlaceOf(before, after));
        writes.add(put(notice(keys.open(), after)));
        if (after.announced() && !after.remedy().equals(before.remedy())) {
            writes.add(put(notice(keys.unannounced(), after)));
        }
        return transact(writes).isEmpty();
    }

    @Override
    public boolean resolve(NoticeKey about, Instant at) {
        return standing(about.toString())
                .filter(Notice::isOpen)
                .filter(open -> end(open, open.resolved(at)))
                .isPresent();
    }

    private boolean end(Notice open, Notice over) {
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(putInPlaceOf(open, over));
        writes.add(delete(TableKeys.key(keys.open(), over.key())));
        if (!over.announced()) {
            return transact(writes).isEmpty();
        }
        List<TransactWriteItem> untold = new ArrayList<>(writes);
        untold.add(takeIfNobodyHeard(open));
        writes.add(put(notice(keys.unannounced(), over)));
        return inOneOf(untold, writes);
    }

    /** The second transaction is for when only the first one's last write is refused. */
    private boolean inOneOf(List<TransactWriteItem> first, List<TransactWriteItem> second) {
        Set<Integer> refused = transact(first);
        return refused.isEmpty()
                || (refused.equals(Set.of(first.size() - 1)) && transact(second).isEmpty());
    }

    private Optional<Notice> standing(String key) {
        return readable(TableKeys.key(keys.notices(), key), items.notices());
    }

    /** With what is not known of its record and of what stands in that place. */
    private Map<String, AttributeValue> notice(String partition, Notice notice) {
        return unknowns.keep(
                kept(items.notice(partition, notice)),
                TableKeys.key(keys.notices(), notice.key()),
                null);
    }

    private TransactWriteItem putInPlaceOf(Notice before, Notice after) {
        return put(
                notice(keys.notices(), after),
                sameNotice(before),
                SAME_NOTICE_NAMES,
                sameNoticeValues(before));
    }

    private TransactWriteItem takeFromTheUntold(Notice notice) {
        return takeFromTheUntold(notice, sameNotice(notice), SAME_NOTICE_NAMES);
    }

    /**
     * Once somebody has set out to tell it, people may know of it though nobody wrote that down.
     */
    private TransactWriteItem takeIfNobodyHeard(Notice notice) {
        Map<String, String> names = new HashMap<>(SAME_NOTICE_NAMES);
        names.put("#telling", Items.TELLING);
        return takeFromTheUntold(
                notice, sameNotice(notice) + " AND attribute_not_exists(#telling)", names);
    }

    private TransactWriteItem takeFromTheUntold(
            Notice notice, String condition, Map<String, String> names) {
        return TransactWriteItem.builder()
                .delete(delete ->
                        delete.tableName(table)
                                .key(TableKeys.key(keys.unannounced(), notice.key()))
                                .conditionExpression(condition)
                                .expressionAttributeNames(names)
                                .expressionAttributeValues(sameNoticeValues(notice)))
                .build();
    }

    private static String sameNotice(Notice notice) {
        return notice.resolved().isPresent()
                ? "#at = :at AND #resolved = :resolved"
                : "#at = :at AND attribute_not_exists(#resolved)";
    }

    private static Map<String, AttributeValue> sameNoticeValues(Notice notice) {
        Map<String, AttributeValue> values = new HashMap<>();
        values.put(":at", AttributeValue.fromS(notice.at().toString()));
        notice.resolved()
                .ifPresent(end -> values.put(":resolved", AttributeValue.fromS(end.toString())));
        return values;
    }

    @Override
    public List<Notice> notices() {
        return byTime(keys.notices());
    }

    @Override
    public List<Notice> open() {
        return byTime(keys.open());
    }

    private List<Notice> byTime(String partition) {
        return stream(partition, items.notices())
                .sorted(Comparator.comparing(Notice::at).thenComparing(Notice::key))
                .toList();
    }

    @Override
    public List<Notice> unannounced() {
        return all(keys.unannounced(), items.notices());
    }

    @Override
    public boolean telling(Notice notice) {
        return transact(
                        List.of(
                                put(
                                        kept(items.telling(notice)),
                                        sameNotice(notice),
                                        SAME_NOTICE_NAMES,
                                        sameNoticeValues(notice))))
                .isEmpty();
    }

    @Override
    public void announced(Notice notice) {
        if (transact(List.of(takeFromTheUntold(notice))).isEmpty()) {
            return;
        }
        // It ended, or began anew, while people were being told the opposite.
        standing(notice.key())
                .filter(now -> now.announced() && now.isOpen() != notice.isOpen())
                .ifPresent(now -> transact(List.of(putNew(notice(keys.unannounced(), now)))));
    }

    @Override
    public List<Unreadable> takeUnreadable() {
        return unknowns.takeItems();
    }

    @Override
    public Set<ImageName> unreadable(Region region) {
        return unknowns.items().stream()
                .filter(item -> item.region().equals(Optional.of(region)))
                .flatMap(item -> item.name().stream())
                .collect(Collectors.toSet());
    }

    @Override
    public List<Unreadable> unreadable(String partition) {
        String pk = keys.partition(partition);
        Function<Map<String, AttributeValue>, Form<?>> form = items.forms(partition);
        unknowns.forget(pk);
        items(pk).forEach(item -> unknowns.read(item, form.apply(item)));
        List<Unreadable> still = unknowns.items(pk);
        unknowns.forget(pk);
        return still;
    }

    private Optional<Map<String, AttributeValue>> get(Map<String, AttributeValue> key) {
        unknowns.forget(key);
        return Optional.of(
                        dynamoDb.getItem(get -> get.tableName(table).key(key).consistentRead(true)))
                .filter(response -> response.hasItem())
                .map(response -> response.item());
    }

    /**
     * The one that was asked for.
     *
     * @throws UnreadableItemException if it is there and cannot be read
     */
    private <T> Optional<T> one(Map<String, AttributeValue> key, Form<T> form) {
        return get(key).map(item -> unknowns.readOne(item, form));
    }

    /** The same; empty, too, if it cannot be read. */
    private <T> Optional<T> readable(Map<String, AttributeValue> key, Form<T> form) {
        return get(key).flatMap(item -> unknowns.read(item, form));
    }

    /** Those of a partition that can be read. */
    private <T> List<T> all(String pk, Form<T> form) {
        return stream(pk, form).toList();
    }

    private <T> Stream<T> stream(String pk, Form<T> form) {
        return items(pk).flatMap(item -> unknowns.read(item, form).stream());
    }

    private Stream<Map<String, AttributeValue>> items(String pk) {
        unknowns.forget(pk);
        return pages(query ->
                query.keyConditionExpression("pk = :pk")
                        .expressionAttributeValues(Map.of(":pk", AttributeValue.fromS(pk)))
                        .consistentRead(true));
    }

    /** Those of these items that can be read. */
    private <T> Stream<T> each(List<Map<String, AttributeValue>> wanted, Form<T> form) {
        wanted.forEach(unknowns::forget);
        return batch(wanted).stream().flatMap(item -> unknowns.read(item, form).stream());
    }

    /** What is to be written in the place of an item of which no changes are counted. */
    private Map<String, AttributeValue> kept(Map<String, AttributeValue> item) {
        return unknowns.keep(item, TableKeys.of(item), null);
    }

    private Stream<Map<String, AttributeValue>> pages(
            java.util.function.UnaryOperator<QueryRequest.Builder> request) {
        QueryRequest query = request.apply(QueryRequest.builder().tableName(table)).build();
        return dynamoDb.queryPaginator(query).items().stream();
    }

    /** Reads up to 100 items a call, again where DynamoDB left some out. */
    private List<Map<String, AttributeValue>> batch(List<Map<String, AttributeValue>> wanted) {
        List<Map<String, AttributeValue>> found = new ArrayList<>();
        for (int from = 0; from < wanted.size(); from += KEYS_A_BATCH) {
            List<Map<String, AttributeValue>> some =
                    wanted.subList(from, Math.min(wanted.size(), from + KEYS_A_BATCH));
            Map<String, KeysAndAttributes> left =
                    Map.of(
                            table,
                            KeysAndAttributes.builder().keys(some).consistentRead(true).build());
            for (int tried = 1; !left.isEmpty(); tried++) {
                if (tried > 1) {
                    backOff(tried);
                }
                Map<String, KeysAndAttributes> asked = left;
                var response = dynamoDb.batchGetItem(get -> get.requestItems(asked));
                found.addAll(response.responses().getOrDefault(table, List.of()));
                left = response.unprocessedKeys();
            }
        }
        return found;
    }

    /**
     * Writes all or nothing.
     *
     * @return the places of the writes whose condition did not hold; empty if all was written
     */
    private Set<Integer> transact(List<TransactWriteItem> writes) {
        for (int tried = 1; ; tried++) {
            try {
                dynamoDb.transactWriteItems(transaction -> transaction.transactItems(writes));
                return Set.of();
            } catch (TransactionCanceledException cancelled) {
                Set<Integer> refused = refused(cancelled.cancellationReasons());
                if (!refused.isEmpty()) {
                    return refused;
                }
                // Another transaction was at the same items: the conditions decide next time.
                if (tried == TRIES) {
                    throw cancelled;
                }
                backOff(tried);
            }
        }
    }

    /** Twice as long each time, up to 3.2 s; at random, so that two writers part. */
    private void backOff(int tried) {
        long most = 50L << Math.min(tried - 1, 6);
        pause.accept(Duration.ofMillis(random.nextLong(most / 2, most)));
    }

    private static Set<Integer> refused(List<CancellationReason> reasons) {
        return Stream.iterate(0, i -> i < reasons.size(), i -> i + 1)
                .filter(i -> "ConditionalCheckFailed".equals(reasons.get(i).code()))
                .collect(Collectors.toSet());
    }

    private TransactWriteItem putNew(Map<String, AttributeValue> item) {
        return put(item, "attribute_not_exists(pk)", Map.of(), Map.of());
    }

    private TransactWriteItem put(Map<String, AttributeValue> item) {
        return TransactWriteItem.builder().put(put -> put.tableName(table).item(item)).build();
    }

    private TransactWriteItem put(
            Map<String, AttributeValue> item,
            String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values) {
        return TransactWriteItem.builder()
                .put(put -> {
                    put.tableName(table).item(item).conditionExpression(condition);
                    if (!names.isEmpty()) {
                        put.expressionAttributeNames(names);
                    }
                    if (!values.isEmpty()) {
                        put.expressionAttributeValues(values);
                    }
                })
                .build();
    }

    private TransactWriteItem delete(Map<String, AttributeValue> key) {
        return TransactWriteItem.builder()
                .delete(delete -> delete.tableName(table).key(key))
                .build();
    }

    private static Map<String, AttributeValue> keyOf(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> key = new HashMap<>(item);
        key.keySet().retainAll(Set.of(TableKeys.PK, TableKeys.SK));
        return key;
    }
}
