package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells people what blocks the work in a Region until they act. They are told at once, and once per
 * Region and cause, however much work waits. It ends when such work succeeds, or when the sweep
 * finds that nothing waits there any more.
 */
public final class Blockers {
    private static final Logger log = LoggerFactory.getLogger(Blockers.class);

    private static final String WAIT = " wait: ";
    private static final String GOES_ON = "; what waits goes on by itself then";

    private final Catalog catalog;
    private final Map<Region, Set<String>> told = new ConcurrentHashMap<>();

    /** The blockers that one run meets. */
    public Blockers(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Records that work in this Region waits for people.
     *
     * @param what what waits, as {@code images}
     */
    public void tell(Region region, String what, Blocker by, Instant now) {
        if (!told.computeIfAbsent(region, _ -> ConcurrentHashMap.newKeySet()).add(by.cause())) {
            return;
        }
        log.error("{}: {} wait: {}", region, what, by.why());
        catalog.note(notice(region, what, by, now));
    }

    /** Returns what people are told about it. */
    public static Notice notice(Region region, String what, Blocker by, Instant now) {
        return new Notice(
                Trouble.BLOCKED.in(region, by.cause()),
                now,
                region + ": " + what + WAIT + by.why(),
                by.remedy() + GOES_ON,
                true);
    }

    /**
     * A call succeeded in this Region, so whatever would have refused it is over, unless this run
     * met it, too.
     *
     * @param permission the permission for the call, as {@code ec2:CreateImage}
     */
    public void succeeded(Region region, String permission, Instant now) {
        Set<String> met = told.getOrDefault(region, Set.of());
        catalog.open().stream()
                .map(Notice::about)
                .filter(key -> key.is(Trouble.BLOCKED, region))
                .filter(key ->
                        key.what()
                                .filter(cause ->
                                        Blocker.isOver(cause, permission) && !met.contains(cause))
                                .isPresent())
                .forEach(key -> catalog.resolve(key, now));
    }

    /**
     * Returns the remedy of the open blocker behind this reason, if there is one: then only the
     * remedy helps, and another attempt does not.
     *
     * @param why the reason that a step was given up, which may name the blocker
     */
    public Optional<String> remedy(Region region, String why) {
        return catalog.open().stream()
                .filter(notice -> notice.about().is(Trouble.BLOCKED, region))
                .filter(notice -> why.contains(reason(notice)))
                .map(notice -> notice.remedy().replace(GOES_ON, ""))
                .findFirst();
    }

    /** Whether one of these troubles blocks work in this Region. */
    public static boolean isBlocked(Region region, Collection<NoticeKey> open) {
        return open.stream().anyMatch(key -> key.is(Trouble.BLOCKED, region));
    }

    private static String reason(Notice notice) {
        return notice.text().substring(notice.text().indexOf(WAIT) + WAIT.length());
    }
}
