package dev.amikeeper.sweep;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Remover;
import dev.amikeeper.catalog.SweepState;
import dev.amikeeper.catalog.SweepState.Seen;
import dev.amikeeper.catalog.SweepState.Unit;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.lifecycle.Shares;
import dev.amikeeper.status.Status;

import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Every 15 minutes: compares the catalogue with EC2 in every Region and closes every gap left by
 * lost events, lost kicks, crashes, and people. {@code {"dryRun": true}} only counts them.
 */
public final class SweepHandler implements RequestHandler<Map<String, Object>, SweepReport> {
    private final Application app;

    /** Called by Lambda. */
    public SweepHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public SweepHandler(Application app) {
        this.app = app;
    }

    @Override
    public SweepReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("SweepFunction")
                .run(
                        input,
                        context,
                        event -> sweep(event, context),
                        _ ->
                                new SweepReport(
                                        Counts.once(SweepReport.SweepCount.MALFORMED),
                                        false,
                                        List.of()));
    }

    private SweepReport sweep(Map<String, Object> input, Context context)
            throws MalformedEventException {
        return sweep(
                new SweepRun(
                        Event.now(input, app.clock().instant()),
                        app.clock(),
                        Boolean.TRUE.equals(input.get("dryRun")),
                        Invocation.timeLeft(context),
                        Counts.none(SweepReport.SweepCount.class)));
    }

    private SweepReport sweep(SweepRun run) {
        Instant now = run.now();
        SweepState last = app.catalog().lastSweep();
        Bookmarks bookmarks = app.catalog().bookmarks();
        new LateSlots(app.catalog(), app.policies(), app.tick(now), run).take(bookmarks);
        List<Notice> troubles = app.catalog().open();
        Set<NoticeKey> open = troubles.stream().map(Notice::about).collect(Collectors.toSet());
        UnreadRegions unread = new UnreadRegions(app.catalog(), run);
        ForgottenRequests forgotten = forgotten(unread, run);
        List<Seen> requests = forgotten.take(last.requests(), open);
        Map<String, Set<String>> refusing = refusing(troubles, run);
        SortedSet<Region> regions = new TreeSet<>(bookmarks.regions());
        regions.addAll(app.policies().regions());
        // This comes first, so that what costs money by the hour is ended even if time runs out.
        Map<Region, Set<NoticeKey>> copiedLeases = endLeases(regions, unread, run);
        Map<Region, Boolean> waiting = waiting(regions, run);
        SettledRegions settled = new SettledRegions(last.settled(), open, run);
        Sweep sweep =
                sweep(
                        new Sweep.SweepFacts(open, refusing, waiting, copiedLeases, unread),
                        settled,
                        run);
        Optional<Unit> stopped = sweep.sweep(regions, bookmarks, last.stopped());
        settled.retain(regions);
        if (!run.dryRun()) {
            end(last, new SweepState(stopped, requests, settled.all()), now);
            new TooMuch(app.catalog(), app.policies(), now).tell(forgotten.servers());
        }
        return new SweepReport(
                run.counts(),
                run.dryRun(),
                Status.measures(app.policies(), forgotten.servers(), sweep::read, now));
    }

    private ForgottenRequests forgotten(UnreadRegions unread, SweepRun run) {
        return new ForgottenRequests(
                app.catalog(), app.instances(), app.policies(), app.requests(), unread, run);
    }

    private Sweep sweep(Sweep.SweepFacts known, SettledRegions settled, SweepRun run) {
        Repairs repairs =
                new Repairs(
                        app.catalog(),
                        app.images().reads(),
                        app.images().changes(),
                        app.policies(),
                        app.progress(),
                        app.shares(),
                        app.removal(run.now(), Remover.SWEEP.word()),
                        run);
        return new Sweep(
                app.catalog(),
                app.images().reads(),
                app.kicks(),
                app.policies(),
                new Sweep.Steps(
                        repairs,
                        new SnapshotTags(
                                app.catalog(), app.images().changes(), app.policies(), run),
                        new UnusedRegions(app.catalog(), app.policies(), run),
                        settled),
                known,
                run);
    }

    /**
     * Whom EC2 refuses, by policy. A refusal is over when no policy names its account any longer.
     */
    private Map<String, Set<String>> refusing(List<Notice> troubles, SweepRun run) {
        Map<String, Set<String>> refusing = new TreeMap<>();
        Shares.refusing(troubles)
                .forEach((name, all) -> {
                    Set<String> named =
                            app.policies()
                                    .named(name)
                                    .map(policy -> Set.copyOf(policy.share().all()))
                                    .orElse(Set.of());
                    all.stream()
                            .filter(who -> !named.contains(who) && !run.dryRun())
                            .forEach(who ->
                                    app.catalog().resolve(Shares.refusal(name, who), run.now()));
                    refusing.put(
                            name, all.stream().filter(named::contains).collect(Collectors.toSet()));
                });
        return refusing;
    }

    private Map<Region, Set<NoticeKey>> endLeases(
            Collection<Region> regions, UnreadRegions unread, SweepRun run) {
        DrillLeases leases = new DrillLeases(app.leases(run.now()), app.policies(), unread, run);
        Map<Region, Set<NoticeKey>> copied = new HashMap<>();
        regions.forEach(region -> leases.end(region).ifPresent(it -> copied.put(region, it)));
        return copied;
    }

    private Map<Region, Boolean> waiting(Collection<Region> regions, SweepRun run) {
        Set<Region> launches =
                app.catalog().restoring().stream()
                        .filter(restore -> restore.state() == Restore.RestoreState.REQUESTED)
                        .map(Restore::region)
                        .collect(Collectors.toSet());
        WaitingWork work = new WaitingWork(app.catalog(), app.kicks(), app.progress(), run);
        Map<Region, Boolean> waiting = new HashMap<>();
        regions.forEach(
                region -> waiting.put(region, work.kick(region) || launches.contains(region)));
        return waiting;
    }

    private void end(SweepState before, SweepState after, Instant now) {
        app.copyTroubles().tellOfLate(now);
        if (!after.equals(before)) {
            app.catalog().swept(after);
        }
        new Unreadables(app.catalog()).end(now);
        new Unreadables(app.catalog()).tell(now);
        app.announcements().publishOverdue();
    }
}
