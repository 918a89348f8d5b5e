package dev.amikeeper.bench;

import dev.amikeeper.local.CallWatch;
import dev.amikeeper.local.LambdaPlatform;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.CapacityUnits;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;

/** Records which function makes which calls, when, and for how many units of the table. */
final class CallRecorder implements CallWatch {
    /** Calls of an action in a Region. */
    record Made(int calls, Instant first, Instant last) {
        Made and(Made more) {
            return new Made(calls + more.calls, first, more.last);
        }
    }

    /** Read and write units of the table. */
    record Units(double read, double write) {
        static final Units NONE = new Units(0, 0);

        Units plus(Units more) {
            return new Units(read + more.read, write + more.write);
        }
    }

    private final SimulatedCloud cloud;
    private final LambdaPlatform platform;
    private final MemoryDynamoDb table;
    private final SortedMap<String, SortedMap<String, Made>> byRegion = new TreeMap<>();
    private final SortedMap<String, SortedMap<String, Integer>> byFunction = new TreeMap<>();
    private final SortedMap<String, Units> units = new TreeMap<>();
    private CapacityUnits before;

    CallRecorder(SimulatedCloud cloud, LambdaPlatform platform, MemoryDynamoDb table) {
        this.cloud = cloud;
        this.platform = platform;
        this.table = table;
        before = table.units();
    }

    /** Forgets what it has recorded. */
    void clear() {
        byRegion.clear();
        byFunction.clear();
        units.clear();
    }

    @Override
    public void before(String action, String region) {
        platform.before(action, region);
        // The call is executed next, before anybody else has a turn.
        Instant now = cloud.now();
        byRegion.computeIfAbsent(region, _ -> new TreeMap<>())
                .merge(action, new Made(1, now, now), Made::and);
        byFunction.computeIfAbsent(caller(), _ -> new TreeMap<>()).merge(action, 1, Integer::sum);
        if (BenchLatency.isTable(action)) {
            before = table.units();
        }
    }

    @Override
    public void after(String action, String region) {
        if (BenchLatency.isTable(action)) {
            CapacityUnits used = table.units().since(before);
            units.merge(caller(), new Units(used.read(), used.write()), Units::plus);
        }
        platform.after(action, region);
    }

    @Override
    public boolean again(int attempts, RuntimeException failure) {
        return platform.again(attempts, failure);
    }

    private String caller() {
        return platform.caller().orElse("Lambda");
    }

    /** By Region and action. */
    SortedMap<String, SortedMap<String, Made>> byRegion() {
        return byRegion;
    }

    /** By function and action; what no function calls is Lambda's own. */
    SortedMap<String, SortedMap<String, Integer>> byFunction() {
        return byFunction;
    }

    /** By function. */
    SortedMap<String, Units> units() {
        return units;
    }
}
