package dev.amikeeper.retention;

import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.alerts.PublicImages;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
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
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads what the catalogue and EC2 hold and makes the plans: the same for the function, its dry run
 * and the command line. Changes no image; it may ask EC2 for reports on use.
 */
public final class Planner {
    private static final Logger log = LoggerFactory.getLogger(Planner.class);

    private final Catalog catalog;
    private final ImageReads images;
    private final Instances instances;
    private final Policies policies;
    private final Probes probes;
    private final Instant now;
    private final boolean mayRequest;
    private final Consumer<Notice> tell;
    private final Map<Region, View> views = new LinkedHashMap<>();
    private final Set<Region> unread = new TreeSet<>();
    private final Map<Region, Optional<Set<InstanceId>>> living = new HashMap<>();
    private int unreadable;
    private int unlooked;

    /** Of a policy's time, for EC2 lets us read four times as many as it lets us remove. */
    private static final int READING = 25;

    /** Of the time for reading: whom images are shared with is a call for each, the rest is not. */
    private static final int SHARING = 80;

    /** Begins of a turn that lie evenly, however few or many there were: the golden ratio's. */
    private static final double TURN = (Math.sqrt(5) - 1) / 2;

    /** What EC2 shows of a Region. */
    private record View(Map<ImageId, Ami> inEc2, Usage usage) {}

    /** How the reading of a Region ended. */
    private sealed interface Reading {
        record Read(View view) implements Reading {}

        record Failed(SdkException error) implements Reading {}
    }

    /**
     * What one run may do.
     *
     * @param mayRequest whether missing reports on use by other accounts may be requested
     * @param tell takes what people are to know
     */
    public record Run(Instant now, boolean mayRequest, Consumer<Notice> tell) {}

    /** A planner of one run. */
    public Planner(
            Catalog catalog,
            ImageReads images,
            Instances instances,
            Policies policies,
            Probes probes,
            Run run) {
        this.catalog = catalog;
        this.images = images;
        this.instances = instances;
        this.policies = policies;
        this.probes = probes;
        now = run.now();
        mayRequest = run.mayRequest();
        tell = run.tell();
    }

    /** How many Regions could not be read; nothing is removed there. */
    int unreadable() {
        return unreadable;
    }

    /** Candidates that were not looked at, for there was no time; they stay for now. */
    int unlooked() {
        return unlooked;
    }

    /** Regions that were not read, for there was no time; nothing is removed there. */
    Set<Region> unread() {
        return Set.copyOf(unread);
    }

    /** Reads every Region where there may be images, whether the file names it still or not. */
    public Planner read() {
        return read(TimeLeft.ENDLESS);
    }

