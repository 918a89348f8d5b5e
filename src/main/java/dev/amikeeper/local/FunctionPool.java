package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Application;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.lifecycle.SliceReport;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/** The environments of one function, each with objects of its own, and what their calls took. */
final class FunctionPool {
    /** How long Lambda keeps an environment that nobody calls. */
    private static final Duration KEPT = Duration.ofMinutes(10);

    /** An environment, which handles one call at a time. */
    static final class Environment {
        private final Map<String, RequestHandler<Map<String, Object>, ? extends FunctionReport<?>>>
                onEvents;
        private final Map<String, RequestHandler<SQSEvent, SliceReport>> onKicks;
        private final int deployment;
        private Instant usedAt = Instant.MIN;

        private Environment(Application application, int deployment) {
            this.deployment = deployment;
            onEvents = StackFunctions.onEvents(application);
            onKicks = StackFunctions.onKicks(application);
        }

        FunctionReport<?> handle(String function, Map<String, Object> event, Context context) {
            return Objects.requireNonNull(onEvents.get(function), function)
                    .handleRequest(event, context);
        }

        SliceReport handle(String function, SQSEvent kicks, Context context) {
            return Objects.requireNonNull(onKicks.get(function), function)
                    .handleRequest(kicks, context);
        }
    }

    private final String function;
    private final FunctionSize size;
    private final int least;
    private final Supplier<Application> fresh;
    private final Deque<Environment> idle = new ArrayDeque<>();
    private int deployment;
    private int running;
    private int calls;
    private int coldStarts;
    private int failures;
    private int timeouts;
    private long billedMillis;
    private int mostAtOnce;

    /**
     * A pool without environments.
     *
     * @param least how many environments take the calls in turns
     * @param fresh makes the objects of an environment
     */
    FunctionPool(String function, int least, Supplier<Application> fresh) {
        this.function = function;
        this.least = least;
        this.fresh = fresh;
        size = FunctionSize.of(function);
    }

    String function() {
        return function;
    }

    FunctionSize size() {
        return size;
    }

    /** Counts a call that begins. */
    void begin() {
        calls++;
        running++;
        mostAtOnce = Math.max(mostAtOnce, running);
    }

    /**
     * The environment that was used last and waits for a call, or the first of several that take
     * turns; empty if there is none.
     */
    Optional<Environment> warm(Instant now) {
        idle.removeIf(environment -> environment.usedAt.plus(KEPT).isBefore(now));
        if (least == 1) {
            return Optional.ofNullable(idle.pollLast());
        }
        return idle.size() < least ? Optional.empty() : Optional.of(idle.removeFirst());
    }

    /** From now on, other code is deployed, and no environment that has the old one is used. */
    void replace() {
        deployment++;
        idle.clear();
    }

    /** A new environment, after its cold start. */
    Environment cold() {
        coldStarts++;
        return new Environment(fresh.get(), deployment);
    }

    /** Counts a call that ended well; its environment waits for the next one. */
    void end(Environment environment, Instant now, Duration took) {
        if (environment.deployment == deployment) {
            environment.usedAt = now;
            idle.addLast(environment);
        }
        count(took);
    }

    /** Counts a call that failed. Its environment is lost, as if it had been killed. */
    void fail(boolean outOfTime, Duration took) {
        failures++;
        timeouts += outOfTime ? 1 : 0;
        count(took);
    }

    private void count(Duration took) {
        running--;
        billedMillis += Math.ceilDiv(took.toNanos(), 1_000_000L);
    }

    FunctionUse use() {
        return new FunctionUse(
                size.memory(), calls, coldStarts, failures, timeouts, billedMillis, mostAtOnce);
    }
}
