package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** The times of a policy's slots. */
public interface Schedule {
    /** How often slots are looked for. Slots must not be closer together than this. */
    Duration TICK = Duration.ofMinutes(5);

    /** The slots in {@code (after, until]}, oldest first. */
    Stream<Slot> slots(Instant after, Instant until);
}
