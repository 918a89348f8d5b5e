package dev.amikeeper.retention;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.Application;
import dev.amikeeper.ShortContext;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.CallWatch;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.TurnTaker;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Prunes in virtual time, where calls take their time side by side.
 *
 * @param application the pruner's objects, made anew for each run
 * @param watched shows every call from now on to a watch
 */
record TimedPrune(
        TestDeployment given, Supplier<Application> application, Consumer<CallWatch> watched) {
    /** The function's time. */
    static final Duration RUN = Duration.ofMinutes(15);

    private static final Set<String> OF_THE_TABLE =
            Set.of("GetItem", "PutItem", "Query", "BatchGetItem", "TransactWriteItems");

    private static final Set<String> PACED =
            Set.of("DeregisterImage", "DescribeImageAttribute", "DescribeImageReferences");

    /**
     * How a run went in virtual time.
     *
     * @param first when the first image went
     * @param calls those of the simulated cloud that have a pace; a throttled one counts again when
     *     it is repeated
     */
    record Pruned(PruneReport report, Duration took, Duration first, Map<String, Integer> calls) {}

    /**
     * Calls the function, which removes something.
     *
     * @param change how many milliseconds a call takes that changes something
     * @param read the same of a read; a call to the table takes ten
     */
    Pruned prune(Map<String, Object> event, int change, int read) {
        SimulatedCloud cloud = given.cloud;
        Instant begin = cloud.now();
        List<Instant> first = new ArrayList<>();
        List<PruneReport> reports = new ArrayList<>();
        Map<String, Integer> before = Map.copyOf(cloud.calls());
        Context context =
                ShortContext.of(
                        given.context("PruneFunction"),
                        () -> (int) RUN.minus(Duration.between(begin, cloud.now())).toMillis());
        try (TurnTaker turns =
                new TurnTaker(
                        cloud,
                        (action, _) -> Duration.ofMillis(latency(action, change, read)),
                        TurnTaker.TurnOrder.FIRST_COME)) {
            given.sideBySide(new SideBySide(8, turns), turns::pause);
            watched.accept(
                    new CallWatch() {
                        @Override
                        public void before(String action, String region) {
                            if (first.isEmpty() && action.equals("DeregisterImage")) {
                                first.add(cloud.now());
                            }
                            turns.before(action, region);
                        }

                        @Override
                        public void after(String action, String region) {
                            turns.after(action, region);
                        }
                    });
            PruneHandler handler = new PruneHandler(application.get());
            turns.start(() -> reports.add(handler.handleRequest(event, context)));
            turns.run();
        }
        Map<String, Integer> calls = new TreeMap<>(cloud.calls());
        before.forEach((action, count) -> calls.merge(action, -count, Integer::sum));
        calls.keySet().retainAll(PACED);
        return new Pruned(
                reports.getFirst(),
                Duration.between(begin, cloud.now()),
                Duration.between(begin, first.getFirst()),
                calls);
    }

    private static int latency(String action, int change, int read) {
        if (OF_THE_TABLE.contains(action)) {
            return 10;
        }
        return action.startsWith("Describe") ? read : change;
    }
}
