package dev.amikeeper.simulation;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.CloudSettings;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;

import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskResponse;
import software.amazon.awssdk.services.ec2.model.CreateTagsRequest;
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
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Sees every image come and go, and objects at once when a needed one is removed. */
final class Witness implements CloudSettings.Watcher {
    /** An image that the functions made. */
    record Made(String region, String name, String id, boolean copy, Instant at) {}

    private static final String COPIES = "3 every copy arrives";
    private static final String NEEDED = "4 nothing needed is deleted";
    private static final String AGREES = "the catalogue agrees";

    private static final Duration YOUNG = Duration.ofDays(1);

    private final SimulatedCloud cloud;
    private final BiFunction<Region, ImageId, Optional<Image>> records;
    private final LaunchWitness launches;
    private final Map<String, Made> made = new LinkedHashMap<>();
    private final Set<String> available = new HashSet<>();
    private final Set<String> failed = new HashSet<>();
    private final Set<String> discarded = new HashSet<>();
    private final Map<String, LocalImage> removedByUs = new LinkedHashMap<>();
    private final Map<String, LocalImage> removedByOthers = new LinkedHashMap<>();
    private final Set<String> removedTooEarlyToKnow = new HashSet<>();
    private final Set<String> inTemplates = new HashSet<>();
    private final Map<String, String> out = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private final Map<String, Instant> wanted = new HashMap<>();
    private Duration glance = Duration.ZERO;
    private Instant rulesChanged = Instant.MIN;
    private List<PolicyModel> policies = List.of();
    private boolean people;
    private boolean approving;
    private Optional<LocalImage> going = Optional.empty();
    private List<Violation> objections = List.of();
    private long trace = 1;

    Witness(SimulatedCloud cloud, BiFunction<Region, ImageId, Optional<Image>> records) {
        this.cloud = cloud;
        this.records = records;
        launches = new LaunchWitness(cloud, records);
    }

    /** Applies these rules from now on. */
    void under(List<PolicyModel> rules) {
        policies = rules;
        rulesChanged = cloud.now();
    }

    /** Sets for how long functions may not know what people do. */
    void glance(Duration time) {
        glance = time;
        launches.glance(time);
    }

    /** Whether functions need not know this yet. */
    private boolean isNews(Instant at) {
        return at.plus(glance).isAfter(cloud.now());
    }

    /** Whether people want this image only since a moment ago. */
    private boolean isNewlyWanted(String id) {
        return isNews(wanted.getOrDefault(id, Instant.MIN));
    }

    /** Says whether people make the calls from now on. */
    void people(boolean call) {
        people = call;
    }

    /** Says whether a person has approved what is done from now on. */
    void approving(boolean approves) {
        approving = approves;
    }

    void namedByTemplate(String id) {
        inTemplates.add(id);
        wanted.put(id, cloud.now());
    }

    /** Until somebody enables it, an image that we disabled must not be good in the catalogue. */
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

    /** Images made within the last day that exist and that the catalogue knows. */
    Set<String> knownYoung() {
        Set<String> there = there();
        return made.values().stream()
                .filter(it -> it.at().isAfter(cloud.now().minus(YOUNG)))
                .filter(it -> there.contains(it.id()))
                .filter(it -> record(it.region(), it.id()).isPresent())
                .map(Made::id)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those of them that still exist are still known: a sweep took none for gone. */
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

    LaunchWitness launches() {
        return launches;
    }

    List<Violation> violations() {
        return Stream.concat(violations.stream(), launches.violations().stream()).toList();
    }

    long trace() {
        return trace;
    }

    /** Looks at what exists at the end. */
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

    /** Adds this to the trace. */
    void note(String text) {
        trace = trace * 0x100000001B3L ^ text.hashCode();
    }

    @Override
    public void before(String region, Ec2Request call) {
        if (!people) {
            launches.before(region, call);
        }
        going = target(call).flatMap(id -> find(cloud, region, id));
        going.ifPresent(this::look);
        objections =
                people
                        ? List.of()
                        : going.map(image -> objections(region, image, call)).orElse(List.of());
    }

    @Override
    public void after(String region, Ec2Request call, Object answer) {
        String about = "";
        if (people) {
            byPeople(call);
        }
        target(call).ifPresent(launches::changed);
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
                                    run.tagSpecifications());
            case CreateReplaceRootVolumeTaskRequest replace
                    when answer instanceof CreateReplaceRootVolumeTaskResponse replaced ->
                    about =
                            launch(
                                    region,
                                    replaced.replaceRootVolumeTask().replaceRootVolumeTaskId(),
                                    replace.tagSpecifications());
            default -> {}
        }
        note(cloud.now() + region + call.getClass().getSimpleName() + about);
    }

    private void byPeople(Ec2Request call) {
        switch (call) {
            case CreateTagsRequest tag ->
                    tag.resources().forEach(id -> wanted.put(id, cloud.now()));
            case RunInstancesRequest run -> wanted.put(run.imageId(), cloud.now());
            case DeregisterImageRequest _, DisableImageRequest _ -> rulesChanged = cloud.now();
            default -> {}
        }
    }

    private String launch(String region, String id, List<TagSpecification> specifications) {
        if (!people) {
            launches.launch(region, id, specifications);
        }
        return id;
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

    /** A retry must not be answered with an image that had failed. */
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

    static Optional<LocalImage> find(SimulatedCloud cloud, String region, String id) {
        return cloud.images(region).stream()
                .filter(image -> image.image().imageId().equals(id))
                .findFirst();
    }

    static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream()
                .collect(Collectors.toMap(Tag::key, Tag::value, (a, b) -> a, TreeMap::new));
    }

    /** Everything that speaks against removing this image now. */
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
        boolean newlyWanted = isNewlyWanted(id);
        if (tags.containsKey(ImageTags.HOLD) && !newlyWanted) {
            against.add("it is held");
        }
        boolean runs =
                cloud.instances(region).stream()
                        .map(it -> it.instance())
                        .filter(it -> it.state().name() != InstanceStateName.TERMINATED)
                        .filter(it -> it.state().name() != InstanceStateName.SHUTTING_DOWN)
                        .anyMatch(it -> it.imageId().equals(id));
        if (runs && !newlyWanted) {
            against.add("an instance runs from it");
        }
        if (inTemplates.contains(id) && !newlyWanted) {
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
        if (!isNews(rulesChanged)) {
            against.addAll(new RulesByHand(cloud, policies).against(region, image));
        }
        String what =
                (call instanceof DisableImageRequest ? "disabled " : "removed ")
                        + describe(region, image);
        return against.stream().map(why -> new Violation(NEEDED, what + " though " + why)).toList();
    }

    private String describe(String region, LocalImage image) {
        return "%s %s %s at %s"
                .formatted(region, image.image().imageId(), image.image().name(), cloud.now());
    }

    /** What a name says about these tags. */
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
