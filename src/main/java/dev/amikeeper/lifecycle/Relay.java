package dev.amikeeper.lifecycle;

import dev.amikeeper.ec2.Pace;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.Handover;
import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;
import dev.amikeeper.queue.Kicks;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes over a bucket from the worker that was in the Region before, and hands it over to the next
 * one. The level of the bucket goes from worker to worker in their own kicks, because the next
 * worker may run on another machine. A worker that is told nothing assumes that the bucket is half
 * full: as long as it is clearly less, a worker's kick is on the way.
 *
 * <p>Until the next worker is to begin, one of the kicks that this one was given stays hidden in
 * the queue. Meanwhile SQS delivers no kick of this Region, so nobody spends the bucket.
 */
public final class Relay {
    /**
     * A kick is handed back only if it was delivered fewer times than this. Usually a kick that is
     * handed back comes again with a newer one, which takes its place. The queue gives up a kick
     * after five deliveries.
     */
    static final int MOST_DELIVERIES = 3;

    /** Trouble with a whole Region may pass soon. */
    private static final Duration SOON = Duration.ofSeconds(30);

    /** The template's {@code BatchSize}; a FIFO queue delivers no larger batches. */
    private static final int FULL_BATCH = 10;

    private final Pace pace;
    private final Pace.Call call;
    private final Burst burst;
    private final Kicks.WorkerQueue queue;
    private final InstantSource clock;
    private boolean lasts;

    /**
     * A worker's bucket.
     *
     * @param call the call that the worker makes
     * @param queue the queue that the worker's kicks come from
     */
    public Relay(Pace pace, Pace.Call call, Kicks.WorkerQueue queue, InstantSource clock) {
        this.pace = pace;
        this.call = call;
        this.burst = new Burst(call.size(), call.refill());
        this.queue = queue;
        this.clock = clock;
    }

    /**
     * What a worker leaves to the next one.
     *
     * @param waiting how many calls could be made if there were tokens
     * @param pause how long the next worker must wait at least
     * @param ceiling a limit that the next worker should know
     */
    public record Left(int waiting, Duration pause, Optional<Handover.Ceiling> ceiling) {
        /** Nothing, or nothing that another worker could start before something happens. */
        public static final Left NOTHING = new Left(0, Duration.ZERO, Optional.empty());

        /** Work for which only tokens are missing: for so many calls, or more. */
        public static Left work(int waiting) {
            return new Left(waiting, Duration.ZERO, Optional.empty());
        }

        /** Work that may be possible after this time. */
        public static Left after(Duration pause) {
            return new Left(0, pause, Optional.empty());
        }

        /**
         * Work that stopped because of trouble with the whole Region. As long as something is
         * started, the work goes on soon. If nothing is, there are two more tries, and then the
         * sweep's.
         *
         * @param started whether something was started
         * @param waiting how many wait
         */
        public static Left trouble(boolean started, int waiting) {
            return new Left(started ? waiting : 0, SOON, Optional.empty());
        }

        /** Adds a limit that the next worker should know. */
        public Left under(Optional<Handover.Ceiling> limit) {
            return new Left(waiting, pause, limit);
        }
    }

    /** Begins with what the worker before told, if it did. */
    public void begin(Slice slice) {
        lasts = pace.remembers(slice.region(), call);
        pace.atMost(slice.region(), call, told(slice).orElse(burst.assumed()));
    }

    private Optional<Double> told(Slice slice) {
        Instant now = clock.instant();
        return slice.kicks().stream()
                .flatMap(kick -> level(kick, now).stream())
                .min(Comparator.naturalOrder());
    }

    /** What the bucket holds by now at most, if nobody has used it since this kick. */
    private Optional<Double> level(Kick kick, Instant now) {
        Double tokens = kick.handover().tokens().get(call.action());
        Optional<Instant> at = kick.at().filter(time -> !Event.isAhead(time, now));
        if (tokens == null || at.isEmpty()) {
            return Optional.empty();
        }
        double seconds = Math.max(0, Duration.between(at.get(), now).toMillis() / 1000.0);
        return Optional.of(tokens + seconds * call.refill());
    }

    /**
     * If the batch is full, others may be waiting behind it, and among them the kick in which the
     * last worker told something. One kick behind them all takes the place of this batch.
     *
     * @return whether it does, so that nothing is left to do
     */
    public boolean passOn(Slice slice) {
        if (slice.kicks().size() < FULL_BATCH) {
            return false;
        }
        Map<String, Double> tokens =
                told(slice).map(level -> Map.of(call.action(), level)).orElse(Map.of());
        return kick(slice, new Handover(tokens, slice.ceiling()));
    }

    private boolean kick(Slice slice, Handover handover) {
        Instant read = clock.instant();
        Instant at = slice.now().isAfter(read) ? slice.now() : read;
        return queue.kick(slice.region(), at, handover);
    }

    /** How many calls to make now; 0 if it is better to come again later. */
    public int now(Region region, int waiting) {
        return burst.now(pace.tokens(region, call), waiting);
    }

    /** Whether a call can be made without waiting for a token. */
    public boolean hasToken(Region region) {
        return pace.tokens(region, call) >= 1;
    }

    /** Ends a slice and has the next worker come at the right time. */
    public void end(Slices slices, Slice slice, Left left) {
        double tokens = pace.tokens(slice.region(), call);
        Burst.Next next = burst.after(tokens, left.waiting, lasts);
        if (next.kick() || left.ceiling.isPresent()) {
            kick(slice, new Handover(Map.of(call.action(), tokens), left.ceiling));
        }
        Duration hold = next.hold().compareTo(left.pause) > 0 ? next.hold() : left.pause;
        List<Kick> kicks = slice.kicks();
        Kick newest = kicks.getLast();
        if (hold.isPositive()
                && newest.delivery().receives() < MOST_DELIVERIES
                && !newest.delivery().receipt().isEmpty()) {
            queue.hold(newest, hold);
            slices.handBack(newest);
        }
    }
}
