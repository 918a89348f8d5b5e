package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.HttpTokensState;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceAutoRecoveryState;
import software.amazon.awssdk.services.ec2.model.InstanceMaintenanceOptionsRequest;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataEndpointState;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsRequest;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsResponse;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataProtocolState;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataTagsState;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.ShutdownBehavior;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What a call of RunInstances asks for, with EC2's defaults for what it leaves out. */
record LaunchRequest(RunInstancesRequest request) {
    private static final String TYPE_UNLESS_ASKED = "m1.small";

    String type() {
        return Objects.requireNonNullElse(request.instanceTypeAsString(), TYPE_UNLESS_ASKED);
    }

    /** The tags for things of one kind, as {@code volume}. */
    Map<String, String> tags(String kind) {
        return TagRules.of(request.tagSpecifications(), kind);
    }

    /** The zone to launch into, if the request names one. */
    @Nullable String zone() {
        return request.placement() == null ? null : request.placement().availabilityZone();
    }

    String shutdownBehavior() {
        return Objects.requireNonNullElse(
                request.instanceInitiatedShutdownBehaviorAsString(),
                ShutdownBehavior.STOP.toString());
    }

    /** Sets everything on an instance that depends only on the request. */
    void applyTo(Instance.Builder instance, String zone) {
        instance.clientToken(request.clientToken())
                .keyName(request.keyName())
                .ebsOptimized(Boolean.TRUE.equals(request.ebsOptimized()))
                .metadataOptions(metadata())
                .hibernationOptions(it ->
                        it.configured(
                                request.hibernationOptions() != null
                                        && Boolean.TRUE.equals(
                                                request.hibernationOptions().configured())))
                .enclaveOptions(it ->
                        it.enabled(
                                request.enclaveOptions() != null
                                        && Boolean.TRUE.equals(request.enclaveOptions().enabled())))
                .maintenanceOptions(it -> it.autoRecovery(recovery()))
                .placement(p ->
                        p.availabilityZone(zone)
                                .tenancy(tenancy())
                                .groupName(
                                        request.placement() == null
                                                ? null
                                                : request.placement().groupName()))
                .monitoring(m -> m.state(isMonitored() ? "enabled" : "disabled"))
                .tags(TagRules.list(tags("instance")));
    }

    private InstanceAutoRecoveryState recovery() {
        InstanceMaintenanceOptionsRequest asked = request.maintenanceOptions();
        return asked == null || asked.autoRecovery() == null
                ? InstanceAutoRecoveryState.DEFAULT
                : asked.autoRecovery();
    }

    /** An instance with what its image decides. */
    static Instance.Builder base(Image image) {
        return Instance.builder()
                .architecture(image.architectureAsString())
                .virtualizationType(image.virtualizationTypeAsString())
                .bootMode(image.bootModeAsString())
                .productCodes(image.productCodes())
                .rootDeviceName(image.rootDeviceName());
    }

    /** The image's devices as changed by the request, and the devices that the request adds. */
    List<BlockDeviceMapping> devices(List<BlockDeviceMapping> devices, @Nullable String root) {
        Map<String, BlockDeviceMapping> byName = new LinkedHashMap<>();
        devices.stream()
                .filter(device -> device.ebs() != null)
                .forEach(device -> byName.put(device.deviceName(), device));
        for (BlockDeviceMapping asked : request.blockDeviceMappings()) {
            String name = asked.deviceName();
            BlockDeviceMapping before = byName.get(name);
            if (asked.noDevice() != null) {
                byName.remove(name);
            } else if (asked.ebs() != null) {
                byName.put(name, before == null ? asked : merged(before, asked));
                checkSize(before, Objects.requireNonNull(byName.get(name)));
            }
        }
        if (root != null && !byName.containsKey(root)) {
            throw Ec2Errors.wrong(
                    "InvalidBlockDeviceMapping", "The root volume cannot be left out");
        }
        return List.copyOf(byName.values());
    }

