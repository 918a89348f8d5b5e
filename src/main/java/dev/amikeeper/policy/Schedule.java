package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;

/** The times of a policy's slots. */
public interface Schedule {
    /** How often slots are looked for. Slots must not be closer together than this. */
    Duration TICK = Duration.ofMinutes(5);

    /** The slots in {@code (after, until]}, oldest first. */
    Stream<Slot> slots(Instant after, Instant until);

    /**
     * The shortest time between two slots of a sample year, which has both clock changes and a leap
     * day; a year if it has no two slots.
     */
    default Duration shortestGap() {
        Duration shortest = Duration.ofDays(366);
        Instant from = Instant.parse("2024-01-01T00:00:00Z");
        Optional<Instant> before = Optional.empty();
        for (Iterator<Slot> all = slots(from, from.plus(shortest)).iterator(); all.hasNext(); ) {
            Instant slot = all.next().time();
            Duration gap = before.map(it -> Duration.between(it, slot)).orElse(shortest);
            shortest = gap.compareTo(shortest) < 0 ? gap : shortest;
            before = Optional.of(slot);
        }
        return shortest;
    }

    /** Over how much time after a slot its images start; zero if they all start at the slot. */
    default Duration spread() {
        return Duration.ZERO;
    }
}
