package dev.amikeeper.operate;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Sources;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Blueprint;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.image.Wildcard;
import dev.amikeeper.lifecycle.ImageProgress;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Makes images from existing snapshots: from our own whose image is gone, or from those that others
 * made of a server.
 *
 * <p>EC2 tags only the image that it registers, so AMI Keeper tags the others' snapshots first. If
 * the function dies in between, the sweep reports these snapshots, and repeating the order picks
 * them up. In the opposite order, they would stay behind when their image is removed, because
 * nobody could tell any longer that they are ours to delete. If the function dies after
 * registering, the sweep records the image in the same way as this class does.
 *
 * <p>This class contains the whole path from the order to the record. Each step protects the next
 * one, so the path is best read in one piece.
 */
final class Registration {
    private static final Logger log = LoggerFactory.getLogger(Registration.class);

    /** How many of an instance's newest images are asked what the instance was. */
    private static final int TELLING = 20;

    private final Catalog catalog;
    private final ImageDoors images;
    private final Instances instances;
    private final Policies policies;
    private final ImageProgress progress;
    private final Sources sources;
    private final Instant now;

    Registration(
            Catalog catalog,
            ImageDoors images,
            Instances instances,
            Policies policies,
            ImageProgress progress,
            Sources sources,
            Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.instances = instances;
        this.policies = policies;
        this.progress = progress;
        this.sources = sources;
        this.now = now;
    }

    OrderResult of(Order.RegisterAgain order) {
        Region region = order.region();
        Optional<Snapshot> named =
                sources.snapshots(region, List.of(order.snapshot())).stream().findFirst();
        Optional<ImageName> name = named.flatMap(it -> ImageTags.name(it.tags()));
        if (named.isEmpty() || name.isEmpty()) {
            return OrderResult.refused(
                    "no image is made from " + order.snapshot(),
                    named.isEmpty()
                            ? notThere(order.snapshot(), region)
                            : "its tags do not say which image of ours it belongs to: name policy,"
                                    + " instance and root (--policy, --instance, --root)");
        }
        return register(
                new RegistrationInput(
                        order.snapshot(),
                        region,
                        name.get(),
                        sources.of(region, name.get()),
                        Optional.empty(),
                        Map.of(),
                        false,
                        order.boot(),
                        order.approved(),
                        order.dryRun()));
    }

    OrderResult of(Order.Register order) {
        Region region = order.region();
        String what = "no image is made from " + order.root();
        Set<SnapshotId> ids = new TreeSet<>(List.of(order.root()));
        Map<SnapshotId, String> devices = new HashMap<>();
        for (Order.VolumeSource volume : order.volumes()) {
            if (!ids.add(volume.snapshot())) {
                return OrderResult.refused(what, volume.snapshot() + " is named twice");
            }
            volume.device().ifPresent(device -> devices.put(volume.snapshot(), device));
        }
        List<Snapshot> shown = sources.snapshots(region, ids);
        shown.forEach(it -> ids.remove(it.id()));
        if (!ids.isEmpty()) {
            return new OrderResult.Declined(
                    what, ids.stream().map(id -> notThere(id, region)).toList());
        }
        Set<String> tagged =
                shown.stream()
                        .filter(it -> it.tags().containsKey(ImageTags.POLICY))
                        .map(it ->
                                ImageTags.name(it.tags())
                                        .map(ImageName::toString)
                                        .orElse("nothing"))
                        .collect(Collectors.toSet());
        Instant started = shown.stream().map(Snapshot::started).min(Instant::compareTo).orElse(now);
        Optional<ImageName> name =
                tagged.isEmpty()
                        ? Optional.of(
                                new ImageName(
                                        policies.nameOf(order.policy()),
                                        order.instance(),
                                        new Slot(started)))
                        : Optional.of(tagged)
                                .filter(names -> names.size() == 1)
                                .flatMap(names -> ImageName.parse(names.iterator().next()))
                                .filter(it ->
                                        policies.allNames(order.policy()).contains(it.policy()))
                                .filter(it -> it.instance().equals(order.instance()));
        if (name.isEmpty()) {
            return OrderResult.refused(
                    what,
                    "by their tags they belong to %s, not to one image of %s/%s"
                            .formatted(
                                    String.join(" and ", new TreeSet<>(tagged)),
                                    order.policy(),
                                    order.instance()));
        }
        Optional<String> unruled =
                tagged.isEmpty() ? unruled(order.policy(), region) : Optional.empty();
        return unruled.map(why -> OrderResult.refused(what, why))
                .orElseGet(() ->
                        register(
                                new RegistrationInput(
                                        order.root(),
                                        region,
                                        name.get(),
                                        shown,
                                        Optional.of(order.root()),
                                        devices,
                                        true,
                                        order.boot(),
                                        order.approved(),
                                        order.dryRun())));
    }

