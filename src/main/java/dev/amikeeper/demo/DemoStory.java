package dev.amikeeper.demo;

import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.retention.Reason;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What people and EC2 do during the demo. The story calls EC2 as people would; these calls are
 * counted separately. It never reads from EC2, so all reads that are counted are AMI Keeper's.
 *
 * <p>The class is long because each scene stands here with what came of it.
 */
final class DemoStory {
    /** Something that happened, and how to find out at the end what came of it. */
    record ToldEvent(int day, String what, StoryOutcome then) {}

    /** What came of it. */
    interface StoryOutcome {
        String in(ImageHistory history);
    }

    private record Scene(Instant at, Runnable play) {}

    private static final Comparator<Image> OLDEST_FIRST =
            Comparator.comparing(Image::creationDate).thenComparing(Image::imageId);

    private static final DateTimeFormatter TO_THE_MINUTE =
            DateTimeFormatter.ofPattern("MM-dd HH:mm").withZone(ZoneOffset.UTC);

    private static final String PERSON = "alice";

    private static final String BUCKET = "ami-archive";

    private final SimulatedCloud cloud;
    private final LocalDeployment deployment;
    private final Policies policies;
    private final DemoFleet fleet;
    private final Random random;
    private final DemoTroubles troubles;
    private final Instant start;
    private final Queue<Scene> scenes = new PriorityQueue<>(Comparator.comparing(Scene::at));
    private final List<ToldEvent> told = new ArrayList<>();
    private final Map<String, Integer> callsOfPeople = new HashMap<>();
    private int orders;

    DemoStory(LocalDeployment deployment, Policies policies, DemoFleet fleet, Random random) {
        this.deployment = deployment;
        this.cloud = deployment.cloud();
        this.policies = policies;
        this.fleet = fleet;
        this.random = random;
        start = cloud.now();
        troubles = new DemoTroubles(cloud, policies, fleet, random, this::tell);

        List<Instance> often = new ArrayList<>(tagged("silver"));
        List<Instance> nightly = new ArrayList<>(tagged("gold"));
        Collections.shuffle(often, random);
        Collections.shuffle(nightly, random);
        Instance held = often.get(0);
        scene(2, 0, troubles::troubleCalls);
        scene(3, 0, () -> troubles.failCopy(1));
        scene(4, 9, () -> request(nightly.get(0)));
        scene(5, 12, () -> hold(held));
        scene(6, 12, () -> launchFrom(held));
        scene(7, 12, () -> nameInTemplate(nightly.get(1)));
        scene(8, 0, () -> troubles.failCopy(5));
        scene(10, 9, () -> terminate(often.get(1)));
        scene(12, 10, () -> stop(often.get(2)));
        scene(4, 20, troubles::failBoot);
        scene(11, 20, troubles::lackCapacity);
        scene(14, 8, () -> lose(lost(nightly)));
        scene(16, 15, () -> imageByHand(nightly.get(1)));
        scene(19, 9, () -> store(often.get(3)));
        scene(20, 9, () -> deregister(often.get(3)));
    }

    /**
     * Prefers a server in the second home Region, so that the loss of the home Region at the end
     * does not strike the same server again.
     */
    private static Instance lost(List<Instance> instances) {
        return instances.stream()
                .filter(instance -> instance.region().equals(DemoFleet.SECOND_HOME))
                .findFirst()
                .orElse(instances.getLast());
    }

    /** When the next thing happens; empty if nothing is left. */
    Optional<Instant> next() {
        return Optional.ofNullable(scenes.peek()).map(Scene::at);
    }

    /** Plays what is due. */
    void play() {
        while (next().filter(at -> !at.isAfter(cloud.now())).isPresent()) {
            scenes.remove().play().run();
        }
    }

    /** What happened so far. */
    List<ToldEvent> told() {
        return List.copyOf(told);
    }

    /** How many copies EC2 failed to make. */
    int failedCopies() {
        return troubles.failedCopies();
    }

    /** How often people called this EC2 action. */
    int callsOfPeople(String action) {
        return callsOfPeople.getOrDefault(action, 0);
    }

    private Ec2Client calling(String action, Region region) {
        callsOfPeople.merge(action, 1, Integer::sum);
        return cloud.ec2(region.name());
    }

    /** Puts an order on the bus, as people and programs do. */
    private void order(OrderKind what, Region region, Map<String, Object> about) {
        orders++;
        Map<String, Object> detail = new HashMap<>(about);
        // An order without a Region is about the home Region.
        detail.put("region", region.name());
        deployment.order("order-" + orders, what, cloud.now(), region, detail);
    }

    private void scene(int day, int hour, Runnable play) {
        Duration into = Duration.ofDays(day - 1).plusHours(hour).plusMinutes(random.nextInt(50));
        scenes.add(new Scene(start.plus(into), play));
    }

