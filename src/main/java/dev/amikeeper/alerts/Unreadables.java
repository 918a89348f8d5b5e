package dev.amikeeper.alerts;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Unreadable;
import dev.amikeeper.image.Texts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Items of the catalogue that this version cannot read. People are told once per partition, because
 * whatever wrote one of its items has often written them all.
 */
public final class Unreadables {
    private static final Logger log = LoggerFactory.getLogger(Unreadables.class);

    private static final int NAMED = 3;

    private final Catalog catalog;

    /** The unreadable items of this catalogue. */
    public Unreadables(Catalog catalog) {
        this.catalog = catalog;
    }

    /** Tells people about the unreadable items that this run met. */
    public void tell(Instant now) {
        catalog.takeUnreadable().stream()
                .collect(groupingBy(Unreadables::place, TreeMap::new, Collectors.toList()))
                .forEach((place, items) -> {
                    String text = text(place, items);
                    log.error("{}", text);
                    catalog.note(
                            new Notice(
                                    Trouble.UNREADABLE.of(place),
                                    now,
                                    text,
                                    "another version of AMI Keeper wrote it, or somebody edited it:"
                                        + " deploy the newer version, or fix it in the table; until"
                                        + " then nothing is made, changed or removed for it",
                                    true));
                });
    }

    /** Ends the notices about partitions whose items can now be read or are gone. */
    public void end(Instant now) {
        catalog.open().stream()
                .map(Notice::about)
                .filter(key -> key.is(Trouble.UNREADABLE))
                .filter(key -> catalog.unreadable(key.rest()).isEmpty())
                .forEach(key -> catalog.resolve(key, now));
    }

    /** Returns the unreadable items met since the last call, one line for each partition. */
    public List<String> lines() {
        return catalog.takeUnreadable().stream()
                .collect(groupingBy(Unreadables::place, TreeMap::new, Collectors.toList()))
                .entrySet()
                .stream()
                .map(place -> text(place.getKey(), place.getValue()))
                .toList();
    }

    /** The partition to name. A notice is in up to three partitions, but is told of once. */
    private static String place(Unreadable item) {
        return switch (item.partition()) {
            case "open", "unannounced" -> "notices";
            default -> item.partition();
        };
    }

    /** Says in one line which items cannot be read, and why. */
    private static String text(String place, List<Unreadable> items) {
        String some =
                items.stream()
                        .limit(NAMED)
                        .map(item -> Texts.plain(item.key()) + " (" + item.why() + ")")
                        .collect(Collectors.joining(", "));
        int more = items.size() - NAMED;
        return items.getFirst().region().map(region -> region + ": ").orElse("")
                + "this version cannot read "
                + some
                + (more > 0 ? " and " + more + " more" : "")
                + " of the catalogue's "
                + place;
    }
}
