package dev.amikeeper.retention;

import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Probes;
import dev.amikeeper.usage.Usage;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the catalogue and EC2 and makes the plans. The function, its dry run, and the command line
 * all use it. It changes no image, but it may request usage reports from EC2.
 */
public final class Planner {
    private static final Logger log = LoggerFactory.getLogger(Planner.class);

    private final Catalog catalog;
    private final ImageReads images;
    private final Policies policies;
    private final Probes probes;
    private final PlannerRun run;
    private final FleetState fleet;
    private final CandidateChecks checks;
    private final Warnings warnings;

    private final Map<Region, View> views = new LinkedHashMap<>();

    private Set<Region> regions = Set.of();

    private final Set<Region> unread = new TreeSet<>();

    private int unreadable;

    /**
     * The golden ratio, which spaces the starting points of the turns evenly, however many there
     * are.
     */
    private static final double TURN = (Math.sqrt(5) - 1) / 2;

    /** The calls that follow once a Region is read. Their buckets fill meanwhile. */
    private static final List<Pace.Call> EXPECTED =
            List.of(
                    Pace.Call.DEREGISTER_IMAGE,
                    Pace.Call.DISABLE_IMAGE,
                    Pace.Call.DESCRIBE_IMAGE_ATTRIBUTE);

    /** What EC2 shows of a Region. */
    private record View(Map<ImageId, Ami> inEc2, Usage usage) {}

    /** How reading a Region ended. */
    private sealed interface Reading {
        record ReadView(View view) implements Reading {}

        record ReadFailed(SdkException error) implements Reading {}
    }

    /**
     * The terms of one run.
     *
     * @param now the time of the run
     * @param mayRequest whether missing reports on use by other accounts may be requested
     * @param tell receives the notices for people
     */
    public record PlannerRun(Instant now, boolean mayRequest, Consumer<Notice> tell) {}

    /** Creates a planner for one run. */
    public Planner(
            Catalog catalog,
            ImageReads images,
            Instances instances,
            Policies policies,
            Probes probes,
            PlannerRun run) {
        this.catalog = catalog;
        this.images = images;
        this.policies = policies;
        this.probes = probes;
        this.run = run;
        this.warnings = new Warnings(run);
        this.checks = new CandidateChecks(images, probes, run, warnings);
        this.fleet = new FleetState(catalog, instances, policies, run);
    }

    /** The number of Regions that could not be read. Nothing is removed there. */
    int unreadable() {
        return unreadable;
    }

    /** The number of candidates that were not checked for lack of time. This run keeps them. */
    int unlooked() {
        return checks.unlooked();
    }

    /** The Regions that were not read for lack of time. Nothing is removed there. */
    Set<Region> unread() {
        return Set.copyOf(unread);
    }

    /** Reads every Region that may hold images, whether or not the policy file still names it. */
    public Planner read() {
        return read(TimeLeft.ENDLESS);
    }

    /** Reads as many of these Regions as time allows. */
    Planner read(TimeLeft timeLeft) {
        Map<Region, Reading> readings = new ConcurrentHashMap<>();
        regions = regions();
        images.sideBySide(
                turned(List.copyOf(regions), run.now()),
                timeLeft::isAny,
                region -> readings.put(region, look(region)));
        for (Region region : regions) {
            Optional.ofNullable(readings.get(region))
                    .ifPresentOrElse(
                            reading ->
                                    view(region, reading)
                                            .ifPresent(view -> views.put(region, view)),
                            () -> {
                                unreadable++;
                                unread.add(region);
                                log.warn("{}: there was no time to read it", region);
                            });
        }
        return this;
    }

    /**
     * Rotates the list. Each hour starts at a different place, so that when time runs out before
     * the list ends, the same place is not always left out.
     */
    static <T> List<T> turned(List<T> all, Instant now) {
        double turns = Math.floorDiv(now.getEpochSecond(), Duration.ofHours(1).toSeconds()) * TURN;
        List<T> turned = new ArrayList<>(all);
        Collections.rotate(turned, -(int) ((turns - Math.floor(turns)) * all.size()));
        return turned;
    }

    private Set<Region> regions() {
        return catalog.regionsWith(policies.regions());
    }

    /** All policies in the file, followed by those of which only images remain. */
    public List<Policy> policies() {
        return Stream.concat(
                        policies.all().stream(),
                        forgotten().keySet().stream().map(Policy::forgotten))
                .toList();
    }

