package dev.amikeeper.catalog;

import static dev.amikeeper.catalog.Attributes.attribute;
import static dev.amikeeper.catalog.Attributes.expiry;
import static dev.amikeeper.catalog.Attributes.integer;
import static dev.amikeeper.catalog.Attributes.integral;
import static dev.amikeeper.catalog.Attributes.map;
import static dev.amikeeper.catalog.Attributes.name;
import static dev.amikeeper.catalog.Attributes.number;
import static dev.amikeeper.catalog.Attributes.optional;
import static dev.amikeeper.catalog.Attributes.string;
import static dev.amikeeper.catalog.Attributes.text;
import static dev.amikeeper.catalog.Attributes.texts;
import static dev.amikeeper.catalog.Attributes.time;
import static dev.amikeeper.catalog.Attributes.truth;
import static dev.amikeeper.catalog.Attributes.word;

import dev.amikeeper.catalog.Unknowns.Form;
import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes records as items, and reads them back. */
final class Items {
    static final String EXPIRES = "expires";

    static final String DUE = "due";

    /** On a remembered Region: when something will exist there, in seconds since 1970. */
    static final String BY = "by";

    static final String BEGAN = "began";

    static final String VERSION = "version";

    static final String TELLING = "telling";

    /** Between the time and the digest of a Region whose snapshots were all in order. */
    private static final String SETTLED_AND = " ";

    private final TableKeys keys;
    private final FreezeItems freezeItems;
    private final ImageItems imageItems;
    private final Form<Image> images;

    Items(TableKeys keys) {
        this.keys = keys;
        this.freezeItems = new FreezeItems(keys, this);
        this.imageItems = new ImageItems(keys, this);
        this.images = Form.remembering(ImageItems::image, (image, _) -> imageItems.image(image));
    }

    FreezeItems ofFreezes() {
        return freezeItems;
    }

    ImageItems ofImages() {
        return imageItems;
    }

    Form<Image> images() {
        return images;
    }

    Form<Tombstone> tombstones() {
        return new Form<>(ImageItems::tombstone, (tombstone, _) -> imageItems.tombstone(tombstone));
    }

    Form<PruneMark> marks() {
        return new Form<>(Items::mark, (mark, _) -> mark(mark));
    }

    Form<String> policies() {
        return Form.of(item -> string(item, TableKeys.SK));
    }

    Form<Map.Entry<InstanceId, Instant>> gone() {
        return Form.of(
                item -> Map.entry(new InstanceId(string(item, TableKeys.SK)), time(item, "since")));
    }

    Form<SweepState> sweeps() {
        return new Form<>(Items::sweep, (state, _) -> sweep(state));
    }

    Form<UnfinishedPrune> prunes() {
        return new Form<>(Items::prune, (run, _) -> prune(run));
    }

    Form<Cursor> cursors() {
        return new Form<>(Items::cursor, (cursor, _) -> cursor(cursor));
    }

    Form<Region> regions() {
        return new Form<>(Attributes::region, (region, _) -> region(region));
    }

    Form<Run> runs() {
        return new Form<>(Items::run, (run, _) -> run(run));
    }

    /** For a restore's record, and for its entry among those that are not over. */
    Form<Restore> restores() {
        return new Form<>(Items::restore, (restore, item) -> restore(TableKeys.of(item), restore));
    }

    Form<Freeze> freezes() {
        return new Form<>(FreezeItems::freeze, (freeze, _) -> freezeItems.freeze(freeze));
    }

    /** For a notice's record, and for its entries among the open and the untold ones. */
    Form<Notice> notices() {
        return new Form<>(
                Items::notice, (notice, item) -> notice(string(item, TableKeys.PK), notice));
    }

    /** Returns how to read the items of a partition, given its key without the account. */
    Function<Map<String, AttributeValue>, Form<?>> forms(String partition) {
        String[] words = partition.split("/", -1);
        if (words.length == 2 && words[1].equals("freezes")) {
            return _ -> freezes();
        }
        return switch (words.length == 3 ? words[1] : words[0]) {
            case "images" -> _ -> images();
            case "removed" -> _ -> tombstones();
            case "work" -> _ -> Form.of(ImageItems::entry);
            case "ami" -> _ -> Form.of(Attributes::name);
            case "bookmarks" -> item -> isCursor(item) ? cursors() : regions();
            case "runs" -> _ -> runs();
            case "marks" -> _ -> marks();
            case "policies" -> _ -> policies();
            case "gone" -> _ -> gone();
            case "restores", "restoring" -> _ -> restores();
            case "sweep" -> _ -> sweeps();
            case "prune" -> _ -> prunes();
            case "notices", "open", "unannounced" -> _ -> notices();
            // Another version wrote this, and this version does not know what it is.
            default ->
                    _ ->
                            Form.of(_ -> {
                                throw new IllegalStateException("no item of this version");
                            });
        };
    }

