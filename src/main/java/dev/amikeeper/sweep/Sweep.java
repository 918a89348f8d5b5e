package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.Count.FAILED;
import static dev.amikeeper.sweep.SweepReport.Count.GIVEN_UP;
import static dev.amikeeper.sweep.SweepReport.Count.KICKED;
import static dev.amikeeper.sweep.SweepReport.Count.LATE_SLOTS;
import static dev.amikeeper.sweep.SweepReport.Count.LEASES;
import static dev.amikeeper.sweep.SweepReport.Count.PUBLIC_IMAGES;
import static dev.amikeeper.sweep.SweepReport.Count.REQUESTS;
import static dev.amikeeper.sweep.SweepReport.Count.UNREADABLE;
import static dev.amikeeper.sweep.SweepReport.Count.UNSWEPT;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Measures;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.PublicImages;
import dev.amikeeper.alerts.Troubles;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.backup.RequestReport;
import dev.amikeeper.backup.ScheduleReport;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Remover;
import dev.amikeeper.catalog.SweepState;
import dev.amikeeper.catalog.SweepState.Seen;
import dev.amikeeper.catalog.SweepState.Unit;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.event.Event;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.lifecycle.Shares;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.restore.Leases;
import dev.amikeeper.status.Status;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One sweep: reads what the catalogue and EC2 hold, slice by slice, and has the gaps closed. */
final class Sweep {
    private static final Logger log = LoggerFactory.getLogger(Sweep.class);

    /** An image that starts much later than its slot would lie about its time. */
    private static final Duration START_WITHIN = Duration.ofHours(24);

    /** A DR Region may be down for days; a copy is worth waiting for. */
    private static final Duration COPY_WITHIN = Duration.ofDays(7);

    private static final int SOME = 100;

    /** CreateTags takes a thousand resources. */
    private static final int TAGGED_AT_ONCE = 500;

    /** More requests than this wait for the next sweep to be seen: an item has room for 400 KB. */
    private static final int MOST_REQUESTS = 500;

    private final Application app;
    private final Instant now;
    private final boolean dryRun;
    private final BooleanSupplier timeLeft;
    private final Counts<SweepReport.Count> counts = Counts.none(SweepReport.Count.class);
    private final ImageProgress settlement;
    private final Repairs repairs;
    private final Blockers blockers;
    private final Set<Region> silent = new HashSet<>();
    private final Map<Unit, List<Image>> records = new HashMap<>();
    private final Map<Region, Boolean> waiting = new HashMap<>();
    private final Map<Region, Set<NoticeKey>> copiedLeases = new HashMap<>();
    private final Map<Region, List<LivingInstance>> servers = new HashMap<>();
    private Map<String, Set<String>> refusing = Map.of();
    private Set<NoticeKey> open = Set.of();

    Sweep(Application app, Instant now, boolean dryRun, BooleanSupplier timeLeft) {
        this.app = app;
        this.now = now;
        this.dryRun = dryRun;
        this.timeLeft = timeLeft;
        settlement = app.progress();
        repairs =
                new Repairs(
                        app.catalog(),
                        app.images(),
                        app.policies(),
                        settlement,
                        app.shares(),
                        app.removal(now, Remover.SWEEP.word()),
                        now,
                        dryRun,
                        counts);
        blockers = new Blockers(app.catalog());
    }

    SweepReport run() {
        SweepState last = app.catalog().lastSweep();
        Bookmarks bookmarks = app.catalog().bookmarks();
        takeLateSlots(bookmarks);
        List<Notice> troubles = app.catalog().open();
        open = troubles.stream().map(Notice::about).collect(Collectors.toSet());
        List<Seen> requests = takeForgottenRequests(last.requests());
        refusing = refusing(troubles);
        SortedSet<Region> regions = new TreeSet<>(bookmarks.regions());
        regions.addAll(app.policies().regions());
        // First: what costs money by the hour is ended also where time runs out.
        regions.forEach(this::endLeases);
        Set<Region> launches =
                app.catalog().restoring().stream()
                        .filter(restore -> restore.state() == Restore.State.REQUESTED)
                        .map(Restore::region)
                        .collect(Collectors.toSet());
        regions.forEach(region -> waiting.put(region, kick(region) || launches.contains(region)));
        SweepState state = new SweepState(sweep(regions, bookmarks, last.stopped()), requests);
        if (!dryRun) {
            app.copyTroubles().tellOfLate(now);
        }
        if (!dryRun && !state.equals(last)) {
            app.catalog().swept(state);
        }
        if (!dryRun) {
            Unreadables.end(app.catalog(), now);
            Unreadables.tell(app.catalog(), now);
            app.announcements().publishOverdue();
        }
        return new SweepReport(counts, dryRun, protection());
    }

