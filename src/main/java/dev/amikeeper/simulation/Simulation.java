package dev.amikeeper.simulation;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.Faults;
import dev.amikeeper.local.RecurringCall;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedSns;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.simulation.History.TimedHappening;

import software.amazon.awssdk.services.ssm.model.CommandInvocation;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Plays a history with the real handlers on the simulated cloud. Each play has its own state, so
 * several can run at once.
 */
public final class Simulation {
    static final Region HOME = new Region(HistoryGenerator.HOME);

    private static final Set<Region> KNOWN = Application.regions(HOME);
    private static final Duration TICK = Duration.ofMinutes(5);
    private static final LocalTime PRUNE_AT = LocalTime.of(4, 30);

    /** After a slot or a step, ticks come every five minutes; at other times they may come late. */
    private static final Duration BUSY = Duration.ofMinutes(30);

    private static final Duration IDLE = Duration.ofHours(2);
    private static final Duration SWEEP = Duration.ofHours(1);
    private static final Duration GO_ON = Duration.ofHours(1);
    private static final Duration DRILL = Duration.ofHours(1);
    private static final int ROUNDS = 60;

    /** So long the functions that are called last may take. */
    private static final Duration LAST = Duration.ofMinutes(5);

    /** An instance of the fleet and its changes. */
    record SimulatedServer(String region, String id, List<InstanceChange> changes) {}

    /** The state of an instance from then on; it is empty once the instance is terminated. */
    record InstanceChange(Instant at, String backup, String state) {}

    /** The policies that were deployed from then on. */
    record DeployedRules(Instant from, List<PolicyModel> rules) {}

    /** Somebody asked for an image with a tag. */
    record Asked(Instant at, SimulatedServer server) {}

    /** Something that people do once these calls were made. */
    private static final class Meeting {
        private final Happening.Meanwhile what;
        private int left;

        private Meeting(Happening.Meanwhile what) {
            this.what = what;
            left = what.nth();
        }

        private boolean isDue(String function, String action) {
            return what.function().equals(function) && what.action().equals(action) && --left == 0;
        }
    }

    private final History history;
    private final SimulatedCloud cloud;
    private final Faults faults;
    private final Witness witness;
    private final People people;
    private final Operators operators;
    private final Mishaps mishaps;
    private final List<RecurringCall> schedules;
    private final List<DeployedRules> versions = new ArrayList<>();
    private final TreeSet<Instant> goodTicks = new TreeSet<>();
    private final Stage stage;
    private final List<Meeting> meetings = new ArrayList<>();
    private boolean looking;
    private Instant busyUntil;

    private Simulation(History history) {
        this.history = history;
        cloud = new SimulatedCloud(history.start(), history.seed());
        faults = cloud.faults();
        witness = new Witness(cloud, (region, id) -> looking(() -> catalog().find(region, id)));
        people = new People(cloud, witness);
        operators = new Operators(cloud, witness);
        mishaps = new Mishaps(cloud, history.conditions());
        cloud.settings().watcher(witness);
        Policies policies = inForce(history.policies());
        stage =
                history.conditions().sideBySide()
                        ? new AllAtOnce(cloud, history, policies, () -> looking, this::meanwhile)
                        : new OneByOne(cloud, witness, policies);
        witness.glance(stage.glance());
        Instant start = history.start();
        busyUntil = start;
        Instant pruneAt = start.truncatedTo(ChronoUnit.DAYS).plus(ofDay(PRUNE_AT));
        // Of calls at the same time, the earlier in this list comes first. Sweeps never fall on
        // a slot, so that what a sweep asks for has time to happen.
        schedules =
                List.of(
                        new RecurringCall(start, this::tickAfter, this::tick),
                        RecurringCall.every(Duration.ofDays(1), pruneAt, this::prune),
                        RecurringCall.every(GO_ON, start.plus(GO_ON), this::goOn),
                        RecurringCall.every(SWEEP, start.plus(Duration.ofMinutes(7)), this::sweep),
                        RecurringCall.every(DRILL, start.plus(Duration.ofMinutes(12)), this::drill),
                        RecurringCall.every(TICK, start, this::restore));
    }

    /** Plays a history to its end, lets everything come to rest, and judges the result. */
    public static PlayResult play(History history) {
        Simulation simulation = new Simulation(history);
        try (Stage _ = simulation.stage) {
            simulation.play();
            simulation.settle();
            return simulation.outcome();
        }
    }

