package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/**
 * A schedule whose images start over some time after each slot.
 *
 * @param spread shorter than the gap between two slots
 */
record SpreadSchedule(Schedule schedule, Duration spread) implements Schedule {
    @Override
    public Stream<Slot> slots(Instant after, Instant until) {
        return schedule.slots(after, until);
    }

    @Override
    public Duration shortestGap() {
        return schedule.shortestGap();
    }
}
