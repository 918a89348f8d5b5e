package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;

/**
 * Which of a policy's due slots is taken and which ones were missed. If several are due, only the
 * newest is taken, and only if it is at most a day old: an image cannot show the server as it was
 * at an older slot.
 */
public record DueSlots(Optional<Slot> taken, Optional<MissedSlots> missed) {
    /** The greatest age at which a slot is still caught up on. */
    public static final Duration CATCH_UP = Duration.ofHours(24);

    /** Decides which slots in {@code (cursor, now]} are taken and missed. */
    public static DueSlots of(Schedule schedule, Instant cursor, Instant now) {
        Optional<Slot> newest = Optional.empty();
        Optional<MissedSlots> missed = Optional.empty();
        for (Iterator<Slot> due = schedule.slots(cursor, now).iterator(); due.hasNext(); ) {
            missed = MissedSlots.and(missed, newest);
            newest = Optional.of(due.next());
        }
        Instant oldest = now.minus(CATCH_UP);
        Optional<Slot> taken = newest.filter(slot -> !slot.time().isBefore(oldest));
        return new DueSlots(taken, taken.isPresent() ? missed : MissedSlots.and(missed, newest));
    }

    /** Slots without an image: how many, the oldest and the newest. */
    public record MissedSlots(int count, Slot first, Slot last) {
        private static Optional<MissedSlots> and(
                Optional<MissedSlots> missed, Optional<Slot> next) {
            return next.map(slot ->
                            missed.map(m -> new MissedSlots(m.count + 1, m.first, slot))
                                    .orElseGet(() -> new MissedSlots(1, slot, slot)))
                    .or(() -> missed);
        }
    }
}