    /** The number of images, by Region, of policies that are no longer in the file. */
    SortedMap<String, SortedMap<Region, Integer>> forgotten() {
        SortedMap<String, SortedMap<Region, Integer>> forgotten = new TreeMap<>();
        views.forEach((region, view) ->
                view.inEc2.values().stream()
                        .flatMap(ami -> ImageTags.name(ami.tags()).stream())
                        .map(ImageName::policy)
                        .filter(name -> policies.find(name).isEmpty())
                        .forEach(name ->
                                forgotten
                                        .computeIfAbsent(name, _ -> new TreeMap<>())
                                        .merge(region, 1, Integer::sum)));
        return forgotten;
    }

    /** The number of our images that EC2 lists, by Region. */
    Map<Region, Integer> listed() {
        Map<Region, Integer> listed = new TreeMap<>();
        views.forEach((region, view) -> listed.put(region, view.inEc2.size()));
        return listed;
    }

    /** Everything that is read of a Region is read at the same time. */
    private Reading look(Region region) {
        EXPECTED.forEach(call -> images.expect(region, call));
        Map<ImageId, Ami> inEc2 = new HashMap<>();
        AtomicReference<Usage> usage = new AtomicReference<>();
        try {
            images.sideBySide(
                    List.<Runnable>of(
                            () -> inEc2.putAll(list(region)),
                            () -> usage.set(probes.usage(region))),
                    () -> true,
                    Runnable::run);
            return new Reading.ReadView(
                    new View(Map.copyOf(inEc2), Objects.requireNonNull(usage.get())));
        } catch (SdkException error) {
            return new Reading.ReadFailed(error);
        }
    }

    private Map<ImageId, Ami> list(Region region) {
        return images.leanOurs(region).stream()
                .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                .collect(Collectors.toMap(Ami::id, Function.identity(), (one, again) -> one));
    }

    /** A Region that cannot be read is left alone and does not hold up the others. */
    private Optional<View> view(Region region, Reading reading) {
        return switch (reading) {
            case Reading.ReadFailed(SdkException error) -> {
                unreadable++;
                Blocker.of(error, "ec2:DescribeImages", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly())
                        .ifPresentOrElse(
                                by ->
                                        run.tell()
                                                .accept(
                                                        Blockers.notice(
                                                                region, "removals", by, run.now())),
                                () -> warnings.unread(region, Fault.text(error)));
                yield Optional.empty();
            }
            case Reading.ReadView(View view) -> {
                view.inEc2.values().stream().filter(Ami::isPublic).forEach(warnings::isPublic);
                view.usage.probes().forEach(probe -> warnings.blind(region, probe));
                yield Optional.of(view);
            }
        };
    }

    /** Makes the plan of all Regions for one policy. */
    public PolicyPlan plan(Policy policy) {
        return plan(outlook(policy), TimeLeft.ENDLESS);
    }

    /**
     * Checks all candidates and makes the plan. Those for which the time does not suffice are kept.
     */
    PolicyPlan plan(PolicyOutlook outlook, TimeLeft timeLeft) {
        int before = checks.unlooked();
        Map<Region, PrunePlan> plans = new ConcurrentHashMap<>();
        images.sideBySide(
                outlook.regions(),
                () -> true,
                each -> plans.put(each.region(), plan(outlook.policy(), each, timeLeft)));
        return outlook.checked(
                outlook.regions().stream()
                        .map(each -> Objects.requireNonNull(plans.get(each.region())))
                        .toList(),
                checks.unlooked() - before);
    }

    private PrunePlan plan(Policy policy, RegionOutlook region, TimeLeft timeLeft) {
        List<Image> candidates = candidates(region);
        return candidates.isEmpty()
                ? region.plan()
                : region.judgeAll(ask(policy, region, candidates, timeLeft));
    }

    /** Checks some of a Region's candidates, as far as time allows. */
    RegionOutlook.Checked check(
            Policy policy, RegionOutlook region, List<Image> some, TimeLeft timeLeft) {
        return region.judge(some, ask(policy, region, some, timeLeft));
    }

    private Evidence ask(Policy policy, RegionOutlook region, List<Image> some, TimeLeft timeLeft) {
        return checks.asked(policy, region.region(), some, region.plan().evidence(), timeLeft);
    }

    /**
     * The images that may take a step towards removal. Those on their way out come first, because
     * some of them may have to be brought back.
     */
    List<Image> candidates(RegionOutlook region) {
        return turned(region.plan().candidates(), run.now()).stream()
                .sorted(Comparator.comparing(image -> image.state() == ImageState.AVAILABLE))
                .toList();
    }

