package dev.amikeeper.simulation;

import dev.amikeeper.policy.Period;
import dev.amikeeper.simulation.Happening.CallFault;
import dev.amikeeper.simulation.Happening.EventFault;
import dev.amikeeper.simulation.Happening.Which;
import dev.amikeeper.simulation.History.Conditions;
import dev.amikeeper.simulation.History.TimedHappening;
import dev.amikeeper.simulation.PolicyModel.Keeping;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Makes up histories. Each has only some kinds of trouble, so that none hides another. The class is
 * long because all of it draws from one stream of random numbers: what a seed means depends on the
 * order of the draws, which can be read here from top to bottom. One draw more, or another bound of
 * a draw, gives every seed another history: then the seeds in {@code simulation.md} are looked for
 * again.
 */
final class HistoryGenerator {
    static final String HOME = "us-east-1";
    static final List<String> REGIONS = List.of(HOME, "us-west-2", "eu-west-1");

    private static final List<String> NAMES = List.of("gold", "silver", "bronze");
    private static final List<String> ZONES =
            List.of("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata");

    /** One start before each clock change, one before a new year, and quiet ones. */
    private static final List<Instant> STARTS =
            List.of(
                    Instant.parse("2026-03-01T00:00:00Z"),
                    Instant.parse("2026-03-20T00:00:00Z"),
                    Instant.parse("2026-06-10T00:00:00Z"),
                    Instant.parse("2026-10-18T00:00:00Z"),
                    Instant.parse("2026-12-20T00:00:00Z"));

    private static final List<String> EC2_CALLS =
            List.of(
                    "DescribeInstances",
                    "DescribeImages",
                    "CreateImage",
                    "CopyImage",
                    "DeregisterImage",
                    "DeleteSnapshot",
                    "DisableImage",
                    "EnableImage",
                    "ModifyImageAttribute",
                    "DescribeImageAttribute",
                    "DescribeImageReferences",
                    "DescribeSnapshots",
                    "DeleteTags");
    private static final List<String> DYNAMODB_CALLS =
            List.of(
                    "TransactWriteItems",
                    "TransactWriteItems",
                    "Query",
                    "GetItem",
                    "BatchGetItem",
                    "PutItem",
                    "DeleteItem");
    private static final List<String> QUEUE_CALLS =
            List.of("SendMessage", "ReceiveMessage", "DeleteMessage", "Publish");
    private static final List<String> REQUEST_CALLS =
            List.of("TransactWriteItems", "TransactWriteItems", "DeleteTags", "SendMessage");
    private static final List<String> RESTORE_CALLS =
            List.of(
                    "RunInstances",
                    "TerminateInstances",
                    "DescribeInstanceStatus",
                    "DescribeInstances",
                    "CreateReplaceRootVolumeTask",
                    "DescribeReplaceRootVolumeTasks",
                    "DescribeSubnets",
                    "TransactWriteItems",
                    "PutItem",
                    "Query");
    private static final List<String> PRUNE_READS =
            List.of(
                    "DescribeImages",
                    "DescribeImages",
                    "DescribeInstances",
                    "DescribeImageReferences",
                    "DescribeLaunchTemplates",
                    "TransactWriteItems");
    private static final List<String> COMMAND_CALLS =
            List.of("SendCommand", "ListCommandInvocations", "DescribeInstanceInformation");
    private static final String COMMAND_EVENT = "EC2 Command Invocation Status-change Notification";
    private static final List<String> EVENTS =
            List.of(
                    "EC2 AMI State Change",
                    "EC2 AMI State Change",
                    "Tag Change on Resource",
                    "EC2 Instance State-change Notification");

    private static final List<EventFault> EVENT_FAULTS =
            List.of(EventFault.LOST, EventFault.REPEATED, EventFault.LATE, EventFault.OUT_OF_ORDER);

    /** Kinds of trouble; each history has some of them. */
    private enum Kind {
        EC2,
        DYNAMODB,
        QUEUES,
        KILLS,
        EVENTS,
        FAILURES,
        QUOTA,
        KEYS,
        OUTAGE,
        SCHEDULER,
        REQUESTS,
        ANNOUNCING
    }

