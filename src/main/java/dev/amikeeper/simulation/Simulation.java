package dev.amikeeper.simulation;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.CloudSettings;
import dev.amikeeper.local.Faults;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.simulation.Happening.CommandFault;
import dev.amikeeper.simulation.Happening.Which;
import dev.amikeeper.simulation.History.TimedHappening;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Plays a history: the real handlers on the simulated cloud. All state is the play's own, so any
 * number may run at once.
 */
public final class Simulation {
    static final Region HOME = new Region(HistoryGenerator.HOME);

    private static final Set<Region> KNOWN = Application.regions(HOME);
    private static final Duration TICK = Duration.ofMinutes(5);
    private static final LocalTime PRUNE_AT = LocalTime.of(4, 30);

    /** After a slot or a deed ticks come as often as in truth; in between they may well be late. */
    private static final Duration BUSY = Duration.ofMinutes(30);

    private static final Duration IDLE = Duration.ofHours(2);
    private static final Duration SWEEP = Duration.ofHours(1);
    private static final Duration DRILL = Duration.ofHours(1);
    private static final int ROUNDS = 60;
    private static final int TRIES = 3;

    /** An instance of the fleet, and what became of it. */
    record Server(String region, String id, List<Change> changes) {}

    /** How an instance was from then on; its state is empty once it is gone. */
    record Change(Instant at, String backup, String state) {}

    /** From then on these policies were deployed. */
    record Version(Instant from, List<PolicyModel> rules) {}

    /** Somebody asked for an image by tag. */
    record Asked(Instant at, Server server) {}

    /** An image that people registered over snapshots of ours, until then. */
    private record Foreign(String region, String id, Instant until) {}

    /** Somebody asked for a restore, by an event of this id. */
    record Wanted(Instant at, int request, String event, Server server) {}

    private final History history;
    private final SimulatedCloud cloud;
    private final Faults faults;
    private final Witness witness;
    private final SortedMap<Integer, Server> fleet = new TreeMap<>();
    private final List<Version> versions = new ArrayList<>();
    private final List<Asked> asked = new ArrayList<>();
    private final List<Wanted> wanted = new ArrayList<>();
    private final List<LocalDeployment> deployments = new ArrayList<>();
    private final Map<String, Integer> hindered = new HashMap<>();
    private final TreeSet<Instant> goodTicks = new TreeSet<>();
    private final Map<String, Integer> failing = new HashMap<>();
    private final SortedMap<String, Integer> otherFaults = new TreeMap<>();
    private LocalDeployment deployment;
    private Instant nextTick;
    private Instant nextPrune;
    private Instant nextSweep;
    private Instant nextRestore;
    private Instant nextDrill;
    private Instant busyUntil;
    private Instant recordsLost = Instant.MIN;
    private Instant silentUntil = Instant.MIN;
    private Instant doubleUntil = Instant.MIN;
    private final List<Foreign> foreign = new ArrayList<>();
    private Instant quotaUntil = Instant.MAX;
    private Instant unseenUntil = Instant.MAX;
    private Instant keyUntil = Instant.MAX;

    private Simulation(History history) {
        this.history = history;
        cloud = new SimulatedCloud(history.start(), history.seed());
        faults = cloud.faults();
        witness =
                new Witness(
                        cloud, (region, id) -> faults.without(() -> catalog().find(region, id)));
        History.Conditions conditions = history.conditions();
        cloud.settings()
                .imageTime(conditions.imageTime())
                .copyTime(conditions.copyTime())
                .hiddenCalls(conditions.hiddenCalls())
                .throttling(conditions.throttling())
                .clocks(conditions.ec2Clock(), conditions.eventClock(), conditions.functionClock())
                .failing(this::fails)
                .lacksCapacity(launch -> isHindered(launch, Happening.LaunchFault.NO_CAPACITY))
                .failsToLaunch(launch -> isHindered(launch, Happening.LaunchFault.NOT_LAUNCHED))
                .failsToBoot(launch -> isHindered(launch, Happening.LaunchFault.NOT_BOOTED))
                .failingCommands((document, _) -> goesWrong(document, CommandFault.FAILS))
                .hangingCommands((document, _) -> goesWrong(document, CommandFault.HANGS))
                .watcher(witness);
        deployment = deploy(history.policies());
        nextTick = history.start();
        busyUntil = history.start();
        // Never at a slot: what a sweep asks for has its time.
        nextSweep = history.start().plus(Duration.ofMinutes(7));
        nextRestore = history.start();
        nextDrill = history.start().plus(Duration.ofMinutes(12));
        nextPrune = history.start().truncatedTo(ChronoUnit.DAYS).plus(ofDay(PRUNE_AT));
    }

