package dev.amikeeper.restore;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.InstanceProfiles;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plans restores: asks the catalogue for images, and EC2 for what is available. */
public final class RestorePlanner {
    /** A restore that is not up and checked within this time has failed. */
    public static final Duration TIMEOUT = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(RestorePlanner.class);

    private final Catalog catalog;
    private final Instances instances;
    private final Launcher launcher;
    private final Policies policies;
    private final InstanceProfiles profiles;

    public RestorePlanner(
            Catalog catalog,
            Instances instances,
            Launcher launcher,
            Policies policies,
            InstanceProfiles profiles) {
        this.catalog = catalog;
        this.instances = instances;
        this.launcher = launcher;
        this.policies = policies;
        this.profiles = profiles;
    }

    /** The choice of an image. */
    public sealed interface Choice {
        /** This image was chosen. */
        record Chosen(Image image) implements Choice {}

        /** No image was chosen. The text says why, and what images there are. */
        record None(String why) implements Choice {}
    }

    /** Why there can be no image as of the requested time; empty if there may be one. */
    public static Optional<String> future(RestoreRequest request, Instant now) {
        return request.at()
                .filter(at -> at.isAfter(now))
                .map(at ->
                        at
                                + " is still to come, it is "
                                + now.truncatedTo(ChronoUnit.SECONDS)
                                + "; without a time it is the newest image");
    }

    /** Chooses the image that a request is about. */
    public Choice choose(RestoreRequest request, Instant now) {
        Optional<String> future = future(request, now);
        if (future.isPresent()) {
            return new Choice.None(future.get());
        }
        List<Image> ofAnyPolicy = catalog.ofInstance(request.instance());
        List<Image> all =
                ofAnyPolicy.stream()
                        .filter(image -> isMeant(image.name().policy(), request))
                        .toList();
        if (all.isEmpty()) {
            return new Choice.None(
                    "there are no images of "
                            + request.instance()
                            + request.policy().map(it -> " under policy " + it).orElse("")
                            + " in the catalogue"
                            + under(ofAnyPolicy)
                            + inS3(request));
        }
        Region region = request.region().orElseGet(() -> home(all));
        if (request.image().isPresent()) {
            return byId(request.image().get(), request.instance(), region, all);
        }
        return RestorePoints.newest(region, request.at(), all)
                .<Choice>map(Choice.Chosen::new)
                .orElseGet(() ->
                        new Choice.None(
                                "there is no good image of "
                                        + request.instance()
                                        + " in "
                                        + region
                                        + request.at()
                                                .map(at -> " from " + at + " or before")
                                                .orElse("")
                                        + "; "
                                        + whatThereIs(all)
                                        + inS3(request)));
    }

    /**
     * One of the images that are gone may be stored in S3. Names the newest that would do, and how
     * to get it.
     */
    private String inS3(RestoreRequest request) {
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        return catalog.policiesWith(policies.allNames()).stream()
                .filter(name -> isMeant(name, request))
                .flatMap(name -> regions.stream().flatMap(in -> catalog.removed(name, in).stream()))
                .map(Tombstone::image)
                .filter(image -> image.name().instance().equals(request.instance()))
                .filter(image -> image.stored().filter(Stored::mayBeThere).isPresent())
                .filter(image ->
                        request.at()
                                .map(at -> !image.name().slot().time().isAfter(at))
                                .orElse(true))
                .max(Comparator.comparing(Image::name))
                .map(image ->
                        "; that of %s is stored in S3: ./keeper fetch %s --region %s brings it back"
                                .formatted(
                                        image.name().slot(),
                                        image.stored().orElseThrow().object().image(),
                                        image.region()))
                .orElse("");
    }

    private boolean isMeant(String policy, RestoreRequest request) {
        return request.policy().map(name -> policies.allNames(name).contains(policy)).orElse(true);
    }

    private static String under(List<Image> images) {
        String policies =
                images.stream()
                        .map(image -> image.name().policy())
                        .distinct()
                        .sorted()
                        .collect(Collectors.joining(", "));
        return policies.isEmpty() ? "" : ", but under " + policies;
    }

    private static Choice byId(ImageId id, InstanceId instance, Region region, List<Image> all) {
        Optional<Image> image =
                all.stream()
                        .filter(it -> it.id().equals(Optional.of(id)))
                        .filter(it -> it.region().equals(region))
                        .findFirst();
        if (image.isEmpty()) {
            return new Choice.None(
                    "%s is not an image of %s in %s; %s"
                            .formatted(
                                    id,
                                    instance,
                                    region,
                                    all.stream()
                                            .filter(it -> it.id().equals(Optional.of(id)))
                                            .map(it -> "it is in " + it.region())
                                            .findFirst()
                                            .orElseGet(() -> whatThereIs(all))));
        }
        return image.get().isGood()
                ? new Choice.Chosen(image.get())
                : new Choice.None(
                        id
                                + " is not good: it is "
                                + image.get().state()
                                + (image.get().disabled() ? " and disabled by somebody" : "")
                                + "; "
                                + whatThereIs(all));
    }

    private static Region home(List<Image> images) {
        return images.stream().map(RestorePlanner::home).findFirst().orElseThrow();
    }

    /** What images there are, in one line: the Regions, and the first and last time. */
    private static String whatThereIs(List<Image> all) {
        String there =
                all.stream()
                        .map(Image::region)
                        .distinct()
                        .sorted()
                        .flatMap(region -> {
                            List<Image> good = RestorePoints.in(region, all);
                            return good.isEmpty()
                                    ? Stream.empty()
                                    : Stream.of(
                                            "%d in %s, %s to %s"
                                                    .formatted(
                                                            good.size(),
                                                            region,
                                                            good.getLast().name().slot(),
                                                            good.getFirst().name().slot()));
                        })
                        .collect(Collectors.joining("; "));
        return there.isEmpty() ? "there is no good image of it anywhere" : "there are " + there;
    }

