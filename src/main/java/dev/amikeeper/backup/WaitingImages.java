package dev.amikeeper.backup;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Volume;
import dev.amikeeper.lifecycle.Relay;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.lifecycle.Worker;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The waiting images of one Region. */
final class WaitingImages {
    private static final Logger log = LoggerFactory.getLogger(WaitingImages.class);

    /** How many names to read at a time. They cost little, and more are read when needed. */
    private static final int NAMES = 100;

    /** After trouble with a whole Region, the next try follows soon, but not at once. */
    private static final Duration SOON = Duration.ofSeconds(30);

    private final Catalog catalog;
    private final ImageStarts images;
    private final Instances servers;
    private final Policies policies;
    private final Freezes freezes;
    private final StartRecorder starts;
    private final Relay relay;
    private final SideBySide sideBySide;

    /**
     * What is known about the instances of a burst.
     *
     * @param volumes the volumes of each
     * @param unread why the volumes could not be read; empty if they were
     */
    private record Servers(
            Map<InstanceId, Instance> byId,
            Map<InstanceId, List<Volume>> volumes,
            Optional<String> unread) {
        Optional<Instance> find(InstanceId id) {
            return Optional.ofNullable(byId.get(id));
        }

        List<Volume> volumesOf(InstanceId id) {
            return volumes.getOrDefault(id, List.of());
        }
    }

    WaitingImages(
            Catalog catalog,
            ImageStarts images,
            Instances servers,
            Policies policies,
            Freezes freezes,
            Worker worker) {
        this.catalog = catalog;
        this.images = images;
        this.servers = servers;
        this.policies = policies;
        this.freezes = freezes;
        starts = worker.starts();
        relay = worker.relay();
        sideBySide = worker.sideBySide();
    }

    /**
     * Starts the images, oldest slot first, in bursts. Each image that was looked at either left
     * the waiting ones or stays among them, and is not looked at again in this slice.
     *
     * @return what could be started if there were more tokens, or time
     */
    Relay.Left startAll(Slice slice) {
        Region region = slice.region();
        Deque<ImageName> names = new ArrayDeque<>();
        Optional<ImageName> last = Optional.empty();
        while (true) {
            if (names.isEmpty()) {
                names.addAll(
                        catalog.waiting(region, Work.CREATE_WAITING, slice.now(), last, NAMES));
                if (names.isEmpty()) {
                    return Relay.Left.NOTHING;
                }
                last = Optional.of(names.getLast());
            }
            int burst = slice.timeLeft().getAsBoolean() ? relay.now(region, names.size()) : 0;
            if (burst == 0) {
                return Relay.Left.work(names.size());
            }
            List<ImageName> some = Stream.generate(names::removeFirst).limit(burst).toList();
            int unbegun = start(slice, catalog.work(region, Work.CREATE_WAITING, some));
            if (unbegun < 0) {
                return starts.isStopped() ? Relay.Left.after(SOON) : Relay.Left.NOTHING;
            }
            if (unbegun > 0) {
                return Relay.Left.work(unbegun + names.size());
            }
        }
    }

    /**
     * Starts images side by side, but those of one instance one after the other: the commands
     * around them must not mix.
     *
     * @return how many were not begun because tokens or time ran out; negative if it makes no sense
     *     to start others in this Region now
     */
    private int start(Slice slice, List<Image> intents) {
        Servers read;
        try {
            read = servers(slice.region(), intents);
        } catch (SdkException error) {
            starts.waits(intents.size());
            starts.stop(slice.region(), error, "ec2:DescribeInstances", slice.now());
            return -1;
        }
        if (intents.stream().anyMatch(this::hasCommands)) {
            freezes.look();
        }
        AtomicInteger begun = new AtomicInteger();
        AtomicBoolean goOn = new AtomicBoolean(true);
        BooleanSupplier more =
                () ->
                        goOn.get()
                                && relay.hasToken(slice.region())
                                && slice.timeLeft().getAsBoolean();
        sideBySide.forEach(
                byInstance(intents),
                more,
                ofOne -> {
                    for (Image intent : ofOne) {
                        if (!more.getAsBoolean()) {
                            return;
                        }
                        begun.incrementAndGet();
                        if (!start(intent, read, slice.now())) {
                            goOn.set(false);
                        }
                    }
                });
        return goOn.get() ? intents.size() - begun.get() : -1;
    }

    private static List<List<Image>> byInstance(List<Image> intents) {
        return List.copyOf(
                intents.stream()
                        .collect(
                                groupingBy(
                                        intent -> intent.name().instance(),
                                        LinkedHashMap::new,
                                        Collectors.toList()))
                        .values());
    }

    private boolean hasCommands(Image intent) {
        return policies.find(intent.name().policy())
                .filter(policy -> policy.image().around().isPresent())
                .isPresent();
    }

    /** Reads the instances of a burst shortly before it, so that it is still true. */
    private Servers servers(Region region, List<Image> intents) {
        List<Instance> found =
                servers.find(region, intents.stream().map(i -> i.name().instance()).toList());
        Map<String, String> names = subnetNames(region, found);
        Map<InstanceId, Instance> byId =
                found.stream()
                        .map(instance -> instance.withNames(names))
                        .collect(
                                Collectors.toMap(
                                        Instance::id, Function.identity(), (one, again) -> one));
        // If the volumes cannot be read, only the images that leave out some by their tags wait.
        try {
            return new Servers(byId, servers.volumes(region, byId.keySet()), Optional.empty());
        } catch (SdkException error) {
            String why = Fault.text(error, "ec2:DescribeVolumes");
            log.warn("{}: images are made without the tags of their volumes: {}", region, why);
            return new Servers(byId, Map.of(), Optional.of(why));
        }
    }

