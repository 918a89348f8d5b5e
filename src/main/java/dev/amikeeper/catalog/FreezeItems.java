package dev.amikeeper.catalog;

import static dev.amikeeper.catalog.Attributes.attribute;
import static dev.amikeeper.catalog.Attributes.integer;
import static dev.amikeeper.catalog.Attributes.map;
import static dev.amikeeper.catalog.Attributes.name;
import static dev.amikeeper.catalog.Attributes.number;
import static dev.amikeeper.catalog.Attributes.optional;
import static dev.amikeeper.catalog.Attributes.string;
import static dev.amikeeper.catalog.Attributes.strings;
import static dev.amikeeper.catalog.Attributes.text;
import static dev.amikeeper.catalog.Attributes.texts;
import static dev.amikeeper.catalog.Attributes.word;

import dev.amikeeper.image.Freeze;
import dev.amikeeper.image.ServerCommand;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes the records of servers prepared for their image as items, and reads them back. */
final class FreezeItems {
    private final TableKeys keys;
    private final Items items;

    FreezeItems(TableKeys keys, Items items) {
        this.keys = keys;
        this.items = items;
    }

    Map<String, AttributeValue> freeze(Freeze freeze) {
        Map<String, AttributeValue> item =
                new HashMap<>(keys.freeze(freeze.region(), freeze.name()));
        items.identify(item, freeze.region());
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
        // Versions before parameters read this even if there is no second command.
        item.put("afterWithin", number(freeze.after().orElse(before).within().toSeconds()));
        item.put("since", text(freeze.since()));
        item.put("sent", text(freeze.sent()));
        item.put("sends", number(freeze.sends()));
        item.put("early", AttributeValue.fromBool(freeze.early()));
        item.put(Items.VERSION, number(freeze.version()));
        return item;
    }

    static Freeze freeze(Map<String, AttributeValue> item) {
        return new Freeze(
                name(item),
                Attributes.region(item),
                integer(item, "attempt"),
                word(item, "state", Freeze.FreezeState.class),
                command(item, string(item, "before"), "beforeParameters", "within"),
                optional(item, "after")
                        .map(after -> command(item, after, "afterParameters", "afterWithin")),
                Instant.parse(string(item, "since")),
                Instant.parse(string(item, "sent")),
                integer(item, "sends"),
                attribute(item, "early").bool(),
                Long.parseLong(attribute(item, Items.VERSION).n()));
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
}
