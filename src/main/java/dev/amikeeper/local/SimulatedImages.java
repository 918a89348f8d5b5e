package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.Attempt;
import dev.amikeeper.local.SimulatedBuckets.StoredImage;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.BootModeValues;
import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.CreateSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotReturnCode;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeResponse;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.OperationType;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.RegisterImageRequest;
import software.amazon.awssdk.services.ec2.model.RegisterImageResponse;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SnapshotAttributeName;
import software.amazon.awssdk.services.ec2.model.SnapshotState;
import software.amazon.awssdk.services.ec2.model.Volume;
import software.amazon.awssdk.services.ec2.model.VolumeAttachment;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The images of one Region and their lives. */
final class SimulatedImages {
    /** CreateImage takes instances in these states, as EC2's user guide has it. */
    private static final Set<InstanceStateName> IMAGED_IN =
            Set.of(
                    InstanceStateName.PENDING,
                    InstanceStateName.RUNNING,
                    InstanceStateName.STOPPING,
                    InstanceStateName.STOPPED);

    private static final Pattern ID = Pattern.compile("ami-[0-9a-z]+");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9()\\[\\] ./\\-'@_]{3,128}");
    private static final int MAX_PERMISSIONS = 1000;
    private static final Duration COOL_DOWN = Duration.ofHours(24);

    /** AWS names no time; nobody has to wait that long. */
    private static final Duration CONSISTENT_AFTER = Duration.ofHours(6);

    private static final Duration LAUNCH_REPORTED_AFTER = Duration.ofHours(24);
    private static final String LINUX = "Linux/UNIX";
    private static final String UNPROTECTED = "disabled";
    private static final String PROTECTED = "enabled-without-cooldown";
    private static final String COOLING = "disabled after ";
    private static final String PROTECTED_WITH_COOL_DOWN = "enabled-with-cooldown";

    private static final Listing<LocalImage> LISTING =
            new Listing<>(
                    LocalImage::id,
                    it -> it.image().tags(),
                    Map.ofEntries(
                            field("image-id", Image::imageId),
                            field("name", Image::name),
                            field("state", Image::stateAsString),
                            field("owner-id", Image::ownerId),
                            field("is-public", image -> "" + image.publicLaunchPermissions()),
                            field("source-instance-id", Image::sourceInstanceId),
                            field("source-image-id", Image::sourceImageId),
                            field("source-image-region", Image::sourceImageRegion),
                            field("creation-date", Image::creationDate),
                            field("architecture", Image::architectureAsString),
                            field("description", Image::description),
                            field("image-type", Image::imageTypeAsString),
                            field("root-device-type", Image::rootDeviceTypeAsString),
                            field("root-device-name", Image::rootDeviceName),
                            field("virtualization-type", Image::virtualizationTypeAsString),
                            Map.entry(
                                    "product-code",
                                    it ->
                                            it.image().productCodes().stream()
                                                    .map(ProductCode::productCodeId)),
                            Map.entry(
                                    "product-code.type",
                                    it ->
                                            it.image().productCodes().stream()
                                                    .map(ProductCode::productCodeTypeAsString)),
                            Map.entry(
                                    "block-device-mapping.snapshot-id",
                                    it -> it.snapshots().stream().map(id -> id))));

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedSnapshots snapshots;
    private final SimulatedVolumes volumes;
    private final Map<String, Lineage> lineages = new HashMap<>();
    private final SortedMap<String, LocalImage> images = new TreeMap<>();
    private final Set<String> deregistered = new HashSet<>();
    private final Map<String, Set<String>> idsByName = new HashMap<>();
    private final Map<String, Integer> triesByName = new HashMap<>();
    private final Map<String, Copy> copiesByToken = new HashMap<>();
    private final RecycleBin<LocalImage> bin;
    private int copiesInFlight;

    SimulatedImages(
            String region,
            CloudCore core,
            SimulatedInstances instances,
            SimulatedSnapshots snapshots,
            SimulatedVolumes volumes) {
        this.region = region;
        this.core = core;
        this.instances = instances;
        this.snapshots = snapshots;
        this.volumes = volumes;
        bin = new RecycleBin<>(core.timeline());
    }

    private record Copy(CopyImageRequest request, String image) {}