    private void tell(String what, StoryOutcome then) {
        told.add(new ToldEvent(day(start, cloud.now()), what, then));
    }

    /** The day of the demo, counted from 1. */
    static int day(Instant start, Instant when) {
        return (int) Duration.between(start, when).toDays() + 1;
    }

    private void later(Duration time, Runnable play) {
        scenes.add(new Scene(cloud.now().plus(time), play));
    }

    private List<Instance> tagged(String backup) {
        return fleet.instances().stream()
                .filter(instance -> backup.equals(instance.tags().get("backup")))
                .filter(instance -> !"sandbox".equals(instance.tags().get("environment")))
                .toList();
    }

    private void request(Instance instance) {
        cloud.ec2(instance.region().name())
                .createTags(tags ->
                        tags.resources(instance.id().value())
                                .tags(tag(ImageTags.REQUEST, "before-upgrade")));
        tell(
                DemoFleet.name(instance) + " is tagged " + ImageTags.REQUEST,
                history -> imaged(instance, Trigger.TAGGED, history));
    }

    private static String imaged(Instance instance, Trigger trigger, ImageHistory history) {
        long made =
                history.entries().stream()
                        .filter(entry -> entry.isOf(instance.id()) && !entry.image().isCopy())
                        .filter(entry ->
                                entry.image().provenance().trigger() == trigger && entry.isMade())
                        .count();
        return made == 0 ? "no policy asks for an image" : "imaged at once";
    }

    private void hold(Instance instance) {
        image(instance, instance.region())
                .ifPresent(image -> {
                    cloud.ec2(instance.region().name())
                            .createTags(tags ->
                                    tags.resources(image.imageId())
                                            .tags(tag(ImageTags.HOLD, "audit")));
                    tell(
                            "an image of "
                                    + DemoFleet.name(instance)
                                    + " is tagged "
                                    + ImageTags.HOLD,
                            history -> stays(instance.region(), image, history));
                });
    }

    private void launchFrom(Instance instance) {
        image(instance, instance.region())
                .ifPresent(image -> {
                    calling("RunInstances", instance.region())
                            .runInstances(run ->
                                    run.imageId(image.imageId())
                                            .instanceType(InstanceType.T3_MICRO)
                                            .minCount(1)
                                            .maxCount(1));
                    tell(
                            "somebody launches an image of " + DemoFleet.name(instance),
                            history -> stays(instance.region(), image, history));
                });
    }

    /** Uses a DR Region if the instance's images are copied to one. */
    private void nameInTemplate(Instance instance) {
        List<Region> regions = new ArrayList<>(policies.regions());
        Collections.shuffle(regions, random);
        regions.sort(Comparator.comparing(instance.region()::equals));
        for (Region region : regions) {
            Optional<Image> found = image(instance, region);
            if (found.isPresent()) {
                Image image = found.get();
                cloud.ec2(region.name())
                        .createLaunchTemplate(template ->
                                template.launchTemplateName("standby")
                                        .launchTemplateData(it -> it.imageId(image.imageId())));
                tell(
                        "a launch template in %s names one of %s"
                                .formatted(region, DemoFleet.name(instance)),
                        history -> stays(region, image, history));
                return;
            }
        }
    }

    private static String stays(Region region, Image image, ImageHistory history) {
        return ImageName.parse(image.name())
                .flatMap(name -> history.find(region, name))
                .map(entry ->
                        entry.fate() == ImageHistory.Fate.THERE
                                ? "stays: " + words(entry.reasons())
                                : "removed")
                .orElse("");
    }

