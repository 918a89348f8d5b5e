package dev.amikeeper.simulation;

import dev.amikeeper.Application;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.local.CallWatch;
import dev.amikeeper.local.LambdaPlatform;
import dev.amikeeper.local.LocalDeployment.UndeliveredEvent;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.TurnTaker;
import dev.amikeeper.local.TurnTaker.TurnOrder;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Functions run while others do, each in an environment of its own and with eight calls at a time,
 * and calls take time. Whoever can go on does so in an order that the seed decides.
 */
final class AllAtOnce implements Stage {
    /**
     * How long a call takes on average, in milliseconds; one of these in each play. Where EC2
     * throttles it is the first one, because slow calls never empty a bucket.
     */
    private static final List<Integer> LATENCIES = List.of(60, 300, 1000);

    private static final LambdaPlatform.Setup SETUP =
            new LambdaPlatform.Setup(Duration.ofSeconds(2), 1000, 3, 2);

    /**
     * From the last look at an image to its removal: the rest of the read, a write, perhaps a
     * protection that is lifted, each of twice the usual time at most, and a fault's repetition.
     */
    private static final int CALLS_IN_A_GLANCE = 12;

    /** Told of a call of a function right after it was executed. */
    interface Listener {
        void called(String function, String action);
    }

    private final Duration glance;
    private final TurnTaker turns;
    private final LambdaPlatform platform;
    private Application application;

    /**
     * Deploys into this cloud.
     *
     * @param looking whether somebody else calls, whose calls take neither turns nor time
     */
    AllAtOnce(
            SimulatedCloud cloud,
            History history,
            Policies policies,
            BooleanSupplier looking,
            Listener listener) {
        long seed = history.seed();
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        int drawn = random.nextInt(LATENCIES.size());
        int usual = LATENCIES.get(history.conditions().throttling() ? 0 : drawn);
        glance = Duration.ofMillis((long) CALLS_IN_A_GLANCE * usual);
        turns =
                new TurnTaker(
                        cloud,
                        (_, _) -> Duration.ofMillis(usual / 2 + random.nextInt(usual)),
                        random.nextBoolean() ? TurnOrder.random(seed) : TurnOrder.uneven(seed));
        platform = new LambdaPlatform(cloud, turns, Simulation.HOME, policies, SETUP);
        platform.withoutSchedules();
        cloud.watch(watch(looking, random.nextBoolean(), listener));
        application = platform.application();
    }

    /**
     * What the calls of functions are shown to.
     *
     * @param repeating whether the SDK repeats calls. Where it does not, functions meet more errors
     *     and lost replies.
     */
    private CallWatch watch(BooleanSupplier looking, boolean repeating, Listener listener) {
        return new CallWatch() {
            @Override
            public void before(String action, String region) {
                if (!looking.getAsBoolean()) {
                    platform.before(action, region);
                }
            }

            @Override
            public void after(String action, String region) {
                if (!looking.getAsBoolean()) {
                    platform.caller().ifPresent(function -> listener.called(function, action));
                    platform.after(action, region);
                }
            }

            @Override
            public boolean again(int attempts, RuntimeException failure) {
                return repeating && !looking.getAsBoolean() && platform.again(attempts, failure);
            }
        };
    }

    @Override
    public Application application() {
        return application;
    }

    @Override
    public void deploy(Policies policies) {
        platform.deploy(policies);
        application = platform.application();
    }

    @Override
    public void runUntil(Instant end) {
        platform.runUntil(end);
    }

    @Override
    public void call(String schedule, Instant at, Consumer<Boolean> then) {
        platform.call(schedule, at, then);
    }

    @Override
    public void order(String id, OrderKind kind, Instant at, Map<String, Object> detail) {
        platform.order(id, kind, at, detail);
    }

    @Override
    public Duration glance() {
        return glance;
    }

    @Override
    public List<UndeliveredEvent> deadLetters() {
        return platform.deadLetters();
    }

    @Override
    public Map<String, Integer> metrics() {
        return platform.metrics();
    }

    @Override
    public void close() {
        turns.close();
    }
}