    private static String notThere(SnapshotId id, Region region) {
        return "there is no snapshot " + id + " of this account in " + region;
    }

    private Optional<String> unruled(String name, Region region) {
        Optional<Policy> policy = policies.find(name);
        if (policy.isEmpty()) {
            return Optional.of("there is no policy " + name);
        }
        return policy.get().select().regions().contains(region)
                ? Optional.empty()
                : Optional.of(
                        "policy %s images nothing in %s, so its rules would not reach there"
                                .formatted(name, region));
    }

    /** Reads the catalogue first: EC2 then shows whatever another order has done since. */
    private OrderResult register(RegistrationInput wanted) {
        Optional<Image> record = catalog.find(wanted.region(), wanted.name());
        Optional<Image> last =
                record.filter(image -> image.state() != ImageState.FAILED)
                        .or(() -> tombstone(wanted).map(Tombstone::image));
        Objections objections = new Objections(catalog, images.reads(), now, wanted);
        Optional<Ami> ours = objections.ours();
        if (ours.isPresent()) {
            return there(wanted, ours.get());
        }
        List<String> against = objections.all(record, last);
        if (!against.isEmpty()) {
            return wanted.refused(against);
        }
        List<Machine> machines = machines(wanted);
        return switch (RegisterPlan.of(
                wanted.snapshots(), wanted.root(), wanted.devices(), wanted.boot(), machines)) {
            case RegisterPlan.Lacking(List<String> what) ->
                    wanted.refused(wanted.whole() ? what : wanted.withHint(what));
            case RegisterPlan.Ready(Blueprint blueprint) ->
                    planned(wanted, blueprint, record, last.isPresent());
        };
    }

    private Optional<Tombstone> tombstone(RegistrationInput wanted) {
        return catalog.removed(wanted.region(), wanted.name());
    }

    /**
     * The server as it is now, and as its images describe it if the server does not tell
     * everything.
     */
    private List<Machine> machines(RegistrationInput wanted) {
        InstanceId instance = wanted.name().instance();
        List<Machine> machines = new ArrayList<>();
        machines.addAll(
                readable(
                        wanted,
                        instanceRegion(wanted),
                        at -> sources.machine(at, instance).stream().toList()));
        boolean tellsAll =
                machines.stream()
                        .anyMatch(machine ->
                                wanted.snapshots().stream()
                                        .map(Snapshot::volume)
                                        .allMatch(machine.devices()::containsKey));
        if (tellsAll) {
            return machines;
        }
        Map<Region, List<ImageId>> images =
                catalog.ofInstance(instance).stream()
                        .filter(image -> image.id().isPresent())
                        .collect(
                                groupingBy(
                                        Image::region,
                                        LinkedHashMap::new,
                                        mapping(image -> image.id().orElseThrow(), toList())));
        Set<Region> regions = new LinkedHashSet<>(List.of(wanted.region()));
        regions.addAll(images.keySet());
        for (Region region : regions) {
            List<ImageId> newest =
                    images.getOrDefault(region, List.of()).stream().limit(TELLING).toList();
            List<Machine> told = readable(wanted, region, at -> sources.machines(at, newest));
            machines.addAll(told);
            if (!told.isEmpty()) {
                break;
            }
        }
        return machines;
    }

    /**
     * Another Region may be lost. In that case, the person has to supply what it would tell, as if
     * it were gone.
     */
    private static <T> List<T> readable(
            RegistrationInput wanted, Region region, Function<Region, List<T>> read) {
        try {
            return read.apply(region);
        } catch (SdkException unreadable) {
            if (region.equals(wanted.region())) {
                throw unreadable;
            }
            log.warn("{}: cannot be read: {}", region, Fault.text(unreadable));
            return List.of();
        }
    }