    /** Plays a history to its end, lets everything come to rest, and judges what is left. */
    public static PlayResult play(History history) {
        Simulation simulation = new Simulation(history);
        simulation.play();
        simulation.settle();
        return simulation.outcome();
    }

    SimulatedCloud cloud() {
        return cloud;
    }

    Catalog catalog() {
        return deployment.application().catalog();
    }

    LocalDeployment deployment() {
        return deployment;
    }

    Witness witness() {
        return witness;
    }

    History history() {
        return history;
    }

    List<Server> fleet() {
        return List.copyOf(fleet.values());
    }

    List<Version> versions() {
        return Collections.unmodifiableList(versions);
    }

    List<Asked> asked() {
        return Collections.unmodifiableList(asked);
    }

    List<Wanted> wanted() {
        return Collections.unmodifiableList(wanted);
    }

    /** When the records of restores and drills were lost last. */
    Instant recordsLost() {
        return recordsLost;
    }

    /** Whether a function failed on this event to the last try: it stands where people look. */
    boolean isDeadLetter(String event) {
        return deployments.stream()
                .flatMap(it -> it.deadLetters().stream())
                .anyMatch(it -> event.equals(it.event().get("id")));
    }

    /** The first tick from then on that met no trouble. */
    Optional<Instant> goodTick(Instant from) {
        return Optional.ofNullable(goodTicks.ceiling(from));
    }

    private static Duration ofDay(LocalTime time) {
        return Duration.ofSeconds(time.toSecondOfDay());
    }

    private PlayResult outcome() {
        witness.lookAround();
        List<Violation> violations = new ArrayList<>(witness.violations());
        violations.addAll(faults.without(() -> new Invariants(this).violations()));
        deployment.sns().published().forEach(it -> witness.note(it.message().message()));
        SortedMap<String, Integer> struck = faults.struck();
        otherFaults.forEach((kind, count) -> struck.merge(kind, count, Integer::sum));
        return new PlayResult(violations, witness.made().size(), struck, witness.trace());
    }

