package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.DeleteSnapshotReturnCode;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.RestoreImageFromRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.RestoreImageFromRecycleBinResponse;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The images of one Region. */
final class SimulatedImages {
    /** The value for no protection from deregistration. */
    static final String UNPROTECTED = "disabled";

    private static final Pattern ID = Pattern.compile("ami-[0-9a-z]+");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9()\\[\\] ./\\-'@_]{3,128}");

    /** AWS names no time; this is longer than anybody has to wait. */
    private static final Duration CONSISTENT_AFTER = Duration.ofHours(6);

    private static final Duration LAUNCH_REPORTED_AFTER = Duration.ofHours(24);

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
    private final SimulatedSnapshots snapshots;
    private final SimulatedLineages lineages;
    private final SortedMap<String, LocalImage> images = new TreeMap<>();
    private final Set<String> pending = new HashSet<>();
    private final Set<String> deregistered = new HashSet<>();
    private final Map<String, Set<String>> idsByName = new HashMap<>();
    private final RecycleBin<LocalImage> bin;

    SimulatedImages(
            String region,
            CloudCore core,
            SimulatedSnapshots snapshots,
            SimulatedLineages lineages) {
        this.region = region;
        this.core = core;
        this.snapshots = snapshots;
        this.lineages = lineages;
        bin = new RecycleBin<>(core.timeline());
    }

    String region() {
        return region;
    }

    SimulatedSnapshots snapshots() {
        return snapshots;
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
        pending.remove(image.id());
        deregistered.add(image.id());
        idsByName.computeIfPresent(image.image().name(), (_, ids) -> without(ids, image.id()));
        if (image.is(ImageState.AVAILABLE) || image.is(ImageState.DISABLED)) {
            bin.put(image.id(), image, core.settings().imagesInBin());
        }
        snapshots.release(image.snapshots(), image.id());
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
        Listing.Page<RecycleBin.BinEntry<LocalImage>> page =
                bin.page(request.imageIds(), request.maxResults(), request.nextToken());
        return ListImagesInRecycleBinResponse.builder()
                .images(page.items().stream().map(SimulatedImages::info).toList())
                .nextToken(page.nextToken())
                .build();
    }

    private static ImageRecycleBinInfo info(RecycleBin.BinEntry<LocalImage> entry) {
        return ImageRecycleBinInfo.builder()
                .imageId(entry.id())
                .name(entry.thing().image().name())
                .description(entry.thing().image().description())
                .recycleBinEnterTime(entry.entered())
                .recycleBinExitTime(entry.exits())
                .build();
    }

    /**
     * Restores an image as it was, but without launch permissions; its snapshots must exist. No
     * event is sent. If another image has taken the name meanwhile, both have it: AWS does not say
     * what happens then.
     */
    RestoreImageFromRecycleBinResponse restore(RestoreImageFromRecycleBinRequest request) {
        String id = request.imageId();
        LocalImage image = bin.find(id).orElseThrow(() -> Ec2Errors.noImage(id));
        image.snapshots().forEach(snapshots::require);
        bin.remove(id);
        deregistered.remove(id);
        hold(image.shared(List.of()));
        return RestoreImageFromRecycleBinResponse.builder().returnValue(true).build();
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
                        .filter(it -> Listing.isAmong(ids, it.id()))
                        .filter(it -> core.isOwnedBy(request.owners()))
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

    /** Only users with a launch permission of their own count, not members of an organization. */
    private static boolean isExecutable(LocalImage image, List<String> users) {
        return users.isEmpty()
                || image.launchPermissions().stream()
                        .map(LaunchPermission::userId)
                        .anyMatch(users::contains);
    }

    /** A new image may be missed by some calls, but no call misses an old one. */
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

    /** The image with this id, if an instance can be launched from it now. */
    LocalImage requireLaunchable(@Nullable String id) {
        LocalImage image = require(id);
        if (!image.is(ImageState.AVAILABLE)) {
            throw Ec2Errors.imageUnavailable(image.id());
        }
        return image;
    }

    /** Notes that an instance is launched from this image now. */
    void launched(String id) {
        String now = Ec2Times.iso(core.ec2Time());
        core.timeline()
                .in(
                        LAUNCH_REPORTED_AFTER,
                        () -> change(id, it -> it.with(i -> i.lastLaunchedTime(now))));
    }

    void change(String id, UnaryOperator<LocalImage> change) {
        LocalImage changed = images.computeIfPresent(id, (_, it) -> change.apply(it));
        if (changed != null && !changed.is(ImageState.PENDING)) {
            pending.remove(id);
        }
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

    /** How many images are being copied into this Region. */
    int copiesInFlight() {
        return (int)
                pending.stream()
                        .flatMap(id -> find(id).stream())
                        .filter(LocalImage::isCopy)
                        .count();
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

    /** Adds an image, which takes its name and uses its snapshots from now on. */
    void hold(LocalImage image) {
        images.put(image.id(), image);
        if (image.is(ImageState.PENDING)) {
            pending.add(image.id());
        }
        idsByName.computeIfAbsent(image.image().name(), _ -> new TreeSet<>()).add(image.id());
        snapshots.use(image.snapshots(), image.id());
        lineages.handOn(image);
    }

    private static @Nullable Set<String> without(Set<String> ids, String id) {
        ids.remove(id);
        return ids.isEmpty() ? null : ids;
    }
}
