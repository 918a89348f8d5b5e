package dev.amikeeper.event;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Texts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.UUID;

/** Events that nobody can act on. They are logged in one line, recorded, and told once. */
public final class Rejected {
    private static final Logger log = LoggerFactory.getLogger(Rejected.class);

    private Rejected() {}

    /** Records that a function was called with something that it does not understand. */
    public static void record(
            Catalog catalog,
            String function,
            Map<String, Object> input,
            MalformedEventException why,
            Instant now) {
        record(
                catalog,
                function,
                String.valueOf(input),
                why.getMessage() == null ? "" : why.getMessage(),
                why.cause(),
                now);
    }

    /** Records that an order of another account arrived and is not carried out. */
    public static void foreign(
            Catalog catalog, String function, Event event, Trail trail, String why, Instant now) {
        String text = function + " carries out no " + Texts.quoted(event.detailType()) + ": " + why;
        log.warn("{}: {}", text, trail);
        UUID digest = UUID.nameUUIDFromBytes(why.getBytes(StandardCharsets.UTF_8));
        catalog.note(
                Notice.event(
                        Trouble.FOREIGN_ORDER.of(
                                function, digest + "/" + now.atZone(ZoneOffset.UTC).toLocalDate()),
                        now,
                        text,
                        "order it on the stack of that account; CloudTrail tells who sent "
                                + trail));
    }

    /** Records that a function was called with something that it does not understand. */
    public static void record(
            Catalog catalog, String function, String input, String why, Instant now) {
        record(catalog, function, input, why, why, now);
    }

    private static void record(
            Catalog catalog, String function, String input, String why, String cause, Instant now) {
        String text = function + " was called with an event that it does not accept: " + why;
        log.error("{}: {}", text, Texts.plain(input));
        // People are told only once a day about a sender that is wrong every five minutes.
        UUID digest = UUID.nameUUIDFromBytes(cause.getBytes(StandardCharsets.UTF_8));
        catalog.note(
                Notice.event(
                        Trouble.MALFORMED.of(
                                function, digest + "/" + now.atZone(ZoneOffset.UTC).toLocalDate()),
                        now,
                        text,
                        "see who sends it: " + Texts.plain(input)));
    }
}