    private Random random;
    private final int days;
    private final List<TimedHappening> steps = new ArrayList<>();
    private List<PolicyModel> policies = List.of();
    private int servers;
    private int requests;

    private HistoryGenerator(long seed, int days) {
        // Random starts alike for neighboring seeds.
        random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.days = days;
    }

    /** The history of a seed. */
    static History of(long seed, int days) {
        return new HistoryGenerator(seed, days).make(seed);
    }

    /** Half of the histories are played one by one. */
    private static boolean isSideBySide(long seed) {
        return seed % 2 != 0;
    }

    private History make(long seed) {
        boolean crowded = false;
        Instant start = one(STARTS);
        policies = policies();
        List<PolicyModel> first = policies;
        int fleet = 1 + random.nextInt(4);
        for (int i = 0; i < fleet; i++) {
            add(Duration.ofMinutes(i), launch());
        }
        int deeds = random.nextInt(1 + days);
        for (int i = 0; i < deeds; i++) {
            // Not at a slot: there the request would ask for the image of the slot.
            Duration at = moment().plusSeconds(17);
            if (rarely()) {
                rush(at);
            } else {
                deed().ifPresent(deed -> add(at, deed));
            }
        }
        List<Kind> kinds = kinds();
        if (!kinds.isEmpty()) {
            int troubles = 1 + random.nextInt(2 * days);
            for (int i = 0; i < troubles; i++) {
                trouble(one(kinds), moment());
            }
        }
        // This part draws its own random numbers, so that the rest of a seed stays the same
        // without it.
        random = new Random(~seed * 0x9E3779B97F4A7C15L);
        if (random.nextInt(3) > 0) {
            first = first.stream().map(this::drilled).toList();
            restores();
        }
        random = new Random((seed + 1_000_003) * 0x9E3779B97F4A7C15L);
        int encounters = 1 + random.nextInt(3);
        for (int i = 0; i < encounters; i++) {
            first = encounter(first);
        }
        random = new Random((seed + 2_000_003) * 0x9E3779B97F4A7C15L);
        if (random.nextInt(3) == 0) {
            first = first.stream().map(this::frozen).toList();
            commands();
        }
        random = new Random((seed + 3_000_003) * 0x9E3779B97F4A7C15L);
        if (random.nextInt(8) == 0) {
            first = first.stream().map(this::spread).toList();
        }
        if (isSideBySide(seed)) {
            random = new Random((seed + 4_000_003) * 0x9E3779B97F4A7C15L);
            first = meet(first);
            if (random.nextInt(3) == 0) {
                crowd();
                crowded = true;
            }
        }
        steps.sort(Comparator.comparing(TimedHappening::at));
        Conditions conditions = conditions().sideBySide(isSideBySide(seed));
        if (crowded) {
            conditions = conditions.throttling(true);
        }
        return new History(seed, start, days, conditions, first, steps);
    }

    private <T> T one(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }

    private boolean rarely() {
        return random.nextInt(5) == 0;
    }

    private void add(Duration at, Happening what) {
        steps.add(new TimedHappening(at, what));
    }

    /** A moment that is often close to one at which something is done anyway. */
    private Duration moment() {
        Duration day = Duration.ofDays(random.nextInt(days));
        if (random.nextInt(3) > 0) {
            PolicyModel rules = one(policies);
            Duration slot =
                    rules.every() > 0
                            ? Duration.ofHours((long) rules.every() * random.nextInt(4))
                            : Duration.ofSeconds(rules.time().toSecondOfDay());
            return day.plus(slot).plusMinutes(random.nextInt(30) - 3L).isNegative()
                    ? day
                    : day.plus(slot).plusMinutes(random.nextInt(30));
        }
        return day.plusMinutes(random.nextInt(24 * 60));
    }

    private Conditions conditions() {
        boolean skewed = random.nextInt(3) == 0;
        return new Conditions(
                Duration.ofMinutes(rarely() ? 1 + random.nextInt(90) : 5),
                Duration.ofMinutes(rarely() ? 1 + random.nextInt(600) : 15),
                rarely() ? 1 + random.nextInt(3) : 0,
                rarely(),
                skewed ? skew() : Duration.ZERO,
                skewed ? skew() : Duration.ZERO,
                skewed ? skew() : Duration.ZERO,
                false);
    }

