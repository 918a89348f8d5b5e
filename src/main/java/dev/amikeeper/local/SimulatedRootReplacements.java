package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskResponse;
import software.amazon.awssdk.services.ec2.model.DescribeReplaceRootVolumeTasksRequest;
import software.amazon.awssdk.services.ec2.model.DescribeReplaceRootVolumeTasksResponse;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ReplaceRootVolumeTask;
import software.amazon.awssdk.services.ec2.model.ReplaceRootVolumeTaskState;
import software.amazon.awssdk.services.ec2.model.Volume;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Replaces the root volumes of one Region's running instances, from images.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateReplaceRootVolumeTask.html">
 *     CreateReplaceRootVolumeTask</a>
 */
final class SimulatedRootReplacements {
    private static final Set<ReplaceRootVolumeTaskState> UNDER_WAY =
            Set.of(ReplaceRootVolumeTaskState.PENDING, ReplaceRootVolumeTaskState.IN_PROGRESS);

    private static final Listing<ReplaceRootVolumeTask> LISTING =
            new Listing<>(
                    ReplaceRootVolumeTask::replaceRootVolumeTaskId,
                    ReplaceRootVolumeTask::tags,
                    Map.of("instance-id", it -> Stream.of(it.instanceId())));

    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedImages images;
    private final SimulatedVolumes volumes;
    private final SortedMap<String, ReplaceRootVolumeTask> tasks = new TreeMap<>();
    private final ClientTokens<CreateReplaceRootVolumeTaskRequest, String> tokens =
            new ClientTokens<>();
    private final Map<String, Integer> hidden = new HashMap<>();

    SimulatedRootReplacements(
            CloudCore core,
            SimulatedInstances instances,
            SimulatedImages images,
            SimulatedVolumes volumes) {
        this.core = core;
        this.instances = instances;
        this.images = images;
        this.volumes = volumes;
    }

    /** Takes only an image: restoring the volume as it was at launch is not supported here. */
    CreateReplaceRootVolumeTaskResponse create(CreateReplaceRootVolumeTaskRequest request) {
        Optional<String> earlier = tokens.find(request.clientToken(), request);
        if (earlier.isPresent()) {
            return answer(earlier.get());
        }
        if (request.imageId() == null) {
            throw new UnsupportedOperationException("a root volume that is of no image");
        }
        TagRules.allowOnly(Set.of("replace-root-volume-task"), request.tagSpecifications());
        Map<String, String> tags =
                TagRules.of(request.tagSpecifications(), "replace-root-volume-task");
        LocalInstance instance = instances.require(request.instanceId());
        if (instance.state() != InstanceStateName.RUNNING) {
            throw Ec2Errors.wrong(
                    "IncorrectInstanceState",
                    "The instance '" + instance.id() + "' is not in the 'running' state");
        }
        LocalImage image = images.requireLaunchable(request.imageId());
        check(instance.instance(), image.image());
        if (tasks.values().stream().anyMatch(it -> isUnderWay(it, instance.id()))) {
            throw Ec2Errors.wrong(
                    "IncorrectState",
                    "A root volume replacement of " + instance.id() + " is in progress");
        }
        String id = core.ids().next("replacevol");
        tasks.put(
                id,
                ReplaceRootVolumeTask.builder()
                        .replaceRootVolumeTaskId(id)
                        .instanceId(instance.id())
                        .imageId(image.id())
                        .deleteReplacedRootVolume(
                                Boolean.TRUE.equals(request.deleteReplacedRootVolume()))
                        .taskState(ReplaceRootVolumeTaskState.PENDING)
                        .startTime(Ec2Times.iso(core.ec2Time()))
                        .tags(TagRules.list(tags))
                        .build());
        hidden.put(id, core.settings().hiddenCalls());
        images.launched(image.id());
        tokens.remember(request.clientToken(), request, id);
        core.timeline().in(core.settings().instanceTime(), () -> begin(id));
        return answer(id);
    }