    /** What a snapshot hands on to whatever is made of it. */
    private record Lineage(Optional<String> instance, List<ProductCode> codes, String platform) {
        static final Lineage UNKNOWN = new Lineage(Optional.empty(), List.of(), LINUX);
    }

    /**
     * A snapshot of one volume, by hand; it has the product codes and the platform of the instance.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html">
     *     CreateSnapshot</a>
     */
    CreateSnapshotResponse snapshot(CreateSnapshotRequest request) {
        Volume volume = volumes.require(request.volumeId());
        TagRules.allowOnly(Set.of("snapshot"), request.tagSpecifications());
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "snapshot");
        snapshots.checkPending(volume.volumeId());
        String id =
                snapshots.begin(
                        tags,
                        s ->
                                s.volumeId(volume.volumeId())
                                        .volumeSize(volume.size())
                                        .encrypted(volume.encrypted())
                                        .kmsKeyId(volume.kmsKeyId())
                                        .description(
                                                Objects.requireNonNullElse(
                                                        request.description(), "")));
        volume.attachments().stream()
                .map(VolumeAttachment::instanceId)
                .flatMap(instance -> instances.find(instance).stream())
                .forEach(it ->
                        lineages.put(
                                id,
                                new Lineage(
                                        Optional.of(it.id()),
                                        it.instance().productCodes(),
                                        it.instance().platformDetails())));
        core.timeline()
                .in(core.settings().pendingTime(false), () -> snapshots.finish(List.of(id), false));
        Snapshot snapshot = snapshots.require(id).snapshot();
        return CreateSnapshotResponse.builder()
                .snapshotId(id)
                .volumeId(volume.volumeId())
                .volumeSize(volume.size())
                .state(snapshot.state())
                .startTime(snapshot.startTime())
                .ownerId(core.account())
                .encrypted(volume.encrypted())
                .description(snapshot.description())
                .tags(snapshot.tags())
                .build();
    }

    DescribeSnapshotAttributeResponse describeSnapshotAttribute(
            DescribeSnapshotAttributeRequest request) {
        LocalSnapshot snapshot = snapshots.require(request.snapshotId());
        DescribeSnapshotAttributeResponse.Builder answer =
                DescribeSnapshotAttributeResponse.builder().snapshotId(snapshot.id());
        if (request.attribute() == SnapshotAttributeName.CREATE_VOLUME_PERMISSION) {
            return answer.createVolumePermissions(
                            snapshot.sharedWith().stream().map(SimulatedImages::creator).toList())
                    .build();
        }
        if (request.attribute() != SnapshotAttributeName.PRODUCT_CODES) {
            throw Ec2Errors.invalidValue("attribute " + request.attributeAsString());
        }
        return answer.productCodes(lineages.getOrDefault(snapshot.id(), Lineage.UNKNOWN).codes())
                .build();
    }

    private static CreateVolumePermission creator(String who) {
        return who.equals("all")
                ? CreateVolumePermission.builder().group(who).build()
                : CreateVolumePermission.builder().userId(who).build();
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
        checkName(request.name());
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

    /** Copies from another Region's images, or from its own, into this one. */
    CopyImageResponse copy(CopyImageRequest request, SimulatedImages from) {
        Copy earlier = copiesByToken.get(request.clientToken());
        if (earlier != null) {
            if (!earlier.request().equals(request)) {
                throw Ec2Errors.wrong(
                        "IdempotentParameterMismatch",
                        "The client token was used with other parameters");
            }
            return CopyImageResponse.builder().imageId(earlier.image()).build();
        }
        LocalImage source = from.require(request.sourceImageId());
        if (!source.is(ImageState.AVAILABLE)) {
            throw Ec2Errors.wrong(
                    "InvalidRequest",
                    "The image " + source.id() + " is not available: " + source.image().state());
        }
        if (request.kmsKeyId() != null && !Boolean.TRUE.equals(request.encrypted())) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination", "A KmsKeyId needs Encrypted to be true");
        }
        TagRules.allowOnly(Set.of("image", "snapshot"), request.tagSpecifications());
        checkName(request.name());
        Map<String, String> tags = new TreeMap<>();
        if (Boolean.TRUE.equals(request.copyImageTags())) {
            tags.putAll(TagRules.map(source.image().tags()));
        }
        tags.putAll(TagRules.of(request.tagSpecifications(), "image"));
        TagRules.check(tags);
        Map<String, String> snapshotTags = TagRules.of(request.tagSpecifications(), "snapshot");
        List<String> originals = source.snapshots();
        if (copiesInFlight + originals.size() > core.settings().copyQuota()) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "Too many snapshot copies in progress. The limit is "
                            + core.settings().copyQuota()
                            + " for this destination region.");
        }

        String id = core.ids().next("ami");
        Optional<String> key = Optional.ofNullable(request.kmsKeyId());
        List<BlockDeviceMapping> mappings =
                source.image().blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .map(device ->
                                mapping(
                                        device.deviceName(),
                                        copyOf(
                                                from.snapshots.require(device.ebs().snapshotId()),
                                                request,
                                                snapshotTags,
                                                "Copied for DestinationAmi "
                                                        + id
                                                        + " from SourceAmi "
                                                        + source.id()),
                                        device.ebs()))
                        .toList();
        Image.Builder image =
                image(id, request.name(), request.description(), tags, mappings)
                        .sourceImageId(source.id())
                        .sourceImageRegion(request.sourceRegion())
                        .architecture(source.image().architecture())
                        .bootMode(source.image().bootModeAsString())
                        .virtualizationType(source.image().virtualizationType())
                        .productCodes(source.image().productCodes())
                        .platformDetails(source.image().platformDetails())
                        .rootDeviceName(source.image().rootDeviceName());
        copiesInFlight += originals.size();
        begin(
                image,
                key,
                source.origin(),
                () -> originals.stream().allMatch(from.snapshots::exists));
        if (request.clientToken() != null) {
            copiesByToken.put(request.clientToken(), new Copy(request, id));
        }
        return CopyImageResponse.builder().imageId(id).build();
    }

    /**
     * An image from snapshots that exist; it is available at once. What the request leaves out has
     * EC2's documented defaults, which few servers boot with: i386, paravirtual, no ENA. Snapshots
     * hand on their product codes and what is billed on them. If it fails, they stay as they are.
     *
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html">
     *     RegisterImage</a>
     */
    RegisterImageResponse register(RegisterImageRequest request) {
        TagRules.allowOnly(Set.of("image"), request.tagSpecifications());
        checkName(request.name());
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
        Lineage lineage =
                mappings.stream()
                        .filter(device -> device.deviceName().equals(root))
                        .map(device -> device.ebs().snapshotId())
                        .map(snapshot -> lineages.getOrDefault(snapshot, Lineage.UNKNOWN))
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

    DeregisterImageResponse deregister(DeregisterImageRequest request) {
        LocalImage image = require(request.imageId());
        if (!UNPROTECTED.equals(image.image().deregistrationProtection())
                || core.timeline().instant().isBefore(image.protectedUntil())) {
            throw Ec2Errors.wrong(
                    "OperationNotPermitted",
                    "The image " + image.id() + " is protected from deregistration");
        }
        images.remove(image.id());
        deregistered.add(image.id());
        idsByName.computeIfPresent(image.image().name(), (_, ids) -> without(ids, image.id()));
        if (image.is(ImageState.AVAILABLE) || image.is(ImageState.DISABLED)) {
            bin.put(image.id(), image, core.settings().imagesInBin());
        }
        snapshots.release(image.snapshots(), image.id());
        if (image.is(ImageState.PENDING) && image.isCopy()) {
            copiesInFlight -= image.snapshots().size();
        }
        core.events().imageState(region, image.id(), "deregistered", "");
        List<DeleteSnapshotReturnCode> results = new ArrayList<>();
        if (Boolean.TRUE.equals(request.deleteAssociatedSnapshots())) {
            for (String snapshot : image.snapshots()) {
                snapshots
                        .deleteWithImage(snapshot)
                        .map(code -> DeleteSnapshotReturnCode.builder().returnCode(code))
                        .ifPresent(result -> results.add(result.snapshotId(snapshot).build()));
            }
        }
        return DeregisterImageResponse.builder()
                .returnValue(true)
                .deleteSnapshotResults(results)
                .build();
    }

    ListImagesInRecycleBinResponse listBin(ListImagesInRecycleBinRequest request) {
        Listing.Page<RecycleBin.Entry<LocalImage>> page =
                bin.page(request.imageIds(), request.maxResults(), request.nextToken());
        return ListImagesInRecycleBinResponse.builder()
                .images(page.items().stream().map(SimulatedImages::info).toList())
                .nextToken(page.nextToken())
                .build();
    }

    private static ImageRecycleBinInfo info(RecycleBin.Entry<LocalImage> entry) {
        return ImageRecycleBinInfo.builder()
                .imageId(entry.id())
                .name(entry.thing().image().name())
                .description(entry.thing().image().description())
                .recycleBinEnterTime(entry.entered())
                .recycleBinExitTime(entry.exits())
                .build();
    }

    /**
     * Restores an image as it was, but for its launch permissions; its snapshots have to be there.
     * No event tells of it. If its name was given away meanwhile, both have it: AWS says nothing of
     * that.
     */
    void restore(String id) {
        LocalImage image = bin.find(id).orElseThrow(() -> Ec2Errors.noImage(id));
        image.snapshots().forEach(snapshots::require);
        bin.remove(id);
        deregistered.remove(id);
        hold(image.shared(List.of()));
    }

    /** Drops every launch permission; enabling does not give them back. */
    void disable(String id) {
        LocalImage image = require(id);
        if (image.is(ImageState.DISABLED)) {
            return;
        }
        requireState(image, ImageState.AVAILABLE);
        change(id, it -> it.shared(List.of()).with(i -> i.state(ImageState.DISABLED)));
        core.events().imageState(region, id, "disabled", "");
    }

    void enable(String id) {
        LocalImage image = require(id);
        if (image.is(ImageState.AVAILABLE)) {
            return;
        }
        requireState(image, ImageState.DISABLED);
        change(id, it -> it.with(i -> i.state(ImageState.AVAILABLE)));
        core.events().imageState(region, id, "available", "");
    }

    /**
     * A date from which the image counts as old; to the minute, not in the past, 10 years ahead.
     */
    void deprecate(String id, Instant at) {
        require(id);
        Instant now = core.timeline().instant();
        Instant minute = at.plusSeconds(30).truncatedTo(ChronoUnit.MINUTES);
        if (at.isBefore(now) || at.isAfter(now.plus(3653, ChronoUnit.DAYS))) {
            throw Ec2Errors.invalidValue(
                    "The deprecation date must lie in the next 10 years: " + at);
        }
        change(id, it -> it.with(i -> i.deprecationTime(Times.iso(minute))));
    }

    void undeprecate(String id) {
        require(id);
        change(id, it -> it.with(i -> i.deprecationTime(null)));
    }

    String protect(String id, boolean withCoolDown) {
        require(id);
        String protection = withCoolDown ? PROTECTED_WITH_COOL_DOWN : PROTECTED;
        change(id, it -> it.with(i -> i.deregistrationProtection(protection)));
        return "true";
    }

    /** Lifts the protection; one with a cool-down still holds for 24 hours. */
    String unprotect(String id) {
        LocalImage image = require(id);
        boolean coolsDown =
                PROTECTED_WITH_COOL_DOWN.equals(image.image().deregistrationProtection());
        Instant now = core.timeline().instant();
        Instant until = coolsDown ? now.plus(COOL_DOWN) : image.protectedUntil();
        boolean holds = now.isBefore(until);
        change(
                id,
                it ->
                        it.with(i ->
                                        i.deregistrationProtection(
                                                holds ? COOLING + Times.iso(until) : UNPROTECTED))
                                .protectedUntil(until));
        if (holds) {
            core.timeline().in(Duration.between(now, until), () -> cooledDown(id));
        }
        return "true";
    }

    private void cooledDown(String id) {
        boolean isOver =
                find(id).filter(it -> !core.timeline().instant().isBefore(it.protectedUntil()))
                        .map(it -> it.image().deregistrationProtection().startsWith(COOLING))
                        .orElse(false);
        if (isOver) {
            change(id, it -> it.with(i -> i.deregistrationProtection(UNPROTECTED)));
        }
    }

    DescribeImagesResponse describe(DescribeImagesRequest request) {
        Set<String> ids = Set.copyOf(request.imageIds());
        for (String id : request.imageIds()) {
            LocalImage image = require(id);
            if (!isVisible(image)) {
                throw Ec2Errors.noImage(id);
            }
        }
        boolean disabledToo = Boolean.TRUE.equals(request.includeDisabled());
        Stream<LocalImage> wanted =
                List.copyOf(images.values()).stream()
                        .filter(it -> ids.isEmpty() || ids.contains(it.id()))
                        .filter(it -> isOwned(request.owners()))
                        .filter(it -> isExecutable(it, request.executableUsers()))
                        .filter(it -> disabledToo || !it.is(ImageState.DISABLED));
        Listing.Page<LocalImage> page =
                LISTING.page(
                        LISTING.filter(wanted, request.filters()).filter(this::isVisible),
                        request.maxResults(),
                        request.nextToken());
        return DescribeImagesResponse.builder()
                .images(page.items().stream().map(LocalImage::image).toList())
                .nextToken(page.nextToken())
                .build();
    }

    /** Only who has a launch permission of their own counts, not who is in an organisation. */
    private static boolean isExecutable(LocalImage image, List<String> users) {
        return users.isEmpty()
                || image.launchPermissions().stream()
                        .map(LaunchPermission::userId)
                        .anyMatch(users::contains);
    }

    DescribeImageAttributeResponse describeAttribute(DescribeImageAttributeRequest request) {
        LocalImage image = require(request.imageId());
        DescribeImageAttributeResponse.Builder answer =
                DescribeImageAttributeResponse.builder().imageId(image.id());
        switch (request.attribute()) {
            case LAUNCH_PERMISSION -> answer.launchPermissions(image.launchPermissions());
            case DESCRIPTION -> answer.description(v -> v.value(image.image().description()));
            case LAST_LAUNCHED_TIME ->
                    answer.lastLaunchedTime(v -> v.value(image.image().lastLaunchedTime()));
            case DEREGISTRATION_PROTECTION ->
                    answer.deregistrationProtection(
                            v -> v.value(image.image().deregistrationProtection()));
            default -> throw Ec2Errors.invalidValue("attribute " + request.attributeAsString());
        }
        return answer.build();
    }

    ModifyImageAttributeResponse modify(ModifyImageAttributeRequest request) {
        LocalImage image = require(request.imageId());
        List<LaunchPermission> adding = new ArrayList<>();
        List<LaunchPermission> removing = new ArrayList<>();
        if (request.launchPermission() != null) {
            adding.addAll(request.launchPermission().add());
            removing.addAll(request.launchPermission().remove());
        }
        (request.operationType() == OperationType.REMOVE ? removing : adding)
                .addAll(listed(request));
        if (!adding.isEmpty()) {
            checkSharing(image, adding);
        }
        List<LaunchPermission> permissions = new ArrayList<>(image.launchPermissions());
        permissions.removeAll(removing);
        adding.stream().filter(p -> !permissions.contains(p)).forEach(permissions::add);
        if (permissions.size() > MAX_PERMISSIONS) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "An image has at most " + MAX_PERMISSIONS + " launch permissions");
        }
        change(image.id(), it -> it.shared(permissions));
        if (request.description() != null) {
            change(image.id(), it -> it.with(i -> i.description(request.description().value())));
        }
        return ModifyImageAttributeResponse.builder().build();
    }

    /** The image with this id, if instances can be launched from it now. */
    LocalImage requireLaunchable(@Nullable String id) {
        LocalImage image = require(id);
        if (!image.is(ImageState.AVAILABLE)) {
            throw Ec2Errors.imageUnavailable(image.id());
        }
        return image;
    }

    /** An instance is launched from this image now. */
    void launched(String id) {
        String now = Times.iso(core.ec2Time());
        core.timeline()
                .in(
                        LAUNCH_REPORTED_AFTER,
                        () -> change(id, it -> it.with(i -> i.lastLaunchedTime(now))));
    }

    void change(String id, UnaryOperator<LocalImage> change) {
        images.computeIfPresent(id, (_, it) -> change.apply(it));
    }

    LocalImage require(@Nullable String id) {
        if (id == null || !ID.matcher(id).matches()) {
            throw Ec2Errors.wrong("InvalidAMIID.Malformed", "Invalid id: \"" + id + "\"");
        }
        LocalImage image = images.get(id);
        if (image == null) {
            throw deregistered.contains(id)
                    ? Ec2Errors.imageUnavailable(id)
                    : Ec2Errors.noImage(id);
        }
        return image;
    }

    Optional<LocalImage> find(String id) {
        return Optional.ofNullable(images.get(id));
    }

    /**
     * An image of an S3 object, pending now, with all that is stored but the tags.
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

    List<LocalImage> all() {
        return List.copyOf(images.values());
    }

    private static Map.Entry<String, Function<LocalImage, Stream<@Nullable String>>> field(
            String name, Function<Image, @Nullable String> of) {
        return Map.entry(name, it -> Stream.ofNullable(of.apply(it.image())));
    }

    /** Refuses a name that is malformed or taken. */
    void checkName(@Nullable String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw Ec2Errors.wrong(
                    "InvalidAMIName.Malformed",
                    "AMI names must be between 3 and 128 characters long, and may contain letters,"
                            + " numbers, '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'");
        }
        Set<String> holders = idsByName.getOrDefault(name, Set.of());
        if (!holders.isEmpty()) {
            throw Ec2Errors.wrong(
                    "InvalidAMIName.Duplicate",
                    "AMI name " + name + " is already in use by AMI " + holders.iterator().next());
        }
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

    private String copyOf(
            LocalSnapshot original,
            CopyImageRequest request,
            Map<String, String> tags,
            String description) {
        boolean encrypted =
                original.snapshot().encrypted() || Boolean.TRUE.equals(request.encrypted());
        return snapshots.begin(
                tags,
                s ->
                        s.volumeId("vol-ffffffff")
                                .volumeSize(original.snapshot().volumeSize())
                                .encrypted(encrypted)
                                .kmsKeyId(request.kmsKeyId())
                                .description(description));
    }

    /** The device of an image: this snapshot, and of the rest what was asked for or gp3. */
    private BlockDeviceMapping mapping(String device, String snapshotId, EbsBlockDevice like) {
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

    private static EbsBlockDevice ebs(Volume volume, @Nullable Boolean deleteOnTermination) {
        return EbsBlockDevice.builder()
                .volumeSize(volume.size())
                .volumeType(volume.volumeTypeAsString())
                .iops(volume.iops())
                .throughput(volume.throughput())
                .deleteOnTermination(deleteOnTermination)
                .build();
    }

    private Image.Builder image(
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
                .creationDate(Times.iso(core.ec2Time()))
                .publicLaunchPermissions(false)
                .blockDeviceMappings(mappings)
                .tags(TagRules.list(tags))
                .imageType("machine")
                .imageLocation(core.account() + "/" + name)
                .rootDeviceType("ebs")
                .virtualizationType("hvm")
                .hypervisor("xen")
                .enaSupport(true)
                .platformDetails(LINUX)
                .deregistrationProtection(UNPROTECTED);
    }

    private LocalImage add(Image.Builder builder, Optional<String> key, Optional<String> origin) {
        Image image = builder.build();
        LocalImage added =
                new LocalImage(
                        image, List.of(), key, core.settings().hiddenCalls(), Instant.MIN, origin);
        hold(added);
        return added;
    }

    /** The image has its name and its snapshots from now on. */
    void hold(LocalImage image) {
        images.put(image.id(), image);
        idsByName.computeIfAbsent(image.image().name(), _ -> new TreeSet<>()).add(image.id());
        snapshots.use(image.snapshots(), image.id());
        Lineage lineage =
                new Lineage(
                        image.origin(),
                        image.image().productCodes(),
                        image.image().platformDetails());
        image.snapshots().forEach(snapshot -> lineages.put(snapshot, lineage));
    }

    private static @Nullable Set<String> without(Set<String> ids, String id) {
        ids.remove(id);
        return ids.isEmpty() ? null : ids;
    }

    /**
     * An image that is pending now and ends later.
     *
     * @param intact whether what it is made from is still there when it ends
     */
    private void begin(
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
                            if (images.containsKey(image.id())) {
                                end(image.id(), failure(attempt, key, intact));
                            }
                        });
    }

    private Attempt attempt(LocalImage image) {
        String name = image.image().name();
        int number = triesByName.merge(name, 1, Integer::sum);
        return new Attempt(region, name, image.isCopy(), number);
    }

    /** Why it fails; empty if it does not. */
    private String failure(Attempt attempt, Optional<String> key, BooleanSupplier intact) {
        if (key.map(core.settings()::isBad).orElse(false)) {
            return "Client.InvalidKMSKey.InvalidState";
        }
        return core.settings().fails(attempt) || !intact.getAsBoolean()
                ? "Server.InternalError"
                : "";
    }

    private void end(String id, String failure) {
        LocalImage image = require(id);
        snapshots.finish(image.snapshots(), !failure.isEmpty());
        if (image.isCopy()) {
            copiesInFlight -= image.snapshots().size();
        }
        entered(id, failure);
    }

    private void entered(String id, String failure) {
        boolean failed = !failure.isEmpty();
        ImageState state = failed ? ImageState.FAILED : ImageState.AVAILABLE;
        change(id, it -> it.with(i -> i.state(state)));
        if (failed) {
            change(id, it -> it.with(i -> i.stateReason(r -> r.code(failure).message(failure))));
        }
        core.events().imageState(region, id, state.toString(), failure);
    }

    private static void requireState(LocalImage image, ImageState state) {
        if (!image.is(state)) {
            throw Ec2Errors.wrong(
                    "IncorrectState", "The image " + image.id() + " is " + image.image().state());
        }
    }

    private boolean isOwned(List<String> owners) {
        return owners.isEmpty() || owners.contains("self") || owners.contains(core.account());
    }

    /** Of a new image it may take some calls until it shows, but no call misses an old one. */
    private boolean isVisible(LocalImage image) {
        if (image.hiddenCalls() > 0 && isNew(image)) {
            change(image.id(), LocalImage::lookedAt);
            return false;
        }
        return true;
    }

    private boolean isNew(LocalImage image) {
        Instant created = Instant.parse(image.image().creationDate());
        return core.timeline().instant().isBefore(created.plus(CONSISTENT_AFTER));
    }

    private static List<LaunchPermission> listed(ModifyImageAttributeRequest request) {
        return Stream.of(
                        request.userIds().stream().map(id -> permission(p -> p.userId(id))),
                        request.userGroups().stream().map(id -> permission(p -> p.group(id))),
                        request.organizationArns().stream()
                                .map(id -> permission(p -> p.organizationArn(id))),
                        request.organizationalUnitArns().stream()
                                .map(id -> permission(p -> p.organizationalUnitArn(id))))
                .flatMap(permissions -> permissions)
                .toList();
    }

    private static LaunchPermission permission(Consumer<LaunchPermission.Builder> whom) {
        LaunchPermission.Builder permission = LaunchPermission.builder();
        whom.accept(permission);
        return permission.build();
    }

    /**
     * AWS says that it refuses to make a paid image public, not with which code; that one is a
     * guess. Within its own account an image is copied with its product codes, whatever they are.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html">
     *     ModifyImageAttribute</a>
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html">Copy an
     *     AMI</a>
     */
    private void checkSharing(LocalImage image, List<LaunchPermission> adding) {
        if (image.is(ImageState.DISABLED)) {
            throw Ec2Errors.imageUnavailable(image.id());
        }
        if (image.snapshots().stream().anyMatch(snapshots::isUnderTheDefaultKey)) {
            throw Ec2Errors.notUnderTheDefaultKey();
        }
        for (LaunchPermission permission : adding) {
            String user = permission.userId();
            if (user != null && !core.isAccount(user)) {
                throw Ec2Errors.wrong(
                        "InvalidAMIAttributeItemValue",
                        "Invalid attribute item value \"" + user + "\" for userId item type.");
            }
        }
        boolean paid = !image.image().productCodes().isEmpty();
        if (paid && adding.stream().anyMatch(p -> "all".equals(p.groupAsString()))) {
            throw Ec2Errors.wrong(
                    "OperationNotPermitted",
                    "Images with an AWS Marketplace product code cannot be made public");
        }
    }
}
