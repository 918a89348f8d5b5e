package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DescribeVolumesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeVolumesResponse;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Volume;
import software.amazon.awssdk.services.ec2.model.VolumeAttachment;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The EBS volumes of one Region. */
final class SimulatedVolumes {
    private static final int GP3_IOPS = 3000;
    private static final int GP3_THROUGHPUT = 125;

    private static final Listing<Volume> LISTING =
            new Listing<>(
                    Volume::volumeId,
                    Volume::tags,
                    Map.of(
                            "volume-id", it -> Stream.of(it.volumeId()),
                            "status", it -> Stream.of(it.stateAsString()),
                            "size", it -> Stream.of("" + it.size()),
                            "snapshot-id", it -> Stream.ofNullable(it.snapshotId()),
                            "volume-type", it -> Stream.of(it.volumeTypeAsString()),
                            "encrypted", it -> Stream.of("" + it.encrypted()),
                            "availability-zone", it -> Stream.of(it.availabilityZone()),
                            "attachment.instance-id",
                                    it ->
                                            it.attachments().stream()
                                                    .map(VolumeAttachment::instanceId),
                            "attachment.device",
                                    it -> it.attachments().stream().map(VolumeAttachment::device)));

    private final CloudCore core;
    private final SortedMap<String, Volume> volumes = new TreeMap<>();

    SimulatedVolumes(CloudCore core) {
        this.core = core;
    }

    /** Adds a volume and attaches it to an instance. What it is made from must have a size. */
    InstanceBlockDeviceMapping attach(
            String instance, String zone, BlockDeviceMapping device, Map<String, String> tags) {
        EbsBlockDevice ebs = device.ebs();
        String type = Objects.requireNonNullElse(ebs.volumeTypeAsString(), "gp3");
        boolean gp3 = type.equals("gp3");
        boolean goes = Objects.requireNonNullElse(ebs.deleteOnTermination(), Boolean.TRUE);
        String id = core.ids().next("vol");
        Volume volume =
                Volume.builder()
                        .volumeId(id)
                        .size(ebs.volumeSize())
                        .snapshotId(ebs.snapshotId())
                        .volumeType(type)
                        .iops(ebs.iops() == null && gp3 ? Integer.valueOf(GP3_IOPS) : ebs.iops())
                        .throughput(
                                ebs.throughput() == null && gp3
                                        ? Integer.valueOf(GP3_THROUGHPUT)
                                        : ebs.throughput())
                        .encrypted(Boolean.TRUE.equals(ebs.encrypted()))
                        .kmsKeyId(ebs.kmsKeyId())
                        .availabilityZone(zone)
                        .createTime(core.timeline().instant())
                        .multiAttachEnabled(false)
                        .state("in-use")
                        .attachments(
                                VolumeAttachment.builder()
                                        .volumeId(id)
                                        .instanceId(instance)
                                        .device(device.deviceName())
                                        .state("attached")
                                        .attachTime(core.timeline().instant())
                                        .deleteOnTermination(goes)
                                        .build())
                        .tags(TagRules.list(tags))
                        .build();
        volumes.put(id, volume);
        return InstanceBlockDeviceMapping.builder()
                .deviceName(device.deviceName())
                .ebs(attached ->
                        attached.volumeId(id)
                                .status("attached")
                                .attachTime(core.timeline().instant())
                                .deleteOnTermination(goes))
                .build();
    }

    /**
     * Deletes the volumes of a terminated instance that are to be deleted with it, and detaches the
     * others.
     */
    void release(List<InstanceBlockDeviceMapping> devices) {
        for (InstanceBlockDeviceMapping device : devices) {
            release(device.ebs().volumeId(), device.ebs().deleteOnTermination());
        }
    }

    /** Detaches or deletes a volume. */
    void release(String id, boolean delete) {
        if (delete) {
            volumes.remove(id);
        } else {
            change(id, it -> it.toBuilder().state("available").attachments(List.of()).build());
        }
    }

    DescribeVolumesResponse describe(DescribeVolumesRequest request) {
        request.volumeIds().forEach(this::require);
        Stream<Volume> wanted =
                volumes.values().stream()
                        .filter(it -> Listing.isAmong(request.volumeIds(), it.volumeId()));
        Listing.Page<Volume> page =
                LISTING.page(wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeVolumesResponse.builder()
                .volumes(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    void change(String id, UnaryOperator<Volume> change) {
        volumes.computeIfPresent(id, (_, it) -> change.apply(it));
    }

    Optional<Volume> find(String id) {
        return Optional.ofNullable(volumes.get(id));
    }

    Volume require(String id) {
        return find(id).orElseThrow(() ->
                Ec2Errors.wrong(
                        "InvalidVolume.NotFound", "The volume '" + id + "' does not exist."));
    }

    List<Volume> all() {
        return List.copyOf(volumes.values());
    }
}