    /** Whom EC2 refuses, by policy. Whom no policy names any more nobody asks for: that is over. */
    private Map<String, Set<String>> refusing(List<Notice> troubles) {
        Map<String, Set<String>> refusing = new TreeMap<>();
        Shares.refusing(troubles)
                .forEach((name, all) -> {
                    Set<String> named =
                            app.policies()
                                    .named(name)
                                    .map(policy -> Set.copyOf(policy.share().all()))
                                    .orElse(Set.of());
                    all.stream()
                            .filter(who -> !named.contains(who) && !dryRun)
                            .forEach(who -> app.catalog().resolve(Shares.refusal(name, who), now));
                    refusing.put(
                            name, all.stream().filter(named::contains).collect(Collectors.toSet()));
                });
        return refusing;
    }

    /** By what this sweep has read: where its time did not suffice, nothing is said. */
    private List<Measures> protection() {
        return Status.measures(
                app.policies(),
                servers,
                (policy, region) -> Optional.ofNullable(records.get(new Unit(region, policy))),
                now);
    }

    /** A tick comes every five minutes; when none did, the sweep takes its place. */
    private void takeLateSlots(Bookmarks bookmarks) {
        Map<Unit, Instant> cursors = new HashMap<>();
        for (Cursor cursor : bookmarks.cursors()) {
            cursors.put(new Unit(cursor.region(), cursor.policy()), cursor.time());
        }
        int late = 0;
        for (Policy policy : app.policies().all()) {
            for (Region region : policy.select().regions()) {
                Optional<Instant> cursor =
                        Optional.ofNullable(cursors.get(new Unit(region, policy.name())));
                late += policy.schedule().map(schedule -> late(schedule, cursor)).orElse(0);
            }
        }
        if (late == 0 || dryRun) {
            counts.add(LATE_SLOTS, late);
            return;
        }
        ScheduleReport taken = app.tick(now).run();
        int made =
                taken.count(ScheduleReport.Count.SLOTS) + taken.count(ScheduleReport.Count.MISSED);
        if (made > 0) {
            counts.add(LATE_SLOTS, made);
            log.error("{} slots were taken by no tick", made);
            app.catalog()
                    .note(
                            Notice.event(
                                    Trouble.TICKS.of(now.atZone(ZoneOffset.UTC).toLocalDate()),
                                    now,
                                    "the ticks came late or not at all: a sweep took "
                                            + made
                                            + " slots",
                                    "see why ScheduleFunction does not run every five minutes"));
        }
    }

    /** A policy that no tick has seen counts, too. */
    private int late(Schedule schedule, Optional<Instant> cursor) {
        Instant longAgo = now.minus(Drift.EVERY);
        if (cursor.isEmpty()) {
            return 1;
        }
        if (Event.isAhead(cursor.get(), app.clock().instant())) {
            // A tick brings it back.
            return 1;
        }
        if (!cursor.get().isBefore(longAgo)) {
            return 0;
        }
        DueSlots due = DueSlots.of(schedule, cursor.get(), longAgo);
        return (due.taken().isPresent() ? 1 : 0)
                + due.missed().map(DueSlots.MissedSlots::count).orElse(0);
    }

