package dev.amikeeper.sweep;

import dev.amikeeper.ec2.Pace;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.retention.Retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * Whether what the schedules and rules of all policies ask for fits what EC2 allows in each Region:
 * the rate of {@code CreateImage} and {@code CopyImage}, and the quotas of AMIs and snapshots. It
 * looks at the long run and at the shortest gap of each schedule. Images on events, and tries that
 * fail, come on top. Pure.
 *
 * @param misfits what does not fit, by Region
 */
record Fit(List<Misfit> misfits) {
    /**
     * The quota "AMIs" of a Region. It can be raised.
     *
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html">AMI quotas
     *     in Amazon EC2</a>
     */
    static final long IMAGES = 50_000;

    /**
     * The quota "Snapshots per Region". It can be raised.
     *
     * @see <a href="https://docs.aws.amazon.com/general/latest/gr/ebs-service.html">EBS quotas</a>
     */
    static final long SNAPSHOTS = 100_000;

    private static final Duration DAY = Duration.ofDays(1);

    /** The rules of policies rarely reach further back than this many days or slots. */
    private static final int DAYS = 3 * 366;

    private static final int SLOTS = 10_000;

    private static final long SLOTS_A_YEAR = Duration.ofDays(366).dividedBy(Schedule.TICK);

    private static final Instant SAMPLE = Instant.parse("2024-12-31T00:00:00Z");
    private static final InstanceId ANY = new InstanceId("i-0");

    Fit {
        misfits = List.copyOf(misfits);
    }

    /** What is asked for too much. */
    enum Limit {
        STARTS,
        COPIES,
        IMAGES,
        SNAPSHOTS;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Something that does not fit.
     *
     * @param text with the arithmetic
     */
    record Misfit(Region region, Limit limit, String text, String remedy) {}

    /**
     * What a policy asks for in a Region.
     *
     * @param from the Region of the servers; another one for copies
     * @param volumes of all servers together
     */
    private record Load(Policy policy, Region from, boolean copies, long servers, long volumes) {
        Schedule schedule() {
            return policy.schedule().orElseThrow();
        }

        /** Empty if nothing is ever removed. */
        Optional<Keep> keep(Region region) {
            Optional<Keep> own =
                    copies
                            ? Optional.ofNullable(policy.replicate().get(region))
                                    .flatMap(Policy.Replica::keep)
                            : Optional.empty();
            return own.or(policy::keep);
        }

        String whose() {
            return "%,d server%s of policy %s%s"
                    .formatted(
                            servers,
                            servers == 1 ? "" : "s",
                            policy.name(),
                            copies ? " in " + from : "");
        }
    }

    /**
     * Compares.
     *
     * @param servers the living instances of each Region that could be read
     */
    static Fit of(Policies policies, Map<Region, List<LivingInstance>> servers) {
        SortedMap<Region, List<Load>> loads = new TreeMap<>();
        for (Policy policy : policies.all()) {
            if (policy.schedule().isPresent()) {
                for (Region home : policy.select().regions()) {
                    add(loads, policy, home, servers.getOrDefault(home, List.of()));
                }
            }
        }
        List<Misfit> misfits = new ArrayList<>();
        loads.forEach((region, its) -> {
            List<Load> homes = its.stream().filter(load -> !load.copies).toList();
            List<Load> copies = its.stream().filter(load -> load.copies).toList();
            pace(region, Limit.STARTS, Pace.Call.CREATE_IMAGE, homes).ifPresent(misfits::add);
            pace(region, Limit.COPIES, Pace.Call.COPY_IMAGE, copies).ifPresent(misfits::add);
            quota(region, Limit.IMAGES, its).ifPresent(misfits::add);
            quota(region, Limit.SNAPSHOTS, its).ifPresent(misfits::add);
        });
        return new Fit(misfits);
    }

    private static void add(
            SortedMap<Region, List<Load>> loads,
            Policy policy,
            Region home,
            Collection<LivingInstance> living) {
        List<LivingInstance> selected =
                living.stream().filter(it -> policy.select().selects(it.instance())).toList();
        if (selected.isEmpty()) {
            return;
        }
        List<String> without = policy.image().excludeDevices();
        long volumes =
                selected.stream()
                        .map(LivingInstance::instance)
                        .mapToLong(it -> it.devices().size() - it.imagedWithout(without).size())
                        .sum();
        Load load = new Load(policy, home, false, selected.size(), volumes);
        loads.computeIfAbsent(home, _ -> new ArrayList<>()).add(load);
        for (Region to : policy.destinations(home)) {
            loads.computeIfAbsent(to, _ -> new ArrayList<>())
                    .add(new Load(policy, home, true, selected.size(), volumes));
        }
    }

