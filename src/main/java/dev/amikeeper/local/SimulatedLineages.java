package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.CreateSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.CreateSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeResponse;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SnapshotAttributeName;
import software.amazon.awssdk.services.ec2.model.Volume;
import software.amazon.awssdk.services.ec2.model.VolumeAttachment;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What snapshots pass on to the images made from them, and snapshots made by hand. */
final class SimulatedLineages {
    /** The platform by default. */
    static final String LINUX = "Linux/UNIX";

    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedSnapshots snapshots;
    private final SimulatedVolumes volumes;
    private final Map<String, Lineage> lineages = new HashMap<>();

    SimulatedLineages(
            CloudCore core,
            SimulatedInstances instances,
            SimulatedSnapshots snapshots,
            SimulatedVolumes volumes) {
        this.core = core;
        this.instances = instances;
        this.snapshots = snapshots;
        this.volumes = volumes;
    }

    /** What this snapshot passes on. */
    Lineage of(String snapshot) {
        return lineages.getOrDefault(snapshot, Lineage.UNKNOWN);
    }

    /** Makes the snapshots of this image pass on what the image is. */
    void handOn(LocalImage image) {
        Lineage lineage =
                new Lineage(
                        image.origin(),
                        image.image().productCodes(),
                        image.image().platformDetails());
        image.snapshots().forEach(snapshot -> lineages.put(snapshot, lineage));
    }

    /** What a snapshot passes on to anything made from it. */
    record Lineage(Optional<String> instance, List<ProductCode> codes, String platform) {
        static final Lineage UNKNOWN = new Lineage(Optional.empty(), List.of(), LINUX);
    }

    /**
     * Makes a snapshot of one volume by hand. It has the product codes and the platform of the
     * instance.
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
                            snapshot.sharedWith().stream().map(SimulatedLineages::creator).toList())
                    .build();
        }
        if (request.attribute() != SnapshotAttributeName.PRODUCT_CODES) {
            throw Ec2Errors.invalidValue("attribute " + request.attributeAsString());
        }
        return answer.productCodes(of(snapshot.id()).codes()).build();
    }

    private static CreateVolumePermission creator(String who) {
        return who.equals("all")
                ? CreateVolumePermission.builder().group(who).build()
                : CreateVolumePermission.builder().userId(who).build();
    }
}
