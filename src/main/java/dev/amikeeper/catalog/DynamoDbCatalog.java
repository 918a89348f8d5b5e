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
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * The catalogue in one DynamoDB table.
 *
 * <p>Every partition key begins with the account and, if there is one, the Region:
 *
 * <table>
 * <caption>Keys, and the access pattern that each serves</caption>
 * <tr><th>pk</th><th>sk</th><th>serves</th></tr>
 * <tr><td>account/Region/images/policy</td><td>instance/slot</td><td>images of a policy in a Region: pruning</td></tr>
 * <tr><td>account/Region/ami/ami-…</td><td>"name"</td><td>image by Region and id: state events; points to the image</td></tr>
 * <tr><td>account/Region/work/kind</td><td>slot/policy/instance</td><td>images that wait, are under way or were given up, oldest slot first: workers, capacity for copies, sweep; points to the image</td></tr>
 * <tr><td>account/Region/removed/policy</td><td>instance/slot</td><td>tombstones</td></tr>
 * <tr><td>account/bookmarks</td><td>policy/Region, or Region</td><td>the positions of the schedules, and which Regions there are: the tick</td></tr>
 * <tr><td>account/runs/policy</td><td>slot/Region/outcome</td><td>runs, newest first</td></tr>
 * <tr><td>account/marks/policy</td><td>Region</td><td>what the last pruning saw</td></tr>
 * <tr><td>account/restores/policy</td><td>the restore's id</td><td>restores and drills of a year</td></tr>
 * <tr><td>account/restoring</td><td>the restore's id</td><td>those that are not over: whoever follows them</td></tr>
 * <tr><td>account/Region/freezes</td><td>instance/slot/policy</td><td>servers that a command has prepared for their image: worker, tick, sweep</td></tr>
 * <tr><td>account/policies</td><td>name</td><td>all policies ever seen: what is left of those that are no longer in the file</td></tr>
 * <tr><td>account/gone/Region</td><td>instance</td><td>since when it is gone</td></tr>
 * <tr><td>account/sweep</td><td>"state"</td><td>what the last sweep left for the next one</td></tr>
 * <tr><td>account/prune</td><td>"state"</td><td>the pruning run that the next one goes on with</td></tr>
 * <tr><td>account/notices</td><td>key</td><td>what went wrong</td></tr>
 * <tr><td>account/open</td><td>key</td><td>the troubles that are not over: sweep</td></tr>
 * <tr><td>account/unannounced</td><td>key</td><td>what people are still to be told</td></tr>
 * <tr><td>index {@value #BY_INSTANCE}: account/instance/i-…</td><td>slot/Region/policy</td><td>images of an instance in all Regions, newest first: restoring. Keys only, so that it costs a write at the beginning and the end of an image and none in between</td></tr>
 * </table>
 *
 * <p>Pointers are written and removed in the same transaction as the record they belong to, so none
 * can be missing or left over. All of them are read with strong consistency, but the sweep reads
 * the images of a policy with eventual consistency.
 *
 * <p>The following is the cost of one image's life in write units, for items up to 1 KB. A DynamoDB
 * transaction writes each of its items twice, including the checked ones, and adding or removing an
 * index entry costs one more unit. An intent costs 7 (record, check for a tombstone, work, index),
 * its start 8 (record, work removed, work put, pointer), becoming available 4 (record, work
 * removed), and a removal 4 to begin (record, work) and 9 to bury (record, pointer, work,
 * tombstone, index). That is 32 units for a home image and as many for each copy. A read costs one
 * half to one unit per lookup or page of work; a page is shared by all images on it.
 *
 * <p>Several threads may use it. It holds no lock, least of all during a call.
 */
public final class DynamoDbCatalog implements Catalog {
    /** The index over the images of an instance. */
    public static final String BY_INSTANCE = "byInstance";

    private final CatalogTable table;
    private final TableKeys keys;
    private final Items items;
    private final Unknowns unknowns;
    private final NoticeTable notices;
    private final ImageTable images;

    /**
     * The catalogue of an account in this table.
     *
     * @param pause waits for a while before a call is tried again
     * @param random decides the length of the pauses
     */
    public DynamoDbCatalog(
            DynamoDbClient dynamoDb,
            String table,
            String account,
            Consumer<Duration> pause,
            RandomGenerator random) {
        this.keys = new TableKeys(account);
        this.items = new Items(keys);
        this.unknowns = new Unknowns(account);
        this.table = new CatalogTable(dynamoDb, table, pause, random, unknowns);
        this.notices = new NoticeTable(this.table, keys, items, unknowns);
        this.images = new ImageTable(this.table, keys, items, unknowns, notices);
    }

    @Override
    public Bookmarks bookmarks() {
        List<Map<String, AttributeValue>> found = table.items(keys.bookmarks()).toList();
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
        table.write(items.region(region));
    }

    @Override
    public void remember(Region region, Instant by) {
        table.write(items.region(region, by));
    }

    @Override
    public boolean forget(Region region, Instant now) {
        return table.remove(
                CatalogTable.keyOf(items.region(region)),
                "attribute_not_exists(#by) OR #by <= :now",
                Map.of("#by", Items.BY),
                Map.of(":now", Attributes.number(now.getEpochSecond())));
    }

    @Override
    public boolean moveCursor(
            Optional<Instant> from, Cursor to, List<Run> runs, List<Notice> notices) {
        Map<String, AttributeValue> cursor = table.kept(items.cursor(to));
        List<TransactWriteItem> writes = new ArrayList<>();
        writes.add(
                from.map(time ->
                                table.put(
                                        cursor,
                                        "#time = :from",
                                        Map.of("#time", "time"),
                                        Map.of(":from", AttributeValue.fromS(time.toString()))))
                        .orElseGet(() -> table.putNew(cursor)));
        runs.forEach(run -> writes.add(table.put(items.run(run))));
        notices.forEach(notice -> writes.addAll(this.notices.tell(notice)));
        return table.transact(writes).isEmpty();
    }

    @Override
    public List<Run> runs(String policy) {
        return table.all(keys.runs(policy), items.runs()).reversed();
    }

    @Override
    public List<Image> request(Collection<Image> intents) {
        return images.request(intents);
    }

    @Override
    public boolean save(Change change) {
        return images.save(change);
    }

    @Override
    public boolean bury(Image before, Tombstone tombstone) {
        return images.bury(before, tombstone);
    }

    @Override
    public List<Tombstone> bury(Collection<Tombstone> tombstones) {
        return images.bury(tombstones);
    }

    @Override
    public Optional<Image> find(Region region, ImageName name) {
        return images.find(region, name);
    }

    @Override
    public Map<ImageName, Image> find(Region region, Collection<ImageName> names) {
        return images.find(region, names);
    }

    @Override
    public Optional<Image> find(Region region, ImageId id) {
        return images.find(region, id);
    }

    @Override
    public List<Image> work(Region region, Work kind, Instant dueBy, int limit) {
        return images.work(region, kind, dueBy, limit);
    }

    @Override
    public boolean hasWork(Region region, Work kind, Instant dueBy) {
        return images.hasWork(region, kind, dueBy);
    }

    @Override
    public List<ImageName> waiting(
            Region region, Work kind, Instant dueBy, Optional<ImageName> after, int limit) {
        return images.waiting(region, kind, dueBy, after, limit);
    }

    @Override
    public List<Image> work(Region region, Work kind, List<ImageName> names) {
        return images.work(region, kind, names);
    }

    @Override
    public Optional<Image> before(Region region, ImageName name) {
        return images.before(region, name);
    }

    @Override
    public int copiesInFlight(Region region) {
        return images.copiesInFlight(region);
    }

    @Override
    public List<Image> ofPolicy(String policy, Region region) {
        return images.ofPolicy(policy, region);
    }

    @Override
    public List<Image> glimpse(String policy, Region region) {
        return images.glimpse(policy, region);
    }

    @Override
    public List<Image> ofInstance(InstanceId instance) {
        return images.ofInstance(instance);
    }

    @Override
    public List<Tombstone> removed(String policy, Region region) {
        return images.removed(policy, region);
    }

    @Override
    public boolean unbury(Tombstone tombstone, Image after) {
        return images.unbury(tombstone, after);
    }

    @Override
    public boolean save(Tombstone before, Tombstone after) {
        return images.save(before, after);
    }

    @Override
    public Optional<Tombstone> removed(Region region, ImageName name) {
        return images.removed(region, name);
    }

    @Override
    public Map<ImageName, Tombstone> removed(Region region, Collection<ImageName> names) {
        return images.removed(region, names);
    }

    @Override
    public List<Image> adopt(Collection<Image> found) {
        return images.adopt(found);
    }

    @Override
    public boolean begin(Restore restore) {
        return table.transact(
                        List.of(
                                table.putNew(items.restore(keys.restore(restore.id()), restore)),
                                table.put(items.restore(underWay(restore), restore))))
                .isEmpty();
    }

    @Override
    public boolean save(Restore before, Restore after) {
        List<TransactWriteItem> writes = new ArrayList<>();
        Map<String, AttributeValue> key = keys.restore(after.id());
        AttributeValue version = Attributes.number(before.version());
        Map<String, AttributeValue> item = unknowns.keep(items.restore(key, after), key, version);
        writes.add(table.putOver(item, version));
        if (!after.isOver()) {
            writes.add(
                    table.put(
                            unknowns.keep(
                                    unknowns.keep(
                                            items.restore(underWay(after), after), key, version),
                                    underWay(after),
                                    version)));
        } else if (!before.isOver()) {
            writes.add(table.delete(underWay(after)));
        }
        if (table.transact(writes).isEmpty()) {
            unknowns.wrote(item, key);
            unknowns.wrote(items.restore(underWay(after), after), underWay(after));
            return true;
        }
        // It may be refused because this very step was saved and the answer was lost.
        return table.readable(key, items.restores()).filter(after::equals).isPresent();
    }

    private Map<String, AttributeValue> underWay(Restore restore) {
        return TableKeys.key(keys.restoring(), restore.id());
    }

    @Override
    public Optional<Restore> restore(String id) {
        return table.one(keys.restore(id), items.restores());
    }

    @Override
    public List<Restore> restoring() {
        return table.all(keys.restoring(), items.restores());
    }

    @Override
    public List<Restore> restores(String policy) {
        return table.all(keys.restores(policy), items.restores());
    }

    @Override
    public List<Freeze> freezes(Region region) {
        return table.all(keys.freezes(region), items.freezes());
    }

    @Override
    public boolean begin(Freeze freeze) {
        return table.transact(List.of(table.putNew(items.ofFreezes().freeze(freeze)))).isEmpty();
    }

    @Override
    public boolean save(Freeze before, Freeze after) {
        return table.replace(
                items.ofFreezes().freeze(after),
                keys.freeze(after.region(), after.name()),
                before.version());
    }

    @Override
    public void end(Freeze freeze) {
        table.transact(List.of(table.delete(keys.freeze(freeze.region(), freeze.name()))));
    }

    @Override
    public SweepState lastSweep() {
        return table.readable(keys.sweep(), items.sweeps()).orElse(SweepState.FRESH);
    }

    @Override
    public void swept(SweepState state) {
        table.write(table.kept(items.sweep(state)));
    }

    @Override
    public Set<String> policies() {
        return Set.copyOf(table.all(keys.policies(), items.policies()));
    }

    @Override
    public void remember(String policy) {
        table.write(items.policy(policy));
    }

    @Override
    public Map<InstanceId, Instant> gone(Region region) {
        return table.all(keys.gone(region), items.gone()).stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Override
    public boolean gone(Region region, InstanceId instance, Instant since) {
        return table.transact(List.of(table.putNew(items.gone(region, instance, since)))).isEmpty();
    }

    @Override
    public void back(Region region, InstanceId instance) {
        table.transact(List.of(table.delete(TableKeys.key(keys.gone(region), instance.value()))));
    }

    @Override
    public List<PruneMark> marks(String policy) {
        return table.all(keys.marks(policy), items.marks());
    }

    @Override
    public void mark(PruneMark mark) {
        table.write(table.kept(items.mark(mark)));
    }

    @Override
    public Optional<UnfinishedPrune> unfinishedPrune() {
        return table.readable(keys.prune(), items.prunes());
    }

    @Override
    public void unfinished(UnfinishedPrune run) {
        table.write(table.kept(items.prune(run)));
    }

    @Override
    public void finishedPrune(Instant began) {
        table.remove(
                keys.prune(),
                "#began = :began",
                Map.of("#began", Items.BEGAN),
                Map.of(":began", Attributes.text(began)));
    }

    @Override
    public boolean note(Notice notice) {
        return notices.note(notice);
    }

    @Override
    public boolean reword(Notice notice) {
        return notices.reword(notice);
    }

    @Override
    public boolean resolve(NoticeKey about, Instant at) {
        return notices.resolve(about, at);
    }

    @Override
    public List<Notice> notices() {
        return notices.notices();
    }

    @Override
    public List<Notice> open() {
        return notices.open();
    }

    @Override
    public List<Notice> unannounced() {
        return notices.unannounced();
    }

    @Override
    public boolean telling(Notice notice) {
        return notices.telling(notice);
    }

    @Override
    public void announced(Notice notice) {
        notices.announced(notice);
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
        table.items(pk).forEach(item -> unknowns.read(item, form.apply(item)));
        List<Unreadable> still = unknowns.items(pk);
        unknowns.forget(pk);
        return still;
    }
}
