package dev.amikeeper;

import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.TurnTaker;
import dev.amikeeper.local.TurnTaker.Latency;
import dev.amikeeper.local.TurnTaker.TurnOrder;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Callers of one cloud that take turns at each outside call, all at one moment. */
final class Turns {
    /**
     * How a play went.
     *
     * @param trace every call with the number of its caller, in order
     * @param failed those callers who ended with an exception, for whom the platform would call
     *     again
     */
    record Played(List<String> trace, List<Integer> failed) {}

    private Turns() {}

    /** Lets each of these call the cloud in this order, until all are done. */
    static Played play(SimulatedCloud cloud, List<Runnable> works, TurnOrder order) {
        List<String> trace = new ArrayList<>();
        SortedSet<Integer> failed = new TreeSet<>();
        try (TurnTaker turns = new TurnTaker(cloud, Latency.NONE, order)) {
            cloud.watch((action, region) -> {
                turns.before(action, region);
                turns.current()
                        .ifPresent(caller -> trace.add(caller + ": " + action + " in " + region));
            });
            for (Runnable work : works) {
                turns.start(() -> {
                    try {
                        work.run();
                    } catch (RuntimeException thrown) {
                        failed.add(turns.current().orElseThrow());
                    }
                });
            }
            turns.run();
        } finally {
            cloud.watch((action, region) -> {});
        }
        return new Played(List.copyOf(trace), List.copyOf(failed));
    }
}
