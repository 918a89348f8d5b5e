package dev.amikeeper.simulation;

import dev.amikeeper.local.CloudSettings;
import dev.amikeeper.local.Faults;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.simulation.Happening.CommandFault;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The faults of a play: starts them in the cloud, and ends those that last only for a while. */
final class Mishaps {
    private static final int COPY_QUOTA = 300;

    private final SimulatedCloud cloud;
    private final Faults faults;
    private final int hiddenCalls;
    private final Map<String, Integer> left = new HashMap<>();
    private final SortedMap<String, Integer> others = new TreeMap<>();
    private Instant silentUntil = Instant.MIN;
    private Instant doubleUntil = Instant.MIN;
    private Instant quotaUntil = Instant.MAX;
    private Instant unseenUntil = Instant.MAX;
    private Instant keyUntil = Instant.MAX;

    Mishaps(SimulatedCloud cloud, History.Conditions conditions) {
        this.cloud = cloud;
        faults = cloud.faults();
        hiddenCalls = conditions.hiddenCalls();
        cloud.settings()
                .imageTime(conditions.imageTime())
                .copyTime(conditions.copyTime())
                .hiddenCalls(hiddenCalls)
                .throttling(conditions.throttling())
                .clocks(conditions.ec2Clock(), conditions.eventClock(), conditions.functionClock())
                .failing(it ->
                        strikes(
                                it.region() + it.copy(),
                                it.copy() ? "copy failed" : "image failed"))
                .lacksCapacity(launch -> isHindered(launch, Happening.LaunchFault.NO_CAPACITY))
                .failsToLaunch(launch -> isHindered(launch, Happening.LaunchFault.NOT_LAUNCHED))
                .failsToBoot(launch -> isHindered(launch, Happening.LaunchFault.NOT_BOOTED))
                .failingCommands((document, _) -> goesWrong(document, CommandFault.FAILS))
                .hangingCommands((document, _) -> goesWrong(document, CommandFault.HANGS));
    }

    /** Whether the scheduler is silent. */
    boolean isSilent(Instant at) {
        return at.isBefore(silentUntil);
    }

    /** How many times the scheduler makes each call. */
    int calls(Instant at) {
        return at.isBefore(doubleUntil) ? 2 : 1;
    }

    /** Counts a fault that the cloud itself does not count. */
    void count(String kind) {
        others.merge(kind, 1, Integer::sum);
    }

    /** How often each kind of fault struck. */
    SortedMap<String, Integer> struck() {
        SortedMap<String, Integer> struck = faults.struck();
        others.forEach((kind, count) -> struck.merge(kind, count, Integer::sum));
        return struck;
    }

    /** How many calls and events met a fault. */
    int inCloud() {
        return faults.struck().values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Ends all faults. */
    void end() {
        faults.clear();
        left.clear();
        quotaUntil = Instant.MIN;
        keyUntil = Instant.MIN;
        unseenUntil = Instant.MIN;
        silentUntil = Instant.MIN;
        doubleUntil = Instant.MIN;
        mend();
        cloud.settings().throttling(false);
    }

    /** Ends the faults whose time is over. */
    void mend() {
        if (!cloud.now().isBefore(quotaUntil)) {
            cloud.settings().copyQuota(COPY_QUOTA);
            quotaUntil = Instant.MAX;
        }
        if (!cloud.now().isBefore(keyUntil)) {
            cloud.settings().goodKey(PolicyModel.KEY);
            keyUntil = Instant.MAX;
        }
        if (!cloud.now().isBefore(unseenUntil)) {
            cloud.settings().hiddenCalls(hiddenCalls);
            unseenUntil = Instant.MAX;
        }
    }

    void befall(Happening.Mishap trouble) {
        Instant now = cloud.now();
        switch (trouble) {
            case Happening.FailingCalls(var action, var fault, int nth, int times) -> {
                Faults.CallMatcher calls = faults.calls(action).nth(nth).times(times);
                switch (fault) {
                    case THROTTLED -> calls.throttle();
                    case INTERNAL_ERROR -> calls.internalError();
                    case REPLY_LOST -> calls.loseReply();
                    case KILLED_BEFORE -> calls.killBefore();
                    case KILLED_AFTER -> calls.killAfter();
                    case CONFLICT -> calls.conflict();
                }
            }
            case Happening.Events(var type, var fault, int nth, int times, Duration by) -> {
                Faults.EventMatcher events = faults.events(type).nth(nth).times(times);
                switch (fault) {
                    case LOST -> events.lose();
                    case REPEATED -> events.repeat(1);
                    case LATE -> events.delay(by);
                    case AGAIN -> events.again(by);
                    case OUT_OF_ORDER -> events.reorder(by);
                }
            }
            case Happening.Down(String region, Duration span) ->
                    faults.unreachable(region, now.plus(span));
            case Happening.Failing(String region, boolean copies, int times) ->
                    left.merge(region + copies, times, Integer::sum);
            case Happening.FailingLaunches(String region, var fault, int times) ->
                    left.merge(region + fault, times, Integer::sum);
            case Happening.FailingCommands(String document, var fault, int times) ->
                    left.merge(document + fault, times, Integer::sum);
            case Happening.Unseen(int calls, Duration span) -> {
                cloud.settings().hiddenCalls(calls);
                unseenUntil = now.plus(span);
            }
            case Happening.QuotaUsedUp(int places, Duration span) -> {
                cloud.settings().copyQuota(places);
                quotaUntil = now.plus(span);
            }
            case Happening.KeyDisabled(Duration span) -> {
                cloud.settings().badKey(PolicyModel.KEY);
                keyUntil = now.plus(span);
            }
            case Happening.NoTicks(Duration span) -> {
                silentUntil = now.plus(span);
                count("scheduler silent");
            }
            case Happening.DoubleTicks(Duration span) -> doubleUntil = now.plus(span);
        }
    }

    private boolean isHindered(CloudSettings.LaunchAttempt launch, Happening.LaunchFault fault) {
        return strikes(launch.region() + fault, "launch failed");
    }

    private boolean goesWrong(String document, CommandFault fault) {
        return strikes(document + fault, "command " + fault.name().toLowerCase(Locale.ROOT));
    }

    private boolean strikes(String what, String kind) {
        int times = left.getOrDefault(what, 0);
        if (times > 0) {
            left.put(what, times - 1);
            count(kind);
        }
        return times > 0;
    }
}
