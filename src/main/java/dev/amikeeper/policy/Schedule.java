package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** When a policy's slots fall. */
public interface Schedule {
    /** How often slots are looked for; none may be closer together. */
    Duration TICK = Duration.ofMinutes(5);

    /** The slots in {@code (after, until]}, oldest first. */
    Stream<Slot> slots(Instant after, Instant until);
}