    /**
     * An instance still has the tag by which somebody asked for an image: the event was lost, or
     * the request is refused. EC2 does not tell since when the tag is there, so the sweep that sees
     * it first writes that down, and a later one asks in its name, always for that same time.
     */
    private List<Seen> takeForgottenRequests(List<Seen> before) {
        List<Seen> seen = new ArrayList<>();
        for (Region region : app.policies().homeRegions()) {
            List<Seen> known = before.stream().filter(it -> it.region().equals(region)).toList();
            List<LivingInstance> living;
            try {
                living = app.instances().living(region);
            } catch (SdkException error) {
                log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
                unreadable(region, error, false);
                seen.addAll(known);
                continue;
            }
            servers.put(region, living);
            if (!dryRun) {
                app.requests().canBeLookedAt(region, open, now);
            }
            List<Instance> tagged =
                    living.stream()
                            .map(LivingInstance::instance)
                            .filter(instance -> instance.tags().containsKey(ImageTags.REQUEST))
                            .toList();
            for (Instance instance : tagged) {
                Seen request = seen(instance, known);
                if (!take(request, instance)) {
                    seen.add(request);
                }
            }
        }
        return seen.subList(0, Math.min(seen.size(), MOST_REQUESTS));
    }

    private Seen seen(Instance instance, List<Seen> known) {
        String value = instance.tags().getOrDefault(ImageTags.REQUEST, "");
        return known.stream()
                .filter(it -> it.instance().equals(instance.id()) && it.value().equals(value))
                .filter(it -> !Event.isAhead(it.since(), app.clock().instant()))
                .findFirst()
                .orElseGet(() -> new Seen(instance.region(), instance.id(), value, now));
    }

    /** Whether it is done with. */
    private boolean take(Seen seen, Instance instance) {
        if (seen.since().plus(Drift.EVERY).isAfter(now)) {
            return false;
        }
        BackupPlan.Request request =
                new BackupPlan.Request(
                        Trigger.TAGGED,
                        seen.region(),
                        new Slot(asked(seen)),
                        List.of(seen.instance()),
                        Optional.empty());
        BackupPlan plan =
                BackupPlan.requested(request, app.policies(), List.of(instance), now, now);
        if (plan.intents().isEmpty() && isToldOf(seen)) {
            return false;
        }
        if (dryRun) {
            counts.add(REQUESTS, plan.intents().size());
            return false;
        }
        try {
            RequestReport taken = app.requests().take(request, now);
            counts.add(REQUESTS, taken.count(RequestReport.Count.REQUESTED));
            return taken.count(RequestReport.Count.REQUESTED)
                            + taken.count(RequestReport.Count.ALREADY)
                    > 0;
        } catch (SdkException error) {
            log.warn("{}: {}", seen.instance(), Fault.text(error));
            counts.add(FAILED);
            return false;
        }
    }

    /** What could not be granted for days is an image of its last day. */
    private Instant asked(Seen seen) {
        long days = Duration.between(seen.since(), now).toDays();
        return seen.since().plus(Duration.ofDays(Math.max(0, days)));
    }

    /** A refused request keeps its tag, and whoever set it was told when its event came. */
    private boolean isToldOf(Seen seen) {
        String instance = seen.instance() + "/";
        Instant tagged = seen.since().minus(DueSlots.CATCH_UP);
        return app.catalog().notices().stream()
                .anyMatch(notice ->
                        notice.about().is(Trouble.REQUEST, seen.region())
                                && notice.about()
                                        .what()
                                        .filter(what -> what.startsWith(instance))
                                        .isPresent()
                                && !notice.at().isBefore(tagged));
    }

    /** A kick may have been lost, or what waited was not due. Answers whether something waits. */
    private boolean kick(Region region) {
        boolean images = waits(region, Work.CREATE_WAITING, START_WITHIN);
        if (images || !app.catalog().freezes(region).isEmpty()) {
            counts.add(KICKED);
            if (!dryRun) {
                app.kicks().create(region, now);
            }
        }
        boolean copies = waits(region, Work.COPY_WAITING, COPY_WITHIN);
        if (copies) {
            counts.add(KICKED);
            if (!dryRun) {
                app.kicks().copy(region, now);
            }
        }
        return images || copies;
    }

    /** Whether something waits; what has waited too long is given up. */
    private boolean waits(Region region, Work kind, Duration within) {
        while (true) {
            List<Image> waiting = app.catalog().work(region, kind, now, SOME);
            List<Image> tooLong =
                    waiting.stream()
                            .filter(image -> image.since().plus(within).isBefore(now))
                            .toList();
            counts.add(GIVEN_UP, tooLong.size());
            if (!dryRun) {
                String why = "it could not be started within " + within.toHours() + " h";
                tooLong.forEach(image -> settlement.giveUp(image, why, now));
            }
            if (tooLong.size() < SOME || dryRun || !timeLeft.getAsBoolean()) {
                return tooLong.size() < waiting.size();
            }
        }
    }

