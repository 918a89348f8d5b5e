package dev.amikeeper.catalog;

import static dev.amikeeper.catalog.Attributes.integer;
import static dev.amikeeper.catalog.Attributes.integral;
import static dev.amikeeper.catalog.Attributes.map;
import static dev.amikeeper.catalog.Attributes.name;
import static dev.amikeeper.catalog.Attributes.number;
import static dev.amikeeper.catalog.Attributes.optional;
import static dev.amikeeper.catalog.Attributes.optionalTexts;
import static dev.amikeeper.catalog.Attributes.region;
import static dev.amikeeper.catalog.Attributes.string;
import static dev.amikeeper.catalog.Attributes.strings;
import static dev.amikeeper.catalog.Attributes.text;
import static dev.amikeeper.catalog.Attributes.texts;
import static dev.amikeeper.catalog.Attributes.time;
import static dev.amikeeper.catalog.Attributes.truth;
import static dev.amikeeper.catalog.Attributes.word;

import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Writes the records of images as items, and reads them back. */
final class ImageItems {
    private static final String SNAPSHOTS_IN_FLIGHT = "volumes";

    private final TableKeys keys;
    private final Items items;

    ImageItems(TableKeys keys, Items items) {
        this.keys = keys;
        this.items = items;
    }

    Map<String, AttributeValue> image(Image image) {
        Map<String, AttributeValue> item = new HashMap<>(keys.image(image.region(), image.name()));
        item.put(TableKeys.INSTANCE_PK, text(keys.instance(image.name().instance())));
        item.put(
                TableKeys.INSTANCE_SK,
                text(image.name().slot() + "/" + image.region() + "/" + image.name().policy()));
        expiry(image).ifPresent(end -> item.put(Items.EXPIRES, end));
        record(item, image);
        return item;
    }

    private void record(Map<String, AttributeValue> item, Image image) {
        items.identify(item, image.region());
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
        item.put(Items.VERSION, number(image.version()));
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
                Stored.StoredState.valueOf(fields.getOrDefault("state", "")),
                Integer.parseInt(fields.getOrDefault("attempt", "")),
                Instant.parse(fields.getOrDefault("since", "")),
                Instant.parse(fields.getOrDefault("due", "")),
                Optional.ofNullable(fields.get("failedTask")).map(Instant::parse),
                fields.getOrDefault("note", ""));
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
                        .map(ImageItems::stored),
                integral(item, Items.VERSION));
    }

    /**
     * An entry of work that waits or is under way. It points to the image and holds what workers
     * choose by.
     */
    Optional<Map<String, AttributeValue>> work(Image image) {
        return keys.work(image)
                .map(key -> {
                    Map<String, AttributeValue> item = new HashMap<>(key);
                    items.identify(item, image.region());
                    item.put("name", text(image.name()));
                    item.put(Items.DUE, number(image.due().getEpochSecond()));
                    item.put(SNAPSHOTS_IN_FLIGHT, number(image.volumes()));
                    expiry(image).ifPresent(end -> item.put(Items.EXPIRES, end));
                    return item;
                });
    }

    /**
     * An entry of work.
     *
     * @param due in seconds since 1970
     * @param snapshots how many snapshots are under way
     */
    record WorkEntry(ImageName name, long due, int snapshots) {}

    static WorkEntry entry(Map<String, AttributeValue> item) {
        return new WorkEntry(
                name(item), integral(item, Items.DUE), integer(item, SNAPSHOTS_IN_FLIGHT));
    }

    Map<String, AttributeValue> ami(Image image, ImageId id) {
        Map<String, AttributeValue> item = new HashMap<>(keys.ami(image.region(), id));
        items.identify(item, image.region());
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
        // The only trace of the object in S3 must not expire after a year.
        if (tombstone.image().stored().filter(Stored::mayBeThere).isEmpty()) {
            item.put(Items.EXPIRES, Attributes.expiry(tombstone.removedAt()));
        }
        return item;
    }

    static Tombstone tombstone(Map<String, AttributeValue> item) {
        return new Tombstone(
                image(item), time(item, "removedAt"), string(item, "by"), string(item, "why"));
    }

    /** A failed image expires after a year, and its work item with it. */
    private static Optional<AttributeValue> expiry(Image image) {
        return image.state() == ImageState.FAILED
                ? Optional.of(Attributes.expiry(image.since()))
                : Optional.empty();
    }
}