    private Duration skew() {
        return Duration.ofSeconds(random.nextInt(601) - 300);
    }

    private List<PolicyModel> policies() {
        List<PolicyModel> made = new ArrayList<>();
        int count = 1 + random.nextInt(2);
        for (String name : NAMES.subList(0, count)) {
            made.add(rules(name));
        }
        return made;
    }

    private PolicyModel rules(String name) {
        SortedMap<String, Optional<Keeping>> replicate = new TreeMap<>();
        for (String region : List.of("us-west-2", "eu-west-1")) {
            if (random.nextInt(2) == 0) {
                replicate.put(region, rarely() ? Optional.of(keeping()) : Optional.empty());
            }
        }
        return new PolicyModel(
                name,
                rarely() ? List.of(HOME, "eu-west-1") : List.of(HOME),
                rarely() ? 6 * (1 + random.nextInt(2)) : 0,
                LocalTime.of(random.nextInt(24), 5 * random.nextInt(12)),
                one(ZONES),
                rarely(),
                random.nextInt(8) == 0 ? Optional.empty() : Optional.of(keeping()),
                replicate,
                rarely(),
                rarely(),
                rarely() ? 1 + random.nextInt(3) : 0,
                rarely(),
                rarely() ? 1 + random.nextInt(3) : 0,
                Optional.empty(),
                Optional.empty(),
                0);
    }

    private Keeping keeping() {
        return switch (random.nextInt(5)) {
            case 0 -> new Keeping(1 + random.nextInt(3), Map.of(), 0, 1 + random.nextInt(2));
            case 1 -> new Keeping(0, Map.of(Period.DAILY, 1 + random.nextInt(4)), 0, 1);
            case 2 ->
                    new Keeping(
                            0, Map.of(Period.DAILY, 2, Period.WEEKLY, 2), 0, 1 + random.nextInt(2));
            case 3 -> new Keeping(1, Map.of(Period.WEEKLY, 1, Period.MONTHLY, 1), 0, 1);
            default -> new Keeping(0, Map.of(Period.HOURLY, 3), 24 + random.nextInt(60), 1);
        };
    }

    private Happening launch() {
        PolicyModel rules = one(policies);
        return new Happening.Launch(
                ++servers,
                one(rules.regions()),
                random.nextInt(3) == 0 ? 2 + random.nextInt(2) : 1,
                rules.name());
    }

    private Optional<Happening> deed() {
        int server = 1 + random.nextInt(servers);
        return Optional.of(
                switch (random.nextInt(18)) {
                    case 0, 1 -> launch();
                    case 2 -> new Happening.TerminateInstance(server);
                    case 3 -> new Happening.StopInstance(server);
                    case 4, 5 -> new Happening.StartInstance(server);
                    case 6 -> new Happening.Tag(server, rarely() ? "" : one(NAMES));
                    case 7, 8 -> new Happening.Request(server);
                    case 9, 10 -> new Happening.DeregisterImage(which(), random.nextBoolean());
                    case 11 -> new Happening.DisableImage(which());
                    case 12 -> new Happening.EnableImage(which());
                    case 13 -> new Happening.Hold(which());
                    case 14 -> new Happening.Release(which());
                    case 15 -> new Happening.LaunchFromImage(which());
                    case 16 -> new Happening.Template(which());
                    default -> rarely() ? new Happening.Deploy(changed()) : new Happening.Approve();
                });
    }

    private Which which() {
        return new Which(1 + random.nextInt(servers), somewhere(), random.nextInt(4));
    }

    /** Mostly the home Region. */
    private String somewhere() {
        return random.nextBoolean() ? HOME : one(REGIONS);
    }

