package dev.amikeeper.status;

import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How old the newest good image of an instance may be in a Region. By a slot's term there must be a
 * good image of that slot or of a later time; the term is the slot and a grace for making the
 * image, and for copying it where the Region is a DR Region. So an image may be as old as the gap
 * to the slot after it and that slot's grace, however uneven the schedule is: over a weekend, a
 * clock change, or once a year.
 *
 * <p>The grace is {@link #MAKING}, and {@link #COPYING} on top for a copy, but neither is longer
 * than the gap from the slot to the one after it: an hourly schedule promises more than a nightly.
 *
 * @param copies whether this is about a DR Region
 */
public record Objective(Schedule schedule, boolean copies) {
    /** For the tick, EC2, and the second try of an image. */
    public static final Duration MAKING = Duration.ofHours(2);

    /** For a copy to another Region, a wait for room there, and a second try. */
    public static final Duration COPYING = Duration.ofHours(4);

    /** A schedule of 29 February has a slot within eight years. */
    private static final Duration LOOK_AHEAD = Duration.ofDays(9 * 366);

    /**
     * What an image of some time does not answer for.
     *
     * @param slot the first slot after it
     * @param until when a good image of that slot, or a later one, must be there
     */
    public record Term(Slot slot, Instant until) {}

    /**
     * What an image of this time does not answer for any more, or an instance of this age without
     * an image; empty if the schedule has no slot within nine years.
     */
    public Optional<Term> after(Instant time) {
        return next(time).map(slot -> new Term(slot, slot.time().plus(grace(slot))));
    }

    /** The first slot after this time. */
    public Optional<Slot> next(Instant time) {
        return schedule.slots(time, time.plus(LOOK_AHEAD)).findFirst();
    }

    private Duration grace(Slot slot) {
        Duration gap =
                next(slot.time())
                        .map(after -> Duration.between(slot.time(), after.time()))
                        .orElse(LOOK_AHEAD);
        Duration making = shorter(MAKING, gap);
        return copies ? making.plus(shorter(COPYING, gap)) : making;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
