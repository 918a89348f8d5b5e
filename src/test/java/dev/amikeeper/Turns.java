package dev.amikeeper;

import dev.amikeeper.local.CallWatch;
import dev.amikeeper.local.SimulatedCloud;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;

/**
 * Callers of one cloud that take turns: each a thread, of which exactly one goes on at a time, up
 * to its next outside call. The same order of turns makes the same play.
 */
final class Turns implements CallWatch {
    /** Says whose turn is next. */
    interface Order {
        /**
         * One of these callers, who are not done yet.
         *
         * @param turns how many turns there were before
         */
        int next(List<Integer> able, int turns);
    }

    /**
     * How a play went.
     *
     * @param trace every call with the number of its caller, in order
     * @param failed those callers who ended with an exception, for whom the platform would call
     *     again
     */
    record Played(List<String> trace, List<Integer> failed) {}

    private final List<Caller> callers;
    private final Semaphore stopped = new Semaphore(0);
    private final List<String> trace = new ArrayList<>();

    private Turns(List<Runnable> works) {
        callers =
                IntStream.range(0, works.size())
                        .mapToObj(number -> new Caller(number, works.get(number)))
                        .toList();
    }

    /** Lets each of these call the cloud in this order, until all are done. */
    static Played play(SimulatedCloud cloud, List<Runnable> works, Order order) {
        Turns turns = new Turns(works);
        cloud.watch(turns);
        try {
            return turns.play(order);
        } finally {
            cloud.watch((action, region) -> {});
        }
    }

    private Played play(Order order) {
        callers.forEach(Thread::start);
        for (int turn = 0; ; turn++) {
            List<Integer> able =
                    callers.stream().filter(caller -> !caller.done).map(c -> c.number).toList();
            if (able.isEmpty()) {
                break;
            }
            callers.get(order.next(able, turn)).go.release();
            stopped.acquireUninterruptibly();
        }
        for (Caller caller : callers) {
            if (caller.failure instanceof Error error) {
                throw error;
            }
        }
        return new Played(
                List.copyOf(trace),
                callers.stream()
                        .filter(caller -> Optional.ofNullable(caller.failure).isPresent())
                        .map(caller -> caller.number)
                        .toList());
    }

    @Override
    public void before(String action, String region) {
        if (Thread.currentThread() instanceof Caller caller && callers.contains(caller)) {
            stopped.release();
            caller.go.acquireUninterruptibly();
            trace.add(caller.number + ": " + action + " in " + region);
        }
    }

    /** Only one of all these threads runs at a time; the semaphores hand over what they wrote. */
    private final class Caller extends Thread {
        private final int number;
        private final Runnable work;
        private final Semaphore go = new Semaphore(0);
        private boolean done;
        private @Nullable Throwable failure;

        Caller(int number, Runnable work) {
            this.number = number;
            this.work = work;
            setDaemon(true);
        }

        @Override
        public void run() {
            go.acquireUninterruptibly();
            try {
                work.run();
            } catch (RuntimeException | Error thrown) {
                failure = thrown;
            } finally {
                done = true;
                stopped.release();
            }
        }
    }
}
