package dev.amikeeper.backup;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.backup.ServerReads.Servers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Volume;
import dev.amikeeper.lifecycle.Relay;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.lifecycle.Worker;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The waiting images of one Region. */
final class WaitingImages {
    /** How many names to read at a time. They cost little, and more are read when needed. */
    private static final int NAMES = 100;

    private final Catalog catalog;
    private final ImageStarts images;
    private final ServerReads servers;
    private final Policies policies;
    private final Freezes freezes;
    private final UserDataReader userData;
    private final StartRecorder starts;
    private final Relay relay;
    private final SideBySide sideBySide;

    /** Whether the instances could not be read, which may pass. */
    private boolean troubled;

    WaitingImages(
            Catalog catalog,
            ImageStarts images,
            ServerReads servers,
            Policies policies,
            Freezes freezes,
            Worker worker) {
        this.catalog = catalog;
        this.images = images;
        this.servers = servers;
        this.policies = policies;
        this.freezes = freezes;
        userData = new UserDataReader(catalog, servers.instances());
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
                return troubled || starts.isStopped()
                        ? Relay.Left.trouble(starts.hasStarted(), names.size() + some.size())
                        : Relay.Left.NOTHING;
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
            read =
                    servers.read(
                            sideBySide,
                            slice.region(),
                            intents.stream().map(it -> it.name().instance()).toList());
        } catch (SdkException error) {
            starts.waits(intents.size());
            troubled = starts.stop(slice.region(), error, "ec2:DescribeInstances", slice.now());
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
                        userData.capsule(intent, instance, how.userData())
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
