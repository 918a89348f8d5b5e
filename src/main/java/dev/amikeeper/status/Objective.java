package dev.amikeeper.status;

import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How old the newest usable image of an instance may be in a Region. When a slot's term ends, there
 * must be a usable image of that slot or of a later time. The term is the slot plus a grace period
 * for creating the image and, if the Region is a DR Region, for copying it. So an image may be as
 * old as the gap to the slot after it plus that slot's grace period, however uneven the schedule
 * is: over a weekend, across a clock change, or once a year.
 *
 * <p>The grace period is the schedule's spread and {@link #MAKING}, plus {@link #COPYING} for a
 * copy. Neither of the latter two is longer than the gap from the slot to the next one, because an
 * hourly schedule promises more than a nightly one.
 *
 * @param copies whether this is about a DR Region
 */
public record Objective(Schedule schedule, boolean copies) {
    /** For the tick, EC2, and a second attempt at an image. */
    public static final Duration MAKING = Duration.ofHours(2);

    /** For a copy to another Region, a wait for capacity there, and a second attempt. */
    public static final Duration COPYING = Duration.ofHours(4);

    /** How far to look for a slot; a schedule for February 29 has one within eight years. */
    private static final Duration LOOK_AHEAD = Duration.ofDays(9 * 366);

    /**
     * The first slot that an image of some time does not cover.
     *
     * @param slot the first slot after it
     * @param until when a usable image of that slot, or a later one, must exist
     */
    public record Term(Slot slot, Instant until) {}

    /**
     * Returns the term that an image of this time, or an instance launched then without an image,
     * does not cover; empty if the schedule has no slot within nine years.
     */
    public Optional<Term> after(Instant time) {
        return next(time).map(slot -> new Term(slot, until(slot)));
    }

    /** Returns when a usable image of this slot, or of a later one, must exist. */
    public Instant until(Slot slot) {
        return slot.time().plus(grace(slot));
    }

    /** Returns the first slot after this time. */
    public Optional<Slot> next(Instant time) {
        return schedule.slots(time, time.plus(LOOK_AHEAD)).findFirst();
    }

    private Duration grace(Slot slot) {
        Duration gap =
                next(slot.time())
                        .map(after -> Duration.between(slot.time(), after.time()))
                        .orElse(LOOK_AHEAD);
        Duration making = schedule.spread().plus(shorter(MAKING, gap));
        return copies ? making.plus(shorter(COPYING, gap)) : making;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