    private static Region instanceRegion(RegistrationInput wanted) {
        return wanted.home().map(ImageRef::region).orElse(wanted.region());
    }

    private OrderResult planned(
            RegistrationInput wanted, Blueprint blueprint, Optional<Image> record, boolean known) {
        Machine machine = blueprint.machine();
        if (machine.isLicensed() && !wanted.approved()) {
            return wanted.refused(
                    "AWS bills %s on it, and EC2 bills that on an image of snapshots only if it finds it"
                                    .formatted(machine.platform())
                            + " with them: make an image of the instance instead, or approve it"
                            + " (--approve) and see what EC2 shows then");
        }
        Map<String, String> inherited = inherited(wanted, blueprint, known);
        Map<String, String> onSnapshots =
                ImageTags.of(wanted.name(), wanted.home(), inherited, List.of());
        List<String> full =
                wanted.others().stream()
                        .filter(it -> !ImageTags.hasRoom(it.tags(), onSnapshots))
                        .map(it ->
                                "%s has so many tags that there is no room for ours: it may have %d"
                                        .formatted(it.id(), ImageTags.MAX_TAGS))
                        .toList();
        if (!full.isEmpty()) {
            return wanted.refused(full);
        }
        String what =
                wanted.name()
                        + " of "
                        + blueprint.text()
                        + ForeignOrigin.codes(codes(wanted, machine));
        if (wanted.dryRun()) {
            return new OrderResult.Preview("would register " + what + "; " + fate(known));
        }
        // The record of an image that is gone is buried, as on its deregistration event.
        record.ifPresent(image -> progress.deregistered(image, now));
        Optional<Tombstone> grave = known ? tombstone(wanted) : Optional.empty();
        if (known && grave.isEmpty()) {
            return new Objections(catalog, images.reads(), now, wanted)
                    .ours()
                    .map(ami -> there(wanted, ami))
                    .orElseGet(() -> wanted.refused("it has changed in the meantime: try again"));
        }
        List<SnapshotId> others = wanted.others().stream().map(Snapshot::id).toList();
        if (!others.isEmpty()
                && images.changes().tag(wanted.region(), others, onSnapshots)
                        instanceof ChangeResult.Refused(String why)) {
            return wanted.refused("they could not be tagged: " + why);
        }
        Map<String, String> tags =
                ImageTags.ofRegistered(
                        wanted.name(),
                        wanted.home(),
                        inherited,
                        known ? Optional.of("registered again " + now) : Optional.empty());
        Image intent = Image.intent(wanted.name(), wanted.region(), Trigger.REQUESTED, now);
        return switch (images.starts().register(intent, blueprint, tags)) {
            case StartResult.Started(var id) -> recorded(wanted, blueprint, id, tags, grave, what);
            case StartResult.Adopted(var ami) ->
                    recorded(wanted, blueprint, ami.id(), tags, grave, what);
            case StartResult.NotNow notNow -> later(wanted, notNow.why());
            case StartResult.NotSo notSo -> notDone(wanted, notSo.why());
        };
    }

    private static String fate(boolean known) {
        return known
                ? "it is held: remove its tag amikeeper:hold to let it go again"
                : "from then on these snapshots are deleted with it, which waits for an approval";
    }

    private Set<String> codes(RegistrationInput wanted, Machine machine) {
        Set<String> codes = new TreeSet<>(machine.productCodes());
        wanted.ids().forEach(id -> codes.addAll(sources.productCodes(wanted.region(), id)));
        return codes;
    }

    /**
     * The tags of the root volume's snapshot and, if we had no such image of the server, the
     * server's own tags and capsule.
     */
    private Map<String, String> inherited(
            RegistrationInput wanted, Blueprint blueprint, boolean known) {
        SnapshotId rootId = blueprint.volumes().get(blueprint.machine().rootDevice());
        Map<String, String> ofSnapshot =
                wanted.snapshots().stream()
                        .filter(it -> it.id().equals(rootId))
                        .findFirst()
                        .map(Snapshot::tags)
                        .orElse(Map.of());
        Map<String, String> inherited = new HashMap<>();
        if (!known) {
            readable(
                            wanted,
                            instanceRegion(wanted),
                            at -> instances.find(at, List.of(wanted.name().instance())))
                    .stream()
                    .filter(instance -> !instance.isGone())
                    .forEach(instance -> {
                        inherited.putAll(copied(instance, wanted.name().policy()));
                        if (!ofSnapshot.containsKey(ImageTags.CAPSULE)) {
                            instance.capsule()
                                    .ifPresent(it -> inherited.putAll(CapsuleTags.write(it)));
                        }
                    });
        }
        inherited.putAll(ofSnapshot);
        return inherited;
    }