    SimulatedCloud cloud() {
        return cloud;
    }

    Catalog catalog() {
        return stage.application().catalog();
    }

    /** The sums of all reports' counts, as {@code CopyImageFunction.started}. */
    Map<String, Integer> metrics() {
        return stage.metrics();
    }

    /** The messages that people were sent. */
    List<SimulatedSns.Published> published() {
        return cloud.sns(HOME.name()).published();
    }

    People people() {
        return people;
    }

    Operators operators() {
        return operators;
    }

    Witness witness() {
        return witness;
    }

    History history() {
        return history;
    }

    List<DeployedRules> versions() {
        return Collections.unmodifiableList(versions);
    }

    /** Whether a function failed on this event to the last try: then it is where people look. */
    boolean isDeadLetter(String event) {
        return stage.deadLetters().stream().anyMatch(it -> event.equals(it.event().get("id")));
    }

    /** The first tick from then on that no fault struck. */
    Optional<Instant> goodTick(Instant from) {
        return Optional.ofNullable(goodTicks.ceiling(from));
    }

    private static Duration ofDay(LocalTime time) {
        return Duration.ofSeconds(time.toSecondOfDay());
    }

    private PlayResult outcome() {
        witness.lookAround();
        List<Violation> violations = new ArrayList<>(witness.violations());
        violations.addAll(looking(() -> Invariants.violations(this)));
        published().forEach(it -> witness.note(it.message().message()));
        return new PlayResult(violations, witness.made().size(), mishaps.struck(), witness.trace());
    }

    private Policies inForce(List<PolicyModel> rules) {
        versions.add(new DeployedRules(cloud.now(), rules));
        witness.under(rules);
        return Policies.parse(PolicyModel.yaml(rules), "policies.yaml", HOME, KNOWN);
    }

    private void meanwhile(String function, String action) {
        List<Meeting> due = meetings.stream().filter(it -> it.isDue(function, action)).toList();
        meetings.removeAll(due);
        due.forEach(it ->
                looking(() -> {
                    people.play(it.what.deed());
                    return it;
                }));
    }

    /** Looks at something while nothing goes wrong, and while functions stand still. */
    private <T> T looking(Supplier<T> look) {
        boolean before = looking;
        looking = true;
        try {
            return faults.without(look);
        } finally {
            looking = before;
        }
    }

    private void play() {
        Instant end = history.start().plus(Duration.ofDays(history.days()));
        for (TimedHappening step : history.steps()) {
            Instant at = history.start().plus(step.at());
            runUntil(at);
            busyUntil = at.plus(BUSY);
            happen(step.what());
        }
        runUntil(end);
    }

    /** Plays schedules, events and queues until then. */
    private void runUntil(Instant end) {
        while (true) {
            RecurringCall next = schedules.stream().min(RecurringCall.BY_TIME).orElseThrow();
            boolean isOver = next.at().isAfter(end);
            stage.runUntil(isOver ? end : next.at());
            mishaps.mend();
            people.tidyUp();
            if (isOver) {
                return;
            }
            next.call();
        }
    }

    /** Skips idle times: a tick that finds nothing due is like one that is lost. */
    private Instant tickAfter(Instant last) {
        Instant idle = last.plus(IDLE);
        for (Instant at = last.plus(TICK); at.isBefore(idle); at = at.plus(TICK)) {
            Instant from = at.minus(TICK);
            Instant until = at;
            List<PolicyModel> due =
                    versions.getLast().rules().stream()
                            .filter(rules -> !rules.slots(from, until).isEmpty())
                            .toList();
            for (PolicyModel rules : due) {
                Instant end = at.plus(BUSY).plus(Duration.ofHours(rules.spread()));
                busyUntil = end.isAfter(busyUntil) ? end : busyUntil;
            }
            if (!due.isEmpty() || at.isBefore(busyUntil)) {
                return at;
            }
        }
        return idle;
    }

    private void tick(Instant at) {
        if (mishaps.isSilent(at)) {
            return;
        }
        int before = mishaps.inCloud();
        stage.call(
                "Tick",
                at,
                well -> {
                    if (well && mishaps.inCloud() == before) {
                        goodTicks.add(at);
                    }
                });
        if (mishaps.calls(at) > 1) {
            mishaps.count("double tick");
            stage.call("Tick", at, _ -> {});
        }
    }