    /** The same, as far as the time suffices. */
    Planner read(TimeLeft timeLeft) {
        Map<Region, Reading> readings = new ConcurrentHashMap<>();
        Set<Region> regions = regions();
        images.sideBySide(
                turned(List.copyOf(regions), now),
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
     * The same in another order: each hour begins elsewhere, so that where time ends before the
     * list does, no one place is always after that.
     */
    static <T> List<T> turned(List<T> all, Instant now) {
        double turns = Math.floorDiv(now.getEpochSecond(), Duration.ofHours(1).toSeconds()) * TURN;
        List<T> turned = new ArrayList<>(all);
        Collections.rotate(turned, -(int) ((turns - Math.floor(turns)) * all.size()));
        return turned;
    }

    private Set<Region> regions() {
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        return regions;
    }

    /** All policies of the file, then those of which there are only images left. */
    public List<Policy> policies() {
        return Stream.concat(
                        policies.all().stream(),
                        forgotten().keySet().stream().map(Policy::forgotten))
                .toList();
    }

    /** How many images there are, by Region, of policies that are not in the file any more. */
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

    /** How many images of ours EC2 lists, by Region. */
    Map<Region, Integer> listed() {
        Map<Region, Integer> listed = new TreeMap<>();
        views.forEach((region, view) -> listed.put(region, view.inEc2.size()));
        return listed;
    }

    private Reading look(Region region) {
        try {
            Map<ImageId, Ami> inEc2 =
                    images.ours(region).stream()
                            .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                            .collect(
                                    Collectors.toMap(
                                            Ami::id, Function.identity(), (one, again) -> one));
            return new Reading.Read(new View(inEc2, probes.usage(region)));
        } catch (SdkException error) {
            return new Reading.Failed(error);
        }
    }

    /** A Region that cannot be read is left alone, and holds up no other. */
    private Optional<View> view(Region region, Reading reading) {
        return switch (reading) {
            case Reading.Failed(SdkException error) -> {
                unreadable++;
                Fault.blocker(error, "ec2:DescribeImages", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly())
                        .ifPresentOrElse(
                                by -> tell.accept(Blockers.notice(region, "removals", by, now)),
                                () -> unread(region, Fault.text(error)));
                yield Optional.empty();
            }
            case Reading.Read(View view) -> {
                view.inEc2.values().stream().filter(Ami::isPublic).forEach(this::isPublic);
                view.usage.probes().forEach(probe -> warnOfBlindness(region, probe));
                yield Optional.of(view);
            }
        };
    }

    /** The plan of all Regions for one policy. */
    public PolicyPlan plan(Policy policy) {
        return plan(policy, TimeLeft.ENDLESS);
    }

    /** The same, made in half of this time; what it does not suffice for stays for now. */
    PolicyPlan plan(Policy policy, TimeLeft timeLeft) {
        TimeLeft reading = timeLeft.share(READING);
        int before = unlooked;
        List<Region> unplanned = new ArrayList<>(views.keySet());
        Map<Region, List<Image>> records = new LinkedHashMap<>();
        views.keySet()
                .forEach(
                        region -> records.put(region, catalog.ofPolicy(policy.allNames(), region)));
        // After the records: an image that was available by then has its copies written down.
        Set<ImageRef> sources = copySources();
        records.values().forEach(all -> unreadableElsewhere(all).forEach(sources::add));
        Optional<Set<InstanceId>> imaged = imaged(policy);
        Map<InstanceId, Instant> gone =
                gone(policy, records.values().stream().flatMap(List::stream).toList());
        List<Image> homes = homes(policy, records);
        List<PrunePlan> plans = new ArrayList<>();
        views.forEach((region, view) -> {
            TimeLeft itsShare = reading.share(100 / unplanned.size());
            unplanned.remove(region);
            List<Image> found = records.getOrDefault(region, List.of());
            Evidence evidence =
                    new Evidence(
                            view.inEc2, view.usage, Optional.empty(), sources, imaged, gone, now);
            PrunePlan first = PrunePlan.of(policy, region, found, homes, evidence);
            plans.add(
                    first.candidates().isEmpty()
                            ? first
                            : PrunePlan.of(
                                    policy,
                                    region,
                                    found,
                                    homes,
                                    asked(
                                            policy,
                                            region,
                                            turned(first.candidates(), now),
                                            evidence,
                                            itsShare)));
        });
        return PolicyPlan.of(
                policy,
                plans,
                new PolicyPlan.Found(
                        imaged.map(Set::size),
                        listed(),
                        catalog.marks(policy.name()),
                        unlooked - before));
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
     * What there is to say about removing one image by hand: by the same evidence as for a run.
     *
     * @return empty if the catalogue does not know it any more, or its Region cannot be read
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
        Set<ImageRef> sources = copySources();
        regions().forEach(other -> catalog.ofPolicy(policy.allNames(), other));
        unreadableElsewhere(records).forEach(sources::add);
        Evidence evidence =
                new Evidence(
                        view.get().inEc2,
                        view.get().usage,
                        Optional.empty(),
                        sources,
                        imaged(policy),
                        gone(policy, records),
                        now);
        return records.stream()
                .filter(record -> record.id().equals(Optional.of(id)))
                .findFirst()
                .map(image ->
                        PrunePlan.byHand(
                                policy,
                                image,
                                records,
                                evidence.inEc2().containsKey(id)
                                        ? asked(
                                                policy,
                                                region,
                                                List.of(image),
                                                evidence,
                                                TimeLeft.ENDLESS)
                                        : evidence,
                                policy.isForgotten() && isMadeUpFor(image, evidence)));
    }

    /** Whether a newer good image of its instance is there under a policy of the file. */
    private boolean isMadeUpFor(Image image, Evidence evidence) {
        return catalog.ofInstance(image.name().instance()).stream()
                .filter(other -> other.region().equals(image.region()))
                .filter(other -> policies.find(other.name().policy()).isPresent())
                .filter(other -> other.name().slot().compareTo(image.name().slot()) > 0)
                .anyMatch(other -> evidence.isGood(other) && !evidence.isFuture(other));
    }

    /**
     * Of which of these images the instance is gone, and since when. Whole listings of their home
     * Regions prove it, each time anew; the first that did not show an instance is remembered, and
     * forgotten as soon as one shows it. Where a listing fails, nothing is gone.
     */
    private Map<InstanceId, Instant> gone(Policy policy, List<Image> records) {
        Map<InstanceId, Instant> gone = new HashMap<>();
        if (!policy.letsGoneOnesGo()) {
            return gone;
        }
        Map<Region, Set<InstanceId>> instances = new TreeMap<>();
        records.forEach(image ->
                instances
                        .computeIfAbsent(
                                image.home().map(ImageRef::region).orElse(image.region()),
                                _ -> new HashSet<>())
                        .add(image.name().instance()));
        instances.forEach((home, all) -> {
            Optional<Set<InstanceId>> there = living.computeIfAbsent(home, this::living);
            if (there.isEmpty()) {
                return;
            }
            Map<InstanceId, Instant> known = catalog.gone(home);
            for (InstanceId instance : all) {
                boolean isThere = there.get().contains(instance);
                if (isThere && known.containsKey(instance) && mayRequest) {
                    catalog.back(home, instance);
                }
                if (!isThere) {
                    gone.put(instance, known.getOrDefault(instance, now));
                    if (!known.containsKey(instance) && mayRequest) {
                        catalog.gone(home, instance, now);
                    }
                }
            }
        });
        return gone;
    }

    private Optional<Set<InstanceId>> living(Region region) {
        try {
            return Optional.of(
                    instances.living(region).stream()
                            .map(living -> living.instance().id())
                            .collect(Collectors.toSet()));
        } catch (SdkException error) {
            log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
            return Optional.empty();
        }
    }

    /** What is too dear to ask about any but the images that may go. */
    private Evidence asked(
            Policy policy,
            Region region,
            List<Image> candidates,
            Evidence evidence,
            TimeLeft timeLeft) {
        Map<ImageId, Sharing> sharing = sharing(region, candidates, timeLeft.share(SHARING));
        Map<ImageId, List<String>> permissions = permissions(policy, region, candidates, sharing);
        Evidence withPermissions = evidence.with(List.of(), permissions);
        List<Image> looked =
                candidates.stream()
                        .filter(image -> sharing.containsKey(image.id().orElseThrow()))
                        .toList();
        List<Usage.Probe> answers =
                new ArrayList<>(probes.references(region, ids(looked.stream()), timeLeft::isAny));
        Set<ImageId> asked =
                answers.stream()
                        .flatMap(probe -> probe.asked().stream())
                        .flatMap(Set::stream)
                        .collect(Collectors.toSet());
        unlooked +=
                (int) ids(candidates.stream()).stream().filter(id -> !asked.contains(id)).count();
        List<ImageId> shared = ids(looked.stream().filter(withPermissions::isShared));
        Usage.Probe others = probes.otherAccounts(region, shared, mayRequest, now, timeLeft::isAny);
        answers.add(others);
        answers.forEach(probe -> warnOfBlindness(region, probe));
        others.own().values().stream()
                .flatMap(finding ->
                        finding.answer() instanceof Usage.Answer.Unknown(var because)
                                ? because.stream()
                                : Stream.empty())
                .filter(because -> because.contains("may not call"))
                .findFirst()
                .ifPresent(because -> warnOfBlindness(region, others.name(), because));
        return evidence.with(answers, permissions);
    }

    private static List<ImageId> ids(Stream<Image> images) {
        return images.flatMap(image -> image.id().stream()).toList();
    }

    /** Whom an image is shared with, or why that could not be read. */
    private sealed interface Sharing {
        record With(List<String> accounts) implements Sharing {}

        record Unread(SdkException error) implements Sharing {}
    }

    /**
     * Whom those images are shared with that are not disabled yet, image by image, for EC2 has no
     * bulk read of it. There was no time for one that is missing in the answer.
     */
    private Map<ImageId, Sharing> sharing(
            Region region, List<Image> candidates, TimeLeft timeLeft) {
        Map<ImageId, Sharing> sharing = new ConcurrentHashMap<>();
        List<ImageId> toRead = new ArrayList<>();
        for (Image image : candidates) {
            if (image.state() == ImageState.DISABLED) {
                sharing.put(image.id().orElseThrow(), new Sharing.With(List.of()));
            } else {
                toRead.add(image.id().orElseThrow());
            }
        }
        images.sideBySide(toRead, timeLeft::isAny, id -> sharing.put(id, read(region, id)));
        return sharing;
    }

    private Sharing read(Region region, ImageId id) {
        try {
            return new Sharing.With(images.permissions(region, id));
        } catch (SdkException error) {
            return new Sharing.Unread(error);
        }
    }

    /** Those that could be read; people are told of what is wrong with them. */
    private Map<ImageId, List<String>> permissions(
            Policy policy, Region region, List<Image> candidates, Map<ImageId, Sharing> sharing) {
        Map<ImageId, List<String>> permissions = new HashMap<>();
        for (Image image : candidates) {
            ImageId id = image.id().orElseThrow();
            switch (sharing.get(id)) {
                case Sharing.With(List<String> accounts) -> {
                    permissions.put(id, accounts);
                    Set<String> beyond = new TreeSet<>(accounts);
                    beyond.removeAll(policy.share().all());
                    beyond.remove(ImageReads.EVERYBODY);
                    if (!beyond.isEmpty()) {
                        sharedBeyond(policy, image, beyond);
                    }
                }
                case Sharing.Unread(SdkException error) -> {
                    Fault fault = Fault.of(error);
                    if (fault == Fault.UNAVAILABLE || fault == Fault.NOT_FOUND) {
                        log.info("{} {} went away meanwhile", region, id);
                    } else {
                        warnOfBlindness(
                                region,
                                "launch permissions",
                                Fault.text(error, "ec2:DescribeImageAttribute"));
                    }
                }
                case null -> log.info("{} {}: no time to look at it", region, id);
            }
        }
        return permissions;
    }

    /** The instances that the policy selects now; empty if a home Region cannot be read. */
    private Optional<Set<InstanceId>> imaged(Policy policy) {
        Set<InstanceId> imaged = new HashSet<>();
        for (Region region : policy.select().regions()) {
            try {
                instances
                        .tagged(
                                region,
                                policy.select().tags().keySet(),
                                policy.select().statesToAsk())
                        .stream()
                        .filter(policy.select()::selects)
                        .map(Instance::id)
                        .forEach(imaged::add);
            } catch (SdkException error) {
                log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
                return Optional.empty();
            }
        }
        return Optional.of(imaged);
    }

    /** In this order: a copy moves from waiting to under way, and back if it fails. */
    private Set<ImageRef> copySources() {
        Set<ImageRef> sources = new HashSet<>();
        for (Region region : regions()) {
            for (Work kind : List.of(Work.COPY_WAITING, Work.COPY_UNDER_WAY, Work.COPY_WAITING)) {
                catalog.work(region, kind, Instant.MAX, Integer.MAX_VALUE)
                        .forEach(copy -> copy.home().ifPresent(sources::add));
            }
        }
        return sources;
    }

    /**
     * Those of these images of which the catalogue holds something that cannot be read, in whatever
     * Region: it may be a copy that is being made.
     */
    private Stream<ImageRef> unreadableElsewhere(List<Image> records) {
        Set<ImageName> unreadable =
                regions().stream()
                        .flatMap(region -> catalog.unreadable(region).stream())
                        .collect(Collectors.toSet());
        return records.stream()
                .filter(image -> unreadable.contains(image.name()))
                .flatMap(image -> image.id().map(id -> new ImageRef(image.region(), id)).stream());
    }

    private void warnOfBlindness(Region region, Usage.Probe probe) {
        probe.unknown().ifPresent(why -> warnOfBlindness(region, probe.name(), why));
    }

    private void warnOfBlindness(Region region, String probe, String why) {
        String text =
                region + ": nothing is removed, for use by " + probe + " is not known: " + why;
        log.error("{}", text);
        tell(
                Trouble.BLIND.in(region, probe),
                text,
                "give the function's role the permission, or mend what is named");
    }

    private void unread(Region region, String why) {
        log.error("{}: images cannot be read, nothing is removed there: {}", region, why);
        tell(
                Trouble.UNPRUNED.in(region),
                region + ": nothing was pruned, for the images cannot be read: " + why,
                "the next run tries again; check the Region and the function's role");
    }

    private void isPublic(Ami ami) {
        tell.accept(PublicImages.notice(ami, now));
    }

    private void sharedBeyond(Policy policy, Image image, Set<String> beyond) {
        tell(
                Trouble.BEYOND.in(image.region(), image.name()),
                image.region()
                        + ": image "
                        + image.name()
                        + " is shared beyond its policy, with "
                        + String.join(", ", beyond),
                "take the launch permissions away, or name them under \"share\" of policy "
                        + policy.name());
    }

    private void tell(NoticeKey key, String text, String remedy) {
        tell.accept(new Notice(key, now, text, remedy, true));
    }
}
