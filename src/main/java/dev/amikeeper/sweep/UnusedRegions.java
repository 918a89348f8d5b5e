package dev.amikeeper.sweep;

import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.stream.Stream;

/** Forgets the Regions that no longer hold anything of ours. */
final class UnusedRegions {
    private static final Logger log = LoggerFactory.getLogger(UnusedRegions.class);

    private final Catalog catalog;
    private final Policies policies;
    private final Instant now;
    private final boolean dryRun;

    UnusedRegions(Catalog catalog, Policies policies, SweepRun run) {
        this.catalog = catalog;
        this.policies = policies;
        now = run.now();
        dryRun = run.dryRun();
    }

    /**
     * Forgets a Region that no policy names and that holds nothing of ours, together with any
     * trouble there. A Region that cannot be read may be closed for good. In that case, it is
     * enough that the catalogue knows of nothing there.
     *
     * @param isBare whether EC2 lists nothing of ours there, or cannot be asked
     * @return whether it is forgotten
     */
    boolean forget(Region region, Bookmarks bookmarks, boolean isBare) {
        if (!isBare
                || dryRun
                || !bookmarks.regions().contains(region)
                || policies.regions().contains(region)
                || holdsSomething(region, bookmarks)) {
            return false;
        }
        if (!catalog.forget(region, now)) {
            return false;
        }
        log.info("{} holds nothing of ours, and no policy names it: it is forgotten", region);
        catalog.open().stream()
                .map(Notice::about)
                .filter(key -> key.isIn(region))
                .forEach(key -> catalog.resolve(key, now));
        return true;
    }

    private boolean holdsSomething(Region region, Bookmarks bookmarks) {
        boolean works =
                Stream.of(Work.values())
                        .filter(kind -> kind != Work.GIVEN_UP)
                        .anyMatch(kind -> !catalog.work(region, kind, Instant.MAX, 1).isEmpty());
        return works
                || !catalog.unreadable(region).isEmpty()
                || catalog.restoring().stream().anyMatch(restore -> restore.region().equals(region))
                || Stream.of(
                                policies.allNames().stream(),
                                bookmarks.cursors().stream().map(Cursor::policy),
                                catalog.policies().stream())
                        .flatMap(names -> names)
                        .distinct()
                        .flatMap(policy -> catalog.ofPolicy(policy, region).stream())
                        .anyMatch(image -> image.state() != ImageState.FAILED);
    }
}