    DescribeReplaceRootVolumeTasksResponse describe(DescribeReplaceRootVolumeTasksRequest request) {
        List<String> ids = request.replaceRootVolumeTaskIds();
        for (String id : ids) {
            if (!tasks.containsKey(id)) {
                throw Ec2Errors.wrong(
                        "InvalidReplaceRootVolumeTaskId.NotFound",
                        "The root volume replacement task '" + id + "' does not exist");
            }
        }
        Listing.Page<ReplaceRootVolumeTask> page =
                LISTING.page(
                        LISTING.filter(
                                        tasks.values().stream()
                                                .filter(it ->
                                                        Listing.isAmong(
                                                                ids, it.replaceRootVolumeTaskId())),
                                        request.filters())
                                .filter(this::isVisible),
                        request.maxResults(),
                        request.nextToken());
        return DescribeReplaceRootVolumeTasksResponse.builder()
                .replaceRootVolumeTasks(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    /** A new task may be missed by some calls. */
    private boolean isVisible(ReplaceRootVolumeTask task) {
        return hidden.merge(task.replaceRootVolumeTaskId(), -1, (left, one) -> left + one) < 0;
    }

    /** "The same product code, billing information, architecture type, and virtualization type". */
    private static void check(Instance instance, Image image) {
        refuseUnless(
                Objects.equals(instance.architectureAsString(), image.architectureAsString()),
                "architecture");
        refuseUnless(
                Objects.equals(
                        instance.virtualizationTypeAsString(), image.virtualizationTypeAsString()),
                "virtualization type");
        refuseUnless(
                new HashSet<>(instance.productCodes()).equals(new HashSet<>(image.productCodes())),
                "product codes");
        refuseUnless(root(image).isPresent(), "root device");
    }

    private static void refuseUnless(boolean same, String what) {
        if (!same) {
            throw Ec2Errors.invalidValue(
                    "The " + what + " of the image and of the instance do not match");
        }
    }

    private static Optional<EbsBlockDevice> root(Image image) {
        return image.blockDeviceMappings().stream()
                .filter(device -> device.deviceName().equals(image.rootDeviceName()))
                .map(BlockDeviceMapping::ebs)
                .findFirst();
    }

    private boolean isUnderWay(ReplaceRootVolumeTask task, String instance) {
        return UNDER_WAY.contains(task.taskState()) && task.instanceId().equals(instance);
    }

    private void begin(String id) {
        change(id, it -> it.taskState(ReplaceRootVolumeTaskState.IN_PROGRESS));
        core.timeline().in(core.settings().instanceTime(), () -> end(require(id)));
    }

    /** Fails if the image, its snapshots or the running instance are gone by then. */
    private void end(ReplaceRootVolumeTask task) {
        Optional<LocalInstance> instance =
                instances
                        .find(task.instanceId())
                        .filter(it -> it.state() == InstanceStateName.RUNNING);
        Optional<LocalImage> image = images.find(task.imageId());
        boolean detaches =
                instance.isPresent()
                        && image.isPresent()
                        && core.settings().detachesRoot(launch(instance.get(), image.get()));
        boolean succeeds =
                !detaches
                        && instance.isPresent()
                        && image.isPresent()
                        && core.settings().replacesRoot(launch(instance.get(), image.get()));
        if (succeeds) {
            replace(instance.get(), image.get(), task.deleteReplacedRootVolume());
        }
        ReplaceRootVolumeTaskState failed =
                detaches
                        ? ReplaceRootVolumeTaskState.FAILED_DETACHED
                        : ReplaceRootVolumeTaskState.FAILED;
        ReplaceRootVolumeTaskState state = succeeds ? ReplaceRootVolumeTaskState.SUCCEEDED : failed;
        String now = Ec2Times.iso(core.ec2Time());
        change(task.replaceRootVolumeTaskId(), it -> it.taskState(state).completeTime(now));
    }

    /**
     * The new volume has the image's volume type and size, but is at least as large as the old one,
     * and is deleted with the instance if the old one would be. The instance reboots and keeps
     * everything else.
     */
    private void replace(LocalInstance instance, LocalImage image, boolean delete) {
        String rootName = instance.instance().rootDeviceName();
        InstanceBlockDeviceMapping old =
                instance.instance().blockDeviceMappings().stream()
                        .filter(device -> device.deviceName().equals(rootName))
                        .findFirst()
                        .orElseThrow();
        Volume before = volumes.require(old.ebs().volumeId());
        EbsBlockDevice ebs = root(image.image()).orElseThrow();
        BlockDeviceMapping wanted =
                BlockDeviceMapping.builder()
                        .deviceName(rootName)
                        .ebs(
                                ebs.toBuilder()
                                        .volumeSize(Math.max(ebs.volumeSize(), before.size()))
                                        .deleteOnTermination(old.ebs().deleteOnTermination())
                                        .build())
                        .build();
        InstanceBlockDeviceMapping attached =
                volumes.attach(
                        instance.id(),
                        instance.instance().placement().availabilityZone(),
                        wanted,
                        TagRules.map(before.tags()));
        volumes.release(before.volumeId(), delete);
        List<InstanceBlockDeviceMapping> devices =
                instance.instance().blockDeviceMappings().stream()
                        .map(device -> device.equals(old) ? attached : device)
                        .toList();
        Map<String, Integer> sizes = new LinkedHashMap<>(instance.volumeSizes());
        sizes.remove(before.volumeId());
        sizes.put(attached.ebs().volumeId(), volumes.require(attached.ebs().volumeId()).size());
        instances.change(
                instance.id(),
                it ->
                        it.with(builder -> builder.blockDeviceMappings(devices))
                                .with(sizes)
                                .with(it.hidden().with(launch(it, image)))
                                .rebooted());
        instances.boot(instance.id());
    }

    private static CloudSettings.LaunchAttempt launch(LocalInstance instance, LocalImage image) {
        CloudSettings.LaunchAttempt before = instance.hidden().launch();
        return new CloudSettings.LaunchAttempt(
                before.region(), before.zone(), before.type(), image.id(), image.origin());
    }

    private CreateReplaceRootVolumeTaskResponse answer(String id) {
        return CreateReplaceRootVolumeTaskResponse.builder()
                .replaceRootVolumeTask(require(id))
                .build();
    }

    private ReplaceRootVolumeTask require(String id) {
        return Objects.requireNonNull(tasks.get(id));
    }

    private void change(String id, Consumer<ReplaceRootVolumeTask.Builder> change) {
        ReplaceRootVolumeTask.Builder changed = require(id).toBuilder();
        change.accept(changed);
        tasks.put(id, changed.build());
    }
}