    /**
     * A second image of a server makes the first one leave while it is still being copied, or while
     * somebody changes it.
     */
    private void rush(Duration at) {
        int server = 1 + random.nextInt(servers);
        Duration second = at.plusMinutes(7L + random.nextInt(6));
        Which first = new Which(server, somewhere(), 0);
        add(at, new Happening.Request(server));
        switch (random.nextInt(6)) {
            case 0, 1 -> add(second.minusSeconds(30), new Happening.Hold(first));
            case 2 -> add(second.minusSeconds(30), new Happening.LaunchFromImage(first));
            case 3 -> add(second.minusSeconds(30), new Happening.Template(first));
            default -> {}
        }
        add(second, new Happening.Request(server));
        add(second.plusMinutes(6L + random.nextInt(6)), new Happening.Prune());
    }

    private PolicyModel drilled(PolicyModel rules) {
        List<String> regions = new ArrayList<>(rules.regions());
        rules.replicate().keySet().stream()
                .filter(it -> !regions.contains(it))
                .forEach(regions::add);
        if (random.nextBoolean()) {
            return rules;
        }
        var drill =
                new PolicyModel.Drilling(
                        one(List.of(6, 12, 24)), 1 + random.nextInt(2), one(regions));
        return rules.changed(draft -> draft.drill = Optional.of(drill));
    }

    private PolicyModel frozen(PolicyModel rules) {
        if (rarely()) {
            return rules;
        }
        var freeze =
                new PolicyModel.Freezing(1 + random.nextInt(20), random.nextInt(3) == 0, !rarely());
        return rules.changed(draft -> draft.freeze = Optional.of(freeze));
    }

    /** Shorter than the six hours between the slots of some policies. */
    private PolicyModel spread(PolicyModel rules) {
        int hours = 1 + random.nextInt(5);
        return rules.changed(draft -> draft.spread = hours);
    }

    /** What goes wrong with the commands around images. */
    private void commands() {
        int troubles = random.nextInt(2 * days);
        for (int i = 0; i < troubles; i++) {
            String document =
                    random.nextBoolean() ? PolicyModel.Freezing.BEFORE : PolicyModel.Freezing.AFTER;
            add(
                    moment(),
                    switch (random.nextInt(5)) {
                        case 0, 1 ->
                                new Happening.FailingCommands(
                                        document,
                                        one(List.of(Happening.CommandFault.values())),
                                        1 + random.nextInt(rarely() ? 12 : 3));
                        case 2 -> calls(COMMAND_CALLS, softFault());
                        case 3 -> calls(COMMAND_CALLS, death());
                        default ->
                                new Happening.Events(
                                        COMMAND_EVENT,
                                        one(EVENT_FAULTS),
                                        1,
                                        1 + random.nextInt(6),
                                        Duration.ofMinutes(1L + random.nextInt(60)));
                    });
        }
    }

    /** Restores that people ask for, and what gets in the way of restores and drills. */
    private void restores() {
        int asked = random.nextInt(4);
        for (int i = 0; i < asked; i++) {
            askRestore(moment().plusHours(1));
        }
        if (random.nextInt(3) > 0) {
            int troubles = 1 + random.nextInt(2 * days);
            for (int i = 0; i < troubles; i++) {
                hinder(random.nextBoolean() ? atDrill() : moment());
            }
        }
        if (rarely()) {
            add(atDrill().plusMinutes(random.nextInt(8)), new Happening.LoseRestores());
        }
        if (random.nextBoolean()) {
            add(
                    atDrill().plusMinutes(random.nextInt(30)),
                    new Happening.CopyLease(1 + random.nextInt(servers)));
        }
    }

    /** Drills are written down twelve minutes past the hour, and launched at the next tick. */
    private Duration atDrill() {
        return Duration.ofDays(random.nextInt(days))
                .plusHours(6L * random.nextInt(4))
                .plusMinutes(11);
    }

