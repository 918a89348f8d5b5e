package dev.amikeeper.local;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What goes wrong in the simulated cloud, and when. Calls and events are counted from the moment a
 * fault is set: {@code calls("CreateImage").in("us-east-1").nth(2).times(3).throttle()} throttles
 * the second to fourth CreateImage there from now on.
 */
public final class Faults {
    private static final String ANY = "*";
    private static final int MILLION = 1_000_000;

    private final Ids ids;
    private final List<Rule<InjectedFault>> callRules = new ArrayList<>();
    private final List<Rule<Change>> eventRules = new ArrayList<>();
    private final Map<String, Instant> unreachable = new HashMap<>();
    private final SortedMap<String, Integer> struck = new TreeMap<>();
    private double refusedShare;
    private double lostShare;
    private Predicate<String> atRandom = _ -> false;
    private boolean suspended;

    Faults(Ids ids) {
        this.ids = ids;
    }

    /** A fault of calls of this action, as {@code CopyImage}, of any service. */
    public CallMatcher calls(String action) {
        return new CallMatcher(Selection.of(action));
    }

    /** A fault of every call of every service. */
    public CallMatcher calls() {
        return calls(ANY);
    }

    /** A fault of events with this {@code detail-type}. */
    public EventMatcher events(String detailType) {
        return new EventMatcher(Selection.of(detailType));
    }

    /** A fault of every event. */
    public EventMatcher events() {
        return events(ANY);
    }

    /** Makes a Region unreachable until then. */
    public synchronized void unreachable(String region, Instant until) {
        unreachable.put(region, until);
    }

    /**
     * Refuses a share of all calls of these actions with 503, and loses the replies to another
     * share, from now on and at random.
     */
    public synchronized void atRandom(Predicate<String> actions, double refused, double lost) {
        atRandom = actions;
        refusedShare = refused;
        lostShare = lost;
    }

    /** Forgets every fault. */
    public synchronized void clear() {
        callRules.clear();
        eventRules.clear();
        unreachable.clear();
        atRandom(_ -> false, 0, 0);
    }

    /** Does something while every call succeeds and no fault counts calls. */
    public synchronized <T> T without(Supplier<T> work) {
        boolean before = suspended;
        suspended = true;
        try {
            return work.get();
        } finally {
            suspended = before;
        }
    }

    /** How often each kind of fault has struck so far, as {@code reply lost}. */
    public synchronized SortedMap<String, Integer> struck() {
        return new TreeMap<>(struck);
    }

    synchronized boolean reaches(String region, Instant now) {
        Instant until = unreachable.get(region);
        boolean reached = suspended || until == null || !now.isBefore(until);
        if (!reached) {
            struck.merge("Region unreachable", 1, Integer::sum);
        }
        return reached;
    }

    /**
     * The fault that strikes this call. Every fault set for the call counts it; the first one
     * strikes.
     */
    synchronized Optional<InjectedFault> meets(String action, String region) {
        if (suspended) {
            return Optional.empty();
        }
        Optional<InjectedFault> met =
                strikes(callRules, action, region).stream().findFirst().or(() -> atRandom(action));
        met.ifPresent(fault -> struck.merge(kind(fault), 1, Integer::sum));
        return met;
    }

    private Optional<InjectedFault> atRandom(String action) {
        if (!atRandom.test(action)) {
            return Optional.empty();
        }
        double drawn = ids.below(MILLION) / (double) MILLION;
        if (drawn < refusedShare) {
            return Optional.of(new InjectedFault.RefusedCall("Unavailable", 503));
        }
        return drawn < refusedShare + lostShare
                ? Optional.of(new InjectedFault.LostReply())
                : Optional.empty();
    }

    /** The delays of an event's deliveries; empty if the event is lost. */
    synchronized List<Duration> deliveries(String detailType, String region) {
        List<Duration> deliveries = List.of(Duration.ZERO);
        for (Change change : strikes(eventRules, detailType, region)) {
            deliveries = change.of().apply(deliveries);
            struck.merge(change.kind(), 1, Integer::sum);
        }
        return deliveries;
    }

    private static String kind(InjectedFault fault) {
        return switch (fault) {
            case InjectedFault.RefusedCall(String code, _) -> code;
            case InjectedFault.Throttled() -> "throttled";
            case InjectedFault.LostReply() -> "reply lost";
            case InjectedFault.KilledBefore() -> "killed before a call";
            case InjectedFault.KilledAfter() -> "killed after a call";
        };
    }

    private static <F> List<F> strikes(List<Rule<F>> rules, String what, String region) {
        return rules.stream()
                .filter(rule -> rule.strikes(what, region))
                .map(rule -> rule.fault)
                .toList();
    }

    private synchronized void set(Selection selection, InjectedFault fault) {
        callRules.add(new Rule<>(selection, fault));
    }

    private synchronized void set(
            Selection selection, String kind, UnaryOperator<List<Duration>> change) {
        eventRules.add(new Rule<>(selection, new Change(kind, change)));
    }

    /** How an event's deliveries change. */
    private record Change(String kind, UnaryOperator<List<Duration>> of) {}

