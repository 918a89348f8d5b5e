package dev.amikeeper.local;

import dev.amikeeper.local.Faults.InjectedFault;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Every call to the simulated cloud goes through here: it is counted, throttled, made to fail as
 * told, and executed alone.
 */
public final class Calls {
    /** A sum of fractions that should be a whole token may lack this much. */
    private static final double ROUNDING = 1e-9;

    private final Timeline timeline;
    private final Faults faults;
    private final Map<String, SortedMap<String, Integer>> counts = new HashMap<>();
    private final Map<Action, Level> levels = new HashMap<>();
    private final SortedMap<String, Integer> throttled = new TreeMap<>();
    private volatile CallWatch watch = (action, region) -> {};

    Calls(Timeline timeline, Faults faults) {
        this.timeline = timeline;
        this.faults = faults;
    }

    /** An action of a service in a Region. */
    public record Action(String name, String region) {}

    /** How a service words its errors. */
    public interface Errors {
        AwsServiceException error(String code, int status, String message);

        AwsServiceException throttled();
    }

    /** Shows every call from now on to this watch, instead of the previous one. */
    void watch(CallWatch by) {
        watch = by;
    }

    /** Executes a call, or does to it what the faults say. */
    public <T> T run(Action action, Optional<Bucket> bucket, Errors errors, Supplier<T> work) {
        CallWatch by = watch;
        for (int attempts = 1; ; attempts++) {
            by.before(action.name(), action.region());
            T answer;
            try {
                answer = execute(action, bucket, errors, work);
            } catch (RuntimeException failure) {
                by.after(action.name(), action.region());
                if (by.again(attempts, failure)) {
                    continue;
                }
                throw failure;
            }
            by.after(action.name(), action.region());
            return answer;
        }
    }

    /** Counts a call that is about to be executed, or refuses it. */
    Optional<InjectedFault> enter(Action action, Optional<Bucket> bucket, Errors errors) {
        watch.before(action.name(), action.region());
        return admit(action, bucket, errors);
    }

    private synchronized <T> T execute(
            Action action, Optional<Bucket> bucket, Errors errors, Supplier<T> work) {
        Optional<InjectedFault> fault = admit(action, bucket, errors);
        try {
            return work.get();
        } finally {
            fault.ifPresent(met -> leave(met, action));
        }
    }

    private synchronized Optional<InjectedFault> admit(
            Action action, Optional<Bucket> bucket, Errors errors) {
        if (!faults.reaches(action.region(), timeline.instant())) {
            throw SdkClientException.create("Unable to execute HTTP request: connect timed out");
        }
        counts.computeIfAbsent(action.region(), _ -> new TreeMap<>())
                .merge(action.name(), 1, Integer::sum);
        Optional<InjectedFault> fault = faults.meets(action.name(), action.region());
        fault.ifPresent(met -> refuse(met, action, errors));
        if (bucket.isPresent() && !takeToken(action, bucket.get())) {
            throttled.merge(action.name(), 1, Integer::sum);
            throw errors.throttled();
        }
        return fault;
    }

    /** After a call was executed, keeps its answer from the caller if the fault says so. */
    static void leave(InjectedFault fault, Action action) {
        switch (fault) {
            case InjectedFault.LostReply() ->
                    throw SdkClientException.create(
                            "Unable to execute HTTP request: the connection was closed");
            case InjectedFault.KilledAfter() -> throw new CallerKilled("after " + action.name());
            case InjectedFault.KilledBefore(),
                    InjectedFault.Throttled(),
                    InjectedFault.RefusedCall(_, _) -> {}
        }
    }

    /** Does or reads something while no call is being executed. */
    public synchronized <T> T alone(Supplier<T> work) {
        return work.get();
    }

    synchronized SortedMap<String, Integer> counts(String region) {
        return new TreeMap<>(counts.getOrDefault(region, new TreeMap<>()));
    }

    synchronized SortedMap<String, Integer> counts() {
        SortedMap<String, Integer> sums = new TreeMap<>();
        counts.values()
                .forEach(byAction -> byAction.forEach((k, n) -> sums.merge(k, n, Integer::sum)));
        return sums;
    }

    /** How many calls of each action found their bucket empty. */
    synchronized SortedMap<String, Integer> throttled() {
        return new TreeMap<>(throttled);
    }

    private static void refuse(InjectedFault fault, Action action, Errors errors) {
        switch (fault) {
            case InjectedFault.KilledBefore() -> throw new CallerKilled("before " + action.name());
            case InjectedFault.Throttled() -> throw errors.throttled();
            case InjectedFault.RefusedCall(String code, int status) ->
                    throw errors.error(code, status, "Refused as told: " + action.name());
            case InjectedFault.LostReply(), InjectedFault.KilledAfter() -> {}
        }
    }

    private boolean takeToken(Action action, Bucket bucket) {
        Instant now = timeline.instant();
        Level before = levels.getOrDefault(action, new Level(bucket.size(), now));
        double seconds = Duration.between(before.at(), now).toNanos() / 1e9;
        double tokens = Math.min(bucket.size(), before.tokens() + seconds * bucket.refill());
        boolean enough = tokens >= 1 - ROUNDING;
        levels.put(action, new Level(enough ? tokens - 1 : tokens, now));
        return enough;
    }

    private record Level(double tokens, Instant at) {}
}