    private void drill(Instant at) {
        boolean drills = versions.getLast().rules().stream().anyMatch(it -> it.drill().isPresent());
        if (!drills || mishaps.isSilent(at)) {
            return;
        }
        for (int i = 0; i < mishaps.calls(at); i++) {
            stage.call("Drill", at, _ -> {});
        }
    }

    /** Skipped while nothing is under way: such a tick would do nothing. */
    private void restore(Instant at) {
        if (mishaps.isSilent(at) || looking(() -> catalog().restoring()).isEmpty()) {
            return;
        }
        for (int i = 0; i < mishaps.calls(at); i++) {
            stage.call(
                    "Restore",
                    at,
                    _ ->
                            witness.launches()
                                    .endedDrillsAreGone(
                                            id -> looking(() -> catalog().restore(id))));
        }
    }

    private void prune(Instant at) {
        witness.whatWentIsOut();
        for (int i = 0; i < mishaps.calls(at); i++) {
            stage.call("Prune", at, _ -> {});
        }
    }

    /** Goes on with a run of the pruner that ran out of time. */
    private void goOn(Instant at) {
        if (!mishaps.isSilent(at)) {
            stage.call("GoOn", at, _ -> {});
        }
    }

    /** Ends all faults and lets everything that was begun come to its end. */
    private void settle() {
        people.tidyUp();
        mishaps.end();
        // A recorded step belongs to its run for two hours; then the pruner finishes it.
        runFor(Duration.ofHours(26));
        runFor(Duration.ofHours(24));
        for (int i = 0; i < ROUNDS && !isAtRest(); i++) {
            runFor(Duration.ofMinutes(30));
        }
        // The tick tells what the sweep has found.
        sweep(cloud.now());
        stage.runUntil(cloud.now().plus(LAST));
        stage.call("Tick", cloud.now(), _ -> {});
        stage.runUntil(cloud.now().plus(LAST));
    }

    private void runFor(Duration span) {
        busyUntil = cloud.now().plus(BUSY);
        runUntil(cloud.now().plus(span));
    }

    private boolean isAtRest() {
        return HistoryGenerator.REGIONS.stream()
                .map(Region::new)
                .flatMap(region ->
                        Stream.of(Work.values())
                                .filter(kind -> kind != Work.GIVEN_UP)
                                .flatMap(kind ->
                                        catalog()
                                                .work(region, kind, Instant.MAX, Integer.MAX_VALUE)
                                                .stream()))
                .findAny()
                .isEmpty();
    }

    private void sweep(Instant at) {
        if (mishaps.isSilent(at)) {
            return;
        }
        int before = mishaps.inCloud();
        witness.whatWentIsOut();
        Set<String> known = witness.knownYoung();
        stage.call(
                "Sweep",
                at,
                well -> {
                    witness.areKnown(known);
                    if (well && mishaps.inCloud() == before) {
                        witness.launches().leasesAreOver(at);
                    }
                });
    }

    /** All records of a Region, whatever their policy. */
    List<Image> records(Region region) {
        return policyNames().stream()
                .flatMap(policy -> catalog().ofPolicy(policy, region).stream())
                .toList();
    }

    /** The names of all policies that were ever deployed. */
    Set<String> policyNames() {
        Set<String> names = new TreeSet<>();
        versions.forEach(version -> version.rules().forEach(rules -> names.add(rules.name())));
        return names;
    }

    /** The commands that ran on a server, in order of time. */
    List<CommandInvocation> commands(SimulatedServer server) {
        return looking(() ->
                cloud
                        .ssm(server.region())
                        .listCommandInvocationsPaginator(ask -> ask.instanceId(server.id()))
                        .commandInvocations()
                        .stream()
                        .sorted(Comparator.comparing(CommandInvocation::requestedDateTime))
                        .toList());
    }

    private void happen(Happening what) {
        switch (what) {
            case Happening.Mishap mishap -> mishaps.befall(mishap);
            case Happening.Meanwhile meanwhile -> meetings.add(new Meeting(meanwhile));
            case Happening.Approve() -> operators.approve(stage);
            case Happening.Prune() -> prune(cloud.now());
            case Happening.Deploy(List<PolicyModel> policies) -> stage.deploy(inForce(policies));
            case Happening.AskRestore ask ->
                    people.server(ask.server()).ifPresent(it -> operators.ask(stage, ask, it));
            case Happening.LoseRestores() -> operators.loseRestores(stage, policyNames());
            case Happening.Deed deed -> people.play(deed);
        }
    }
}
