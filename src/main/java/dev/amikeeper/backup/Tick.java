package dev.amikeeper.backup;

import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.KICKED;
import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.MISSED;
import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.REQUESTED;
import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.SELECTED;
import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.SLOTS;
import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.UNREADABLE;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.event.Event;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.queue.Kicks;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One tick: records an intent for every instance whose policy has a slot due, and kicks the
 * workers. A cursor for each policy and Region moves only after the intents are recorded. If a tick
 * is lost or dies, the next one therefore makes up for it, and a Region that cannot be read does
 * not hold up the others.
 */
public final class Tick {
    private static final Logger log = LoggerFactory.getLogger(Tick.class);

    /**
     * How often a cursor without due slots moves. When a policy gets a new schedule, it looks back
     * this far.
     */
    private static final Duration IDLE = Duration.ofHours(1);

    private record Place(String policy, Region region) {}

    private final Catalog catalog;
    private final Instances instances;
    private final Kicks kicks;
    private final Policies policies;
    private final InstantSource clock;
    private final Instant now;
    private final Blockers blockers;
    private final Set<Region> silent = new HashSet<>();
    private final Set<Region> kicked = new HashSet<>();
    private final Counts<ScheduleReport.ScheduleCount> counts =
            Counts.none(ScheduleReport.ScheduleCount.class);

    /** Creates one tick. */
    public Tick(
            Catalog catalog,
            Instances instances,
            Kicks kicks,
            Policies policies,
            InstantSource clock,
            Instant now) {
        this.catalog = catalog;
        this.instances = instances;
        this.kicks = kicks;
        this.policies = policies;
        this.clock = clock;
        this.now = now;
        this.blockers = new Blockers(catalog);
    }

    /** Takes the slots that are due. May be repeated. */
    public ScheduleReport run() {
        Bookmarks bookmarks = catalog.bookmarks();
        Map<Place, Instant> cursors = new HashMap<>();
        for (Cursor cursor : bookmarks.cursors()) {
            cursors.put(new Place(cursor.policy(), cursor.region()), cursor.time());
        }
        for (Policy policy : policies.all()) {
            policy.schedule()
                    .ifPresent(schedule -> {
                        for (Region region : policy.select().regions()) {
                            Place place = new Place(policy.name(), region);
                            take(policy, schedule, region, Optional.ofNullable(cursors.get(place)));
                        }
                    });
        }
        remember(bookmarks.regions());
        goOn();
        return new ScheduleReport(counts);
    }

    /**
     * Kicks the Regions where an image is due that was not due before: its turn in the spread has
     * come, or that of another try. A command's event may be lost, too, and no server may stay
     * frozen for long.
     */
    private void goOn() {
        policies.homeRegions().stream()
                .filter(region -> !kicked.contains(region))
                .filter(region ->
                        catalog.hasWork(region, Work.CREATE_WAITING, now)
                                || (commandsMayRun(region) && !catalog.freezes(region).isEmpty()))
                .forEach(this::kick);
    }

    private boolean commandsMayRun(Region region) {
        return policies.all().stream()
                .filter(policy -> policy.image().around().isPresent())
                .anyMatch(policy -> policy.select().regions().contains(region));
    }

    private void kick(Region region) {
        kicks.create(region, now);
        kicked.add(region);
        counts.add(KICKED);
    }

    /** A Region may have images for longer than the policy file names it. */
    private void remember(Set<Region> known) {
        policies.regions().stream()
                .filter(region -> !known.contains(region))
                .forEach(catalog::remember);
    }

    private void take(Policy policy, Schedule schedule, Region region, Optional<Instant> cursor) {
        if (silent.contains(region)) {
            counts.add(UNREADABLE);
            return;
        }
        if (cursor.filter(time -> Event.isAhead(time, clock.instant())).isPresent()) {
            comeBack(policy, region, cursor.get());
            return;
        }
        Instant from = cursor.orElse(now.minus(Schedule.TICK));
        if (cursor.isEmpty()
                && !catalog.moveCursor(
                        cursor, new Cursor(policy.name(), region, from), List.of(), List.of())) {
            // Another tick is seeing the policy for the first time, too.
            return;
        }
        DueSlots due = DueSlots.of(schedule, from, now);
        List<Run> runs = new ArrayList<>();
        if (due.taken().isPresent()) {
            Optional<Run> taken = take(policy, region, due.taken().get());
            if (taken.isEmpty()) {
                return;
            }
            runs.add(taken.get());
        }
        List<Notice> notices = new ArrayList<>();
        due.missed().ifPresent(slots -> notices.add(miss(policy, region, slots, runs)));
        if (!runs.isEmpty() || from.plus(IDLE).isBefore(now)) {
            catalog.moveCursor(
                    Optional.of(from), new Cursor(policy.name(), region, now), runs, notices);
        }
    }

