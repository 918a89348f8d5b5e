package dev.amikeeper.simulation;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;

import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskRequest;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Watches what restores and drills launch: from good images, once each, and no longer than their
 * leases.
 */
final class LaunchWitness {
    /** An instance, or a replacement of a root volume, that a restore asked EC2 for. */
    record LaunchSeen(
            String region, String id, String restore, Optional<Instant> lease, Instant at) {}

    private static final String TWICE = "8 one restore, one instance";
    private static final String LEASES = "9 no drill outlives its lease";
    private static final String UNFIT = "10 nothing is restored from a bad image";

    /** Clocks may differ by this much. */
    private static final Duration UNSURE = Duration.ofMinutes(10);

    private final SimulatedCloud cloud;
    private final BiFunction<Region, ImageId, Optional<Image>> records;
    private final Map<String, LaunchSeen> launched = new LinkedHashMap<>();
    private final Map<String, String> byRestore = new HashMap<>();
    private final Map<String, Instant> changed = new HashMap<>();
    private Duration glance = Duration.ZERO;
    private final List<Violation> violations = new ArrayList<>();

    LaunchWitness(SimulatedCloud cloud, BiFunction<Region, ImageId, Optional<Image>> records) {
        this.cloud = cloud;
        this.records = records;
    }

    /** Sets for how long functions may not know what happens to an image. */
    void glance(Duration time) {
        glance = time;
    }

    /** Notes that an image was disabled or deregistered. */
    void changed(String id) {
        changed.put(id, cloud.now());
    }

    private boolean isNews(Instant at) {
        return at.plus(glance).isAfter(cloud.now());
    }

    /** Everything that restores and drills launched. */
    List<LaunchSeen> launched() {
        return List.copyOf(launched.values());
    }

    List<Violation> violations() {
        return List.copyOf(violations);
    }

    /** After a sweep without trouble, every drill whose lease ended before it must be gone. */
    void leasesAreOver(Instant sweep) {
        for (LaunchSeen one : launched.values()) {
            boolean over = one.lease().filter(it -> it.plus(UNSURE).isBefore(sweep)).isPresent();
            if (over && isAlive(one)) {
                violations.add(
                        new Violation(
                                LEASES,
                                "%s %s of %s is alive at %s, its lease ended %s"
                                        .formatted(
                                                one.region(),
                                                one.id(),
                                                one.restore(),
                                                cloud.now(),
                                                one.lease().orElseThrow())));
            }
        }
    }

    /** A drill that ended must have terminated its instance if it ever saw it, without a sweep. */
    void endedDrillsAreGone(Function<String, Optional<Restore>> drills) {
        for (LaunchSeen one : launched.values()) {
            boolean over =
                    one.lease().isPresent()
                            && isAlive(one)
                            && drills.apply(drill(one.restore()))
                                    .filter(Restore::isOver)
                                    .filter(it -> it.reached() != Restore.ProofLevel.NONE)
                                    .isPresent();
            if (over) {
                violations.add(
                        new Violation(
                                LEASES,
                                "%s is over, but %s %s is alive"
                                        .formatted(one.restore(), one.region(), one.id())));
            }
        }
    }

    boolean isAlive(LaunchSeen one) {
        return cloud.instances(one.region()).stream()
                .map(it -> it.instance())
                .filter(it -> it.instanceId().equals(one.id()))
                .anyMatch(it ->
                        it.state().name() != InstanceStateName.TERMINATED
                                && it.state().name() != InstanceStateName.SHUTTING_DOWN);
    }

    /** Notes a launched instance or root volume replacement that people did not ask for. */
    void launch(String region, String id, List<TagSpecification> specifications) {
        Map<String, String> tags = launchTags(specifications);
        String restore = tags.get(ImageTags.RESTORE);
        if (restore == null) {
            violations.add(new Violation(TWICE, region + " " + id + " is of no restore"));
            return;
        }
        Optional<Instant> lease =
                Optional.ofNullable(tags.get(ImageTags.LEASE)).map(Instant::parse);
        Optional<LaunchSeen> other =
                launched.values().stream()
                        .filter(it -> lease.isPresent() && !it.id().equals(id))
                        .filter(it -> drill(it.restore()).equals(drill(restore)))
                        .filter(this::isAlive)
                        .findFirst();
        other.ifPresent(it ->
                violations.add(
                        new Violation(
                                TWICE,
                                "%s was launched for %s while %s runs"
                                        .formatted(id, restore, it.id()))));
        launched.putIfAbsent(id, new LaunchSeen(region, id, restore, lease, cloud.now()));
        String first = byRestore.putIfAbsent(restore, id);
        if (first != null && !first.equals(id)) {
            violations.add(
                    new Violation(TWICE, "%s launched %s and %s".formatted(restore, first, id)));
        }
    }

    /** What a drill's tag is about, and its round, without the attempt. */
    private static String drill(String tag) {
        return Stream.of(tag.split("/", -1)).limit(3).collect(Collectors.joining("/"));
    }

    /** Objects to restoring from an unfit image. EC2 may refuse the call too. */
    void before(String region, Ec2Request call) {
        String id;
        List<TagSpecification> specifications;
        switch (call) {
            case RunInstancesRequest run -> {
                id = run.imageId();
                specifications = run.tagSpecifications();
            }
            case CreateReplaceRootVolumeTaskRequest replace -> {
                id = replace.imageId();
                specifications = replace.tagSpecifications();
            }
            default -> {
                return;
            }
        }
        String restore = launchTags(specifications).getOrDefault(ImageTags.RESTORE, "");
        // For an earlier token EC2 answers with what it launched then, whatever became of the
        // image.
        if (byRestore.containsKey(restore)) {
            return;
        }
        List<String> against = new ArrayList<>();
        Optional<LocalImage> image = Witness.find(cloud, region, id);
        String state = image.map(it -> it.image().stateAsString()).orElse("gone");
        if (!state.equals("available") && !isNews(changed.getOrDefault(id, Instant.MIN))) {
            against.add("it is " + state);
        }
        Optional<Image> record = records.apply(new Region(region), new ImageId(id));
        boolean newlyBad = record.filter(it -> isNews(it.since())).isPresent();
        if (record.filter(Image::isGood).isEmpty() && !newlyBad) {
            against.add("its record says that it is not good");
        }
        Map<String, String> tags = image.map(Witness::tags).orElse(Map.of());
        String of = tags.get(ImageTags.POLICY) + "/" + tags.get(ImageTags.INSTANCE) + "/";
        if (image.isPresent() && !restore.startsWith(of)) {
            against.add("it is of " + of);
        }
        against.stream()
                .map(why ->
                        new Violation(
                                UNFIT,
                                "%s was to be launched from %s %s at %s though %s"
                                        .formatted(restore, region, id, cloud.now(), why)))
                .forEach(violations::add);
    }

    private static Map<String, String> launchTags(List<TagSpecification> specifications) {
        return specifications.isEmpty()
                ? Map.of()
                : specifications.getFirst().tags().stream()
                        .collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