    /** Reads what the catalogue knows of a policy's images, and how the policy judges them. */
    PolicyOutlook outlook(Policy policy) {
        Map<Region, List<Image>> records = records(policy);
        // Read after the records: if an image was available by then, its copies are already
        // recorded.
        Set<ImageRef> sources = fleet.copySources();
        records.values().forEach(all -> fleet.unreadableElsewhere(all).forEach(sources::add));
        Optional<Set<InstanceId>> imaged = fleet.imaged(policy);
        Map<InstanceId, Instant> gone =
                fleet.gone(policy, records.values().stream().flatMap(List::stream).toList());
        List<Image> homes = homes(policy, records);
        List<RegionOutlook> regions = new ArrayList<>();
        views.forEach((region, view) ->
                regions.add(
                        new RegionOutlook(
                                policy,
                                region,
                                records.getOrDefault(region, List.of()),
                                homes,
                                new Evidence(
                                        view.inEc2,
                                        view.usage,
                                        Optional.empty(),
                                        sources,
                                        imaged,
                                        gone,
                                        run.now()))));
        return new PolicyOutlook(
                policy,
                regions,
                new PolicyPlan.PolicyFindings(
                        imaged.map(Set::size), listed(), catalog.marks(policy.name())));
    }

    private Map<Region, List<Image>> records(Policy policy) {
        Map<Region, List<Image>> records = new ConcurrentHashMap<>();
        images.sideBySide(
                List.copyOf(views.keySet()),
                () -> true,
                region -> records.put(region, catalog.ofPolicy(policy.allNames(), region)));
        return records;
    }

    /**
     * Those of these images of which a copy waits or is being made at this moment, or may be. A run
     * lasts long, and meanwhile a sweep may ask for a copy that is missing.
     */
    Set<Image> copiedNow(Collection<Image> some) {
        return fleet.copiedNow(some, regions);
    }

    /** The good home images in the Regions that the policy names, as far as EC2 shows them. */
    private List<Image> homes(Policy policy, Map<Region, List<Image>> records) {
        return policy.select().regions().stream()
                .flatMap(region -> records.getOrDefault(region, List.of()).stream())
                .filter(image -> !image.isCopy() && image.isGood())
                .filter(image ->
                        image.id()
                                .flatMap(id ->
                                        Optional.ofNullable(views.get(image.region()))
                                                .map(view -> view.inEc2.get(id)))
                                .filter(Evidence::isAvailable)
                                .isPresent())
                .toList();
    }

    /**
     * Says what is known about removing one image by hand, based on the same evidence that a run
     * uses.
     *
     * @return empty if the catalogue no longer knows the image, or its Region cannot be read
     */
    public Optional<ManualRemoval> byHand(Region region, ImageId id) {
        Optional<View> view = view(region, look(region));
        Optional<Image> found = catalog.find(region, id);
        if (view.isEmpty() || found.isEmpty()) {
            return Optional.empty();
        }
        String name = found.get().name().policy();
        Policy policy = policies.find(name).orElseGet(() -> Policy.forgotten(name));
        List<Image> records = catalog.ofPolicy(policy.allNames(), region);
        Set<ImageRef> sources = fleet.copySources();
        regions().forEach(other -> catalog.ofPolicy(policy.allNames(), other));
        fleet.unreadableElsewhere(records).forEach(sources::add);
        Evidence evidence =
                new Evidence(
                        view.get().inEc2,
                        view.get().usage,
                        Optional.empty(),
                        sources,
                        fleet.imaged(policy),
                        fleet.gone(policy, records),
                        run.now());
        return records.stream()
                .filter(record -> record.id().equals(Optional.of(id)))
                .findFirst()
                .map(image ->
                        PrunePlan.byHand(
                                policy,
                                image,
                                records,
                                evidence.inEc2().containsKey(id)
                                        ? checks.asked(
                                                policy,
                                                region,
                                                List.of(image),
                                                evidence,
                                                TimeLeft.ENDLESS)
                                        : evidence,
                                policy.isForgotten() && isMadeUpFor(image, evidence)));
    }

    /** Whether a policy in the file has a newer good image of the same instance. */
    private boolean isMadeUpFor(Image image, Evidence evidence) {
        return catalog.ofInstance(image.name().instance()).stream()
                .filter(other -> other.region().equals(image.region()))
                .filter(other -> policies.find(other.name().policy()).isPresent())
                .filter(other -> other.name().slot().compareTo(image.name().slot()) > 0)
                .anyMatch(other -> evidence.isGood(other) && !evidence.isFuture(other));
    }
}