    private LocalDeployment deploy(List<PolicyModel> rules) {
        versions.add(new Version(cloud.now(), rules));
        witness.under(rules);
        LocalDeployment deployed =
                LocalDeployment.inMemory(
                        cloud,
                        HOME,
                        Policies.parse(PolicyModel.yaml(rules), "policies.yaml", HOME, KNOWN));
        deployed.withoutSchedules();
        deployments.add(deployed);
        return deployed;
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

    /** Plays ticks, sweeps and prunes, events and queues until then. */
    private void runUntil(Instant end) {
        while (true) {
            Instant next =
                    Stream.of(end, nextTick, nextPrune, nextSweep, nextRestore, nextDrill)
                            .min(Instant::compareTo)
                            .get();
            deployment.runUntil(next);
            mend();
            if (next.equals(nextTick)) {
                tick(nextTick);
                nextTick = tickAfter(nextTick);
            } else if (next.equals(nextPrune)) {
                prune(nextPrune);
                nextPrune = nextPrune.plus(Duration.ofDays(1));
            } else if (next.equals(nextSweep)) {
                sweep(nextSweep);
                nextSweep = nextSweep.plus(SWEEP);
            } else if (next.equals(nextDrill)) {
                drill(nextDrill);
                nextDrill = nextDrill.plus(DRILL);
            } else if (next.equals(nextRestore)) {
                restore(nextRestore);
                nextRestore = nextRestore.plus(TICK);
            } else {
                return;
            }
        }
    }

    /** Idle times are skipped: a tick that finds nothing due is like one that is lost. */
    private Instant tickAfter(Instant last) {
        Instant idle = last.plus(IDLE);
        for (Instant at = last.plus(TICK); at.isBefore(idle); at = at.plus(TICK)) {
            Instant from = at.minus(TICK);
            Instant until = at;
            boolean due =
                    versions.getLast().rules().stream()
                            .anyMatch(rules -> !rules.slots(from, until).isEmpty());
            if (due) {
                busyUntil = at.plus(BUSY);
            }
            if (due || at.isBefore(busyUntil)) {
                return at;
            }
        }
        return idle;
    }

    private void tick(Instant at) {
        if (at.isBefore(silentUntil)) {
            return;
        }
        int before = struck();
        deployment.tick(at);
        if (struck() == before) {
            goodTicks.add(at);
        }
        if (at.isBefore(doubleUntil)) {
            otherFaults.merge("double tick", 1, Integer::sum);
            deployment.tick(at);
        }
    }

    private void drill(Instant at) {
        boolean drills = versions.getLast().rules().stream().anyMatch(it -> it.drill().isPresent());
        if (!drills || at.isBefore(silentUntil)) {
            return;
        }
        retried(() -> deployment.drill(at), "drill died");
        if (at.isBefore(doubleUntil)) {
            retried(() -> deployment.drill(at), "drill died");
        }
    }

    /** While nothing is under way there is nothing to be seen of these ticks. */
    private void restore(Instant at) {
        if (at.isBefore(silentUntil) || faults.without(() -> catalog().restoring()).isEmpty()) {
            return;
        }
        int runs = at.isBefore(doubleUntil) ? 2 : 1;
        for (int i = 0; i < runs; i++) {
            retried(() -> deployment.restore(at), "restore died");
        }
        witness.endedDrillsAreGone(id -> faults.without(() -> catalog().restore(id)));
    }

    private void prune(Instant at) {
        int runs = at.isBefore(doubleUntil) ? 2 : 1;
        witness.whatWentIsOut();
        for (int i = 0; i < runs; i++) {
            retried(() -> deployment.prune(at, false), "prune died");
        }
    }

    /** Everything ends well from now on, and what was begun comes to its end. */
    private void settle() {
        faults.clear();
        failing.clear();
        hindered.clear();
        quotaUntil = Instant.MIN;
        keyUntil = Instant.MIN;
        unseenUntil = Instant.MIN;
        silentUntil = Instant.MIN;
        doubleUntil = Instant.MIN;
        mend();
        cloud.settings().throttling(false);
        // A step that was written down is its run's own for two hours; the pruner finishes it then.
        runFor(Duration.ofHours(26));
        runFor(Duration.ofHours(24));
        for (int i = 0; i < ROUNDS && !isAtRest(); i++) {
            runFor(Duration.ofMinutes(30));
        }
        sweep(cloud.now());
        deployment.tick(cloud.now());
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
        if (at.isBefore(silentUntil)) {
            return;
        }
        int before = struck();
        witness.whatWentIsOut();
        Set<String> known = witness.knownYoung();
        retried(() -> deployment.sweep(at), "sweep died");
        witness.areKnown(known);
        if (struck() == before) {
            witness.leasesAreOver(at);
        }
    }

    private int struck() {
        return faults.struck().values().stream().mapToInt(Integer::intValue).sum();
    }

    /** As Lambda calls a function on a schedule: twice more if it fails. */
    private void retried(Runnable run, String died) {
        for (int tried = 1; tried <= TRIES; tried++) {
            try {
                run.run();
                break;
            } catch (RuntimeException | CallerKilled crashed) {
                witness.note(died);
            }
        }
        deployment.drain();
    }

    /** Every record of a Region, whatever its policy. */
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

    private boolean fails(CloudSettings.Attempt attempt) {
        int left = failing.getOrDefault(attempt.region() + attempt.copy(), 0);
        if (left > 0) {
            failing.put(attempt.region() + attempt.copy(), left - 1);
            otherFaults.merge(attempt.copy() ? "copy failed" : "image failed", 1, Integer::sum);
        }
        return left > 0;
    }

    private boolean isHindered(CloudSettings.LaunchAttempt launch, Happening.LaunchFault fault) {
        int left = hindered.getOrDefault(launch.region() + fault, 0);
        if (left > 0) {
            hindered.put(launch.region() + fault, left - 1);
            otherFaults.merge("launch failed", 1, Integer::sum);
        }
        return left > 0;
    }

    private boolean goesWrong(String document, CommandFault fault) {
        int left = hindered.getOrDefault(document + fault, 0);
        if (left > 0) {
            hindered.put(document + fault, left - 1);
            otherFaults.merge("command " + fault.name().toLowerCase(Locale.ROOT), 1, Integer::sum);
        }
        return left > 0;
    }

    /** The commands that ran on a server, in the order of their times. */
    List<CommandInvocation> commands(Server server) {
        return faults.without(() ->
                cloud
                        .ssm(server.region())
                        .listCommandInvocationsPaginator(ask -> ask.instanceId(server.id()))
                        .commandInvocations()
                        .stream()
                        .sorted(Comparator.comparing(CommandInvocation::requestedDateTime))
                        .toList());
    }

    /** What lasts for a while only is over. */
    private void mend() {
        if (!cloud.now().isBefore(quotaUntil)) {
            cloud.settings().copyQuota(20);
            quotaUntil = Instant.MAX;
        }
        if (!cloud.now().isBefore(keyUntil)) {
            cloud.settings().goodKey(PolicyModel.KEY);
            keyUntil = Instant.MAX;
        }
        if (!cloud.now().isBefore(unseenUntil)) {
            cloud.settings().hiddenCalls(history.conditions().hiddenCalls());
            unseenUntil = Instant.MAX;
        }
        foreign.removeIf(theirs -> {
            boolean goes = !cloud.now().isBefore(theirs.until());
            if (goes) {
                byPeople(() ->
                        cloud.ec2(theirs.region())
                                .deregisterImage(request -> request.imageId(theirs.id())));
            }
            return goes;
        });
    }

    private void happen(Happening what) {
        switch (what) {
            case Happening.Mishap mishap -> befall(mishap);
            case Happening.Approve() -> approve();
            case Happening.Prune() -> prune(cloud.now());
            case Happening.Deploy(List<PolicyModel> policies) -> deployment = deploy(policies);
            case Happening.AskRestore ask -> server(ask.server()).ifPresent(it -> ask(ask, it));
            case Happening.LoseRestores() -> loseRestores();
            case Happening.Deed deed -> byPeople(() -> act(deed));
        }
    }

    private void byPeople(Runnable deed) {
        witness.people(true);
        try {
            faults.without(() -> {
                deed.run();
                return deed;
            });
        } catch (SdkException impossible) {
            witness.note("impossible");
        } finally {
            witness.people(false);
        }
    }

    private void befall(Happening.Mishap trouble) {
        Instant now = cloud.now();
        switch (trouble) {
            case Happening.Calls(var action, var fault, int nth, int times) -> {
                Faults.CallFault calls = faults.calls(action).nth(nth).times(times);
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
                Faults.EventFault events = faults.events(type).nth(nth).times(times);
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
                    failing.merge(region + copies, times, Integer::sum);
            case Happening.Launches(String region, var fault, int times) ->
                    hindered.merge(region + fault, times, Integer::sum);
            case Happening.Commands(String document, var fault, int times) ->
                    hindered.merge(document + fault, times, Integer::sum);
            case Happening.Unseen(int calls, Duration span) -> {
                cloud.settings().hiddenCalls(calls);
                unseenUntil = now.plus(span);
            }
            case Happening.Quota(int places, Duration span) -> {
                cloud.settings().copyQuota(places);
                quotaUntil = now.plus(span);
            }
            case Happening.KeyDisabled(Duration span) -> {
                cloud.settings().badKey(PolicyModel.KEY);
                keyUntil = now.plus(span);
            }
            case Happening.NoTicks(Duration span) -> {
                silentUntil = now.plus(span);
                otherFaults.merge("scheduler silent", 1, Integer::sum);
            }
            case Happening.DoubleTicks(Duration span) -> doubleUntil = now.plus(span);
        }
    }

    private void approve() {
        witness.approving(true);
        try {
            PruneHandler handler = new PruneHandler(deployment.application());
            PruneReport plan =
                    handler.handleRequest(
                            Map.of("dryRun", true), deployment.context("PruneFunction"));
            for (PruneReport.Summary summary : plan.policies()) {
                if (!summary.alarms().isEmpty()) {
                    handler.handleRequest(
                            Map.of("approve", summary.digest()),
                            deployment.context("PruneFunction"));
                }
            }
        } catch (RuntimeException | CallerKilled died) {
            witness.note("approval died");
        } finally {
            witness.approving(false);
        }
    }

    /** As ./keeper restore puts it on the bus, or as the bus repeats it. */
    private void ask(Happening.AskRestore ask, Server server) {
        Wanted asked =
                wanted.stream()
                        .filter(it -> it.request() == ask.request())
                        .findFirst()
                        .orElseGet(() -> {
                            Wanted first =
                                    new Wanted(
                                            cloud.now(),
                                            ask.request(),
                                            "restore-request-" + ask.request(),
                                            server);
                            wanted.add(first);
                            return first;
                        });
        Map<String, Object> detail = new HashMap<>();
        detail.put("instance", server.id());
        if (ask.replaceRoot()) {
            detail.put("replaceRoot", true);
        } else {
            detail.put("region", ask.region());
            detail.put("subnet", PolicyModel.subnet(ask.region()));
            detail.put("groups", List.of(PolicyModel.group(ask.region())));
        }
        deployment.deliver(
                Map.of(
                        "version",
                        "0",
                        "id",
                        asked.event(),
                        "detail-type",
                        "Restore Requested",
                        "source",
                        "amikeeper",
                        "account",
                        SimulatedCloud.ACCOUNT,
                        "time",
                        asked.at().toString(),
                        "region",
                        HOME.name(),
                        "resources",
                        List.of(),
                        "detail",
                        detail));
    }

    private void loseRestores() {
        recordsLost = cloud.now();
        String table = deployment.application().settings().table();
        DynamoDbClient client = cloud.tables(HOME.name());
        List<String> partitions = new ArrayList<>();
        partitions.add(SimulatedCloud.ACCOUNT + "/restoring");
        policyNames().forEach(it -> partitions.add(SimulatedCloud.ACCOUNT + "/restores/" + it));
        faults.without(() -> {
            for (String partition : partitions) {
                client.query(ask ->
                                ask.tableName(table)
                                        .keyConditionExpression("pk = :pk")
                                        .expressionAttributeValues(
                                                Map.of(":pk", AttributeValue.fromS(partition))))
                        .items()
                        .forEach(item ->
                                client.deleteItem(it ->
                                        it.tableName(table)
                                                .key(
                                                        Map.of(
                                                                "pk", item.get("pk"),
                                                                "sk", item.get("sk")))));
            }
            return partitions;
        });
    }

    private void act(Happening.Deed deed) {
        switch (deed) {
            case Happening.Launch(int number, String region, int volumes, String backup) -> {
                Map<String, String> tags =
                        backup.isEmpty()
                                ? Map.of("Name", "server-" + number)
                                : Map.of("Name", "server-" + number, "backup", backup);
                String id =
                        cloud.launch(
                                region,
                                tags,
                                Collections.nCopies(volumes, 8),
                                as -> as.blockDeviceMappings(dataVolumes(volumes)));
                Server server = new Server(region, id, new ArrayList<>());
                fleet.put(number, server);
                changed(server, backup, "running");
            }
            case Happening.Terminate(int number) ->
                    server(number)
                            .ifPresent(it -> {
                                ec2(it).terminateInstances(request -> request.instanceIds(it.id()));
                                changed(it, backup(it), "");
                            });
            case Happening.Stop(int number) ->
                    server(number)
                            .ifPresent(it -> {
                                ec2(it).stopInstances(request -> request.instanceIds(it.id()));
                                changed(it, backup(it), "stopped");
                            });
            case Happening.Start(int number) ->
                    server(number)
                            .ifPresent(it -> {
                                ec2(it).startInstances(request -> request.instanceIds(it.id()));
                                changed(it, backup(it), "running");
                            });
            case Happening.Tag(int number, String backup) ->
                    server(number).ifPresent(it -> tagged(it, backup));
            case Happening.CopyLease(int number) -> server(number).ifPresent(this::copyLease);
            case Happening.Request(int number) ->
                    server(number)
                            .ifPresent(it -> {
                                tag(it.region(), it.id(), ImageTags.REQUEST, "" + asked.size());
                                asked.add(new Asked(cloud.now(), it));
                            });
            case Happening.Deregister(Which which, boolean withSnapshots) ->
                    image(which)
                            .ifPresent(id ->
                                    cloud.ec2(which.region())
                                            .deregisterImage(request ->
                                                    request.imageId(id)
                                                            .deleteAssociatedSnapshots(
                                                                    withSnapshots)));
            case Happening.Disable(Which which) ->
                    image(which)
                            .ifPresent(id ->
                                    cloud.ec2(which.region())
                                            .disableImage(request -> request.imageId(id)));
            case Happening.Enable(Which which) ->
                    image(which)
                            .ifPresent(id ->
                                    cloud.ec2(which.region())
                                            .enableImage(request -> request.imageId(id)));
            case Happening.Hold(Which which) ->
                    image(which).ifPresent(id -> tag(which.region(), id, ImageTags.HOLD, "please"));
            case Happening.Release(Which which) ->
                    image(which)
                            .ifPresent(id ->
                                    cloud.ec2(which.region())
                                            .deleteTags(request ->
                                                    request.resources(id)
                                                            .tags(keyed(ImageTags.HOLD))));
            case Happening.Restore(Which which) ->
                    image(which)
                            .ifPresent(id ->
                                    cloud.ec2(which.region())
                                            .runInstances(request ->
                                                    request.imageId(id)
                                                            .minCount(1)
                                                            .maxCount(1)
                                                            .instanceType(InstanceType.T3_MICRO)));
            case Happening.Register(Which which, Duration span) ->
                    image(which).ifPresent(id -> register(which.region(), id, span));
            case Happening.Template(Which which) ->
                    image(which)
                            .ifPresent(id -> {
                                cloud.ec2(which.region())
                                        .createLaunchTemplate(request ->
                                                request.launchTemplateName("t-" + id)
                                                        .launchTemplateData(it -> it.imageId(id)));
                                witness.namedByTemplate(id);
                            });
        }
    }

    /** As EC2 attaches them: the root volume goes with its instance, the others stay. */
    private static List<BlockDeviceMapping> dataVolumes(int volumes) {
        return SimulatedCloud.devices(volumes).stream()
                .skip(1)
                .map(device ->
                        BlockDeviceMapping.builder()
                                .deviceName(device)
                                .ebs(ebs -> ebs.deleteOnTermination(false))
                                .build())
                .toList();
    }

    private void register(String region, String id, Duration span) {
        var ours =
                cloud.images(region).stream()
                        .map(LocalImage::image)
                        .filter(it -> it.imageId().equals(id))
                        .findFirst()
                        .orElseThrow();
        String theirs =
                cloud.ec2(region)
                        .registerImage(request ->
                                request.name("by hand " + id)
                                        .architecture(ours.architectureAsString())
                                        .virtualizationType("hvm")
                                        .rootDeviceName(ours.rootDeviceName())
                                        .blockDeviceMappings(ours.blockDeviceMappings()))
                        .imageId();
        foreign.add(new Foreign(region, theirs, cloud.now().plus(span)));
    }

    private Optional<Server> server(int number) {
        return Optional.ofNullable(fleet.get(number));
    }

    private Ec2Client ec2(Server server) {
        return cloud.ec2(server.region());
    }

    private static String backup(Server server) {
        return server.changes().getLast().backup();
    }

    private void tagged(Server server, String backup) {
        if (backup.isEmpty()) {
            ec2(server).deleteTags(it -> it.resources(server.id()).tags(keyed("backup")));
        } else {
            tag(server.region(), server.id(), "backup", backup);
        }
        changed(server, backup, server.changes().getLast().state());
    }

    /** Of the newest drill in the server's Region; else a lease that is over is made up. */
    private void copyLease(Server server) {
        String restore =
                witness.launched().reversed().stream()
                        .filter(it -> it.lease().isPresent())
                        .filter(it -> it.region().equals(server.region()))
                        .map(Witness.Launched::restore)
                        .findFirst()
                        .orElse("gold/" + server.id() + "/drill-1");
        tag(server.region(), server.id(), ImageTags.RESTORE, restore);
        tag(server.region(), server.id(), ImageTags.LEASE, cloud.now().toString());
    }

    private void tag(String region, String id, String key, String value) {
        cloud.ec2(region)
                .createTags(
                        it -> it.resources(id).tags(Tag.builder().key(key).value(value).build()));
    }

    private static Tag keyed(String key) {
        return Tag.builder().key(key).build();
    }

    private void changed(Server server, String backup, String state) {
        server.changes().add(new Change(cloud.now(), backup, state));
    }

    private Optional<String> image(Which which) {
        String instance = server(which.server()).map(Server::id).orElse("");
        return cloud.images(which.region()).stream()
                .filter(it -> instance.equals(Witness.tags(it).get(ImageTags.INSTANCE)))
                .sorted(
                        Comparator.comparing((LocalImage it) ->
                                        Witness.tags(it).getOrDefault(ImageTags.SLOT, ""))
                                .thenComparing(it -> it.image().name())
                                .reversed())
                .map(it -> it.image().imageId())
                .skip(which.nth())
                .findFirst();
    }
}