    /** What happens to a call. */
    sealed interface InjectedFault {
        /** Not executed, but answered with this error. */
        record RefusedCall(String code, int status) implements InjectedFault {}

        /** Not executed, but throttled with the service's own error. */
        record Throttled() implements InjectedFault {}

        /** Executed, but the reply is lost. */
        record LostReply() implements InjectedFault {}

        /** The caller is killed just before the call. */
        record KilledBefore() implements InjectedFault {}

        /** The caller is killed just after the call. */
        record KilledAfter() implements InjectedFault {}
    }

    /** The calls that a fault strikes; each of the last methods sets the fault. */
    public final class CallMatcher {
        private final Selection selection;

        private CallMatcher(Selection selection) {
            this.selection = selection;
        }

        /** Strikes only in this Region. */
        public CallMatcher in(String region) {
            return new CallMatcher(selection.in(region));
        }

        /** Strikes from the n-th call on; by default from the first. */
        public CallMatcher nth(int n) {
            return new CallMatcher(selection.nth(n));
        }

        /** Strikes this many calls in a row; one by default. */
        public CallMatcher times(int n) {
            return new CallMatcher(selection.times(n));
        }

        /**
         * Answers RequestLimitExceeded, or the service's own error for it, and executes nothing.
         */
        public void throttle() {
            set(selection, new InjectedFault.Throttled());
        }

        /** Answers this error, and executes nothing. */
        public void error(String code, int status) {
            set(selection, new InjectedFault.RefusedCall(code, status));
        }

        /** Answers UnauthorizedOperation, and executes nothing. */
        public void deny() {
            error("UnauthorizedOperation", 403);
        }

        /** Answers an internal error, 500, and executes nothing. */
        public void internalError() {
            error("InternalError", 500);
        }

        /**
         * Answers what DynamoDB answers when two transactions conflict, and executes nothing. Only
         * for {@code TransactWriteItems}.
         */
        public void conflict() {
            error("TransactionConflict", 400);
        }

        /** Executes the call, but the caller gets an SdkClientException. */
        public void loseReply() {
            set(selection, new InjectedFault.LostReply());
        }

        /** Throws {@link CallerKilled}, and executes nothing. */
        public void killBefore() {
            set(selection, new InjectedFault.KilledBefore());
        }

        /** Executes the call, then throws {@link CallerKilled}. */
        public void killAfter() {
            set(selection, new InjectedFault.KilledAfter());
        }
    }

    /**
     * The events that a fault strikes; each of the last methods sets the fault. Several faults of
     * one event add up.
     */
    public final class EventMatcher {
        private final Selection selection;

        private EventMatcher(Selection selection) {
            this.selection = selection;
        }

        /** Strikes only in this Region. */
        public EventMatcher in(String region) {
            return new EventMatcher(selection.in(region));
        }

        /** Strikes from the n-th event on; by default from the first. */
        public EventMatcher nth(int n) {
            return new EventMatcher(selection.nth(n));
        }

        /** Strikes this many events in a row; one by default. */
        public EventMatcher times(int n) {
            return new EventMatcher(selection.times(n));
        }

        /** Never delivers the event. */
        public void lose() {
            set(selection, "event lost", _ -> List.of());
        }

        /** Delivers the event this much later. */
        public void delay(Duration by) {
            set(selection, "event late", deliveries -> deliveries.stream().map(by::plus).toList());
        }

        /** Delivers the event once more, this much later. */
        public void again(Duration later) {
            set(
                    selection,
                    "event again",
                    deliveries ->
                            Stream.concat(deliveries.stream(), deliveries.stream().map(later::plus))
                                    .toList());
        }

        /** Delivers the event this many more times. */
        public void repeat(int more) {
            set(
                    selection,
                    "event repeated",
                    deliveries ->
                            Collections.nCopies(more + 1, deliveries).stream()
                                    .flatMap(List::stream)
                                    .toList());
        }

        /** Delivers events at random moments within this time, so that they overtake each other. */
        public void reorder(Duration within) {
            set(
                    selection,
                    "events out of order",
                    deliveries ->
                            deliveries.stream()
                                    .map(wait -> wait.plusMillis(ids.below(within.toMillis())))
                                    .toList());
        }
    }

    private record Selection(String what, Optional<String> region, int first, int count) {
        static Selection of(String what) {
            return new Selection(what, Optional.empty(), 1, 1);
        }

        Selection in(String only) {
            return new Selection(what, Optional.of(only), first, count);
        }

        Selection nth(int n) {
            return new Selection(what, region, n, count);
        }

        Selection times(int n) {
            return new Selection(what, region, first, n);
        }

        boolean covers(String name, String where) {
            return (what.equals(ANY) || what.equals(name))
                    && region.map(where::equals).orElse(true);
        }
    }

    private static final class Rule<F> {
        private final Selection selection;
        private final F fault;
        private int seen;

        Rule(Selection selection, F fault) {
            this.selection = selection;
            this.fault = fault;
        }

        boolean strikes(String name, String region) {
            if (!selection.covers(name, region)) {
                return false;
            }
            seen++;
            return selection.first() <= seen && seen - selection.first() < selection.count();
        }
    }
}