    /** Begins where the last sweep ran out of time; answers where this one does. */
    private Optional<Unit> sweep(
            Collection<Region> regions, Bookmarks bookmarks, Optional<Unit> from) {
        List<Region> order = new ArrayList<>(regions);
        // The records of DR Regions are needed for home Regions again, and then are read already.
        Set<Region> homes = app.policies().homeRegions();
        order.sort(Comparator.comparing(homes::contains));
        from.ifPresent(
                unit -> Collections.rotate(order, -Math.max(0, order.indexOf(unit.region()))));
        for (int i = 0; i < order.size(); i++) {
            Region region = order.get(i);
            String first =
                    from.filter(unit -> unit.region().equals(region)).map(Unit::policy).orElse("");
            Optional<Unit> stopped =
                    timeLeft.getAsBoolean()
                            ? sweep(region, first, bookmarks)
                            : Optional.of(new Unit(region, first));
            if (stopped.isPresent()) {
                counts.add(UNSWEPT, order.size() - i);
                log.warn("no time left at {}; the next sweep goes on there", stopped.get());
                return stopped;
            }
        }
        return Optional.empty();
    }

    /**
     * Whatever became of a drill, nothing that it launched outlives its lease. Where no policy
     * drills any more, the first sweep of an hour looks.
     */
    private void endLeases(Region region) {
        boolean drills =
                app.policies().all().stream()
                        .flatMap(policy -> policy.drill().stream())
                        .anyMatch(drill -> drill.region().equals(region));
        Instant hour = now.truncatedTo(ChronoUnit.HOURS);
        if (!dryRun && (drills || now.isBefore(hour.plus(Drift.EVERY)))) {
            try {
                Leases.Ended ended = app.leases(now).end(region);
                counts.add(LEASES, ended.over());
                copiedLeases.put(region, ended.copied());
            } catch (SdkException error) {
                unreadable(region, error, Fault.of(error) == Fault.DENIED);
            }
        }
    }

    /** A Region that cannot be read is left alone, and holds up no other. */
    private Optional<Unit> sweep(Region region, String first, Bookmarks bookmarks) {
        if (silent.contains(region)) {
            return Optional.empty();
        }
        try {
            // Before the records: an image that is listed had one by then.
            TaggedAmis amis =
                    TaggedAmis.of(
                            app.images().ours(region).stream()
                                    .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                                    .toList());
            List<Snapshot> snapshots = app.images().snapshots(region);
            Map<ImageName, List<Snapshot>> orphans = Drift.orphans(snapshots, amis.byId().values());
            Map<SnapshotId, Snapshot> byId =
                    snapshots.stream()
                            .collect(
                                    Collectors.toMap(
                                            Snapshot::id,
                                            Function.identity(),
                                            (one, again) -> one));
            if (first.isEmpty()) {
                amis.foreign().stream().map(Gap.Foreign::new).forEach(repairs::close);
                tellOfPublic(region, amis);
            }
            SortedSet<String> policies = policies(bookmarks, amis, orphans);
            for (String policy : policies.tailSet(first)) {
                Unit unit = new Unit(region, policy);
                if (!timeLeft.getAsBoolean() || !closeAll(unit, amis, orphans)) {
                    return Optional.of(unit);
                }
                tagSnapshots(unit, amis, byId);
            }
            tellOfFormer(region);
            forget(region, bookmarks, amis.byId().isEmpty() && snapshots.isEmpty());
            if (!dryRun) {
                endTroubles(facts(region, policies, bookmarks, amis, orphans.keySet()));
            }
        } catch (SdkException error) {
            if (!forget(region, bookmarks, Fault.of(error) == Fault.DENIED)) {
                unreadable(region, error, Fault.of(error) == Fault.DENIED);
            }
        }
        return Optional.empty();
    }