    private static String words(List<Reason> reasons) {
        return reasons.stream()
                .map(reason -> reason.kind().word())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private void terminate(Instance instance) {
        end(instance);
        tell(
                DemoFleet.name(instance) + " is terminated",
                history -> {
                    long there =
                            history.entries().stream()
                                    .filter(entry -> entry.isOf(instance.id()))
                                    .filter(entry -> entry.fate() == ImageHistory.Fate.THERE)
                                    .count();
                    return there == 0
                            ? "no policy images it"
                            : "its " + there + " newest images and copies stay";
                });
    }

    private void stop(Instance instance) {
        String id = instance.id().value();
        cloud.ec2(instance.region().name()).stopInstances(stop -> stop.instanceIds(id));
        later(
                Duration.ofHours(2),
                () ->
                        cloud.ec2(instance.region().name())
                                .startInstances(again -> again.instanceIds(id)));
        tell(
                DemoFleet.name(instance) + " is stopped for two hours",
                history -> imaged(instance, Trigger.STOPPED, history));
    }

    private void end(Instance instance) {
        calling("TerminateInstances", instance.region())
                .terminateInstances(request -> request.instanceIds(instance.id().value()));
    }

    /** Half an hour later, somebody asks to restore the instance. */
    private void lose(Instance instance) {
        end(instance);
        later(
                Duration.ofMinutes(30),
                () ->
                        order(
                                OrderKind.RESTORE,
                                instance.region(),
                                Map.of("instance", instance.id().value())));
        tell(
                DemoFleet.name(instance) + " is lost, and somebody asks for it",
                history ->
                        history.restores(Restore.RestoreKind.LAUNCH, instance.id()).stream()
                                .findFirst()
                                .map(DemoStory::restored)
                                .orElse("no policy images it"));
    }

    private static String restored(Restore restore) {
        return restore.took()
                .map(took ->
                        "back in %s, as of %s"
                                .formatted(
                                        DemoSummaryText.minutes(took),
                                        TO_THE_MINUTE.format(restore.of().slot().time())))
                .orElseGet(() -> "not back: " + restore.note());
    }

    private void imageByHand(Instance instance) {
        String name = "before the upgrade of " + DemoFleet.name(instance);
        String theirs =
                calling("CreateImage", instance.region())
                        .createImage(create ->
                                create.instanceId(instance.id().value()).name(name).noReboot(true))
                        .imageId();
        Instant made = cloud.now();
        policies.all().stream()
                .filter(policy -> policy.select().selects(instance))
                .findFirst()
                .ifPresent(policy ->
                        later(
                                Duration.ofHours(20),
                                () -> adopt(instance, theirs, policy.name(), made)));
    }

    private void adopt(Instance instance, String theirs, String policy, Instant made) {
        order(OrderKind.ADOPT, instance.region(), Map.of("image", theirs, "policy", policy));
        ImageName name = new ImageName(policy, instance.id(), new Slot(made));
        tell(
                "somebody's own image of %s is adopted".formatted(DemoFleet.name(instance)),
                history -> {
                    long copies =
                            history.entries().stream()
                                    .filter(entry -> entry.image().name().equals(name))
                                    .filter(entry -> entry.image().isCopy() && entry.isMade())
                                    .count();
                    return history.find(instance.region(), name)
                            .filter(ImageHistory.HistoryEntry::isMade)
                            .map(_ -> "a copy is ours, " + copies + " more in DR Regions")
                            .orElse("not adopted");
                });
    }

    /** Stores the oldest image, which is deregistered by hand the next day. */
    private void store(Instance instance) {
        cloud.addBucket(instance.region().name(), BUCKET);
        images(instance, instance.region())
                .min(OLDEST_FIRST)
                .ifPresent(image -> {
                    order(
                            OrderKind.STORE,
                            instance.region(),
                            Map.of("image", image.imageId(), "bucket", BUCKET));
                    tell(
                            "%s stores an old image of %s in S3"
                                    .formatted(PERSON, DemoFleet.name(instance)),
                            history ->
                                    ImageName.parse(image.name())
                                            .flatMap(name -> history.find(instance.region(), name))
                                            .map(DemoStory::stored)
                                            .orElse(""));
                });
    }

    private static String stored(ImageHistory.HistoryEntry entry) {
        String where =
                entry.image()
                        .stored()
                        .filter(it -> it.state() == Stored.StoredState.STORED)
                        .map(it -> "there to stay")
                        .orElse("not there");
        return where + (entry.fate() == ImageHistory.Fate.REMOVED ? ", and gone from EC2" : "");
    }

    /** Deregisters the oldest image. */
    private void deregister(Instance instance) {
        images(instance, instance.region())
                .min(OLDEST_FIRST)
                .ifPresent(image -> {
                    order(
                            OrderKind.DEREGISTER,
                            instance.region(),
                            Map.of("image", image.imageId(), "by", PERSON));
                    tell(
                            PERSON + " deregisters an old image of " + DemoFleet.name(instance),
                            history -> byHand(instance.region(), image, history));
                });
    }

    private static String byHand(Region region, Image image, ImageHistory history) {
        return ImageName.parse(image.name())
                .flatMap(name -> history.find(region, name))
                .map(entry -> {
                    if (!entry.whyGone().startsWith("by hand")) {
                        return "refused: " + stays(region, image, history);
                    }
                    boolean kept = entry.whyGone().contains("though kept by");
                    return "gone at once" + (kept ? ", though rules kept it" : "");
                })
                .orElse("");
    }

    /** The newest good image of an instance in a Region. */
    private Optional<Image> image(Instance instance, Region region) {
        return images(instance, region).max(OLDEST_FIRST);
    }

    /** The good images of an instance in a Region. */
    private Stream<Image> images(Instance instance, Region region) {
        return cloud.images(region.name()).stream()
                .map(LocalImage::image)
                .filter(image -> image.state() == ImageState.AVAILABLE)
                .filter(image ->
                        ImageName.parse(image.name())
                                .filter(name -> name.instance().equals(instance.id()))
                                .isPresent());
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }
}
