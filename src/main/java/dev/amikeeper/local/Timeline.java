package dev.amikeeper.local;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * The virtual clock and what is planned on it. What falls due at the same moment keeps its order.
 */
final class Timeline implements InstantSource {
    private final PriorityQueue<Due> due =
            new PriorityQueue<>(Comparator.comparing(Due::when).thenComparingLong(Due::order));
    private Instant now;
    private long planned;

    Timeline(Instant start) {
        now = start;
    }

    @Override
    public synchronized Instant instant() {
        return now;
    }

    /** Does this after a while, or at once if the wait is zero. */
    void in(Duration wait, Runnable what) {
        if (wait.isPositive()) {
            plan(wait, what);
        } else {
            what.run();
        }
    }

    /** When the next planned thing is due. */
    synchronized Optional<Instant> next() {
        return Optional.ofNullable(due.peek()).map(Due::when);
    }

    /**
     * Moves the clock. Whatever falls due on the way happens at its own time.
     *
     * @throws IllegalArgumentException if that is in the past
     */
    synchronized void advanceTo(Instant then) {
        if (then.isBefore(now)) {
            throw new IllegalArgumentException("the clock stands at " + now + ", after " + then);
        }
        while (!due.isEmpty() && !due.element().when().isAfter(then)) {
            Due next = due.remove();
            now = next.when();
            next.what().run();
        }
        now = then;
    }

    private synchronized void plan(Duration wait, Runnable what) {
        due.add(new Due(now.plus(wait), planned++, what));
    }

    private record Due(Instant when, long order, Runnable what) {}
}