    /** In the long run, the bucket's refill is all there is. */
    private static Optional<Misfit> pace(
            Region region, Limit limit, Pace.Call call, List<Load> loads) {
        long most = loads.stream().mapToLong(Load::servers).sum();
        if (most <= call.refill() * Schedule.TICK.toSeconds()) {
            // It fits whatever the schedules are.
            return Optional.empty();
        }
        double share = 0;
        List<String> parts = new ArrayList<>();
        for (Load load : loads) {
            double needed = load.servers / call.refill();
            long gap = load.schedule().shortestGap().toSeconds();
            share += needed / gap;
            parts.add(
                    "%s need %,d s of %s, and slots are %,d s apart"
                            .formatted(load.whose(), (long) Math.ceil(needed), call.action(), gap));
        }
        if (share <= 1) {
            return Optional.empty();
        }
        return Optional.of(
                new Misfit(
                        region,
                        limit,
                        "%s: EC2 takes %.0f %s a second: %s%s"
                                .formatted(
                                        region,
                                        call.refill(),
                                        call.action(),
                                        String.join("; ", parts),
                                        parts.size() > 1
                                                ? "; together that is %.0f %% of the time"
                                                        .formatted(Math.ceil(share * 100))
                                                : ""),
                        "let fewer servers be "
                                + (limit == Limit.STARTS ? "imaged" : "copied there")
                                + " or less often; what waits is late, and is given up in the"
                                + " end"));
    }

    private static Optional<Misfit> quota(Region region, Limit limit, List<Load> loads) {
        long allowed = limit == Limit.IMAGES ? IMAGES : SNAPSHOTS;
        ToLongFunction<Load> each = load -> limit == Limit.IMAGES ? load.servers : load.volumes;
        long atMost =
                loads.stream()
                        .mapToLong(load -> each.applyAsLong(load) * bound(load.keep(region)))
                        .sum();
        if (atMost <= allowed) {
            return Optional.empty();
        }
        long sum = 0;
        List<String> parts = new ArrayList<>();
        for (Load load : loads) {
            long images = images(load, region);
            long all = images * each.applyAsLong(load);
            sum += all;
            parts.add(
                    "%s %,d image%s of each of %s%s are %,d"
                            .formatted(
                                    load.keep(region).isPresent() ? "up to" : "in a year",
                                    images,
                                    images == 1 ? "" : "s",
                                    load.whose(),
                                    limit == Limit.SNAPSHOTS
                                            ? " with %,d volumes".formatted(load.volumes)
                                            : "",
                                    all));
        }
        if (sum <= allowed) {
            return Optional.empty();
        }
        return Optional.of(
                new Misfit(
                        region,
                        limit,
                        "%s: the rules keep %,d %s, and EC2's default quota is %,d: %s"
                                .formatted(
                                        region,
                                        sum,
                                        limit.word(),
                                        allowed,
                                        String.join("; ", parts)),
                        "keep fewer, or have the quota %s raised in Service Quotas"
                                .formatted(
                                        limit == Limit.IMAGES
                                                ? "\"AMIs\" of Amazon EC2"
                                                : "\"Snapshots per Region\" of Amazon EBS")));
    }

    /** No fewer images than the rules keep of one server, known without looking at its slots. */
    private static long bound(Optional<Keep> rules) {
        if (rules.isEmpty()) {
            return SLOTS_A_YEAR;
        }
        Keep keep = rules.get();
        long periods = keep.periods().values().stream().mapToInt(count -> count + 1).sum();
        long within = keep.within().map(it -> it.dividedBy(Schedule.TICK) + 1).orElse(0L);
        return keep.last() + periods + within + keep.atLeast() + DAY.dividedBy(Schedule.TICK);
    }

    /**
     * How many images of a server there are in the long run: those that the rules keep if every
     * slot yields one, and those made between two runs of the pruner. Without rules, those of a
     * year.
     */
    private static long images(Load load, Region region) {
        Optional<Keep> rules = load.keep(region);
        Schedule schedule = load.schedule();
        if (rules.isEmpty()) {
            return schedule.slots(SAMPLE.minus(Duration.ofDays(365)), SAMPLE).count();
        }
        Duration gap = schedule.shortestGap();
        Duration reach = gap.multipliedBy(SLOTS);
        Duration longest = Duration.ofDays(DAYS);
        Instant from = SAMPLE.minus(reach.compareTo(longest) < 0 ? reach : longest);
        List<Image> all =
                schedule.slots(from, SAMPLE).map(slot -> image(load, region, slot)).toList();
        long kept =
                Retention.judge(rules.get(), all).values().stream()
                        .filter(reasons -> !reasons.isEmpty())
                        .count();
        return kept + Math.max(1, DAY.dividedBy(gap));
    }

    private static Image image(Load load, Region region, Slot slot) {
        ImageName name = new ImageName(load.policy.name(), ANY, slot);
        return Image.intent(name, region, Trigger.SCHEDULED, slot.time());
    }
}
