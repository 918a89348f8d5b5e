package dev.amikeeper.backup;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Volume;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The waiting images of one Region. */
final class WaitingImages {
    private static final Logger log = LoggerFactory.getLogger(WaitingImages.class);

    /** Small enough that what is read about the instances is still fresh when it is used. */
    private static final int AT_ONCE = 100;

    private final Catalog catalog;
    private final ImageStarts images;
    private final Instances servers;
    private final Policies policies;
    private final Freezes freezes;
    private final StartRecorder starts;

    /** The volumes of the instances being worked on. */
    private Volumes volumes = new Volumes(Map.of(), Optional.empty());

    /**
     * The volumes of some instances.
     *
     * @param unread why they could not be read; empty if they were
     */
    private record Volumes(Map<InstanceId, List<Volume>> byInstance, Optional<String> unread) {
        List<Volume> of(InstanceId instance) {
            return byInstance.getOrDefault(instance, List.of());
        }
    }

    WaitingImages(
            Catalog catalog,
            ImageStarts images,
            Instances servers,
            Policies policies,
            Freezes freezes,
            StartRecorder starts) {
        this.catalog = catalog;
        this.images = images;
        this.servers = servers;
        this.policies = policies;
        this.freezes = freezes;
        this.starts = starts;
    }

    /**
     * Starts the images, oldest slot first.
     *
     * @return whether there was no time for some that could be started now
     */
    boolean startAll(Slice slice) {
        Region region = slice.region();
        Instant now = slice.now();
        Set<ImageName> stillWaiting = new HashSet<>();
        while (true) {
            List<Image> intents =
                    catalog
                            .work(region, Work.CREATE_WAITING, now, AT_ONCE + stillWaiting.size())
                            .stream()
                            .filter(intent -> !stillWaiting.contains(intent.name()))
                            .limit(AT_ONCE)
                            .toList();
            if (intents.isEmpty()) {
                return false;
            }
            Map<InstanceId, Instance> instances;
            try {
                instances = instances(region, intents);
                volumes = volumes(region, instances.keySet());
            } catch (SdkException error) {
                starts.waits(intents.size());
                starts.stop(region, error, "ec2:DescribeInstances", now);
                return false;
            }
            for (Image intent : intents) {
                if (!slice.timeLeft().getAsBoolean()) {
                    return true;
                }
                int waiting = starts.waiting();
                Optional<Instance> instance =
                        Optional.ofNullable(instances.get(intent.name().instance()));
                if (!start(intent, instance, now)) {
                    return false;
                }
                if (starts.waiting() > waiting) {
                    stillWaiting.add(intent.name());
                }
            }
        }
    }

    private Map<InstanceId, Instance> instances(Region region, List<Image> intents) {
        List<Instance> found =
                servers.find(region, intents.stream().map(i -> i.name().instance()).toList());
        Map<String, String> names = subnetNames(region, found);
        return found.stream()
                .map(instance -> instance.withNames(names))
                .collect(Collectors.toMap(Instance::id, Function.identity(), (one, again) -> one));
    }

    /**
     * Reads the volumes of all instances at once. If that fails, only the images that leave out
     * volumes by their tags wait.
     */
    private Volumes volumes(Region region, Collection<InstanceId> ids) {
        try {
            return new Volumes(servers.volumes(region, ids), Optional.empty());
        } catch (SdkException error) {
            String why = Fault.text(error, "ec2:DescribeVolumes");
            log.warn("{}: images are made without the tags of their volumes: {}", region, why);
            return new Volumes(Map.of(), Optional.of(why));
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

    private boolean start(Image intent, Optional<Instance> found, Instant now) {
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
        if (!how.excludeVolumes().isEmpty() && volumes.unread().isPresent()) {
            String why = "the tags of its volumes cannot be read: " + volumes.unread().get();
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
        List<Volume> its = volumes.of(instance.id());
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