    /** Nobody waits for the pruner to hear of it, who comes once a day. */
    private void tellOfPublic(Region region, TaggedAmis amis) {
        Map<NoticeKey, Notice> found =
                amis.byId().values().stream()
                        .filter(Ami::isPublic)
                        .map(ami -> PublicImages.notice(ami, now))
                        .collect(Collectors.toMap(Notice::about, Function.identity()));
        counts.add(PUBLIC_IMAGES, found.size());
        if (dryRun) {
            return;
        }
        found.values().stream()
                .filter(notice -> !open.contains(notice.about()))
                .forEach(app.catalog()::note);
        open.stream()
                .filter(key -> key.is(Trouble.PUBLIC, region))
                .filter(key -> !found.containsKey(key))
                .forEach(key -> app.catalog().resolve(key, now));
    }

    /**
     * Permissions that others took are given back by the sweep that finds them out. That is over
     * when the next sweep, which looks at all of the policy's newest images there, finds no more.
     *
     * @param all whether this sweep looked at all that it was to look at
     */
    private void tellOfWithdrawn(Unit unit, boolean closely, boolean all) {
        Map<ImageName, Set<String>> withdrawn = repairs.takeWithdrawn();
        if (dryRun) {
            return;
        }
        if (withdrawn.isEmpty()) {
            if (closely && all) {
                app.catalog().resolve(withdrawalOf(unit), now);
            }
            return;
        }
        int count = withdrawn.size();
        Notice notice =
                new Notice(
                        withdrawalOf(unit),
                        now,
                        "%s: others took launch permissions that AMI Keeper had given from %d %s of policy %s, as from %s those of %s"
                                .formatted(
                                        unit.region(),
                                        count,
                                        count == 1 ? "image" : "images",
                                        unit.policy(),
                                        withdrawn.keySet().iterator().next(),
                                        String.join(", ", withdrawn.values().iterator().next())),
                        "they are given back, and the next sweeps look at more of them; see in"
                                + " CloudTrail who calls ModifyImageAttribute. Who is not to have"
                                + " them any more goes out of \"share\" of policy "
                                + app.policies().nameOf(unit.policy()),
                        true);
        if (!app.catalog().note(notice)) {
            app.catalog().reword(notice);
        }
    }

    private static NoticeKey withdrawalOf(Unit unit) {
        return Trouble.WITHDRAWN.in(unit.region(), unit.policy());
    }

    /** Of a policy of which this sweep has not read all, the next one tells. */
    private void tellOfFormer(Region region) {
        for (Policy policy : app.policies().all()) {
            List<Unit> units =
                    policy.allNames().stream().map(name -> new Unit(region, name)).toList();
            if (!dryRun && records.keySet().containsAll(units)) {
                List<Image> read =
                        units.stream()
                                .flatMap(unit -> records.getOrDefault(unit, List.of()).stream())
                                .toList();
                FormerRegions.notice(policy, region, read, now).ifPresent(app.catalog()::note);
            }
        }
    }

    /**
     * A Region that no policy names and that holds nothing of ours is nobody's business any more,
     * nor is any trouble there. One that cannot be read may be closed for good: then it is enough
     * that the catalogue knows of nothing there.
     *
     * @param isBare whether EC2 lists nothing of ours there, or cannot be asked
     * @return whether it is forgotten
     */
    private boolean forget(Region region, Bookmarks bookmarks, boolean isBare) {
        if (!isBare
                || dryRun
                || !bookmarks.regions().contains(region)
                || app.policies().regions().contains(region)
                || holdsSomething(region, bookmarks)) {
            return false;
        }
        if (!app.catalog().forget(region, now)) {
            return false;
        }
        log.info("{} holds nothing of ours, and no policy names it: it is forgotten", region);
        app.catalog().open().stream()
                .map(Notice::about)
                .filter(key -> key.isIn(region))
                .forEach(key -> app.catalog().resolve(key, now));
        return true;
    }

    private boolean holdsSomething(Region region, Bookmarks bookmarks) {
        boolean works =
                Stream.of(Work.values())
                        .filter(kind -> kind != Work.GIVEN_UP)
                        .anyMatch(kind ->
                                !app.catalog().work(region, kind, Instant.MAX, 1).isEmpty());
        return works
                || !app.catalog().unreadable(region).isEmpty()
                || app.catalog().restoring().stream()
                        .anyMatch(restore -> restore.region().equals(region))
                || Stream.of(
                                app.policies().allNames().stream(),
                                bookmarks.cursors().stream().map(Cursor::policy),
                                app.catalog().policies().stream())
                        .flatMap(names -> names)
                        .distinct()
                        .flatMap(policy -> app.catalog().ofPolicy(policy, region).stream())
                        .anyMatch(image -> image.state() != ImageState.FAILED);
    }