    private Map<String, String> copied(Instance instance, String policy) {
        List<String> patterns =
                policies.find(policy).map(it -> it.image().copyTags()).orElse(List.of());
        Map<String, String> copied = new HashMap<>(instance.tags());
        copied.keySet()
                .removeIf(key ->
                        key.startsWith(ImageTags.CAPSULE)
                                || patterns.stream()
                                        .noneMatch(pattern -> Wildcard.matches(pattern, key)));
        return copied;
    }

    private OrderResult there(RegistrationInput wanted, Ami ami) {
        if (ami.state() == AmiState.FAILED) {
            return wanted.refused(
                    "EC2 failed at %s: deregister it, without its snapshots, and try again"
                            .formatted(ami.id()));
        }
        if (!wanted.dryRun()) {
            record(wanted, ami.id(), ami.tags(), tombstone(wanted));
        }
        return new OrderResult.Done(wanted.name() + " already exists as " + ami.id());
    }

    private OrderResult recorded(
            RegistrationInput wanted,
            Blueprint blueprint,
            ImageId id,
            Map<String, String> tags,
            Optional<Tombstone> grave,
            String what) {
        record(wanted, id, tags, grave);
        return new OrderResult.Done(
                "registers %s: %s%s; %s; the sweep shares and copies it as its policy says"
                        .formatted(
                                what,
                                id,
                                platform(wanted.region(), id, blueprint.machine()),
                                fate(grave.isPresent())));
    }

    /**
     * If this code is not reached, the sweep finds the image by its tags and records it in the same
     * way.
     */
    private void record(
            RegistrationInput wanted,
            ImageId id,
            Map<String, String> tags,
            Optional<Tombstone> grave) {
        ImageLookup look = images.reads().look(wanted.region(), id);
        if (look instanceof ImageLookup.Gone) {
            return;
        }
        Optional<Ami> shown =
                look instanceof ImageLookup.Shown(Ami ami) ? Optional.of(ami) : Optional.empty();
        Image image =
                Image.adopted(
                                wanted.name(),
                                wanted.region(),
                                wanted.home(),
                                id,
                                wanted.snapshots().size(),
                                shown.map(Ami::created).orElse(now),
                                now)
                        .remembering(CapsuleTags.read(tags))
                        .rememberingStored(
                                grave.flatMap(it -> it.image().stored())
                                        .map(stored -> stored.of(id, now)))
                        .inState(shown.map(Ami::state).orElse(AmiState.PENDING));
        Optional<Image> failed =
                catalog.find(wanted.region(), wanted.name())
                        .filter(known -> known.state() == ImageState.FAILED);
        if (failed.isPresent()) {
            shown.filter(ami -> ami.state() == AmiState.AVAILABLE)
                    .ifPresent(ami -> progress.found(failed.get(), ami, now));
        } else if (grave.isPresent()) {
            catalog.unbury(grave.get(), image);
        } else {
            catalog.adopt(image);
        }
    }

    /** Whether EC2 recognized the platform that AWS bills for can only be seen now. */
    private String platform(Region region, ImageId id, Machine machine) {
        if (!machine.isLicensed()) {
            return "";
        }
        String shown =
                sources.machines(region, List.of(id)).stream()
                        .map(Machine::platform)
                        .findFirst()
                        .orElse("");
        return shown.equals(machine.platform())
                ? ", for which EC2 bills " + shown
                : ", which EC2 takes for \"%s\", not %s: launch from it only to save data"
                        .formatted(shown, machine.platform());
    }

    private static OrderResult later(RegistrationInput wanted, String why) {
        return notDone(wanted, "not now, try again later: " + why);
    }

    private static OrderResult notDone(RegistrationInput wanted, String why) {
        return wanted.others().isEmpty()
                ? wanted.refused(why)
                : wanted.refused(
                        List.of(
                                why,
                                "its snapshots carry our tags by now: try again, or remove the tags"
                                        + " amikeeper:…"));
    }
}