    private static BlockDeviceMapping merged(BlockDeviceMapping image, BlockDeviceMapping asked) {
        EbsBlockDevice more = asked.ebs();
        EbsBlockDevice.Builder ebs = image.ebs().toBuilder();
        if (more.volumeTypeAsString() != null) {
            ebs.volumeType(more.volumeTypeAsString()).iops(null).throughput(null);
        }
        Optional.ofNullable(more.volumeSize()).ifPresent(ebs::volumeSize);
        Optional.ofNullable(more.iops()).ifPresent(ebs::iops);
        Optional.ofNullable(more.throughput()).ifPresent(ebs::throughput);
        Optional.ofNullable(more.deleteOnTermination()).ifPresent(ebs::deleteOnTermination);
        Optional.ofNullable(more.encrypted()).ifPresent(ebs::encrypted);
        Optional.ofNullable(more.kmsKeyId()).ifPresent(ebs::kmsKeyId);
        return image.toBuilder().ebs(ebs.build()).build();
    }

    private static void checkSize(@Nullable BlockDeviceMapping before, BlockDeviceMapping after) {
        Integer size = after.ebs().volumeSize();
        Integer least = before == null ? null : before.ebs().volumeSize();
        if (size == null || (least != null && size < least)) {
            throw Ec2Errors.wrong(
                    "InvalidBlockDeviceMapping",
                    "Volume of size "
                            + size
                            + "GB is smaller than snapshot, expect size >= "
                            + least
                            + "GB");
        }
    }

    /** Refuses an image that the instance type cannot run. */
    void checkArchitecture(Image image) {
        String type = type();
        String wanted = image.architectureAsString();
        String has = InstanceTypes.architecture(type);
        if (wanted != null && !wanted.equals(has) && !(wanted.equals("i386") && runsI386(type))) {
            throw Ec2Errors.invalidValue(
                    "The architecture '"
                            + has
                            + "' of the specified instance type does not match the architecture '"
                            + wanted
                            + "' of the specified AMI.");
        }
    }

    private static boolean runsI386(String type) {
        return Stream.of("m1.", "t1.", "t2.", "c3.", "m3.").anyMatch(type::startsWith);
    }

    private InstanceMetadataOptionsResponse metadata() {
        InstanceMetadataOptionsRequest asked = request.metadataOptions();
        InstanceMetadataOptionsRequest options =
                asked == null ? InstanceMetadataOptionsRequest.builder().build() : asked;
        boolean more =
                options.httpTokens() != null
                        || options.httpPutResponseHopLimit() != null
                        || options.instanceMetadataTags() != null;
        if (options.httpEndpoint() == InstanceMetadataEndpointState.DISABLED && more) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "HttpTokens, HttpPutResponseHopLimit and InstanceMetadataTags need an enabled"
                            + " HttpEndpoint.");
        }
        return InstanceMetadataOptionsResponse.builder()
                .state("applied")
                .httpTokens(
                        Objects.requireNonNullElse(options.httpTokens(), HttpTokensState.OPTIONAL))
                .httpEndpoint(
                        Objects.requireNonNullElse(
                                options.httpEndpoint(), InstanceMetadataEndpointState.ENABLED))
                .httpPutResponseHopLimit(
                        Objects.requireNonNullElse(options.httpPutResponseHopLimit(), 1))
                .instanceMetadataTags(
                        Objects.requireNonNullElse(
                                options.instanceMetadataTags(), InstanceMetadataTagsState.DISABLED))
                .httpProtocolIpv6(
                        Objects.requireNonNullElse(
                                options.httpProtocolIpv6(), InstanceMetadataProtocolState.DISABLED))
                .build();
    }

    private boolean isMonitored() {
        return request.monitoring() != null && Boolean.TRUE.equals(request.monitoring().enabled());
    }

    private String tenancy() {
        return request.placement() == null || request.placement().tenancyAsString() == null
                ? "default"
                : request.placement().tenancyAsString();
    }

    /** The instance profile's name, if the request names a profile by name or by ARN. */
    Optional<String> profile() {
        return Optional.ofNullable(request.iamInstanceProfile())
                .map(asked -> asked.arn() == null ? asked.name() : asked.arn())
                .map(name -> name.substring(name.lastIndexOf('/') + 1));
    }

    /** Adds the tags of an instance that was launched from a template, which nobody can set. */
    Consumer<Instance.Builder> origin(Instance instance) {
        if (request.launchTemplate() == null) {
            return _ -> {};
        }
        Map<String, String> tags = new TreeMap<>(TagRules.map(instance.tags()));
        tags.put("aws:ec2launchtemplate:id", request.launchTemplate().launchTemplateId());
        tags.put("aws:ec2launchtemplate:version", request.launchTemplate().version());
        return builder -> builder.tags(TagRules.list(tags));
    }
}
