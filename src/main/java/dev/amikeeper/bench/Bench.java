package dev.amikeeper.bench;

import dev.amikeeper.Application;
import dev.amikeeper.bench.BenchReport.CallLine;
import dev.amikeeper.bench.BenchReport.Dollars;
import dev.amikeeper.bench.BenchReport.FunctionLine;
import dev.amikeeper.bench.BenchReport.Outcome;
import dev.amikeeper.bench.BenchReport.PhaseLine;
import dev.amikeeper.bench.CallRecorder.Made;
import dev.amikeeper.bench.CallRecorder.Units;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.FunctionUse;
import dev.amikeeper.local.LambdaPlatform;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.TurnTaker;
import dev.amikeeper.local.TurnTaker.TurnOrder;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures a night of a fleet with the real functions on the simulated Lambda and the simulated
 * EC2, whose token buckets are those that AWS documents. All is played in virtual time, so the same
 * setup has the same report on each machine.
 */
public final class Bench {
    private static final int VERSION = 1;
    private static final Region HOME = new Region("us-east-1");
    private static final List<String> DR_REGIONS =
            List.of("us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "ca-central-1");

    /** Just before a slot, so that a day holds all that follows from it. */
    private static final Instant START = Instant.parse("2026-03-01T05:55:00Z");

    private static final Duration SLOT_AFTER = Duration.ofMinutes(5);
    private static final Duration PRUNE_AFTER = Duration.ofHours(22).plusMinutes(35);

    /** EC2's limit of copies under way, per destination Region. */
    private static final int COPIES_AT_ONCE = 300;

    private static final String ACCOUNT = "111122223333";

    /** These read one image or one server a call; all other reads are pages. */
    private static final Set<String> SINGLE_READS =
            Set.of("DescribeImageAttribute", "DescribeInstanceAttribute");

    private static final Set<String> QUEUE_REQUESTS =
            Set.of("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility");

    /** Hears how far the play is. */
    public interface Listener {
        void played(int night, int images);
    }

    private final BenchSetup setup;
    private final SimulatedCloud cloud;
    private final TurnTaker turns;
    private final LambdaPlatform platform;
    private final CallRecorder recorder;
    private final List<String> regions;

    private Bench(BenchSetup setup) {
        this.setup = setup;
        cloud = new SimulatedCloud(START, setup.seed());
        cloud.settings()
                .throttling(true)
                .copyTime(setup.copiesTake())
                .reportTime(Duration.ofHours(12));
        regions =
                Stream.concat(
                                Stream.of(HOME.name()),
                                DR_REGIONS.subList(0, setup.regions()).stream())
                        .toList();
        for (int number = 1; number <= setup.instances(); number++) {
            cloud.launch(
                    HOME.name(),
                    Map.of("Name", "server-" + number, "backup", "bench"),
                    Collections.nCopies(setup.volumes(), 8));
        }
        turns = new TurnTaker(cloud, new BenchLatency(setup.latency()), TurnOrder.FIRST_COME);
        platform = new LambdaPlatform(cloud, turns, HOME, policies(), LambdaPlatform.Setup.USUAL);
        recorder = new CallRecorder(cloud, platform, cloud.tables(HOME.name()));
        cloud.watch(recorder);
        cloud.faults().atRandom(BenchLatency::isEc2, setup.faults(), setup.faults() / 4);
    }

    private Policies policies() {
        String copies =
                regions.stream()
                        .skip(1)
                        .map(region -> region + ": {}")
                        .collect(Collectors.joining(", "));
        String share = setup.shared() ? "share: {accounts: [\"" + ACCOUNT + "\"]}" : "";
        return Policies.parse(
                """
                policies:
                  bench:
                    select: {tags: {backup: bench}}
                    schedule: {cron: "0 6 * * *"}
                    keep: {last: 1, atLeast: 1}
                    replicate: {%s}
                    %s
                    limits: {maxRemovePercent: 100, maxRemoveCount: 1000000}
                """
                        .formatted(copies, share),
                "bench.yaml",
                HOME,
                Application.regions(HOME));
    }

    /** Plays all nights and measures the last one. */
    public static BenchReport run(BenchSetup setup, Listener listener) {
        Bench bench = new Bench(setup);
        try (bench.turns) {
            return bench.play(listener);
        }
    }

    private BenchReport play(Listener listener) {
        SortedMap<String, FunctionUse> before = platform.use();
        Set<String> older = Set.of();
        for (int night = 1; night <= setup.nights(); night++) {
            recorder.clear();
            before = platform.use();
            older = imageIds();
            platform.runUntil(begin(night + 1));
            listener.played(night, cloud.images(HOME.name()).size());
        }
        List<FunctionLine> functions = functions(before);
        return new BenchReport(
                VERSION,
                setup,
                outcome(older),
                calls(),
                pages(),
                cloud.throttled(),
                phases(),
                functions,
                dollars(functions),
                platform.deadLetters().size() + platform.deadKicks());
    }

    private static Instant begin(int night) {
        return START.plus(Duration.ofDays(night - 1L));
    }

    private Set<String> imageIds() {
        return images().map(LocalImage::image)
                .map(ami -> ami.imageId())
                .collect(Collectors.toSet());
    }

    private Stream<LocalImage> images() {
        return regions.stream().flatMap(region -> cloud.images(region).stream());
    }

    private Outcome outcome(Set<String> older) {
        List<String> made =
                regions.stream()
                        .flatMap(region ->
                                cloud.images(region).stream()
                                        .map(LocalImage::image)
                                        .filter(ami -> !older.contains(ami.imageId()))
                                        .map(ami -> region + " " + ami.name()))
                        .toList();
        long left = imageIds().stream().filter(older::contains).count();
        return new Outcome(
                made.size(),
                made.size() - (int) made.stream().distinct().count(),
                older.size() - (int) left);
    }

    private List<CallLine> calls() {
        int all = setup.imagesANight();
        SortedMap<String, Integer> least = new TreeMap<>();
        least.put("CreateImage", setup.instances());
        least.put("CopyImage", all - setup.instances());
        least.put("DeregisterImage", all);
        // Pruning must know who may launch an image before it goes, and EC2 tells one at a time.
        least.put("DescribeImageAttribute", all);
        if (setup.shared()) {
            least.put("ModifyImageAttribute", all);
            // Other accounts' use is known from a report on each image; it is disabled before it
            // goes.
            least.put("CreateImageUsageReport", all);
            least.put("DisableImage", all);
        }
        SortedMap<String, Integer> made = made();
        made.keySet().removeIf(Bench::isPage);
        made.keySet().forEach(action -> least.putIfAbsent(action, 0));
        return least.entrySet().stream()
                .map(entry ->
                        new CallLine(
                                entry.getKey(),
                                made.getOrDefault(entry.getKey(), 0),
                                entry.getValue()))
                .toList();
    }

    private SortedMap<String, Integer> pages() {
        SortedMap<String, Integer> pages = made();
        pages.keySet().removeIf(action -> !isPage(action));
        return pages;
    }

    private static boolean isPage(String action) {
        return action.startsWith("Describe") && !SINGLE_READS.contains(action);
    }

    /** The calls to EC2, and to what its images may be used by. */
    private SortedMap<String, Integer> made() {
        SortedMap<String, Integer> made = new TreeMap<>();
        recorder.byRegion()
                .values()
                .forEach(actions ->
                        actions.forEach((action, calls) -> {
                            if (BenchLatency.isEc2(action)) {
                                made.merge(action, calls.calls(), Integer::sum);
                            }
                        }));
        return made;
    }

    private List<PhaseLine> phases() {
        Instant slot = begin(setup.nights()).plus(SLOT_AFTER);
        Instant prune = begin(setup.nights()).plus(PRUNE_AFTER);
        int n = setup.instances();
        List<PhaseLine> phases = new ArrayList<>();
        phase("CreateImage", HOME.name(), slot, Bounds.byBucket(n, Pace.Call.CREATE_IMAGE))
                .ifPresent(phases::add);
        for (String region : regions) {
            phase(
                            "CopyImage",
                            region,
                            slot,
                            Bounds.byBucketAndRoom(
                                    n, Pace.Call.COPY_IMAGE, COPIES_AT_ONCE, setup.copiesTake()))
                    .ifPresent(phases::add);
        }
        for (String region : regions) {
            phase(
                            "ModifyImageAttribute",
                            region,
                            slot,
                            Bounds.byBucket(n, Pace.Call.MODIFY_IMAGE_ATTRIBUTE))
                    .ifPresent(phases::add);
        }
        for (String region : regions) {
            phase("DeregisterImage", region, prune, Bounds.byBucket(n, Pace.Call.DEREGISTER_IMAGE))
                    .ifPresent(phases::add);
        }
        return phases;
    }

    private Optional<PhaseLine> phase(String action, String region, Instant due, Duration bound) {
        return Optional.ofNullable(recorder.byRegion().get(region))
                .flatMap(actions -> Optional.ofNullable(actions.get(action)))
                .map(made ->
                        new PhaseLine(
                                action,
                                region,
                                made.calls(),
                                seconds(due, made.first()),
                                seconds(made.first(), made.last()),
                                seconds(Instant.EPOCH, Instant.EPOCH.plus(bound))));
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1000.0;
    }

    private List<FunctionLine> functions(Map<String, FunctionUse> before) {
        List<FunctionLine> lines = new ArrayList<>();
        platform.use()
                .forEach((function, use) -> {
                    FunctionUse since = use.since(Optional.ofNullable(before.get(function)));
                    Units units = recorder.units().getOrDefault(function, Units.NONE);
                    lines.add(
                            new FunctionLine(
                                    function,
                                    since.calls(),
                                    since.coldStarts(),
                                    since.failures(),
                                    since.gigabyteSeconds(),
                                    units.read(),
                                    units.write()));
                });
        return lines;
    }

    private Dollars dollars(List<FunctionLine> functions) {
        double lambda =
                functions.stream()
                        .mapToDouble(line ->
                                line.gigabyteSeconds() * Prices.GIGABYTE_SECOND
                                        + line.calls() * Prices.INVOCATION)
                        .sum();
        double dynamoDb =
                functions.stream()
                        .mapToDouble(line ->
                                line.read() * Prices.READ_UNIT + line.write() * Prices.WRITE_UNIT)
                        .sum();
        int requests =
                recorder.byRegion().getOrDefault(HOME.name(), new TreeMap<>()).entrySet().stream()
                        .filter(entry -> QUEUE_REQUESTS.contains(entry.getKey()))
                        .map(Map.Entry::getValue)
                        .mapToInt(Made::calls)
                        .sum();
        double sqs = requests * Prices.QUEUE_REQUEST;
        return new Dollars(
                lambda, dynamoDb, sqs, (lambda + dynamoDb + sqs) * 1000 / setup.instances());
    }
}