    Map<String, AttributeValue> mark(PruneMark mark) {
        Map<String, AttributeValue> item =
                new HashMap<>(TableKeys.key(keys.marks(mark.policy()), mark.region().name()));
        identify(item, mark.region());
        item.put("policy", text(mark.policy()));
        item.put("selected", number(mark.selected()));
        item.put("listed", number(mark.listed()));
        return item;
    }

    static PruneMark mark(Map<String, AttributeValue> item) {
        return new PruneMark(
                string(item, "policy"),
                Attributes.region(item),
                integer(item, "selected"),
                integer(item, "listed"));
    }

    Map<String, AttributeValue> policy(String name) {
        Map<String, AttributeValue> item = new HashMap<>(TableKeys.key(keys.policies(), name));
        item.put("account", text(keys.account()));
        return item;
    }

    Map<String, AttributeValue> gone(Region region, InstanceId instance, Instant since) {
        Map<String, AttributeValue> item =
                new HashMap<>(TableKeys.key(keys.gone(region), instance.value()));
        identify(item, region);
        item.put("since", text(since));
        return item;
    }

    Map<String, AttributeValue> prune(UnfinishedPrune run) {
        Map<String, AttributeValue> item = new HashMap<>(keys.prune());
        item.put("account", text(keys.account()));
        item.put(BEGAN, text(run.began()));
        Map<String, String> taken = new HashMap<>();
        run.taken()
                .forEach((name, images) ->
                        taken.put(
                                name, images.begun() + "/" + images.ended() + "/" + images.gone()));
        item.put("taken", Attributes.map(taken));
        return item;
    }

    static UnfinishedPrune prune(Map<String, AttributeValue> item) {
        Map<String, UnfinishedPrune.Taken> taken = new HashMap<>();
        Attributes.map(item, "taken")
                .forEach((name, text) -> {
                    String[] images = text.split("/", -1);
                    taken.put(
                            name,
                            new UnfinishedPrune.Taken(
                                    Integer.parseInt(images[0]),
                                    Integer.parseInt(images[1]),
                                    Integer.parseInt(images[2])));
                });
        return new UnfinishedPrune(Attributes.time(item, BEGAN), taken);
    }

    Map<String, AttributeValue> sweep(SweepState state) {
        Map<String, AttributeValue> item = new HashMap<>(keys.sweep());
        item.put("account", text(keys.account()));
        state.stopped()
                .ifPresent(unit -> {
                    item.put("region", text(unit.region()));
                    item.put("policy", text(unit.policy()));
                });
        item.put(
                "requests",
                AttributeValue.fromL(
                        state.requests().stream()
                                .map(seen ->
                                        texts(
                                                List.of(
                                                        seen.region(),
                                                        seen.instance(),
                                                        seen.since(),
                                                        seen.value())))
                                .toList()));
        if (!state.settled().isEmpty()) {
            Map<String, String> settled = new HashMap<>();
            state.settled()
                    .forEach((region, it) ->
                            settled.put(region.name(), it.at() + SETTLED_AND + it.digest()));
            item.put("settled", map(settled));
        }
        return item;
    }