    /** Reads hints for a restore in another Region. No image fails or waits for want of them. */
    private Map<String, String> subnetNames(Region region, List<Instance> instances) {
        List<String> subnets =
                instances.stream()
                        .flatMap(instance -> instance.capsule().stream())
                        .flatMap(Capsule::subnets)
                        .distinct()
                        .toList();
        try {
            return servers.subnetNames(region, subnets);
        } catch (SdkException error) {
            log.warn(
                    "{}: images are made without the names of their subnets: {}",
                    region,
                    Fault.text(error, "ec2:DescribeSubnets"));
            return Map.of();
        }
    }

    private boolean start(Image intent, Servers read, Instant now) {
        Optional<Instance> found = read.find(intent.name().instance());
        Optional<Policy> policy = policies.find(intent.name().policy());
        if (policy.isEmpty()) {
            return starts.giveUp(intent, "its policy is no longer in the file", now);
        }
        if (found.isEmpty() || found.get().isGone()) {
            return starts.giveUp(intent, "the instance is gone", now);
        }
        Instance instance = found.get();
        if (!instance.canBeImaged()) {
            return starts.tryFailed(intent, "the instance is " + instance.state(), now);
        }
        if (!policy.get().select().takesNow(instance)) {
            return starts.settle(
                    intent, new StartResult.Later("the instance is still stopping"), 0, now);
        }
        Policy.Imaging how = policy.get().image();
        if (!how.excludeVolumes().isEmpty() && read.unread().isPresent()) {
            String why = "the tags of its volumes cannot be read: " + read.unread().get();
            return starts.settle(intent, new StartResult.ServerError(why), 0, now);
        }
        if (how.around().isPresent() && instance.settledState().equals("running")) {
            if (!instance.state().equals("running")) {
                return starts.settle(
                        intent, new StartResult.Later("the instance is still starting"), 0, now);
            }
            switch (freezes.ready(intent, how.around().get())) {
                case Freezes.Readiness.Now _ -> {}
                case Freezes.Readiness.CommandUnderWay(String why) -> {
                    return starts.settle(intent, new StartResult.Later(why), 0, now);
                }
                case Freezes.Readiness.NotReady(String why) -> {
                    return starts.tryFailed(intent, why, now);
                }
            }
        }
        List<Volume> its = read.volumesOf(instance.id());
        List<String> unwanted = how.leavesOut(instance, its);
        List<String> without = instance.imagedWithout(unwanted);
        Image described =
                intent.remembering(
                        capsule(instance, policy.get())
                                .map(capsule -> capsule.withDisks(disks(its, without))));
        if (unwanted.contains(instance.rootDevice())) {
            tellOfRoot(intent, instance, now);
        }
        return starts.settle(
                described,
                images.create(described, instance, how, without),
                instance.devices().size() - without.size(),
                now);
    }

    /**
     * EC2 can leave out any volume except the root volume. An image that includes it is far better
     * than none.
     */
    private void tellOfRoot(Image intent, Instance instance, Instant now) {
        catalog.note(
                Notice.event(
                        Trouble.ROOT.in(intent.region(), intent.name().policy()),
                        now,
                        "%s: policy %s leaves out the root volume of %s, and perhaps of others: EC2 cannot, so it is in the image"
                                .formatted(intent.region(), intent.name().policy(), instance.id()),
                        "take the tag from the root volume, or its device "
                                + instance.rootDevice()
                                + " out of \"excludeDevices\""));
    }

    /** An image without its instance's user data is far better than none. */
    private Optional<Capsule> capsule(Instance instance, Policy policy) {
        Policy.UserData kept = policy.image().userData();
        if (kept == Policy.UserData.NONE) {
            return instance.capsule();
        }
        try {
            Optional<String> userData = servers.userData(instance.region(), instance.id());
            return instance.capsule()
                    .map(capsule ->
                            capsule.withUserData(
                                    userData.map(WaitingImages::hash),
                                    userData.filter(_ -> kept == Policy.UserData.KEEP)));
        } catch (SdkException error) {
            log.warn(
                    "{} is imaged without its user data: {}",
                    instance.id(),
                    Fault.text(error, "ec2:DescribeInstanceAttribute"));
            return instance.capsule();
        }
    }

    /** The hash of the user data itself, so that a person can compare it with {@code sha256sum}. */
    private static String hash(String base64) {
        return Sha256.of(Base64.getMimeDecoder().decode(base64));
    }

    /** Returns only the volumes that need a note. */
    private static List<Capsule.Disk> disks(List<Volume> volumes, List<String> without) {
        Map<String, Volume> known = new TreeMap<>();
        volumes.forEach(volume -> known.put(volume.device(), volume));
        without.forEach(device -> known.putIfAbsent(device, new Volume("", device, 0, Map.of())));
        return known.values().stream()
                .map(volume ->
                        without.contains(volume.device())
                                ? new Capsule.Disk(
                                        volume.device(), volume.gib(), true, volume.tags())
                                : new Capsule.Disk(volume.device(), 0, false, volume.tags()))
                .filter(disk -> disk.leftOut() || !disk.tags().isEmpty())
                .toList();
    }
}
