package dev.amikeeper;

import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.CallerKilled;
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
     * @param trace every call with the number of its caller, or of its caller's worker, in order
     * @param failed those callers who ended with an exception or were killed, for whom the platform
     *     would call again
     */
    record Played(List<String> trace, List<Integer> failed) {}

    private Turns() {}

    /**
     * Lets each of these call the cloud in this order, until all are done.
     *
     * @param abreast how many workers a caller has
     */
    static Played play(TestDeployment given, List<Runnable> works, int abreast, TurnOrder order) {
        List<String> trace = new ArrayList<>();
        SortedSet<Integer> failed = new TreeSet<>();
        try (TurnTaker turns = new TurnTaker(given.cloud, Latency.NONE, order)) {
            given.sideBySide(new SideBySide(abreast, turns), turns::pause);
            given.cloud.watch((action, region) -> {
                turns.before(action, region);
                turns.current()
                        .ifPresent(caller -> trace.add(caller + ": " + action + " in " + region));
            });
            for (Runnable work : works) {
                turns.start(() -> {
                    try {
                        work.run();
                    } catch (RuntimeException | CallerKilled thrown) {
                        failed.add(turns.current().orElseThrow());
                    }
                });
            }
            turns.run();
        } finally {
            given.cloud.watch((action, region) -> {});
            given.sideBySide(SideBySide.ONE_BY_ONE, given.cloud::advance);
        }
        return new Played(List.copyOf(trace), List.copyOf(failed));
    }
}
