package dev.amikeeper.demo;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.CloudSettings.Attempt;
import dev.amikeeper.local.CloudSettings.LaunchAttempt;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;

/** What EC2 does wrong during the demo: calls, copies, and the launches of drills fail. */
final class DemoTroubles {
    /** How long EC2 has no capacity for a drill. A drill waits longer than this. */
    private static final Duration NO_CAPACITY = Duration.ofMinutes(15);

    private final SimulatedCloud cloud;
    private final Policies policies;
    private final DemoFleet fleet;
    private final Random random;
    private final BiConsumer<String, DemoStory.StoryOutcome> tell;
    private final Instant start;
    private final Map<Attempt, Integer> toFail = new HashMap<>();
    private final List<Integer> failuresToCome = new ArrayList<>();
    private final Set<LaunchAttempt> unbootable = new HashSet<>();
    private int bootsToFail;
    private int capacitiesToLack;
    private Instant capacityFrom = Instant.MIN;
    private int failedCopies;

    /**
     * No trouble is planned yet.
     *
     * @param tell is told of each trouble, with a way to find out at the end what came of it
     */
    DemoTroubles(
            SimulatedCloud cloud,
            Policies policies,
            DemoFleet fleet,
            Random random,
            BiConsumer<String, DemoStory.StoryOutcome> tell) {
        this.cloud = cloud;
        this.policies = policies;
        this.fleet = fleet;
        this.random = random;
        this.tell = tell;
        start = cloud.now();
        cloud.settings()
                .failing(this::fails)
                .lacksCapacity(this::lacksCapacity)
                .failsToBoot(this::failsToBoot);
    }

    /** How many copies EC2 failed to make. */
    int failedCopies() {
        return failedCopies;
    }

    /** Makes the next copy fail this many times. */
    void failCopy(int times) {
        failuresToCome.add(times);
    }

    /** Makes the next drill fail to boot. */
    void failBoot() {
        bootsToFail++;
    }

    /** Leaves the next drill without capacity for a while. */
    void lackCapacity() {
        capacitiesToLack++;
    }

    /** Throttles one call and loses the replies of two others. */
    void troubleCalls() {
        int nth = 1 + random.nextInt(2);
        cloud.faults().calls("CreateImage").in(DemoFleet.HOME.name()).nth(nth).throttle();
        cloud.faults().calls("CreateImage").in(DemoFleet.SECOND_HOME.name()).loseReply();
        cloud.faults().calls("CopyImage").nth(1 + random.nextInt(5)).loseReply();
        tell.accept(
                "EC2 throttles a call, loses two replies",
                history ->
                        history.strays().isEmpty()
                                ? "called again, nothing made twice"
                                : "made in vain: " + history.strays());
    }

    /** EC2 asks this when an image or copy is finished. The next copy is the one that fails. */
    private boolean fails(Attempt attempt) {
        if (!attempt.copy()) {
            return false;
        }
        Attempt copy = new Attempt(attempt.region(), attempt.name(), true, 1);
        if (!toFail.containsKey(copy) && attempt.number() == 1 && !failuresToCome.isEmpty()) {
            begin(copy, failuresToCome.removeFirst());
        }
        boolean fails = attempt.number() <= toFail.getOrDefault(copy, 0);
        if (fails) {
            failedCopies++;
        }
        return fails;
    }

    private void begin(Attempt copy, int times) {
        toFail.put(copy, times);
        ImageName name = ImageName.parse(copy.name()).orElseThrow();
        String who = fleet.name(name.instance());
        tell.accept(
                "a copy of %s to %s fails%s"
                        .formatted(
                                who, copy.region(), times > 1 ? " %d times".formatted(times) : ""),
                history ->
                        history.find(new Region(copy.region()), name)
                                .map(DemoTroubles::afterFailure)
                                .orElse(""));
    }

    private static String afterFailure(ImageHistory.HistoryEntry entry) {
        return switch (entry.fate()) {
            case THERE, REMOVED -> "made at try " + entry.image().attempt();
            case UNDER_WAY -> "waits for try " + entry.image().attempt();
            case GIVEN_UP -> "given up after try " + entry.image().attempt() + ", announced";
        };
    }

    /** EC2 asks this at a launch. The next drill is the one that lacks capacity. */
    private boolean lacksCapacity(LaunchAttempt launch) {
        if (!isDrill(launch)) {
            return false;
        }
        if (capacitiesToLack > 0) {
            capacitiesToLack--;
            capacityFrom = cloud.now();
            InstanceId of = new InstanceId(launch.source().orElseThrow());
            Instant when = cloud.now();
            tell.accept(
                    "EC2 has no capacity for a drill of " + fleet.name(of),
                    history -> drill(of, when, history).map(DemoTroubles::waited).orElse(""));
        }
        return cloud.now().isBefore(capacityFrom.plus(NO_CAPACITY));
    }

    private static String waited(Restore drill) {
        return drill.took()
                .map(took -> "waits, and passes after " + DemoSummaryText.minutes(took))
                .orElseGet(() -> "failed: " + drill.note());
    }

    /** EC2 asks this when an instance's checks end. The next drill is the one that fails. */
    private boolean failsToBoot(LaunchAttempt launch) {
        if (bootsToFail > 0 && isDrill(launch)) {
            bootsToFail--;
            unbootable.add(launch);
            InstanceId of = new InstanceId(launch.source().orElseThrow());
            Instant when = cloud.now();
            tell.accept(
                    "a drill of " + fleet.name(of) + " does not boot",
                    history -> afterDrill(of, when, history));
        }
        return unbootable.contains(launch);
    }

    private String afterDrill(InstanceId of, Instant when, ImageHistory history) {
        boolean failed = drill(of, when, history).filter(DemoTroubles::fails).isPresent();
        return history.restores(Restore.RestoreKind.DRILL, of).stream()
                .filter(it -> it.asked().isAfter(when))
                .filter(it -> it.outcome() == Restore.Outcome.PASSED)
                .findFirst()
                .map(next -> "announced; passes on day " + DemoStory.day(start, next.asked()))
                .orElse(failed ? "announced; not drilled again yet" : "passes later");
    }

    /** One that is still under way does not boot, so it is about to fail. */
    private static boolean fails(Restore drill) {
        return switch (drill.outcome()) {
            case PASSED -> false;
            case FAILED, UNDER_WAY -> true;
        };
    }

    /** The drill of an instance that was under way at this time. */
    private static Optional<Restore> drill(InstanceId of, Instant when, ImageHistory history) {
        return history.restores(Restore.RestoreKind.DRILL, of).stream()
                .filter(it -> !it.asked().isAfter(when))
                .reduce((_, last) -> last);
    }

    private boolean isDrill(LaunchAttempt launch) {
        return launch.source().isPresent()
                && policies.all().stream()
                        .flatMap(policy -> policy.drill().stream())
                        .anyMatch(drill -> drill.region().name().equals(launch.region()));
    }
}
