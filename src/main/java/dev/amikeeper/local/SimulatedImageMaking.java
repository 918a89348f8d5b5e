package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.Attempt;
import dev.amikeeper.local.SimulatedBuckets.StoredImage;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.BootModeValues;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.RegisterImageRequest;
import software.amazon.awssdk.services.ec2.model.RegisterImageResponse;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SnapshotState;
import software.amazon.awssdk.services.ec2.model.Volume;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Makes images from an instance, from snapshots or from an object in S3. {@link
 * SimulatedImageCopies} makes them from other images.
 */
final class SimulatedImageMaking {
    /** CreateImage takes instances in these states, according to EC2's user guide. */
    private static final Set<InstanceStateName> IMAGED_IN =
            Set.of(
                    InstanceStateName.PENDING,
                    InstanceStateName.RUNNING,
                    InstanceStateName.STOPPING,
                    InstanceStateName.STOPPED);

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedSnapshots snapshots;
    private final SimulatedVolumes volumes;
    private final SimulatedLineages lineages;
    private final SimulatedImages images;
    private final Map<String, Integer> triesByName = new HashMap<>();

    SimulatedImageMaking(
            CloudCore core,
            SimulatedInstances instances,
            SimulatedVolumes volumes,
            SimulatedLineages lineages,
            SimulatedImages images) {
        this.core = core;
        this.instances = instances;
        this.volumes = volumes;
        this.lineages = lineages;
        this.images = images;
        region = images.region();
        snapshots = images.snapshots();
    }

    CreateImageResponse create(CreateImageRequest request) {
        LocalInstance source = instances.require(request.instanceId());
        Instance instance = source.instance();
        if (!IMAGED_IN.contains(source.state())) {
            throw Ec2Errors.wrong(
                    "IncorrectInstanceState",
                    "The instance '"
                            + source.id()
                            + "' is not in a state in which it can be imaged: "
                            + source.state());
        }
        TagRules.allowOnly(Set.of("image", "snapshot"), request.tagSpecifications());
        images.checkName(request.name());
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "image");
        Map<String, String> snapshotTags = TagRules.of(request.tagSpecifications(), "snapshot");
        List<InstanceBlockDeviceMapping> included = included(instance, request);
        included.forEach(device -> snapshots.checkPending(device.ebs().volumeId()));