    private void askRestore(Duration at) {
        int server = 1 + random.nextInt(servers);
        String region = somewhere();
        boolean replaceRoot = rarely();
        Happening ask = new Happening.AskRestore(++requests, server, region, replaceRoot);
        Which newest = new Which(server, replaceRoot ? HOME : region, 0);
        switch (random.nextInt(10)) {
            // An image goes bad while its restore waits for capacity.
            case 0, 1 -> {
                add(at, lacking(newest.region(), 1 + random.nextInt(4)));
                add(at, ask);
                add(at.plusMinutes(1), new Happening.DisableImage(newest));
            }
            case 2 -> {
                add(at, lacking(newest.region(), 1 + random.nextInt(4)));
                add(at, ask);
                add(at.plusMinutes(1), new Happening.DeregisterImage(newest, random.nextBoolean()));
            }
            // The reply is lost or the caller is killed, and the same call is made again.
            case 3 -> {
                CallFault fault = random.nextBoolean() ? CallFault.REPLY_LOST : death();
                add(
                        at,
                        new Happening.FailingCalls(
                                one(List.of("RunInstances", "TransactWriteItems")),
                                fault,
                                1,
                                1 + random.nextInt(3)));
                add(at, ask);
            }
            // The function is killed when it is about to report the failure.
            case 4, 5 -> {
                add(
                        at,
                        new Happening.FailingLaunches(
                                newest.region(), Happening.LaunchFault.NOT_LAUNCHED, 1));
                add(
                        at,
                        new Happening.FailingCalls(
                                "TransactWriteItems", death(), 2 + random.nextInt(3), 1));
                add(at, ask);
            }
            case 6 -> {
                add(at, ask);
                add(at.plusMinutes(random.nextInt(90)), ask);
            }
            default -> add(at, ask);
        }
        if (rarely()) {
            hinder(at.plusMinutes(2));
        }
    }

    /** Combinations that chance alone hardly ever produces. */
    private List<PolicyModel> encounter(List<PolicyModel> first) {
        // Between two sweeps, which come seven minutes past the hour. There are images by then.
        Duration at =
                Duration.ofDays(random.nextInt(days))
                        .plusHours(4L + random.nextInt(18))
                        .plusMinutes(10L + random.nextInt(20))
                        .plusSeconds(17);
        int server = 1 + random.nextInt(servers);
        Which newest = new Which(server, HOME, 0);
        switch (random.nextInt(5)) {
            // The reply to a launch is lost, and the first reads do not show the instance.
            case 0 -> {
                add(at, new Happening.Unseen(4 + random.nextInt(6), Duration.ofMinutes(20)));
                add(at, new Happening.FailingCalls("RunInstances", CallFault.REPLY_LOST, 1, 2));
                add(
                        at.plusSeconds(1),
                        new Happening.AskRestore(++requests, server, somewhere(), false));
            }
            // What uses an image cannot be read in the very run that would remove the image.
            case 1 -> {
                Duration prune = pair(at, server, new Happening.Template(newest));
                add(prune, failing("DescribeLaunchTemplates", REGIONS.size()));
                add(prune, failing("DescribeImageReferences", 2 * REGIONS.size()));
                add(prune.plusSeconds(1), new Happening.Prune());
                return sometimes(first, 0);
            }
            // An event is repeated while its image is being removed.
            case 2 -> {
                add(
                        at,
                        new Happening.Events(
                                "EC2 AMI State Change",
                                EventFault.AGAIN,
                                1,
                                2 + random.nextInt(4),
                                Duration.ofMinutes(45L + random.nextInt(100))));
                Duration prune = pair(at, server, new Happening.StartInstance(server));
                add(prune, new Happening.Prune());
                return sometimes(first, 1 + random.nextInt(2));
            }
            // A sweep meets an image that reads do not show yet.
            case 3 -> {
                Duration before =
                        at.minusMinutes(at.toMinutesPart()).plusMinutes(random.nextInt(6));
                add(before, new Happening.Unseen(8 + random.nextInt(12), Duration.ofMinutes(8)));
                add(before.plusSeconds(1), new Happening.Request(server));
            }
            // Somebody registers an image over the snapshots of one that is then removed.
            default -> {
                Duration span =
                        random.nextBoolean()
                                ? Duration.ofHours(1L + random.nextInt(24))
                                : Duration.ofDays(2L * days);
                Duration prune = pair(at, server, new Happening.RegisterImage(newest, span));
                add(prune, new Happening.Prune());
                return sometimes(first, 0);
            }
        }
        return first;
    }

