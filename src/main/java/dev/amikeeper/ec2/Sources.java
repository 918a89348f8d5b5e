package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.SnapshotAttributeName;
import software.amazon.awssdk.services.ec2.model.SnapshotState;
import software.amazon.awssdk.services.ec2.model.StorageTier;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The sources from which images can be registered: snapshots, and the machines that they belong to.
 * Read only.
 */
public final class Sources {
    /** The most values that a filter accepts. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    /** EC2 names this volume as the source of a copied snapshot. */
    private static final String NO_VOLUME = "vol-ffffffff";

    private final Function<Region, Ec2Client> ec2;

    /** Reads the sources of any Region. */
    public Sources(Function<Region, Ec2Client> ec2) {
        this.ec2 = ec2;
    }

    /**
     * Returns those of these snapshots that exist and belong to this account.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Snapshot> snapshots(Region region, Collection<SnapshotId> ids) {
        return Batches.of(ids.stream().map(SnapshotId::value).toList(), VALUES_A_FILTER).stream()
                .flatMap(some -> list(region, Filters.anyOf("snapshot-id", some)).stream())
                .toList();
    }

    /**
     * Returns the snapshots with the tags of this image, by id.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Snapshot> of(Region region, ImageName name) {
        return list(
                region,
                tag(ImageTags.POLICY, name.policy()),
                tag(ImageTags.INSTANCE, name.instance().value()),
                tag(ImageTags.SLOT, name.slot().toString()));
    }

    private static Filter tag(String key, String value) {
        return Filters.anyOf("tag:" + key, List.of(value));
    }

    private List<Snapshot> list(Region region, Filter... filters) {
        Consumer<DescribeSnapshotsRequest.Builder> asked =
                request -> request.ownerIds("self").maxResults(PAGE).filters(filters);
        return ec2.apply(region).describeSnapshotsPaginator(asked).snapshots().stream()
                .map(Sources::snapshot)
                .sorted((one, other) -> one.id().compareTo(other.id()))
                .toList();
    }

    static Snapshot snapshot(software.amazon.awssdk.services.ec2.model.Snapshot snapshot) {
        return new Snapshot(
                new SnapshotId(snapshot.snapshotId()),
                AmiReader.tags(snapshot.tags()),
                snapshot.startTime(),
                snapshot.storageTier() == StorageTier.ARCHIVE
                        ? "archived"
                        : Objects.requireNonNullElse(snapshot.state(), SnapshotState.PENDING)
                                .toString(),
                NO_VOLUME.equals(snapshot.volumeId()) ? "" : text(snapshot.volumeId()));
    }

    /**
     * Returns the product codes that a snapshot passes on to images made from it.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    public List<String> productCodes(Region region, SnapshotId id) {
        return codes(
                ec2.apply(region)
                        .describeSnapshotAttribute(ask ->
                                ask.snapshotId(id.value())
                                        .attribute(SnapshotAttributeName.PRODUCT_CODES))
                        .productCodes());
    }

    private static List<String> codes(List<ProductCode> codes) {
        return codes.stream().map(ProductCode::productCodeId).toList();
    }

    /**
     * Describes the machine of an instance; empty if the instance is gone.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Optional<Machine> machine(Region region, InstanceId id) {
        return ec2
                .apply(region)
                .describeInstancesPaginator(ask ->
                        ask.filters(Filters.anyOf("instance-id", List.of(id.value())))
                                .maxResults(PAGE))
                .reservations()
                .stream()
                .flatMap(reservation -> reservation.instances().stream())
                .filter(instance -> !instance.blockDeviceMappings().isEmpty())
                .map(Sources::machine)
                .findFirst();
    }

    private static Machine machine(Instance instance) {
        Map<String, String> devices = new HashMap<>();
        instance.blockDeviceMappings()
                .forEach(device -> {
                    if (device.ebs() != null && device.ebs().volumeId() != null) {
                        devices.put(device.ebs().volumeId(), device.deviceName());
                    }
                });
        return new Machine(
                text(instance.rootDeviceName()),
                text(instance.architectureAsString()),
                Optional.ofNullable(instance.bootModeAsString()),
                Optional.ofNullable(instance.tpmSupport()),
                Optional.empty(),
                Optional.ofNullable(instance.sriovNetSupport()),
                Boolean.TRUE.equals(instance.enaSupport()),
                virtualization(instance.virtualizationTypeAsString()),
                text(instance.platformDetails()),
                codes(instance.productCodes()),
                devices);
    }

    /**
     * Describes the machines of those of these images of this account that exist, newest first.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Machine> machines(Region region, Collection<ImageId> ids) {
        if (ids.isEmpty()) {
            return List.of();
        }
        List<String> values = ids.stream().map(ImageId::value).toList();
        List<Image> images =
                ec2
                        .apply(region)
                        .describeImagesPaginator(ask ->
                                ask.owners("self")
                                        .includeDisabled(true)
                                        .maxResults(PAGE)
                                        .filters(Filters.anyOf("image-id", values)))
                        .images()
                        .stream()
                        .sorted((one, other) ->
                                text(other.creationDate()).compareTo(text(one.creationDate())))
                        .toList();
        Map<String, String> volumes =
                snapshots(
                                region,
                                images.stream()
                                        .flatMap(Sources::volumes)
                                        .map(device -> device.ebs().snapshotId())
                                        .distinct()
                                        .map(SnapshotId::new)
                                        .toList())
                        .stream()
                        .filter(it -> !it.volume().isEmpty())
                        .collect(Collectors.toMap(it -> it.id().value(), Snapshot::volume));
        return images.stream().map(image -> machine(image, volumes)).toList();
    }

    private static Machine machine(Image image, Map<String, String> volumes) {
        Map<String, String> devices = new HashMap<>();
        volumes(image)
                .forEach(device ->
                        Optional.ofNullable(volumes.get(device.ebs().snapshotId()))
                                .ifPresent(volume -> devices.put(volume, device.deviceName())));
        return new Machine(
                text(image.rootDeviceName()),
                text(image.architectureAsString()),
                Optional.ofNullable(image.bootModeAsString()),
                Optional.ofNullable(image.tpmSupportAsString()),
                Optional.ofNullable(image.imdsSupportAsString()),
                Optional.ofNullable(image.sriovNetSupport()),
                Boolean.TRUE.equals(image.enaSupport()),
                virtualization(image.virtualizationTypeAsString()),
                text(image.platformDetails()),
                codes(image.productCodes()),
                devices);
    }

    private static Stream<BlockDeviceMapping> volumes(Image image) {
        return image.blockDeviceMappings().stream()
                .filter(device -> device.ebs() != null && device.ebs().snapshotId() != null);
    }

    private static String virtualization(@Nullable String type) {
        return Objects.requireNonNullElse(type, "hvm");
    }

    private static String text(@Nullable String value) {
        return Objects.requireNonNullElse(value, "");
    }
}