        String id = core.ids().next("ami");
        List<BlockDeviceMapping> mappings =
                included.stream()
                        .map(device -> {
                            String volume = device.ebs().volumeId();
                            Volume of = volumes.require(volume);
                            String snapshot =
                                    snapshots.begin(
                                            snapshotTags,
                                            s ->
                                                    s.volumeId(volume)
                                                            .volumeSize(of.size())
                                                            .encrypted(of.encrypted())
                                                            .kmsKeyId(of.kmsKeyId())
                                                            .description(
                                                                    "Created by CreateImage("
                                                                            + source.id()
                                                                            + ") for "
                                                                            + id));
                            return mapping(
                                    device.deviceName(),
                                    snapshot,
                                    ebs(of, device.ebs().deleteOnTermination()));
                        })
                        .toList();
        if (!Boolean.TRUE.equals(request.noReboot())
                && source.state() == InstanceStateName.RUNNING) {
            instances.change(source.id(), LocalInstance::rebooted);
        }
        Image.Builder image =
                image(id, request.name(), request.description(), tags, mappings)
                        .sourceInstanceId(source.id())
                        .architecture(instance.architecture())
                        .bootMode(instance.bootModeAsString())
                        .productCodes(instance.productCodes())
                        .platformDetails(instance.platformDetails())
                        .rootDeviceName(instance.rootDeviceName());
        begin(image, Optional.empty(), Optional.of(source.id()), () -> true);
        return CreateImageResponse.builder().imageId(id).build();
    }

    private static List<InstanceBlockDeviceMapping> included(
            Instance instance, CreateImageRequest request) {
        Set<String> excluded = new HashSet<>();
        for (BlockDeviceMapping device : request.blockDeviceMappings()) {
            if (device.noDevice() != null) {
                excluded.add(device.deviceName());
            }
        }
        if (excluded.contains(instance.rootDeviceName())) {
            throw Ec2Errors.wrong(
                    "InvalidBlockDeviceMapping", "The root volume cannot be left out");
        }
        return instance.blockDeviceMappings().stream()
                .filter(device -> !excluded.contains(device.deviceName()))
                .toList();
    }

    private static EbsBlockDevice ebs(Volume volume, @Nullable Boolean deleteOnTermination) {
        return EbsBlockDevice.builder()
                .volumeSize(volume.size())
                .volumeType(volume.volumeTypeAsString())
                .iops(volume.iops())
                .throughput(volume.throughput())
                .deleteOnTermination(deleteOnTermination)
                .build();
    }

    /**
     * Makes an image from existing snapshots, which is available at once. What the request leaves
     * out gets EC2's documented defaults, with which few servers boot: i386, paravirtual, no ENA.
     * The snapshots pass on their product codes and what they are billed as. The snapshots are kept
     * if registering fails.
     *
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html">
     *     RegisterImage</a>
     */
    RegisterImageResponse register(RegisterImageRequest request) {
        TagRules.allowOnly(Set.of("image"), request.tagSpecifications());
        images.checkName(request.name());
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "image");
        List<BlockDeviceMapping> mappings =
                request.blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .map(this::registered)
                        .toList();
        if (mappings.stream().map(BlockDeviceMapping::deviceName).distinct().count()
                < mappings.size()) {
            throw Ec2Errors.wrong(
                    "InvalidBlockDeviceMapping", "The same device is specified more than once");
        }
        if (request.tpmSupport() != null
                && (request.bootMode() == null
                        || request.bootMode() == BootModeValues.LEGACY_BIOS)) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination", "TpmSupport needs the boot mode uefi");
        }
        String root = request.rootDeviceName();
        SimulatedLineages.Lineage lineage =
                mappings.stream()
                        .filter(device -> device.deviceName().equals(root))
                        .map(device -> device.ebs().snapshotId())
                        .map(snapshot -> lineages.of(snapshot))
                        .findFirst()
                        .orElseThrow(() ->
                                Ec2Errors.wrong(
                                        "InvalidBlockDeviceMapping",
                                        "The root device " + root + " has no snapshot"));
        String id = core.ids().next("ami");
        Image.Builder image =
                image(id, request.name(), request.description(), tags, mappings)
                        .architecture(
                                Objects.requireNonNullElse(request.architectureAsString(), "i386"))
                        .virtualizationType(
                                Objects.requireNonNullElse(
                                        request.virtualizationType(), "paravirtual"))
                        .enaSupport(Boolean.TRUE.equals(request.enaSupport()))
                        .bootMode(request.bootModeAsString())
                        .tpmSupport(request.tpmSupportAsString())
                        .imdsSupport(request.imdsSupportAsString())
                        .sriovNetSupport(request.sriovNetSupport())
                        .productCodes(lineage.codes())
                        .platformDetails(lineage.platform())
                        .rootDeviceName(root);
        LocalImage added = add(image, Optional.empty(), lineage.instance());
        String failure = failure(attempt(added), Optional.empty(), () -> true);
        entered(id, failure);
        return RegisterImageResponse.builder().imageId(id).build();
    }

    private BlockDeviceMapping registered(BlockDeviceMapping asked) {
        Snapshot snapshot = snapshots.require(asked.ebs().snapshotId()).snapshot();
        if (snapshot.state() != SnapshotState.COMPLETED) {
            throw Ec2Errors.wrong(
                    "IncorrectState",
                    "The snapshot '" + snapshot.snapshotId() + "' is not 'completed'");
        }
        Integer size = asked.ebs().volumeSize();
        if (size != null && size < snapshot.volumeSize()) {
            throw Ec2Errors.wrong(
                    "InvalidBlockDeviceMapping",
                    "Volume of size " + size + "GB is smaller than snapshot");
        }
        return mapping(asked.deviceName(), snapshot.snapshotId(), asked.ebs());
    }

    /**
     * Makes an image from an S3 object, pending at first, with everything that was stored but the
     * tags.
     *
     * @param snapshotIds by device
     */
    String restore(
            StoredImage stored,
            String name,
            Map<String, String> tags,
            Map<String, String> snapshotIds) {
        Image like = stored.image();
        List<BlockDeviceMapping> mappings =
                like.blockDeviceMappings().stream()
                        .map(device ->
                                mapping(
                                        device.deviceName(),
                                        Objects.requireNonNull(
                                                snapshotIds.get(device.deviceName())),
                                        device.ebs()))
                        .toList();
        String id = core.ids().next("ami");
        Image.Builder image =
                image(id, name, like.description(), tags, mappings)
                        .architecture(like.architectureAsString())
                        .virtualizationType(like.virtualizationTypeAsString())
                        .bootMode(like.bootModeAsString())
                        .enaSupport(like.enaSupport())
                        .productCodes(like.productCodes())
                        .platformDetails(like.platformDetails())
                        .rootDeviceName(like.rootDeviceName());
        begin(image, Optional.empty(), stored.origin(), () -> true);
        return id;
    }

    /**
     * A device of an image, with this snapshot. The rest is as asked for, with volume type gp3 by
     * default.
     */
    BlockDeviceMapping mapping(String device, String snapshotId, EbsBlockDevice like) {
        Snapshot snapshot = snapshots.require(snapshotId).snapshot();
        EbsBlockDevice ebs =
                like.toBuilder()
                        .snapshotId(snapshotId)
                        .volumeSize(
                                Objects.requireNonNullElse(
                                        like.volumeSize(), snapshot.volumeSize()))
                        .volumeType(Objects.requireNonNullElse(like.volumeTypeAsString(), "gp3"))
                        .deleteOnTermination(
                                Objects.requireNonNullElse(
                                        like.deleteOnTermination(), Boolean.TRUE))
                        .encrypted(snapshot.encrypted())
                        .kmsKeyId(snapshot.kmsKeyId())
                        .build();
        return BlockDeviceMapping.builder().deviceName(device).ebs(ebs).build();
    }

    Image.Builder image(
            String id,
            String name,
            @Nullable String description,
            Map<String, String> tags,
            List<BlockDeviceMapping> mappings) {
        return Image.builder()
                .imageId(id)
                .name(name)
                .description(description == null ? "" : description)
                .state(ImageState.PENDING)
                .ownerId(core.account())
                .creationDate(Ec2Times.iso(core.ec2Time()))
                .publicLaunchPermissions(false)
                .blockDeviceMappings(mappings)
                .tags(TagRules.list(tags))
                .imageType("machine")
                .imageLocation(core.account() + "/" + name)
                .rootDeviceType("ebs")
                .virtualizationType("hvm")
                .hypervisor("xen")
                .enaSupport(true)
                .platformDetails(SimulatedLineages.LINUX)
                .deregistrationProtection(SimulatedImages.UNPROTECTED);
    }

    /**
     * Adds an image that is pending now and ends later.
     *
     * @param intact whether what the image is made from still exists when it ends
     */
    void begin(
            Image.Builder builder,
            Optional<String> key,
            Optional<String> origin,
            BooleanSupplier intact) {
        LocalImage image = add(builder, key, origin);
        Attempt attempt = attempt(image);
        core.timeline()
                .in(
                        core.settings().pendingTime(image.isCopy()),
                        () -> {
                            if (images.find(image.id()).isPresent()) {
                                end(image.id(), failure(attempt, key, intact));
                            }
                        });
    }

    private LocalImage add(Image.Builder builder, Optional<String> key, Optional<String> origin) {
        Image image = builder.build();
        LocalImage added =
                new LocalImage(
                        image, List.of(), key, core.settings().hiddenCalls(), Instant.MIN, origin);
        images.hold(added);
        return added;
    }

    private Attempt attempt(LocalImage image) {
        String name = image.image().name();
        int number = triesByName.merge(name, 1, Integer::sum);
        return new Attempt(region, name, image.isCopy(), number);
    }

    /** Why the image fails; empty if it does not. */
    private String failure(Attempt attempt, Optional<String> key, BooleanSupplier intact) {
        if (key.map(core.settings()::isBad).orElse(false)) {
            return "Client.InvalidKMSKey.InvalidState";
        }
        return core.settings().fails(attempt) || !intact.getAsBoolean()
                ? "Server.InternalError"
                : "";
    }

    private void end(String id, String failure) {
        LocalImage image = images.require(id);
        snapshots.finish(image.snapshots(), !failure.isEmpty());
        entered(id, failure);
    }

    private void entered(String id, String failure) {
        boolean failed = !failure.isEmpty();
        ImageState state = failed ? ImageState.FAILED : ImageState.AVAILABLE;
        images.change(id, it -> it.with(i -> i.state(state)));
        if (failed) {
            images.change(
                    id, it -> it.with(i -> i.stateReason(r -> r.code(failure).message(failure))));
        }
        core.events().imageState(region, id, state.toString(), failure);
    }
}
