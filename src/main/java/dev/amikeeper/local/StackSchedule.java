package dev.amikeeper.local;

import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A schedule of the template.
 *
 * @param name what its events are called
 * @param every how often it calls its function
 * @param after how long after a whole multiple of that time
 * @param input what its events have besides the usual
 */
record StackSchedule(
        String name, String function, Duration every, Duration after, Map<String, Object> input) {
    static final StackSchedule TICK =
            new StackSchedule("Tick", "ScheduleFunction", Schedule.TICK, Duration.ZERO);
    static final StackSchedule PRUNE =
            new StackSchedule(
                    "Prune",
                    "PruneFunction",
                    Duration.ofDays(1),
                    Duration.ofHours(4).plusMinutes(30));

    /** Goes on with a run that ran out of time. */
    static final StackSchedule PRUNE_ON =
            new StackSchedule(
                    "GoOn",
                    "PruneFunction",
                    Duration.ofMinutes(15),
                    Duration.ZERO,
                    Map.of("goOn", true));

    /** Between two ticks, where sweeps usually fall in AWS. */
    static final StackSchedule SWEEP =
            new StackSchedule(
                    "Sweep", "SweepFunction", Duration.ofMinutes(15), Duration.ofMinutes(7));

    /** After the images of the night. */
    static final StackSchedule DRILL =
            new StackSchedule(
                    "Drill", "DrillFunction", Duration.ofHours(1), Duration.ofMinutes(12));

    /** After the drills. */
    static final StackSchedule STORE =
            new StackSchedule(
                    "Store", "StoreFunction", Duration.ofHours(1), Duration.ofMinutes(27));

    static final StackSchedule RESTORE =
            new StackSchedule("Restore", "RestoreFunction", Schedule.TICK, Duration.ZERO);

    static final List<StackSchedule> ALL =
            List.of(TICK, PRUNE, PRUNE_ON, SWEEP, DRILL, STORE, RESTORE);

    private StackSchedule(String name, String function, Duration every, Duration after) {
        this(name, function, every, after, Map.of());
    }

    /** Its event, as the template defines its input. */
    Map<String, Object> event(Region home, Instant at) {
        Map<String, Object> event = StackEvents.scheduled(home, name, at);
        event.putAll(input);
        return event;
    }

    /** Its first time from now on. */
    Instant first(Instant now) {
        long step = every.toSeconds();
        long offset = after.toSeconds();
        return Instant.ofEpochSecond(
                Math.ceilDiv(now.getEpochSecond() - offset, step) * step + offset);
    }
}
