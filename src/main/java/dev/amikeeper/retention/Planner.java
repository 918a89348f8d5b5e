package dev.amikeeper.retention;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Images;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.report.Blockers;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

    private final Application app;
    private final Instant now;
    private final boolean mayRequest;
    private final Consumer<Notice> tell;
    private final Map<Region, View> views = new LinkedHashMap<>();
    private int unreadable;

    /** What EC2 shows of a Region. */
    private record View(Map<ImageId, Ami> inEc2, Usage usage) {}

    /**
     * A planner of one run.
     *
     * @param mayRequest whether missing reports on use by other accounts may be requested
     * @param tell takes what people are to know
     */
    public Planner(Application app, Instant now, boolean mayRequest, Consumer<Notice> tell) {
        this.app = app;
        this.now = now;
        this.mayRequest = mayRequest;
        this.tell = tell;
    }

    /** How many Regions could not be read; nothing is removed there. */
    int unreadable() {
        return unreadable;
    }

    /** Reads every Region where there may be images, whether the file names it still or not. */
    public Planner read() {
        regions().forEach(region -> view(region).ifPresent(view -> views.put(region, view)));
        return this;
    }

    private Set<Region> regions() {
        Set<Region> regions = new TreeSet<>(app.catalog().bookmarks().regions());
        regions.addAll(app.policies().regions());
        return regions;
    }

    /** All policies of the file, then those of which there are only images left. */
    public List<Policy> policies() {
        Set<String> forgotten =
                views.values().stream()
                        .flatMap(view -> view.inEc2.values().stream())
                        .flatMap(ami -> ImageTags.name(ami.tags()).stream())
                        .map(ImageName::policy)
                        .filter(name -> app.policies().find(name).isEmpty())
                        .collect(Collectors.toCollection(TreeSet::new));
        for (String name : forgotten) {
            log.warn("images of policy {} stay, for the policy is not in the file", name);
        }
        return Stream.concat(
                        app.policies().all().stream(), forgotten.stream().map(Policy::forgotten))
                .toList();
    }

    /** How many images of ours EC2 lists, by Region. */
    Map<Region, Integer> listed() {
        Map<Region, Integer> listed = new TreeMap<>();
        views.forEach((region, view) -> listed.put(region, view.inEc2.size()));
        return listed;
    }

    /** A Region that cannot be read is left alone, and holds up no other. */
    private Optional<View> view(Region region) {
        Map<ImageId, Ami> inEc2;
        try {
            inEc2 =
                    app.images().ours(region).stream()
                            .filter(ami -> !ami.state().equals("deregistered"))
                            .collect(
                                    Collectors.toMap(
                                            Ami::id, Function.identity(), (one, again) -> one));
        } catch (SdkException error) {
            unreadable++;
            Fault.blocker(error, "ec2:DescribeImages", region)
                    .filter(blocker -> !blocker.mayConcernOneOnly())
                    .ifPresentOrElse(
                            by -> tell.accept(Blockers.notice(region, "removals", by, now)),
                            () -> unread(region, Fault.text(error)));
            return Optional.empty();
        }
        inEc2.values().stream().filter(Ami::isPublic).forEach(this::isPublic);
        Usage usage = app.probes().usage(region);
        usage.probes().forEach(probe -> warnOfBlindness(region, probe));
        return Optional.of(new View(inEc2, usage));
    }

    /** The plan of all Regions for one policy. */
    public PolicyPlan plan(Policy policy) {
        Map<Region, List<Image>> records = new LinkedHashMap<>();
        views.keySet()
                .forEach(region ->
                        records.put(region, app.catalog().ofPolicy(policy.name(), region)));
        // After the records: an image that was available by then has its copies written down.
        Set<ImageRef> sources = copySources();
        records.values().forEach(all -> unreadableElsewhere(all).forEach(sources::add));
        Optional<Set<InstanceId>> imaged = imaged(policy);
        List<PrunePlan> plans = new ArrayList<>();
        views.forEach((region, view) -> {
            List<Image> found = records.getOrDefault(region, List.of());
            Evidence evidence =
                    new Evidence(view.inEc2, view.usage, Optional.empty(), sources, imaged, now);
            PrunePlan first = PrunePlan.of(policy, region, found, evidence);
            plans.add(
                    first.candidates().isEmpty()
                            ? first
                            : PrunePlan.of(
                                    policy,
                                    region,
                                    found,
                                    asked(policy, region, first.candidates(), evidence)));
        });
        return PolicyPlan.of(
                policy,
                plans,
                new PolicyPlan.Found(
                        imaged.map(Set::size), listed(), app.catalog().marks(policy.name())));
    }

    /**
     * What there is to say about removing one image by hand: by the same evidence as for a run.
     *
     * @return empty if the catalogue does not know it any more, or its Region cannot be read
     */
    public Optional<ByHand> byHand(Region region, ImageId id) {
        Optional<View> view = view(region);
        Optional<Image> found = app.catalog().find(region, id);
        if (view.isEmpty() || found.isEmpty()) {
            return Optional.empty();
        }
        String name = found.get().name().policy();
        Policy policy = app.policies().find(name).orElseGet(() -> Policy.forgotten(name));
        List<Image> records = app.catalog().ofPolicy(name, region);
        Set<ImageRef> sources = copySources();
        regions().forEach(other -> app.catalog().ofPolicy(name, other));
        unreadableElsewhere(records).forEach(sources::add);
        Evidence evidence =
                new Evidence(
                        view.get().inEc2,
                        view.get().usage,
                        Optional.empty(),
                        sources,
                        imaged(policy),
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
                                        ? asked(policy, region, List.of(image), evidence)
                                        : evidence));
    }

    /** What is too dear to ask about any but the images that may go. */
    private Evidence asked(
            Policy policy, Region region, List<Image> candidates, Evidence evidence) {
        Map<ImageId, List<String>> permissions = permissions(policy, region, candidates);
        Evidence withPermissions = evidence.with(List.of(), permissions);
        List<ImageId> all = ids(candidates.stream());
        List<ImageId> shared = ids(candidates.stream().filter(withPermissions::isShared));
        List<Usage.Probe> probes = new ArrayList<>(app.probes().references(region, all));
        Usage.Probe others = app.probes().otherAccounts(region, shared, mayRequest, now);
        probes.add(others);
        probes.forEach(probe -> warnOfBlindness(region, probe));
        others.own().values().stream()
                .flatMap(finding ->
                        finding.answer() instanceof Usage.Answer.Unknown(var because)
                                ? because.stream()
                                : Stream.empty())
                .filter(because -> because.contains("may not call"))
                .findFirst()
                .ifPresent(because -> warnOfBlindness(region, others.name(), because));
        return evidence.with(probes, permissions);
    }

    private static List<ImageId> ids(Stream<Image> images) {
        return images.flatMap(image -> image.id().stream()).toList();
    }

    /**
     * Whom those images are shared with that are not disabled yet, image by image, for EC2 has no
     * bulk read of it. One that is missing in the answer could not be read.
     */
    private Map<ImageId, List<String>> permissions(
            Policy policy, Region region, List<Image> candidates) {
        Map<ImageId, List<String>> permissions = new HashMap<>();
        for (Image image : candidates) {
            ImageId id = image.id().orElseThrow();
            if (image.state() == ImageState.DISABLED) {
                permissions.put(id, List.of());
                continue;
            }
            try {
                List<String> found = app.images().permissions(region, id);
                permissions.put(id, found);
                Set<String> beyond = new TreeSet<>(found);
                beyond.removeAll(policy.share().all());
                beyond.remove(Images.EVERYBODY);
                if (!beyond.isEmpty()) {
                    sharedBeyond(policy, image, beyond);
                }
            } catch (SdkException error) {
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
        }
        return permissions;
    }

    /** The instances that the policy selects now; empty if a home Region cannot be read. */
    private Optional<Set<InstanceId>> imaged(Policy policy) {
        Set<InstanceId> imaged = new HashSet<>();
        for (Region region : policy.select().regions()) {
            try {
                app
                        .instances()
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
                app.catalog()
                        .work(region, kind, Instant.MAX, Integer.MAX_VALUE)
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
                        .flatMap(region -> app.catalog().unreadable(region).stream())
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
                "blind/" + region + "/" + probe,
                text,
                "give the function's role the permission, or mend what is named");
    }

    private void unread(Region region, String why) {
        log.error("{}: images cannot be read, nothing is removed there: {}", region, why);
        tell(
                "unpruned/" + region,
                region + ": nothing was pruned, for the images cannot be read: " + why,
                "the next run tries again; check the Region and the function's role");
    }

    private void isPublic(Ami ami) {
        tell(
                "public/" + ami.region() + "/" + ami.id(),
                ami.region() + ": image " + ami.id() + " " + ami.name() + " is public",
                "everybody can launch it and read its disks: take the launch permission of group"
                        + " \"all\" away");
    }

    private void sharedBeyond(Policy policy, Image image, Set<String> beyond) {
        tell(
                "beyond/" + image.region() + "/" + image.name(),
                image.region()
                        + ": image "
                        + image.name()
                        + " is shared beyond its policy, with "
                        + String.join(", ", beyond),
                "take the launch permissions away, or name them under \"share\" of policy "
                        + policy.name());
    }

    private void tell(String key, String text, String remedy) {
        tell.accept(new Notice(key, now, text, remedy, true));
    }
}
