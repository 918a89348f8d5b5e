package dev.amikeeper.backup;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.replication.Settlement;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tick: records an intent for every instance whose policy's slot fell due. A cursor per policy
 * and Region moves only after the intents are written, so a tick that is lost or dies is made up
 * for by the next one, and a Region that cannot be read holds up no other.
 */
public final class ScheduleHandler implements RequestHandler<Map<String, Object>, ScheduleReport> {
    private static final Logger log = LoggerFactory.getLogger(ScheduleHandler.class);

    /**
     * A cursor without due slots is moved this often: a policy's new schedule looks back so far.
     */
    private static final Duration IDLE = Duration.ofHours(1);

    /** An image that starts much later than its slot would lie about its time. */
    private static final Duration START_WITHIN = Duration.ofHours(24);

    /** A DR Region may be down for days; a copy is worth waiting for. */
    private static final Duration COPY_WITHIN = Duration.ofDays(7);

    private static final int SOME = 100;

    private record Place(String policy, Region region) {}

    private final Application app;
    private final Settlement settlement;

    /** As Lambda makes it. */
    public ScheduleHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public ScheduleHandler(Application app) {
        this.app = app;
        this.settlement = new Settlement(app);
    }

    @Override
    public ScheduleReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, this::tick);
    }

    private ScheduleReport tick(Map<String, Object> input) {
        try {
            return new Tick(Event.of(input).time()).run();
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "ScheduleFunction", input, malformed, app.clock().instant());
            return new ScheduleReport(0, 0, 0, 0, 0, 0, 0, 1);
        }
    }

    /** One tick; its time is the event's. */
    private final class Tick {
        private final Instant now;
        private final Set<Region> silent = new HashSet<>();
        private int slots;
        private int missed;
        private int selected;
        private int requested;
        private int unreadable;
        private int givenUp;
        private int kicked;

        Tick(Instant now) {
            this.now = now;
        }

        ScheduleReport run() {
            Bookmarks bookmarks = app.catalog().bookmarks();
            Map<Place, Instant> cursors = new HashMap<>();
            for (Cursor cursor : bookmarks.cursors()) {
                cursors.put(new Place(cursor.policy(), cursor.region()), cursor.time());
            }
            for (Policy policy : app.policies().all()) {
                policy.schedule()
                        .ifPresent(schedule -> {
                            for (Region region : policy.select().regions()) {
                                Place place = new Place(policy.name(), region);
                                take(
                                        policy,
                                        schedule,
                                        region,
                                        Optional.ofNullable(cursors.get(place)));
                            }
                        });
            }
            everywhere(bookmarks.regions()).forEach(this::kick);
            app.announcements().publish();
            return new ScheduleReport(
                    slots, missed, selected, requested, unreadable, givenUp, kicked, 0);
        }

        /** Work may also wait in a Region that is no longer in the file. */
        private Set<Region> everywhere(Set<Region> known) {
            Set<Region> regions = new TreeSet<>(known);
            for (Region region : app.policies().regions()) {
                if (regions.add(region)) {
                    app.catalog().remember(region);
                }
            }
            return regions;
        }

        private void take(
                Policy policy, Schedule schedule, Region region, Optional<Instant> cursor) {
            if (silent.contains(region)) {
                unreadable++;
                return;
            }
            Instant from = cursor.orElse(now.minus(Schedule.TICK));
            if (cursor.isEmpty()
                    && !app.catalog()
                            .moveCursor(
                                    cursor,
                                    new Cursor(policy.name(), region, from),
                                    List.of(),
                                    List.of())) {
                // Another tick sees the policy for the first time, too.
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
                app.catalog()
                        .moveCursor(
                                Optional.of(from),
                                new Cursor(policy.name(), region, now),
                                runs,
                                notices);
            }
        }

        /** Empty if the Region could not be read: the cursor stays, the next tick tries again. */
        private Optional<Run> take(Policy policy, Region region, Slot slot) {
            List<Instance> candidates;
            try {
                candidates =
                        app.instances()
                                .tagged(
                                        region,
                                        policy.select().tags().keySet(),
                                        policy.select().states());
            } catch (SdkException error) {
                unreadable++;
                if (Fault.of(error) == Fault.UNREACHABLE) {
                    silent.add(region);
                }
                unread(policy, region, slot, Fault.text(error));
                return Optional.empty();
            }
            List<Image> intents = BackupPlan.scheduled(policy, slot, candidates, now).intents();
            slots++;
            selected += intents.size();
            requested += app.catalog().request(intents).size();
            log.info("{} {} {}: {} instances", region, policy.name(), slot, intents.size());
            return Optional.of(new Run.Taken(policy.name(), region, slot, intents.size()));
        }

        private void unread(Policy policy, Region region, Slot slot, String why) {
            log.error("{} {} {}: instances cannot be read: {}", region, policy.name(), slot, why);
            app.catalog()
                    .note(
                            new Notice(
                                    "unread/" + region + "/" + policy.name() + "/" + slot,
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

        private Notice miss(Policy policy, Region region, DueSlots.Missed slots, List<Run> runs) {
            missed += slots.count();
            String which =
                    slots.count() == 1
                            ? "1 slot, " + slots.first()
                            : slots.count()
                                    + " slots from "
                                    + slots.first()
                                    + " to "
                                    + slots.last();
            log.error("{} {}: missed {}", region, policy.name(), which);
            runs.add(
                    new Run.Missed(
                            policy.name(), region, slots.count(), slots.first(), slots.last()));
            return new Notice(
                    "missed/" + region + "/" + policy.name() + "/" + slots.last(),
                    now,
                    region + ": policy " + policy.name() + " missed " + which,
                    "only the newest due slot is taken; see why the ticks before did not run",
                    true);
        }

        /** A kick may have been lost, or what waited was not due: every tick looks again. */
        private void kick(Region region) {
            if (waits(region, Work.CREATE_WAITING, START_WITHIN)) {
                app.kicks().create(region, now);
                kicked++;
            }
            if (waits(region, Work.COPY_WAITING, COPY_WITHIN)) {
                app.kicks().copy(region, now);
                kicked++;
            }
        }

        /** Whether something waits; what has waited too long is given up. */
        private boolean waits(Region region, Work kind, Duration within) {
            List<Image> waiting = app.catalog().work(region, kind, now, SOME);
            List<Image> tooLong =
                    waiting.stream()
                            .filter(image -> image.since().plus(within).isBefore(now))
                            .toList();
            for (Image image : tooLong) {
                settlement.giveUp(
                        image, "it could not be started within " + within.toHours() + " h", now);
                givenUp++;
            }
            return tooLong.size() < waiting.size();
        }
    }
}
