package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Copies images into one Region. */
final class SimulatedImageCopies {
    private final CloudCore core;
    private final SimulatedSnapshots snapshots;
    private final SimulatedImages images;
    private final SimulatedImageMaking making;
    private final ClientTokens<CopyImageRequest, String> tokens = new ClientTokens<>();

    SimulatedImageCopies(CloudCore core, SimulatedImages images, SimulatedImageMaking making) {
        this.core = core;
        this.images = images;
        this.making = making;
        snapshots = images.snapshots();
    }

    /** Copies an image from another Region, or from this one, into this one. */
    CopyImageResponse copy(CopyImageRequest request, SimulatedImages from) {
        Optional<String> earlier = tokens.find(request.clientToken(), request);
        if (earlier.isPresent()) {
            return CopyImageResponse.builder().imageId(earlier.get()).build();
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
        images.checkName(request.name());
        Map<String, String> tags = new TreeMap<>();
        if (Boolean.TRUE.equals(request.copyImageTags())) {
            tags.putAll(TagRules.map(source.image().tags()));
        }
        tags.putAll(TagRules.of(request.tagSpecifications(), "image"));
        TagRules.check(tags);
        Map<String, String> snapshotTags = TagRules.of(request.tagSpecifications(), "snapshot");
        List<String> originals = source.snapshots();
        if (images.copiesInFlight() >= core.settings().copyQuota()) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "Too many image copies in progress. The limit is "
                            + core.settings().copyQuota()
                            + " for this destination region.");
        }

        String id = core.ids().next("ami");
        Optional<String> key = Optional.ofNullable(request.kmsKeyId());
        List<BlockDeviceMapping> mappings =
                source.image().blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .map(device ->
                                making.mapping(
                                        device.deviceName(),
                                        copyOf(
                                                from.snapshots().require(device.ebs().snapshotId()),
                                                request,
                                                snapshotTags,
                                                "Copied for DestinationAmi "
                                                        + id
                                                        + " from SourceAmi "
                                                        + source.id()),
                                        device.ebs()))
                        .toList();
        Image.Builder image =
                making.image(id, request.name(), request.description(), tags, mappings)
                        .sourceImageId(source.id())
                        .sourceImageRegion(request.sourceRegion())
                        .architecture(source.image().architecture())
                        .bootMode(source.image().bootModeAsString())
                        .virtualizationType(source.image().virtualizationType())
                        .productCodes(source.image().productCodes())
                        .platformDetails(source.image().platformDetails())
                        .rootDeviceName(source.image().rootDeviceName());
        making.begin(
                image,
                key,
                source.origin(),
                () -> originals.stream().allMatch(from.snapshots()::exists));
        tokens.remember(request.clientToken(), request, id);
        return CopyImageResponse.builder().imageId(id).build();
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
}