    /**
     * A cursor in the future is wrong, because nobody has dealt with those slots. It goes back to
     * the last slot that was taken, and the next tick continues from there.
     */
    private void comeBack(Policy policy, Region region, Instant cursor) {
        Instant last =
                catalog.runs(policy.name()).stream()
                        .filter(run -> run.region().equals(region))
                        .flatMap(run ->
                                run instanceof Run.Taken taken
                                        ? Stream.of(taken.slot().time())
                                        : Stream.empty())
                        .filter(slot -> !slot.isAfter(now))
                        .max(Comparator.naturalOrder())
                        .orElse(now.minus(Schedule.TICK));
        log.error("{} {}: the cursor stood at {}", region, policy.name(), cursor);
        catalog.moveCursor(
                Optional.of(cursor),
                new Cursor(policy.name(), region, last),
                List.of(),
                List.of(
                        Notice.event(
                                Trouble.CURSOR.in(region, policy.name() + "/" + cursor),
                                now,
                                "%s: the slots of policy %s were marked as dealt with until %s"
                                                .formatted(region, policy.name(), cursor)
                                        + ", which is still to come",
                                "the schedule continues from "
                                        + last
                                        + "; see who sent an event with that time")));
    }

    /**
     * Takes a slot. Empty if the Region could not be read; the cursor then stays, and the next tick
     * tries again.
     */
    private Optional<Run> take(Policy policy, Region region, Slot slot) {
        List<Instance> candidates;
        try {
            candidates =
                    instances.tagged(
                            region, policy.select().tags().keySet(), policy.select().statesToAsk());
        } catch (SdkException error) {
            counts.add(UNREADABLE);
            if (Fault.of(error) == Fault.UNREACHABLE) {
                silent.add(region);
            }
            Optional<Blocker> blocker = Blocker.of(error, "ec2:DescribeInstances", region);
            if (blocker.isPresent()) {
                silent.add(region);
                blockers.tell(region, "due slots", blocker.get(), now);
            } else {
                unread(policy, region, slot, Fault.text(error));
            }
            return Optional.empty();
        }
        List<Image> intents = BackupPlan.scheduled(policy, slot, candidates, now).intents();
        counts.add(SLOTS);
        counts.add(SELECTED, intents.size());
        counts.add(REQUESTED, catalog.request(intents).size());
        if (intents.stream().anyMatch(intent -> !intent.due().isAfter(now))) {
            kick(region);
        }
        log.info("{} {} {}: {} instances", region, policy.name(), slot, intents.size());
        return Optional.of(new Run.Taken(policy.name(), region, slot, intents.size()));
    }

    private void unread(Policy policy, Region region, Slot slot, String why) {
        log.error("{} {} {}: instances cannot be read: {}", region, policy.name(), slot, why);
        catalog.note(
                new Notice(
                        Trouble.UNREAD.in(region, policy.name()),
                        now,
                        region
                                + ": the instances of policy "
                                + policy.name()
                                + " cannot be read for slot "
                                + slot
                                + ": "
                                + why,
                        "every tick tries again for 24 h; check the Region and the"
                                + " function's role",
                        true));
    }

    private Notice miss(Policy policy, Region region, DueSlots.MissedSlots slots, List<Run> runs) {
        counts.add(MISSED, slots.count());
        String which =
                slots.count() == 1
                        ? "1 slot, " + slots.first()
                        : slots.count() + " slots from " + slots.first() + " to " + slots.last();
        log.error("{} {}: missed {}", region, policy.name(), which);
        runs.add(new Run.Missed(policy.name(), region, slots.count(), slots.first(), slots.last()));
        return Notice.event(
                Trouble.MISSED.in(region, policy.name() + "/" + slots.last()),
                now,
                region + ": policy " + policy.name() + " missed " + which,
                "only the newest due slot is taken; see why the ticks before did not run");
    }
}