    /** By what was read before the gaps were closed: what ended now, the next sweep sees. */
    private Troubles.Facts facts(
            Region region,
            Set<String> policies,
            Bookmarks bookmarks,
            TaggedAmis amis,
            Set<ImageName> orphans) {
        Troubles.Facts facts =
                Troubles.Facts.of(region)
                        .withImages(
                                amis.byId().values().stream()
                                        .collect(Collectors.toMap(Ami::id, Ami::name)))
                        .withOrphans(orphans)
                        .withCursors(
                                bookmarks.cursors().stream()
                                        .filter(cursor -> cursor.region().equals(region))
                                        .filter(this::isScheduled)
                                        .collect(Collectors.toMap(Cursor::policy, Cursor::time)))
                        .withWaiting(waiting.getOrDefault(region, true))
                        .withPolicies(app.policies());
        if (copiedLeases.containsKey(region)) {
            facts = facts.withCopiedLeases(copiedLeases.get(region));
        }
        for (String policy : policies) {
            List<Image> read = records.get(new Unit(region, policy));
            if (read != null) {
                facts = facts.withRecords(policy, read);
            }
        }
        return facts;
    }

    private boolean isScheduled(Cursor cursor) {
        return app.policies()
                .named(cursor.policy())
                .filter(policy -> policy.schedule().isPresent())
                .filter(policy -> policy.select().regions().contains(cursor.region()))
                .isPresent();
    }

    /** A failure is told in any case, also where a newer image makes up for it already. */
    private void endTroubles(Troubles.Facts facts) {
        List<Notice> over = Troubles.over(app.catalog().open(), facts);
        if (over.isEmpty()) {
            return;
        }
        Set<NoticeKey> untoldFailures =
                app.catalog().unannounced().stream()
                        .map(Notice::about)
                        .filter(key -> key.is(Trouble.FAILED))
                        .collect(Collectors.toSet());
        Set<ImageName> unreadable = app.catalog().unreadable(facts.region());
        over.stream()
                .map(Notice::about)
                .filter(key -> !untoldFailures.contains(key))
                // That there is no such record is not known.
                .filter(key -> unreadable.stream().noneMatch(key::isOf))
                .forEach(key -> app.catalog().resolve(key, now));
    }

