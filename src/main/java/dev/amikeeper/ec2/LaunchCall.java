package dev.amikeeper.ec2;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.ImageId;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceAutoRecoveryState;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsRequest;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The request for RunInstances that launches a server as its capsule describes it. */
final class LaunchCall {
    private static final List<ResourceType> LAUNCHED =
            List.of(ResourceType.INSTANCE, ResourceType.VOLUME, ResourceType.NETWORK_INTERFACE);

    static RunInstancesRequest of(
            ImageId image, Capsule as, String token, Map<String, String> tags, List<String> going) {
        RunInstancesRequest.Builder run =
                RunInstancesRequest.builder()
                        .imageId(image.value())
                        .minCount(1)
                        .maxCount(1)
                        .clientToken(token)
                        .instanceType(as.type())
                        .blockDeviceMappings(going.stream().map(LaunchCall::goingDevice).toList())
                        .tagSpecifications(on(LAUNCHED, tags));
        as.keyPair().ifPresent(run::keyName);
        as.profile()
                .ifPresent(it ->
                        run.iamInstanceProfile(profile -> {
                            if (it.startsWith("arn:")) {
                                profile.arn(it);
                            } else {
                                profile.name(it);
                            }
                        }));
        as.userData().ifPresent(run::userData);
        as.metadata()
                .ifPresent(
                        metadata -> run.metadataOptions(options -> setMetadata(options, metadata)));
        if (as.ebsOptimized()) {
            run.ebsOptimized(true);
        }
        if (as.monitored()) {
            run.monitoring(monitoring -> monitoring.enabled(true));
        }
        if (!as.tenancy().equals("default")) {
            run.placement(placement -> placement.tenancy(as.tenancy()));
        }
        if (as.options().hibernates()) {
            run.hibernationOptions(hibernation -> hibernation.configured(true));
        }
        if (as.options().enclaves()) {
            run.enclaveOptions(enclaves -> enclaves.enabled(true));
        }
        if (!as.options().recovers()) {
            run.maintenanceOptions(
                    maintenance -> maintenance.autoRecovery(InstanceAutoRecoveryState.DISABLED));
        }
        return network(run, as).build();
    }

    /** EC2 accepts the other options only if the endpoint is enabled. */
    private static void setMetadata(
            InstanceMetadataOptionsRequest.Builder options, Capsule.Metadata metadata) {
        options.httpEndpoint(metadata.endpoint());
        if (!metadata.endpoint().equals("enabled")) {
            return;
        }
        options.httpTokens(metadata.tokens())
                .httpPutResponseHopLimit(metadata.hopLimit())
                .instanceMetadataTags(metadata.tags());
        if (!metadata.ipv6().equals("disabled")) {
            options.httpProtocolIpv6(metadata.ipv6());
        }
    }

    private static BlockDeviceMapping goingDevice(String device) {
        return BlockDeviceMapping.builder()
                .deviceName(device)
                .ebs(ebs -> ebs.deleteOnTermination(true))
                .build();
    }

    /**
     * EC2 accepts either a subnet with security groups, or network interfaces with their own. The
     * short form must not change: a repeated call has to be identical, even after an update of the
     * functions.
     */
    private static RunInstancesRequest.Builder network(
            RunInstancesRequest.Builder run, Capsule as) {
        Capsule.Addresses first = as.addresses();
        boolean plain = first.secondary() == 0 && first.ipv6() == 0 && first.isPublic().isEmpty();
        if (as.interfaces().isEmpty() && plain) {
            if (!as.subnet().isEmpty()) {
                run.subnetId(as.subnet());
            }
            as.address().ifPresent(run::privateIpAddress);
            return as.groups().isEmpty() ? run : run.securityGroupIds(as.groups());
        }
        List<InstanceNetworkInterfaceSpecification> all = new ArrayList<>();
        all.add(
                networkInterface(
                        new Capsule.Interface(
                                0, as.subnet(), as.groups(), as.address().orElse(""), first)));
        as.interfaces().forEach(one -> all.add(networkInterface(one)));
        return run.networkInterfaces(all);
    }

    private static InstanceNetworkInterfaceSpecification networkInterface(Capsule.Interface one) {
        InstanceNetworkInterfaceSpecification.Builder asked =
                InstanceNetworkInterfaceSpecification.builder()
                        .deviceIndex(one.index())
                        .subnetId(one.subnet().isEmpty() ? null : one.subnet())
                        .groups(one.groups())
                        .deleteOnTermination(true)
                        .privateIpAddress(one.address().isEmpty() ? null : one.address());
        Capsule.Addresses more = one.addresses();
        if (more.secondary() > 0) {
            asked.secondaryPrivateIpAddressCount(more.secondary());
        }
        if (more.ipv6() > 0) {
            asked.ipv6AddressCount(more.ipv6());
        }
        more.isPublic().ifPresent(asked::associatePublicIpAddress);
        return asked.build();
    }

    static List<TagSpecification> on(List<ResourceType> types, Map<String, String> tags) {
        List<Tag> list =
                tags.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                        .toList();
        return types.stream()
                .map(type -> TagSpecification.builder().resourceType(type).tags(list).build())
                .toList();
    }

    private LaunchCall() {}
}
