package dev.amikeeper.simulation;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.CloudSettings;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.simulation.Rules.Keeping;

import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageRequest;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.Tag;

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
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** Sees every image come and go, and objects on the spot where a needed one is taken away. */
final class Witness implements CloudSettings.Watcher {
    /** An image that the functions made. */
    record Made(String region, String name, String id, boolean copy, Instant at) {}

    private static final String COPIES = "3 every copy arrives";
    private static final String NEEDED = "4 nothing needed is deleted";

    private final SimulatedCloud cloud;
    private final BiFunction<Region, ImageId, Optional<Image>> records;
    private final Map<String, Made> made = new LinkedHashMap<>();
    private final Set<String> available = new HashSet<>();
    private final Set<String> failed = new HashSet<>();
    private final Set<String> discarded = new HashSet<>();
    private final Map<String, LocalImage> removedByUs = new LinkedHashMap<>();
    private final Map<String, LocalImage> removedByOthers = new LinkedHashMap<>();
    private final Set<String> removedTooEarlyToKnow = new HashSet<>();
    private final Set<String> inTemplates = new HashSet<>();
    private final List<Violation> violations = new ArrayList<>();
    private List<Rules> policies = List.of();
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
    void under(List<Rules> rules) {
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
        for (String region : Histories.REGIONS) {
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
            }
            default -> {}
        }
        note(cloud.now() + region + call.getClass().getSimpleName() + about);
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
                Histories.REGIONS.stream()
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