    /**
     * Makes the plan of one restore.
     *
     * @throws SdkException if the Region does not answer
     */
    public RestorePlan plan(Image image, Restore.RestoreKind kind, RestoreOptions wish) {
        if (kind == Restore.RestoreKind.REPLACE_ROOT) {
            List<Instance> living =
                    instances.find(image.region(), List.of(image.name().instance()));
            return RestorePlan.replacingRoot(image, living.stream().findFirst());
        }
        return plans(List.of(image), wish).getFirst();
    }

    /**
     * Makes many plans, asking each Region only once for each kind of resource.
     *
     * @throws SdkException if the Region does not answer
     */
    public List<RestorePlan> plans(Collection<Image> images, RestoreOptions wish) {
        Map<Region, List<Image>> byRegion =
                images.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Image::region, TreeMap::new, Collectors.toList()));
        List<RestorePlan> plans = new ArrayList<>();
        byRegion.forEach((region, some) -> {
            Networks there = networks(region, some, wish);
            Set<String> noProfiles =
                    profiles.missing(
                            some.stream()
                                    .flatMap(it -> RestorePlan.profile(it, wish).stream())
                                    .toList());
            Originals originals = originals(some);
            some.forEach(image ->
                    plans.add(
                            RestorePlan.of(
                                    image,
                                    wish,
                                    new RestorePlan.RestoreFacts(
                                            there,
                                            noProfiles,
                                            Optional.ofNullable(
                                                    originals.living.get(image.name().instance())),
                                            originals.unseen.getOrDefault(home(image), "")))));
        });
        return plans;
    }

    /** The servers themselves, and the Regions that could not be read, with the reasons. */
    private record Originals(Map<InstanceId, Instance> living, Map<Region, String> unseen) {}

    /** A Region that is lost must not hold up the restore of what was in it. */
    private Originals originals(List<Image> images) {
        Map<InstanceId, Instance> living = new HashMap<>();
        Map<Region, String> unseen = new HashMap<>();
        images.stream()
                .collect(Collectors.groupingBy(RestorePlanner::home))
                .forEach((region, its) -> {
                    try {
                        instances
                                .find(region, its.stream().map(it -> it.name().instance()).toList())
                                .stream()
                                .filter(it -> !it.isGone())
                                .forEach(it -> living.put(it.id(), it));
                    } catch (SdkException error) {
                        unseen.put(region, Fault.text(error, "ec2:DescribeInstances"));
                    }
                });
        return new Originals(living, unseen);
    }

    private static Region home(Image image) {
        return image.home().map(ImageRef::region).orElse(image.region());
    }

    private Networks networks(Region region, List<Image> images, RestoreOptions wish) {
        List<Networks.Query> each =
                images.stream()
                        .map(image -> image.capsule().orElseGet(RestorePlan::unknown))
                        .map(original -> RestorePlan.wanted(original, wish))
                        .toList();
        return launcher.networks(
                region,
                new Networks.Query(
                        all(each, Networks.Query::subnets),
                        all(each, Networks.Query::groups),
                        all(each, Networks.Query::keyPairs),
                        all(each, Networks.Query::types),
                        all(each, Networks.Query::addresses)));
    }

    private static List<String> all(
            List<Networks.Query> each, Function<Networks.Query, Collection<String>> part) {
        return each.stream().flatMap(one -> part.apply(one).stream()).distinct().toList();
    }

    /**
     * What a mapping file lacks for these plans, all of one Region, with suggestions for filling it
     * in. What cannot be read yields no suggestions.
     */
    public List<MissingMapping> blanks(List<RestorePlan> plans) {
        List<MissingMapping> bare = MissingMapping.of(plans, Networks.NONE, Map.of());
        if (bare.isEmpty()) {
            return bare;
        }
        Image first = plans.getFirst().image();
        return MissingMapping.of(
                plans, launcher.networks(first.region()), namesAtHome(first, bare));
    }

    /** An older capsule contains no names, but the home Region may still tell them. */
    private Map<String, String> namesAtHome(Image first, List<MissingMapping> blanks) {
        Map<String, String> names = new HashMap<>();
        List<String> subnets = nameless("subnets", blanks);
        List<String> groups = nameless("securityGroups", blanks);
        if (subnets.isEmpty() && groups.isEmpty()) {
            return names;
        }
        Region home = home(first);
        try {
            Networks there =
                    launcher.networks(
                            home,
                            new Networks.Query(subnets, groups, List.of(), List.of(), List.of()));
            there.subnets().values().forEach(one -> names.put(one.id(), one.name()));
            there.groups().values().forEach(one -> names.put(one.id(), one.name()));
        } catch (SdkException lost) {
            log.info("{} tells no names: {}", home, Fault.text(lost));
        }
        return names;
    }

    private static List<String> nameless(String part, List<MissingMapping> blanks) {
        return blanks.stream()
                .filter(blank -> blank.part().equals(part) && blank.name().isEmpty())
                .map(MissingMapping::original)
                .toList();
    }

    /**
     * The restore that carries out a plan. Asking again in the same words means the same restore.
     *
     * @param asked what must be the same for that, besides the server and its policy
     */
    public static Restore restore(
            RestorePlan plan, Restore.RestoreKind kind, String asked, Instant now) {
        Image image = plan.image();
        String id =
                image.name().policy()
                        + "/"
                        + image.name().instance()
                        + "/restore-"
                        + Sha256.of(asked).substring(0, 12);
        return Restore.requested(id, kind, image, plan.as(), Optional.empty(), TIMEOUT, now);
    }
}
