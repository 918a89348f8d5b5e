package dev.amikeeper.simulation;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.CloudSettings;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.simulation.PolicyModel.Keeping;

import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskResponse;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageRequest;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.ec2.model.EnableImageRequest;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RunInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Sees every image come and go, and objects on the spot where a needed one is taken away. */
final class Witness implements CloudSettings.Watcher {
    /** An image that the functions made. */
    record Made(String region, String name, String id, boolean copy, Instant at) {}

    /** An instance, or a replacement of a root volume, that restoring asked EC2 for. */
    record Launched(
            String region, String id, String restore, Optional<Instant> lease, Instant at) {}

    private static final String TWICE = "8 one restore, one instance";
    private static final String LEASES = "9 no drill outlives its lease";
    private static final String UNFIT = "10 nothing is restored from a bad image";
    private static final String COPIES = "3 every copy arrives";
    private static final String NEEDED = "4 nothing needed is deleted";
    private static final String AGREES = "the catalogue agrees";

    /** Clocks differ by so much. */
    private static final Duration UNSURE = Duration.ofMinutes(10);

    private static final Duration YOUNG = Duration.ofDays(1);

    private final SimulatedCloud cloud;
    private final BiFunction<Region, ImageId, Optional<Image>> records;
    private final Map<String, Made> made = new LinkedHashMap<>();
    private final Map<String, Launched> launched = new LinkedHashMap<>();
    private final Map<String, String> byRestore = new HashMap<>();
    private final Set<String> available = new HashSet<>();
    private final Set<String> failed = new HashSet<>();
    private final Set<String> discarded = new HashSet<>();
    private final Map<String, LocalImage> removedByUs = new LinkedHashMap<>();
    private final Map<String, LocalImage> removedByOthers = new LinkedHashMap<>();
    private final Set<String> removedTooEarlyToKnow = new HashSet<>();
    private final Set<String> inTemplates = new HashSet<>();
    private final Map<String, String> out = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private List<PolicyModel> policies = List.of();
    private boolean people;
    private boolean approving;
    private Optional<LocalImage> going = Optional.empty();
    private List<Violation> objections = List.of();
    private long trace = 1;

    Witness(SimulatedCloud cloud, BiFunction<Region, ImageId, Optional<Image>> records) {
        this.cloud = cloud;
        this.records = records;
    }

    /** From now on these rules are in force. */
    void under(List<PolicyModel> rules) {
        policies = rules;
    }

    /** Whether it is people who call, from now on. */
    void people(boolean call) {
        people = call;
    }

    /** Whether a person has approved what is done from now on. */
    void approving(boolean approves) {
        approving = approves;
    }

    void namedByTemplate(String id) {
        inTemplates.add(id);
    }

    /** Everything that restoring launched. */
    List<Launched> launched() {
        return List.copyOf(launched.values());
    }

