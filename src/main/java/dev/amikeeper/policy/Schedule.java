package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Instant;
import java.util.stream.Stream;

/** When a policy's slots fall. */
public interface Schedule {
    /** The slots in {@code (after, until]}, oldest first. */
    Stream<Slot> slots(Instant after, Instant until);
}
