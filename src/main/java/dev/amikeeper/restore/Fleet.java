package dev.amikeeper.restore;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Restores one server or many, and waits until each is up and checked or has failed. It may be
 * stopped at any time: when it is run again, it continues where it stopped.
 */
public final class Fleet {
    /** Each look takes two reads of a Region. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(15);

    private final Catalog catalog;
    private final Launcher launcher;
    private final InstantSource clock;
    private final Function<Instant, Restores> restores;
    private final Consumer<Duration> pause;

    /**
     * Restores with these objects.
     *
     * @param restores returns the steps for a given time
     * @param pause waits for a while
     */
    public Fleet(
            Catalog catalog,
            Launcher launcher,
            InstantSource clock,
            Function<Instant, Restores> restores,
            Consumer<Duration> pause) {
        this.catalog = catalog;
        this.launcher = launcher;
        this.clock = clock;
        this.restores = restores;
        this.pause = pause;
    }

    /** Receives the state of all restores whenever one has made a step. */
    public interface FleetProgress {
        /** The present state of all restores. */
        void see(Collection<Restore> all);
    }

    /**
     * Restores all of these.
     *
     * @param anew whether to restore again those that were restored before and still exist
     * @return how each ended, in the same order
     * @throws SdkException if a Region or the catalogue does not answer at the start
     */
    public List<Restore> run(List<Restore> wanted, boolean anew, FleetProgress watcher) {
        Map<String, Restore> all = new LinkedHashMap<>();
        Map<Region, Set<String>> there = new HashMap<>();
        for (Restore one : wanted) {
            Set<String> alive = there.computeIfAbsent(one.region(), this::alive);
            all.put(one.id(), begin(one, anew, alive));
        }
        watcher.see(all.values());
        while (true) {
            List<Restore> open = all.values().stream().filter(it -> !it.isOver()).toList();
            if (open.isEmpty()) {
                return List.copyOf(all.values());
            }
            restores.apply(now())
                    .follow(
                            open,
                            () -> true,
                            after -> {
                                all.put(after.id(), after);
                                watcher.see(all.values());
                            });
            if (all.values().stream().anyMatch(it -> !it.isOver())) {
                pause.accept(LOOK_EVERY);
            }
        }
    }

    private Set<String> alive(Region region) {
        List<String> tags = new ArrayList<>();
        for (Server server : launcher.servers(region)) {
            if (!Set.of("shutting-down", "terminated").contains(server.state())) {
                tags.add(server.tags().getOrDefault(ImageTags.RESTORE, ""));
            }
        }
        return new HashSet<>(tags);
    }

    /** Starts a restore. A restore that failed, or whose server is gone, is started again. */
    private Restore begin(Restore wanted, boolean anew, Set<String> alive) {
        if (catalog.begin(wanted)) {
            return wanted;
        }
        Restore before = catalog.restore(wanted.id()).orElse(wanted);
        if (!before.isOver()) {
            return before;
        }
        boolean stays =
                switch (before.outcome()) {
                    case UNDER_WAY -> true;
                    case PASSED -> !anew && isThere(before, alive);
                    case FAILED -> false;
                };
        if (stays) {
            return before;
        }
        Restore again = before.again(RestorePlanner.TIMEOUT, now());
        return catalog.save(before, again) ? again : catalog.restore(wanted.id()).orElse(again);
    }

    private static boolean isThere(Restore passed, Set<String> alive) {
        return passed.kind() == Restore.RestoreKind.REPLACE_ROOT || alive.contains(passed.tag());
    }

    private Instant now() {
        return clock.instant();
    }
}