    /** In most cases the first of a day's two images is kept for a while. */
    private List<PolicyModel> sometimes(List<PolicyModel> rules, int disableFor) {
        return random.nextInt(3) == 0
                ? rules
                : rules.stream().map(it -> it.thinned(disableFor)).toList();
    }

    /**
     * Makes two images of a server, and does something about the first in between.
     *
     * @return when the pruner would remove the first
     */
    private Duration pair(Duration at, int server, Happening between) {
        add(at, new Happening.Request(server));
        add(at.plusMinutes(8), between);
        add(at.plusMinutes(9), new Happening.Request(server));
        // In most histories the copies of the first image exist by then.
        return at.plusMinutes(27L + random.nextInt(15));
    }

    private static Happening failing(String action, int times) {
        return new Happening.FailingCalls(action, CallFault.INTERNAL_ERROR, 1, times);
    }

    private static Happening lacking(String region, int times) {
        return new Happening.FailingLaunches(region, Happening.LaunchFault.NO_CAPACITY, times);
    }

    /** People do something while a function looks at it, or right after it has looked. */
    private List<PolicyModel> meet(List<PolicyModel> first) {
        int times = 2 + random.nextInt(4);
        for (int i = 0; i < times; i++) {
            Duration at =
                    Duration.ofDays(random.nextInt(days))
                            .plusHours(4L + random.nextInt(18))
                            .plusMinutes(10L + random.nextInt(20))
                            .plusSeconds(17);
            int server = 1 + random.nextInt(servers);
            Which leaving = new Which(server, somewhere(), 1 + random.nextInt(2));
            Happening.Deed deed =
                    switch (random.nextInt(8)) {
                        case 0, 1, 2 -> new Happening.Hold(leaving);
                        case 3, 4 -> new Happening.LaunchFromImage(leaving);
                        case 5 -> new Happening.Template(leaving);
                        case 6 ->
                                new Happening.DeregisterImage(
                                        new Which(server, leaving.region(), 0), true);
                        default ->
                                new Happening.DisableImage(new Which(server, leaving.region(), 0));
                    };
            Duration prune = pair(at, server, new Happening.StartInstance(server));
            int calls = 1 + random.nextInt(2);
            for (int call = 0; call < calls; call++) {
                add(
                        prune.minusSeconds(1),
                        new Happening.Meanwhile(
                                "PruneFunction", one(PRUNE_READS), 1 + random.nextInt(6), deed));
            }
            add(prune, new Happening.Prune());
            if (random.nextInt(3) == 0) {
                add(prune.plusSeconds(1L + random.nextInt(20)), new Happening.Prune());
            }
        }
        return sometimes(first, random.nextInt(3));
    }

    /** For one slot, so many servers that EC2's buckets run dry; mostly with nothing in the way. */
    private void crowd() {
        PolicyModel rules = policies.getFirst();
        int count = 110 + random.nextInt(60);
        Duration at = Duration.ofDays(random.nextInt(days));
        if (random.nextInt(3) > 0) {
            steps.removeIf(it ->
                    it.what() instanceof Happening.FailingCalls
                            || it.what() instanceof Happening.Down);
        }
        Happening.LaunchMany many =
                new Happening.LaunchMany(1000, count, rules.regions().getFirst(), rules.name());
        add(at, many);
        add(
                at.plusHours(rules.every() > 0 ? rules.every() : 25),
                new Happening.TerminateMany(1000, count));
    }

    private void hinder(Duration at) {
        switch (random.nextInt(4)) {
            case 0 ->
                    add(
                            at,
                            new Happening.FailingLaunches(
                                    somewhere(),
                                    one(List.of(Happening.LaunchFault.values())),
                                    1 + random.nextInt(rarely() ? 20 : 3)));
            case 1 ->
                    add(
                            at,
                            new Happening.Down(
                                    somewhere(), Duration.ofMinutes(5L + random.nextInt(90))));
            case 2 -> add(at, calls(RESTORE_CALLS, softFault()));
            default -> add(at, calls(RESTORE_CALLS, death()));
        }
    }