    private SortedSet<String> policies(
            Bookmarks bookmarks, TaggedAmis amis, Map<ImageName, List<Snapshot>> orphans) {
        return Stream.of(
                        app.policies().allNames().stream(),
                        bookmarks.cursors().stream().map(Cursor::policy),
                        amis.ours().keySet().stream(),
                        orphans.keySet().stream().map(ImageName::policy))
                .flatMap(names -> names)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether there was time for all of them. */
    private boolean closeAll(Unit unit, TaggedAmis amis, Map<ImageName, List<Snapshot>> orphans) {
        boolean closely = open.contains(withdrawalOf(unit));
        Drift.View view = view(unit, amis, orphans, closely);
        Map<Region, Map<ImageName, Tombstone>> removed = new HashMap<>();
        Drift.doubtful(view)
                .forEach((region, names) ->
                        removed.put(region, app.catalog().removed(region, names)));
        Set<Region> begun = new TreeSet<>();
        boolean all = true;
        Map<Region, Set<ImageName>> unreadable = new HashMap<>();
        view.copies().keySet().forEach(to -> unreadable.put(to, app.catalog().unreadable(to)));
        unreadable.put(unit.region(), app.catalog().unreadable(unit.region()));
        for (Gap gap : Drift.of(view, removed, unreadable)) {
            if (!timeLeft.getAsBoolean()) {
                all = false;
                break;
            }
            if (isTold(gap)) {
                continue;
            }
            repairs.close(gap);
            if (gap instanceof Gap.Uncopied(Image copy)) {
                begun.add(copy.region());
            }
        }
        tellOfWithdrawn(unit, closely, all);
        if (!dryRun) {
            begun.forEach(region -> app.kicks().copy(region, now));
        }
        return all;
    }

    /** Why copies are not begun is told already where something blocks all of them. */
    private boolean isTold(Gap gap) {
        return gap instanceof Gap.Slow(Image image)
                && image.state() == ImageState.REQUESTED
                && Blockers.isBlocked(image.region(), open);
    }

    /** As much as there is time for: what is left, the next sweeps do. */
    private void tagSnapshots(Unit unit, TaggedAmis amis, Map<SnapshotId, Snapshot> snapshots) {
        Optional<Policy> policy = app.policies().find(unit.policy());
        if (dryRun || policy.isEmpty()) {
            return;
        }
        VolumeTags.missing(
                        records.getOrDefault(unit, List.of()),
                        amis.byId(),
                        snapshots,
                        policy.get().image().copyTags(),
                        now)
                .forEach((tags, ids) -> {
                    for (int from = 0; from < ids.size(); from += TAGGED_AT_ONCE) {
                        if (timeLeft.getAsBoolean()) {
                            tagSnapshots(
                                    unit.region(),
                                    ids.subList(from, Math.min(ids.size(), from + TAGGED_AT_ONCE)),
                                    tags);
                        }
                    }
                });
    }

    private void tagSnapshots(Region region, List<SnapshotId> ids, Map<String, String> tags) {
        if (app.images().tag(region, ids, tags) instanceof ChangeResult.Refused(String why)) {
            log.warn("{}: {} do not get the tags of their volumes: {}", region, ids, why);
            app.catalog()
                    .note(
                            Notice.event(
                                    Trouble.VOLUME_TAGS.in(
                                            region, now.atZone(ZoneOffset.UTC).toLocalDate()),
                                    now,
                                    "%s: the tags of volumes cannot be put on their snapshots, as of %s: %s"
                                            .formatted(region, ids.getFirst(), why),
                                    "each sweep tries again for a day; check the role of"
                                            + " SweepFunction"));
        }
    }

    private Drift.View view(
            Unit unit, TaggedAmis amis, Map<ImageName, List<Snapshot>> orphans, boolean closely) {
        Optional<Policy> policy = app.policies().find(unit.policy());
        List<Image> here = app.catalog().ofPolicy(unit.policy(), unit.region());
        records.put(unit, here);
        Map<Region, List<Image>> copies = new HashMap<>();
        if (here.stream().anyMatch(image -> !image.isCopy() && image.isGood())) {
            policy.map(p -> p.destinations(unit.region()))
                    .orElse(List.of())
                    .forEach(to ->
                            copies.put(
                                    to,
                                    app.policies().allNames(unit.policy()).stream()
                                            .map(name -> new Unit(to, name))
                                            .flatMap(there ->
                                                    records
                                                            .computeIfAbsent(there, this::read)
                                                            .stream())
                                            .toList()));
        }
        Map<ImageName, List<Snapshot>> itsOrphans = new TreeMap<>(orphans);
        itsOrphans.keySet().removeIf(name -> !name.policy().equals(unit.policy()));
        return new Drift.View(
                unit.region(),
                unit.policy(),
                policy,
                here,
                amis,
                itsOrphans,
                copies,
                refusing.getOrDefault(app.policies().nameOf(unit.policy()), Set.of()),
                closely,
                now);
    }

    private List<Image> read(Unit unit) {
        return app.catalog().ofPolicy(unit.policy(), unit.region());
    }

    /** A Region that does not answer comes back by itself; a role that lacks something does not. */
    private void unreadable(Region region, SdkException error, boolean announced) {
        if (Fault.of(error) == Fault.UNREACHABLE) {
            silent.add(region);
        }
        counts.add(UNREADABLE);
        String why = Fault.text(error);
        log.error("{}: cannot be swept: {}", region, why);
        Optional<Blocker> whole =
                Fault.blocker(error, "ec2:DescribeImages", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly());
        if (!dryRun && whole.isPresent()) {
            blockers.tell(region, "sweeps and what they find", whole.get(), now);
        } else if (!dryRun) {
            app.catalog()
                    .note(
                            new Notice(
                                    Trouble.UNSWEPT.in(region),
                                    now,
                                    region + ": could not be swept: " + why,
                                    "every sweep tries again; check the Region and the role of"
                                            + " SweepFunction",
                                    announced));
        }
    }
}