    static SweepState sweep(Map<String, AttributeValue> item) {
        return new SweepState(
                optional(item, "policy")
                        .map(policy -> new SweepState.Unit(Attributes.region(item), policy)),
                attribute(item, "requests").l().stream()
                        .map(seen -> seen.l().stream().map(AttributeValue::s).toList())
                        .map(seen ->
                                new SweepState.Seen(
                                        new Region(seen.get(0)),
                                        new InstanceId(seen.get(1)),
                                        seen.get(3),
                                        Instant.parse(seen.get(2))))
                        .toList(),
                map(item, "settled").entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        settled -> new Region(settled.getKey()),
                                        settled -> settled(settled.getValue()))));
    }

    private static SweepState.Settled settled(String text) {
        int end = text.indexOf(SETTLED_AND);
        return new SweepState.Settled(
                Instant.parse(text.substring(0, end)), text.substring(end + 1));
    }

    Map<String, AttributeValue> cursor(Cursor cursor) {
        Map<String, AttributeValue> item =
                new HashMap<>(
                        TableKeys.key(keys.bookmarks(), cursor.policy() + "/" + cursor.region()));
        identify(item, cursor.region());
        item.put("policy", text(cursor.policy()));
        item.put("time", text(cursor.time()));
        return item;
    }

    static boolean isCursor(Map<String, AttributeValue> item) {
        return item.containsKey("policy");
    }

    Map<String, AttributeValue> region(Region region) {
        Map<String, AttributeValue> item =
                new HashMap<>(TableKeys.key(keys.bookmarks(), region.name()));
        identify(item, region);
        return item;
    }

    /** The item of a remembered Region, with the time before which it is not forgotten. */
    Map<String, AttributeValue> region(Region region, Instant by) {
        Map<String, AttributeValue> item = new HashMap<>(region(region));
        item.put(BY, number(by.getEpochSecond()));
        return item;
    }

    static Cursor cursor(Map<String, AttributeValue> item) {
        return new Cursor(string(item, "policy"), Attributes.region(item), time(item, "time"));
    }

    Map<String, AttributeValue> run(Run run) {
        return switch (run) {
            case Run.Taken taken -> {
                Map<String, AttributeValue> item = run(run, taken.slot(), "taken");
                item.put("instances", number(taken.instances()));
                yield item;
            }
            case Run.Missed missed -> {
                Map<String, AttributeValue> item = run(run, missed.last(), "missed");
                item.put("first", text(missed.first()));
                item.put("count", number(missed.count()));
                yield item;
            }
        };
    }

    private Map<String, AttributeValue> run(Run run, Slot last, String outcome) {
        Map<String, AttributeValue> item =
                new HashMap<>(
                        TableKeys.key(
                                keys.runs(run.policy()),
                                last + "/" + run.region() + "/" + outcome));
        identify(item, run.region());
        item.put("policy", text(run.policy()));
        item.put("slot", text(last));
        item.put(EXPIRES, expiry(last.time()));
        return item;
    }

    static Run run(Map<String, AttributeValue> item) {
        String policy = string(item, "policy");
        Region region = Attributes.region(item);
        Slot slot = new Slot(time(item, "slot"));
        return optional(item, "first")
                .<Run>map(first ->
                        new Run.Missed(
                                policy,
                                region,
                                integer(item, "count"),
                                new Slot(Instant.parse(first)),
                                slot))
                .orElseGet(() -> new Run.Taken(policy, region, slot, integer(item, "instances")));
    }

    Map<String, AttributeValue> restore(Map<String, AttributeValue> key, Restore restore) {
        Map<String, AttributeValue> item = new HashMap<>(key);
        identify(item, restore.region());
        item.put("kind", text(restore.kind()));
        item.put("name", text(restore.of()));
        item.put("image", text(restore.image()));
        item.put("as", map(CapsuleFields.write(restore.as())));
        item.put("attempt", number(restore.attempt()));
        item.put("state", text(restore.state()));
        restore.instance().ifPresent(id -> item.put("instance", text(id)));
        restore.command().ifPresent(command -> item.put("command", text(command)));
        item.put("asked", text(restore.asked()));
        item.put("since", text(restore.since()));
        item.put("until", text(restore.until()));
        restore.launched().ifPresent(when -> item.put("launched", text(when)));
        restore.ended().ifPresent(when -> item.put("ended", text(when)));
        item.put("reached", text(restore.reached()));
        item.put("note", text(restore.note()));
        item.put(VERSION, number(restore.version()));
        item.put(EXPIRES, expiry(restore.asked()));
        return item;
    }

    static Restore restore(Map<String, AttributeValue> item) {
        return new Restore(
                string(item, TableKeys.SK),
                new Restore.Goal(
                        word(item, "kind", Restore.RestoreKind.class),
                        Attributes.region(item),
                        name(item),
                        new ImageId(string(item, "image")),
                        CapsuleFields.read(map(item, "as")).orElseThrow(),
                        optional(item, "command")),
                word(item, "state", Restore.RestoreState.class),
                new Restore.Try(
                        integer(item, "attempt"),
                        optional(item, "instance").map(InstanceId::new),
                        optional(item, "launched").map(Instant::parse)),
                new Restore.Times(
                        time(item, "asked"),
                        time(item, "since"),
                        time(item, "until"),
                        optional(item, "ended").map(Instant::parse)),
                word(item, "reached", Restore.ProofLevel.class),
                string(item, "note"),
                integral(item, VERSION));
    }

    Map<String, AttributeValue> notice(String partition, Notice notice) {
        Map<String, AttributeValue> item = new HashMap<>(TableKeys.key(partition, notice.key()));
        item.put("account", text(keys.account()));
        item.put("kind", text(notice.kind()));
        item.put("at", text(notice.at()));
        item.put("text", text(notice.text()));
        item.put("tried", text(notice.tried()));
        item.put("remedy", text(notice.remedy()));
        item.put("announced", AttributeValue.fromBool(notice.announced()));
        notice.resolved().ifPresent(end -> item.put("resolved", text(end)));
        item.put(EXPIRES, expiry(notice.resolved().orElse(notice.at())));
        return item;
    }

    /** The entry of an untold notice that somebody has begun to tell. */
    Map<String, AttributeValue> telling(Notice notice) {
        Map<String, AttributeValue> item = notice(keys.unannounced(), notice);
        item.put(TELLING, AttributeValue.fromBool(true));
        return item;
    }

    static Notice notice(Map<String, AttributeValue> item) {
        return new Notice(
                NoticeKey.parse(string(item, TableKeys.SK)),
                // A notice of an older version has no kind and no end.
                item.containsKey("kind")
                        ? word(item, "kind", Notice.NoticeKind.class)
                        : Notice.NoticeKind.EVENT,
                time(item, "at"),
                string(item, "text"),
                optional(item, "tried").orElse(""),
                string(item, "remedy"),
                truth(item, "announced"),
                optional(item, "resolved").map(Instant::parse));
    }

    void identify(Map<String, AttributeValue> item, Region region) {
        item.put("account", text(keys.account()));
        item.put("region", text(region));
    }
}
