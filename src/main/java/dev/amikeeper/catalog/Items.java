package dev.amikeeper.catalog;

import dev.amikeeper.catalog.Unknowns.Form;
import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How records are written as items, and read back. */
final class Items {
    static final String EXPIRES = "expires";
    static final String DUE = "due";

    /** Of a Region that is remembered: something is to be there by then, in seconds. */
    static final String BY = "by";

    static final String VERSION = "version";
    static final String TELLING = "telling";
    private static final String SNAPSHOTS_IN_FLIGHT = "volumes";

    /** Tombstones, failures, notices and runs are kept for a year. */
    private static final Duration YEAR = Duration.ofDays(366);

    private final TableKeys keys;
    private final Form<Image> images = Form.remembering(Items::image, (image, _) -> image(image));

    Items(TableKeys keys) {
        this.keys = keys;
    }

    Form<Image> images() {
        return images;
    }

    Form<Tombstone> tombstones() {
        return new Form<>(Items::tombstone, (tombstone, _) -> tombstone(tombstone));
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

    Form<Cursor> cursors() {
        return new Form<>(Items::cursor, (cursor, _) -> cursor(cursor));
    }

    Form<Region> regions() {
        return new Form<>(Items::region, (region, _) -> region(region));
    }

    Form<Run> runs() {
        return new Form<>(Items::run, (run, _) -> run(run));
    }

    /** Of a restore's record and its entry among those that are not over. */
    Form<Restore> restores() {
        return new Form<>(Items::restore, (restore, item) -> restore(TableKeys.of(item), restore));
    }

    Form<Freeze> freezes() {
        return new Form<>(Items::freeze, (freeze, _) -> freeze(freeze));
    }

    /** Of a notice's record, and its entries among the open ones and those to be told. */
    Form<Notice> notices() {
        return new Form<>(
                Items::notice, (notice, item) -> notice(string(item, TableKeys.PK), notice));
    }

    /** How the items of a partition are read, by its key without the account. */
    Function<Map<String, AttributeValue>, Form<?>> forms(String partition) {
        String[] words = partition.split("/", -1);
        if (words.length == 2 && words[1].equals("freezes")) {
            return _ -> freezes();
        }
        return switch (words.length == 3 ? words[1] : words[0]) {
            case "images" -> _ -> images();
            case "removed" -> _ -> tombstones();
            case "work" -> _ -> Form.of(Items::entry);
            case "ami" -> _ -> Form.of(Items::name);
            case "bookmarks" -> item -> isCursor(item) ? cursors() : regions();
            case "runs" -> _ -> runs();
            case "marks" -> _ -> marks();
            case "policies" -> _ -> policies();
            case "gone" -> _ -> gone();
            case "restores", "restoring" -> _ -> restores();
            case "sweep" -> _ -> sweeps();
            case "notices", "open", "unannounced" -> _ -> notices();
            // Of another version: what it is, is not known here.
            default ->
                    _ ->
                            Form.of(_ -> {
                                throw new IllegalStateException("no item of this version");
                            });
        };
    }

    Map<String, AttributeValue> image(Image image) {
        Map<String, AttributeValue> item = new HashMap<>(keys.image(image.region(), image.name()));
        item.put(TableKeys.INSTANCE_PK, text(keys.instance(image.name().instance())));
        item.put(
                TableKeys.INSTANCE_SK,
                text(image.name().slot() + "/" + image.region() + "/" + image.name().policy()));
        expiry(image).ifPresent(end -> item.put(EXPIRES, end));
        record(item, image);
        return item;
    }

    private void record(Map<String, AttributeValue> item, Image image) {
        identify(item, image.region());
        item.put("name", text(image.name()));
        image.home().ifPresent(home -> item.put("home", text(home)));
        item.put("trigger", text(image.provenance().trigger()));
        item.put("state", text(image.state()));
        item.put("attempt", number(image.attempt()));
        image.id().ifPresent(id -> item.put("id", text(id)));
        item.put("volumes", number(image.volumes()));
        item.put("since", text(image.since()));
        item.put("dueAt", text(image.due()));
        item.put("note", text(image.note()));
        item.put("snapshots", texts(image.snapshots()));
        item.put("permissions", texts(image.leaving().permissions()));
        item.put("adopted", AttributeValue.fromBool(image.adopted()));
        item.put("shared", AttributeValue.fromBool(image.shared()));
        item.put("disabled", AttributeValue.fromBool(image.disabled()));
        image.condition().guardedUntil().ifPresent(end -> item.put("guardedUntil", text(end)));
        image.proven().ifPresent(when -> item.put("proven", text(when)));
        image.capsule()
                .ifPresent(capsule -> item.put("capsule", map(CapsuleFields.write(capsule))));
        image.stored().ifPresent(stored -> item.put("stored", stored(stored)));
        if (!image.sharing().refused().isEmpty()) {
            item.put("refused", texts(image.sharing().refused()));
        }
        if (!image.sharing().copiers().isEmpty()) {
            item.put("copiers", texts(image.sharing().copiers()));
        }
        if (!image.sharing().given().isEmpty()) {
            item.put("given", texts(image.sharing().given()));
        }
        image.making().taken().ifPresent(when -> item.put("taken", text(when)));
        item.put(VERSION, number(image.version()));
    }

    private static AttributeValue stored(Stored stored) {
        Map<String, String> fields = new HashMap<>();
        fields.put("object", stored.object().toString());
        fields.put("state", stored.state().toString());
        fields.put("attempt", Integer.toString(stored.attempt()));
        fields.put("since", stored.since().toString());
        fields.put("due", stored.due().toString());
        stored.failedTask().ifPresent(task -> fields.put("failedTask", task.toString()));
        fields.put("note", stored.note());
        return map(fields);
    }

    private static Stored stored(Map<String, String> fields) {
        return new Stored(
                S3Object.parse(fields.getOrDefault("object", "")),
                Stored.State.valueOf(fields.getOrDefault("state", "")),
                Integer.parseInt(fields.getOrDefault("attempt", "")),
                Instant.parse(fields.getOrDefault("since", "")),
                Instant.parse(fields.getOrDefault("due", "")),
                Optional.ofNullable(fields.get("failedTask")).map(Instant::parse),
                fields.getOrDefault("note", ""));
    }

    private static AttributeValue map(Map<String, String> texts) {
        return AttributeValue.fromM(
                texts.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey, text -> text(text.getValue()))));
    }

    private static Map<String, String> map(Map<String, AttributeValue> item, String name) {
        AttributeValue value = item.get(name);
        if (value == null) {
            return Map.of();
        }
        if (!value.hasM()) {
            throw wrong(name, value);
        }
        Map<String, String> texts = new HashMap<>();
        // What is no text, a newer version wrote.
        value.m()
                .forEach((key, text) -> {
                    if (text.s() != null) {
                        texts.put(key, text.s());
                    }
                });
        return texts;
    }

    static Image image(Map<String, AttributeValue> item) {
        return new Image(
                name(item),
                region(item),
                new Image.Provenance(
                        optional(item, "home")
                                .map(home ->
                                        ImageRef.parse(home)
                                                .orElseThrow(() ->
                                                        new IllegalStateException(
                                                                "its home is "
                                                                        + Texts.quoted(home)))),
                        word(item, "trigger", Trigger.class),
                        truth(item, "adopted")),
                new Image.Phase(
                        word(item, "state", ImageState.class),
                        time(item, "since"),
                        time(item, "dueAt"),
                        string(item, "note")),
                new Image.Making(
                        integer(item, "attempt"),
                        optional(item, "id").map(ImageId::new),
                        integer(item, "volumes"),
                        optional(item, "taken").map(Instant::parse)),
                new Image.Sharing(
                        truth(item, "shared"),
                        optionalTexts(item, "refused"),
                        optionalTexts(item, "copiers"),
                        optionalTexts(item, "given")),
                new Image.Leaving(
                        strings(item, "snapshots").map(SnapshotId::new).toList(),
                        strings(item, "permissions").toList()),
                new Image.Condition(
                        truth(item, "disabled"),
                        optional(item, "guardedUntil").map(Instant::parse),
                        optional(item, "proven").map(Instant::parse)),
                CapsuleFields.read(map(item, "capsule")),
                Optional.of(map(item, "stored"))
                        .filter(fields -> !fields.isEmpty())
                        .map(Items::stored),
                integral(item, VERSION));
    }

    /** What waits or is under way: points to the image, and holds what workers choose by. */
    Optional<Map<String, AttributeValue>> work(Image image) {
        return keys.work(image)
                .map(key -> {
                    Map<String, AttributeValue> item = new HashMap<>(key);
                    identify(item, image.region());
                    item.put("name", text(image.name()));
                    item.put(DUE, number(image.due().getEpochSecond()));
                    item.put(SNAPSHOTS_IN_FLIGHT, number(image.volumes()));
                    expiry(image).ifPresent(end -> item.put(EXPIRES, end));
                    return item;
                });
    }

    /**
     * An entry of work.
     *
     * @param due in seconds
     * @param snapshots how many of them are under way
     */
    record Entry(ImageName name, long due, int snapshots) {}

    static Entry entry(Map<String, AttributeValue> item) {
        return new Entry(name(item), integral(item, DUE), integer(item, SNAPSHOTS_IN_FLIGHT));
    }

    Map<String, AttributeValue> ami(Image image, ImageId id) {
        Map<String, AttributeValue> item = new HashMap<>(keys.ami(image.region(), id));
        identify(item, image.region());
        item.put("name", text(image.name()));
        return item;
    }

    Map<String, AttributeValue> tombstone(Tombstone tombstone) {
        Map<String, AttributeValue> item =
                new HashMap<>(keys.tombstone(tombstone.region(), tombstone.name()));
        record(item, tombstone.image());
        item.put("removedAt", text(tombstone.removedAt()));
        item.put("by", text(tombstone.by()));
        item.put("why", text(tombstone.why()));
        // The only trace of the object in S3 must outlast the year.
        if (tombstone.image().stored().filter(Stored::mayBeThere).isEmpty()) {
            item.put(EXPIRES, expiry(tombstone.removedAt()));
        }
        return item;
    }

    static Tombstone tombstone(Map<String, AttributeValue> item) {
        return new Tombstone(
                image(item), time(item, "removedAt"), string(item, "by"), string(item, "why"));
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
                region(item),
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
        return item;
    }

    static SweepState sweep(Map<String, AttributeValue> item) {
        return new SweepState(
                optional(item, "policy").map(policy -> new SweepState.Unit(region(item), policy)),
                attribute(item, "requests").l().stream()
                        .map(seen -> seen.l().stream().map(AttributeValue::s).toList())
                        .map(seen ->
                                new SweepState.Seen(
                                        new Region(seen.get(0)),
                                        new InstanceId(seen.get(1)),
                                        seen.get(3),
                                        Instant.parse(seen.get(2))))
                        .toList());
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

    /** The same, with the time before which it is not forgotten. */
    Map<String, AttributeValue> region(Region region, Instant by) {
        Map<String, AttributeValue> item = new HashMap<>(region(region));
        item.put(BY, number(by.getEpochSecond()));
        return item;
    }

    static Cursor cursor(Map<String, AttributeValue> item) {
        return new Cursor(string(item, "policy"), region(item), time(item, "time"));
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
        Region region = region(item);
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

    Map<String, AttributeValue> freeze(Freeze freeze) {
        Map<String, AttributeValue> item =
                new HashMap<>(keys.freeze(freeze.region(), freeze.name()));
        identify(item, freeze.region());
        item.put("name", text(freeze.name()));
        item.put("attempt", number(freeze.attempt()));
        item.put("state", text(freeze.state()));
        ServerCommand before = freeze.before();
        item.put("before", text(before.document()));
        item.put("within", number(before.within().toSeconds()));
        parameters(item, "beforeParameters", before);
        freeze.after()
                .ifPresent(after -> {
                    item.put("after", text(after.document()));
                    parameters(item, "afterParameters", after);
                });
        // Versions before parameters read it whether there is one or not.
        item.put("afterWithin", number(freeze.after().orElse(before).within().toSeconds()));
        item.put("since", text(freeze.since()));
        item.put("sent", text(freeze.sent()));
        item.put("sends", number(freeze.sends()));
        item.put("early", AttributeValue.fromBool(freeze.early()));
        item.put(VERSION, number(freeze.version()));
        return item;
    }

    static Freeze freeze(Map<String, AttributeValue> item) {
        return new Freeze(
                name(item),
                region(item),
                integer(item, "attempt"),
                word(item, "state", Freeze.State.class),
                command(item, string(item, "before"), "beforeParameters", "within"),
                optional(item, "after")
                        .map(after -> command(item, after, "afterParameters", "afterWithin")),
                Instant.parse(string(item, "since")),
                Instant.parse(string(item, "sent")),
                integer(item, "sends"),
                attribute(item, "early").bool(),
                Long.parseLong(attribute(item, VERSION).n()));
    }

    private static void parameters(
            Map<String, AttributeValue> item, String name, ServerCommand command) {
        if (!command.parameters().isEmpty()) {
            Map<String, AttributeValue> values = new HashMap<>();
            command.parameters().forEach((key, its) -> values.put(key, texts(its)));
            item.put(name, AttributeValue.fromM(values));
        }
    }

    private static ServerCommand command(
            Map<String, AttributeValue> item, String document, String parameters, String within) {
        Map<String, List<String>> values = new HashMap<>();
        Optional.ofNullable(item.get(parameters))
                .map(AttributeValue::m)
                .ifPresent(map ->
                        map.keySet().forEach(key -> values.put(key, strings(map, key).toList())));
        return new ServerCommand(document, values, Duration.ofSeconds(integer(item, within)));
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
                        word(item, "kind", Restore.Kind.class),
                        region(item),
                        name(item),
                        new ImageId(string(item, "image")),
                        CapsuleFields.read(map(item, "as")).orElseThrow(),
                        optional(item, "command")),
                word(item, "state", Restore.State.class),
                new Restore.Try(
                        integer(item, "attempt"),
                        optional(item, "instance").map(InstanceId::new),
                        optional(item, "launched").map(Instant::parse)),
                new Restore.Times(
                        time(item, "asked"),
                        time(item, "since"),
                        time(item, "until"),
                        optional(item, "ended").map(Instant::parse)),
                word(item, "reached", Restore.Level.class),
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

    /** Of what is to be told: somebody has set out to tell it. */
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
                        ? word(item, "kind", Notice.Kind.class)
                        : Notice.Kind.EVENT,
                time(item, "at"),
                string(item, "text"),
                optional(item, "tried").orElse(""),
                string(item, "remedy"),
                truth(item, "announced"),
                optional(item, "resolved").map(Instant::parse));
    }

    static ImageName name(Map<String, AttributeValue> item) {
        String text = string(item, "name");
        return ImageName.parse(text)
                .orElseThrow(() -> new IllegalStateException("its name is " + Texts.quoted(text)));
    }

    private void identify(Map<String, AttributeValue> item, Region region) {
        item.put("account", text(keys.account()));
        item.put("region", text(region));
    }

    static Region region(Map<String, AttributeValue> item) {
        return new Region(string(item, "region"));
    }

    private static Optional<String> optional(Map<String, AttributeValue> item, String name) {
        return item.containsKey(name) ? Optional.of(string(item, name)) : Optional.empty();
    }

    private static String string(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.s() == null) {
            throw wrong(name, value);
        }
        return value.s();
    }

    private static Instant time(Map<String, AttributeValue> item, String name) {
        String text = string(item, name);
        try {
            return Instant.parse(text);
        } catch (DateTimeException notATime) {
            throw wrong(name, Texts.quoted(text), notATime);
        }
    }

    private static <E extends Enum<E>> E word(
            Map<String, AttributeValue> item, String name, Class<E> words) {
        String text = string(item, name);
        try {
            return Enum.valueOf(words, text);
        } catch (IllegalArgumentException unknown) {
            throw wrong(name, Texts.quoted(text), unknown);
        }
    }

    private static boolean truth(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.bool() == null) {
            throw wrong(name, value);
        }
        return value.bool();
    }

    private static IllegalStateException wrong(String name, AttributeValue value) {
        return new IllegalStateException("its " + name + " is of the type " + value.type());
    }

    private static IllegalStateException wrong(String name, String value, Exception cause) {
        return new IllegalStateException("its " + name + " is " + value, cause);
    }

    private static int integer(Map<String, AttributeValue> item, String name) {
        return Math.toIntExact(integral(item, name));
    }

    private static long integral(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.n() == null) {
            throw wrong(name, value);
        }
        return Long.parseLong(value.n());
    }

    private static AttributeValue attribute(Map<String, AttributeValue> item, String name) {
        AttributeValue value = item.get(name);
        if (value == null) {
            throw new IllegalStateException("it has no " + name);
        }
        return value;
    }

    static AttributeValue number(long value) {
        return AttributeValue.fromN(Long.toString(value));
    }

    private static AttributeValue texts(List<?> values) {
        return AttributeValue.fromL(values.stream().map(Items::text).toList());
    }

    private static Stream<String> strings(Map<String, AttributeValue> item, String name) {
        AttributeValue list = attribute(item, name);
        if (!list.hasL() || list.l().stream().anyMatch(text -> text.s() == null)) {
            throw wrong(name, list);
        }
        return list.l().stream().map(AttributeValue::s);
    }

    /** The texts of an attribute that earlier versions did not write. */
    private static List<String> optionalTexts(Map<String, AttributeValue> item, String name) {
        return item.containsKey(name) ? strings(item, name).toList() : List.of();
    }

    private static AttributeValue text(Object value) {
        return AttributeValue.fromS(value.toString());
    }

    /** What was given up goes after a year, record and work item alike. */
    private static Optional<AttributeValue> expiry(Image image) {
        return image.state() == ImageState.FAILED
                ? Optional.of(expiry(image.since()))
                : Optional.empty();
    }

    private static AttributeValue expiry(Instant from) {
        return number(from.plus(YEAR).getEpochSecond());
    }
}