    private List<PolicyModel> changed() {
        List<PolicyModel> changed = new ArrayList<>(policies);
        if (changed.size() > 1 && rarely()) {
            changed.remove(random.nextInt(changed.size()));
        } else {
            int at = random.nextInt(changed.size());
            changed.set(at, rules(changed.get(at).name()));
        }
        return changed;
    }

    private List<Kind> kinds() {
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (Kind kind : Kind.values()) {
            if (random.nextInt(3) == 0) {
                kinds.add(kind);
            }
        }
        return List.copyOf(kinds);
    }

    private void trouble(Kind kind, Duration at) {
        add(at, trouble(kind));
        switch (kind) {
            case REQUESTS ->
                    add(at.plusSeconds(17), new Happening.Request(1 + random.nextInt(servers)));
            case ANNOUNCING -> add(at, new Happening.Failing(HOME, false, 3 + random.nextInt(4)));
            case EC2,
                    DYNAMODB,
                    QUEUES,
                    KILLS,
                    EVENTS,
                    FAILURES,
                    QUOTA,
                    KEYS,
                    OUTAGE,
                    SCHEDULER -> {}
        }
    }

    private Happening trouble(Kind kind) {
        return switch (kind) {
            case EC2 -> calls(EC2_CALLS, softFault());
            case DYNAMODB -> dynamoDb();
            case QUEUES -> calls(QUEUE_CALLS, softFault());
            case KILLS -> {
                List<String> all = new ArrayList<>(EC2_CALLS);
                all.addAll(DYNAMODB_CALLS);
                all.addAll(QUEUE_CALLS);
                yield calls(all, death());
            }
            case EVENTS ->
                    new Happening.Events(
                            one(EVENTS),
                            one(EVENT_FAULTS),
                            1 + random.nextInt(4),
                            1 + random.nextInt(6),
                            Duration.ofMinutes(1 + random.nextInt(rarely() ? 3000 : 60)));
            case FAILURES ->
                    new Happening.Failing(
                            one(REGIONS), random.nextBoolean(), 1 + random.nextInt(4));
            case QUOTA ->
                    new Happening.QuotaUsedUp(
                            random.nextInt(4), Duration.ofHours(random.nextInt(60)));
            case KEYS -> new Happening.KeyDisabled(Duration.ofHours(1L + random.nextInt(60)));
            case OUTAGE ->
                    new Happening.Down(
                            one(REGIONS),
                            Duration.ofMinutes(10L + random.nextInt(rarely() ? 12_000 : 1500)));
            case SCHEDULER ->
                    random.nextBoolean()
                            ? new Happening.NoTicks(
                                    Duration.ofMinutes(10L + random.nextInt(rarely() ? 4000 : 300)))
                            : new Happening.DoubleTicks(
                                    Duration.ofMinutes(10L + random.nextInt(1500)));
            // Lambda's own retries fail too: only the tag is left of the request.
            case REQUESTS ->
                    new Happening.FailingCalls(
                            one(REQUEST_CALLS), death(), 1, 1 + random.nextInt(6));
            case ANNOUNCING ->
                    new Happening.FailingCalls(
                            "Publish", rarely() ? death() : softFault(), 1, 1 + random.nextInt(12));
        };
    }

    private CallFault death() {
        return random.nextBoolean() ? CallFault.KILLED_BEFORE : CallFault.KILLED_AFTER;
    }

    private CallFault softFault() {
        return one(List.of(CallFault.THROTTLED, CallFault.INTERNAL_ERROR, CallFault.REPLY_LOST));
    }

    private Happening dynamoDb() {
        String action = one(DYNAMODB_CALLS);
        boolean conflicts = action.equals("TransactWriteItems") && random.nextBoolean();
        return calls(List.of(action), conflicts ? CallFault.CONFLICT : softFault());
    }

    private Happening calls(List<String> actions, CallFault fault) {
        return new Happening.FailingCalls(
                one(actions),
                fault,
                1 + random.nextInt(rarely() ? 40 : 4),
                rarely() ? 1 + random.nextInt(30) : 1);
    }
}