    /** A sweep that met no trouble has ended every drill that should have ended before it. */
    void leasesAreOver(Instant sweep) {
        for (Launched one : launched.values()) {
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

    /** A drill that is over has ended its instance, if it ever saw it, without a sweep. */
    void endedDrillsAreGone(Function<String, Optional<Restore>> drills) {
        for (Launched one : launched.values()) {
            boolean over =
                    one.lease().isPresent()
                            && isAlive(one)
                            && drills.apply(drill(one.restore()))
                                    .filter(Restore::isOver)
                                    .filter(it -> it.reached() != Restore.Level.NONE)
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

    /** What we took out of use is not in use by the catalogue, until somebody enables it. */
    void whatWentIsOut() {
        out.forEach((id, region) ->
                record(region, id)
                        .filter(Image::isGood)
                        .ifPresent(image ->
                                violations.add(
                                        new Violation(
                                                AGREES,
                                                "%s %s %s is out of use, and good by the catalogue"
                                                        .formatted(region, id, image.name())))));
    }

    /** The images made within a day that are there and that the catalogue knows. */
    Set<String> knownYoung() {
        Set<String> there = there();
        return made.values().stream()
                .filter(it -> it.at().isAfter(cloud.now().minus(YOUNG)))
                .filter(it -> there.contains(it.id()))
                .filter(it -> record(it.region(), it.id()).isPresent())
                .map(Made::id)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Of these, those that are still there are known: nobody took one for gone. */
    void areKnown(Set<String> ids) {
        Set<String> there = there();
        ids.stream()
                .filter(there::contains)
                .map(made::get)
                .filter(it -> record(it.region(), it.id()).isEmpty())
                .forEach(it ->
                        violations.add(
                                new Violation(
                                        AGREES,
                                        "%s %s %s is there, and a sweep took it for gone"
                                                .formatted(it.region(), it.id(), it.name()))));
    }

    private Set<String> there() {
        return HistoryGenerator.REGIONS.stream()
                .flatMap(region -> cloud.images(region).stream())
                .map(LocalImage::image)
                .filter(it -> !it.stateAsString().equals("failed"))
                .map(it -> it.imageId())
                .collect(Collectors.toSet());
    }

    boolean isAlive(Launched one) {
        return cloud.instances(one.region()).stream()
                .map(it -> it.instance())
                .filter(it -> it.instanceId().equals(one.id()))
                .anyMatch(it ->
                        it.state().name() != InstanceStateName.TERMINATED
                                && it.state().name() != InstanceStateName.SHUTTING_DOWN);
    }

    List<Made> made() {
        return List.copyOf(made.values());
    }

    boolean wasAvailable(String id) {
        return available.contains(id);
    }

    boolean hasFailed(String id) {
        return failed.contains(id);
    }

    boolean wentBeforeItWasKnown(String id) {
        return removedTooEarlyToKnow.contains(id);
    }

    Map<String, LocalImage> removedByUs() {
        return removedByUs;
    }

    Map<String, LocalImage> removedByOthers() {
        return removedByOthers;
    }

    List<Violation> violations() {
        return List.copyOf(violations);
    }

    long trace() {
        return trace;
    }

    /** Looks at what is there in the end. */
    void lookAround() {
        for (String region : HistoryGenerator.REGIONS) {
            for (LocalImage image : cloud.images(region)) {
                look(image);
                note(region + image.image().imageId() + image.image().stateAsString());
                note(tags(image).toString());
            }
            cloud.snapshots(region).forEach(it -> note(region + it.snapshot().snapshotId()));
        }
        note(cloud.calls().toString());
    }

    /** Makes this a part of the trace. */
    void note(String text) {
        trace = trace * 0x100000001B3L ^ text.hashCode();
    }

    @Override
    public void before(String region, Ec2Request call) {
        if (!people) {
            violations.addAll(unfit(region, call));
        }
        going = target(call).flatMap(id -> find(region, id));
        going.ifPresent(this::look);
        objections =
                people
                        ? List.of()
                        : going.map(image -> objections(region, image, call)).orElse(List.of());
    }

    @Override
    public void after(String region, Ec2Request call, Object answer) {
        String about = "";
        switch (call) {
            case CreateImageRequest create when answer instanceof CreateImageResponse created ->
                    about = make(region, create.name(), created.imageId(), false);
            case CopyImageRequest copy when answer instanceof CopyImageResponse copied ->
                    about = copy(region, copy.name(), copied.imageId());
            case DeregisterImageRequest deregister -> {
                about = deregister.imageId();
                going.ifPresent(image -> gone(region, image));
                violations.addAll(objections);
            }
            case DisableImageRequest disable -> {
                about = disable.imageId();
                violations.addAll(objections);
                if (!people) {
                    out.put(disable.imageId(), region);
                }
            }
            case EnableImageRequest enable -> out.remove(enable.imageId());
            case RunInstancesRequest run when answer instanceof RunInstancesResponse ran ->
                    about =
                            launch(
                                    region,
                                    ran.instances().getFirst().instanceId(),
                                    launchTags(run.tagSpecifications()));
            case CreateReplaceRootVolumeTaskRequest replace
                    when answer instanceof CreateReplaceRootVolumeTaskResponse replaced ->
                    about =
                            launch(
                                    region,
                                    replaced.replaceRootVolumeTask().replaceRootVolumeTaskId(),
                                    launchTags(replace.tagSpecifications()));
            default -> {}
        }
        note(cloud.now() + region + call.getClass().getSimpleName() + about);
    }

    private static Map<String, String> launchTags(List<TagSpecification> specifications) {
        return specifications.isEmpty()
                ? Map.of()
                : specifications.getFirst().tags().stream()
                        .collect(Collectors.toMap(Tag::key, Tag::value));
    }

    private String launch(String region, String id, Map<String, String> tags) {
        String restore = tags.get(ImageTags.RESTORE);
        if (people) {
            return id;
        }
        if (restore == null) {
            violations.add(new Violation(TWICE, region + " " + id + " is of no restore"));
            return id;
        }
        Optional<Instant> lease =
                Optional.ofNullable(tags.get(ImageTags.LEASE)).map(Instant::parse);
        Optional<Launched> other =
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
        launched.putIfAbsent(id, new Launched(region, id, restore, lease, cloud.now()));
        String first = byRestore.putIfAbsent(restore, id);
        if (first != null && !first.equals(id)) {
            violations.add(
                    new Violation(TWICE, "%s launched %s and %s".formatted(restore, first, id)));
        }
        return id;
    }

    /** The drill of a tag: what it is of, and its round, without the attempt. */
    private static String drill(String tag) {
        return Stream.of(tag.split("/", -1)).limit(3).collect(Collectors.joining("/"));
    }

    /** What speaks against restoring from this image now; EC2 may refuse it, too. */
    private List<Violation> unfit(String region, Ec2Request call) {
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
                return List.of();
            }
        }
        String restore = launchTags(specifications).getOrDefault(ImageTags.RESTORE, "");
        // What EC2 has launched already it answers again, whatever became of the image.
        if (byRestore.containsKey(restore)) {
            return List.of();
        }
        List<String> against = new ArrayList<>();
        Optional<LocalImage> image = find(region, id);
        String state = image.map(it -> it.image().stateAsString()).orElse("gone");
        if (!state.equals("available")) {
            against.add("it is " + state);
        }
        boolean held = record(region, id).filter(Image::isGood).isEmpty();
        if (held) {
            against.add("its record says that it is not good");
        }
        Map<String, String> tags = image.map(Witness::tags).orElse(Map.of());
        String of = tags.get(ImageTags.POLICY) + "/" + tags.get(ImageTags.INSTANCE) + "/";
        if (image.isPresent() && !restore.startsWith(of)) {
            against.add("it is of " + of);
        }
        return against.stream()
                .map(why ->
                        new Violation(
                                UNFIT,
                                "%s was to be launched from %s %s at %s though %s"
                                        .formatted(restore, region, id, cloud.now(), why)))
                .toList();
    }

    private static Optional<String> target(Ec2Request call) {
        return switch (call) {
            case DeregisterImageRequest deregister -> Optional.of(deregister.imageId());
            case DisableImageRequest disable -> Optional.of(disable.imageId());
            default -> Optional.empty();
        };
    }

    private String make(String region, String name, String id, boolean copy) {
        if (!people) {
            made.putIfAbsent(id, new Made(region, name, id, copy, cloud.now()));
        }
        return id;
    }

    /** A try that EC2 takes for an old one is none. */
    private String copy(String region, String name, String id) {
        if (discarded.contains(id)) {
            violations.add(
                    new Violation(
                            COPIES,
                            "%s %s was to be made anew, and was answered with %s, which had failed"
                                    .formatted(region, name, id)));
        }
        return make(region, name, id, true);
    }

    private void gone(String region, LocalImage image) {
        String id = image.image().imageId();
        if (people && !tags(image).containsKey(ImageTags.POLICY)) {
            return;
        }
        if (people) {
            removedByOthers.put(id, image);
            boolean known =
                    record(region, id).filter(it -> it.state() != ImageState.CREATING).isPresent();
            if (!known) {
                removedTooEarlyToKnow.add(id);
            }
        } else if (failed.contains(id)) {
            discarded.add(id);
        } else {
            removedByUs.put(id, image);
        }
    }

    private Optional<Image> record(String region, String id) {
        return records.apply(new Region(region), new ImageId(id));
    }

    private void look(LocalImage image) {
        switch (image.image().stateAsString()) {
            case "available", "disabled" -> available.add(image.image().imageId());
            case "failed" -> failed.add(image.image().imageId());
            default -> {}
        }
    }

    private Optional<LocalImage> find(String region, String id) {
        return cloud.images(region).stream()
                .filter(image -> image.image().imageId().equals(id))
                .findFirst();
    }

    static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream()
                .collect(Collectors.toMap(Tag::key, Tag::value, (a, b) -> a, TreeMap::new));
    }

    /** All that speaks against taking this image away now. */
    private List<Violation> objections(String region, LocalImage image, Ec2Request call) {
        String id = image.image().imageId();
        if (failed.contains(id)) {
            return List.of();
        }
        List<String> against = new ArrayList<>();
        Map<String, String> tags = tags(image);
        if (!available.contains(id)) {
            against.add("it was still being made");
        }
        if (tags.containsKey(ImageTags.HOLD)) {
            against.add("it is held");
        }
        boolean runs =
                cloud.instances(region).stream()
                        .map(it -> it.instance())
                        .filter(it -> it.state().name() != InstanceStateName.TERMINATED)
                        .filter(it -> it.state().name() != InstanceStateName.SHUTTING_DOWN)
                        .anyMatch(it -> it.imageId().equals(id));
        if (runs) {
            against.add("an instance runs from it");
        }
        if (inTemplates.contains(id)) {
            against.add("a launch template names it");
        }
        boolean copied =
                HistoryGenerator.REGIONS.stream()
                        .flatMap(other -> cloud.images(other).stream())
                        .map(LocalImage::image)
                        .anyMatch(it ->
                                it.stateAsString().equals("pending")
                                        && id.equals(it.sourceImageId()));
        if (copied) {
            against.add("a copy is being made from it");
        }
        Optional<Image> record = record(region, id);
        if (record.isEmpty()) {
            against.add("the catalogue does not know it");
        } else if (record.get().adopted() && !approving) {
            against.add("its record was made from its tags, and nobody approved");
        }
        against.addAll(rules(region, image, tags));
        String what =
                (call instanceof DisableImageRequest ? "disabled " : "removed ")
                        + describe(region, image);
        return against.stream().map(why -> new Violation(NEEDED, what + " though " + why)).toList();
    }

    private String describe(String region, LocalImage image) {
        return "%s %s %s at %s"
                .formatted(region, image.image().imageId(), image.image().name(), cloud.now());
    }

    private List<String> rules(String region, LocalImage image, Map<String, String> tags) {
        String policy = tags.getOrDefault(ImageTags.POLICY, "");
        boolean copy = image.image().sourceImageId() != null;
        Optional<Keeping> keep =
                policies.stream()
                        .filter(it -> it.name().equals(policy))
                        .findFirst()
                        .flatMap(it -> it.keepIn(region, copy));
        if (keep.isEmpty()) {
            return List.of("no policy says that anything of its kind is ever removed");
        }
        ZoneId zone =
                policies.stream()
                        .filter(it -> it.name().equals(policy))
                        .findFirst()
                        .orElseThrow()
                        .zoneId();
        String instance = tags.getOrDefault(ImageTags.INSTANCE, "");
        Instant slot = slot(image);
        List<LocalImage> good =
                cloud.images(region).stream()
                        .filter(it -> it.image().stateAsString().equals("available"))
                        .filter(it -> isOf(it, policy, instance))
                        .toList();
        List<String> against = new ArrayList<>();
        long newer =
                good.stream()
                        .filter(it -> !it.image().imageId().equals(image.image().imageId()))
                        .filter(it -> !slot(it).isBefore(slot))
                        .count();
        if (newer < keep.get().atLeast()) {
            against.add(
                    "of newer good ones there are %d, atLeast is %d"
                            .formatted(newer, keep.get().atLeast()));
        }
        List<Instant> usable =
                cloud.images(region).stream()
                        .filter(it ->
                                Set.of("available", "disabled")
                                        .contains(it.image().stateAsString()))
                        .filter(it -> isOf(it, policy, instance))
                        .map(Witness::slot)
                        .sorted(Comparator.reverseOrder())
                        .toList();
        if (kept(keep.get(), zone, usable).contains(slot)) {
            against.add("the rules keep it");
        }
        return against;
    }

    private static boolean isOf(LocalImage image, String policy, String instance) {
        Map<String, String> tags = tags(image);
        return policy.equals(tags.get(ImageTags.POLICY))
                && instance.equals(tags.get(ImageTags.INSTANCE));
    }

    private static Instant slot(LocalImage image) {
        return Instant.parse(tags(image).getOrDefault(ImageTags.SLOT, Instant.EPOCH.toString()));
    }

    /** The rules once more, by hand. What is good only by the cloud can only add to them. */
    static Set<Instant> kept(Keeping keep, ZoneId zone, List<Instant> newestFirst) {
        Set<Instant> kept = new HashSet<>();
        if (newestFirst.isEmpty()) {
            return kept;
        }
        int newest = Math.min(newestFirst.size(), Math.max(keep.last(), keep.atLeast()));
        kept.addAll(newestFirst.subList(0, newest));
        Map<String, Integer> periods = new LinkedHashMap<>();
        periods.put("uuuu-MM-dd HH xxx", keep.hourly());
        periods.put("uuuu-MM-dd", keep.daily());
        periods.put("YYYY-'W'ww", keep.weekly());
        periods.put("uuuu-MM", keep.monthly());
        periods.forEach((pattern, count) -> {
            // In Germany weeks are ISO's.
            DateTimeFormatter format =
                    DateTimeFormatter.ofPattern(pattern, Locale.GERMANY).withZone(zone);
            Map<String, Instant> first = new LinkedHashMap<>();
            newestFirst.forEach(slot -> first.putIfAbsent(format.format(slot), slot));
            kept.addAll(first.values().stream().limit(count).toList());
            if (count > first.size()) {
                kept.add(newestFirst.getLast());
            }
        });
        if (keep.withinHours() > 0) {
            Instant from = newestFirst.getFirst().minusSeconds(keep.withinHours() * 3600L);
            newestFirst.stream().filter(slot -> slot.isAfter(from)).forEach(kept::add);
        }
        return kept;
    }

    /** What of these tags a name says. */
    static Map<String, String> expected(String name) {
        String[] parts = name.split("/", -1);
        Map<String, String> tags = new HashMap<>();
        if (parts.length == 3) {
            tags.put(ImageTags.POLICY, parts[0]);
            tags.put(ImageTags.INSTANCE, parts[1]);
            tags.put(ImageTags.SLOT, parts[2].replace('.', ':'));
        }
        return tags;
    }
}
