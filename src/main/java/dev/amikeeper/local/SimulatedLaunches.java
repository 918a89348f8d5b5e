package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.LaunchAttempt;
import dev.amikeeper.local.LocalInstance.Hidden;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.HttpTokensState;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceAutoRecoveryState;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataEndpointState;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsRequest;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsResponse;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataProtocolState;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataTagsState;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RunInstancesResponse;
import software.amazon.awssdk.services.ec2.model.ShutdownBehavior;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How instances of one Region come to be.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html">
 *     RunInstances</a>
 */
final class SimulatedLaunches {
    private static final Set<String> TAGGED = Set.of("instance", "volume", "network-interface");
    private static final String TYPE_UNLESS_ASKED = "m1.small";
    private static final int SERVER_ERROR = 500;

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedImages images;
    private final SimulatedNetworks networks;
    private final SimulatedInterfaces interfaces;
    private final SimulatedVolumes volumes;
    private final Map<String, Launched> byToken = new HashMap<>();

    SimulatedLaunches(
            String region,
            CloudCore core,
            SimulatedInstances instances,
            SimulatedImages images,
            SimulatedNetworks networks,
            SimulatedInterfaces interfaces,
            SimulatedVolumes volumes) {
        this.region = region;
        this.core = core;
        this.instances = instances;
        this.images = images;
        this.networks = networks;
        this.interfaces = interfaces;
        this.volumes = volumes;
    }

    private record Launched(
            RunInstancesRequest request, String reservation, List<Instance> instances) {}

    /** What of an instance comes from its image. */
    private record Base(
            LaunchAttempt launch, Instance.Builder instance, List<BlockDeviceMapping> devices) {}

    /**
     * Launches from an image; the same request with the same token answers the same instances, even
     * after they are gone: a token is valid for at least 24 hours after the termination.
     *
     * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html">
     *     Idempotency</a>
     */
    RunInstancesResponse run(RunInstancesRequest request) {
        Optional<RunInstancesResponse> repeated = repeated(request);
        return repeated.orElseGet(() -> runNew(request));
    }

    /**
     * An instance that has been running all along: no event tells of it, and what its request names
     * is there.
     */
    String seed(RunInstancesRequest request, List<BlockDeviceMapping> devices) {
        TagRules.of(request.tagSpecifications(), "instance");
        if (request.keyName() != null) {
            networks.addKeyPair(request.keyName());
        }
        profile(request).ifPresent(core.settings()::addProfile);
        Subnet subnet = interfaces.check(request, networks.anySubnet());
        String type = Objects.requireNonNullElse(request.instanceTypeAsString(), "t3.micro");
        LaunchAttempt launch =
                new LaunchAttempt(
                        region,
                        subnet.availabilityZone(),
                        type,
                        request.imageId(),
                        Optional.empty());
        Instance.Builder instance =
                Instance.builder()
                        .architecture(InstanceTypes.architecture(type))
                        .virtualizationType("hvm")
                        .rootDeviceName(root(devices));
        String reservation = core.ids().next("r");
        String id =
                create(
                        request,
                        new Base(launch, instance, merged(devices, root(devices), request)),
                        networks.anySubnet(),
                        reservation,
                        SummaryStatus.OK,
                        0);
        instances.change(id, it -> it.with(origin(request, it.instance())));
        instances.put(id, InstanceStateName.RUNNING);
        return id;
    }

    private RunInstancesResponse runNew(RunInstancesRequest request) {
        if (request.launchTemplate() != null) {
            throw new UnsupportedOperationException("RunInstances with a launch template");
        }
        TagRules.allowOnly(TAGGED, request.tagSpecifications());
        TAGGED.forEach(kind -> TagRules.of(request.tagSpecifications(), kind));
        LocalImage image = images.requireLaunchable(request.imageId());
        String type = Objects.requireNonNullElse(request.instanceTypeAsString(), TYPE_UNLESS_ASKED);
        checkArchitecture(type, image.image());
        Subnet unlessAsked =
                networks.subnetFor(
                        request.placement() == null
                                ? null
                                : request.placement().availabilityZone());
        Subnet subnet = interfaces.check(request, unlessAsked);
        if (request.keyName() != null) {
            networks.requireKey(request.keyName());
        }
        profile(request).ifPresent(this::checkProfile);
        List<BlockDeviceMapping> devices =
                merged(
                        image.image().blockDeviceMappings(),
                        image.image().rootDeviceName(),
                        request);
        LaunchAttempt launch =
                new LaunchAttempt(
                        region, subnet.availabilityZone(), type, image.id(), image.origin());
        int count = Math.max(1, Objects.requireNonNullElse(request.maxCount(), 1));
        checkRoom(launch, count);

        images.launched(image.id());
        String reservation = core.ids().next("r");
        List<Instance> launched = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Base base = new Base(launch, base(image.image()), devices);
            String id =
                    create(
                            request,
                            base,
                            unlessAsked,
                            reservation,
                            SummaryStatus.INITIALIZING,
                            core.settings().hiddenCalls());
            int index = i;
            instances.change(id, it -> it.with(instance -> instance.amiLaunchIndex(index)));
            instances.begin(id);
            launched.add(instances.require(id).instance());
        }
        if (request.clientToken() != null) {
            byToken.put(request.clientToken(), new Launched(request, reservation, launched));
        }
        return answer(reservation, launched);
    }

    private Optional<RunInstancesResponse> repeated(RunInstancesRequest request) {
        Launched earlier = byToken.get(request.clientToken());
        if (earlier == null) {
            return Optional.empty();
        }
        if (!earlier.request().equals(request)) {
            throw Ec2Errors.wrong(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters");
        }
        List<Instance> now =
                earlier.instances().stream()
                        .map(it ->
                                instances
                                        .find(it.instanceId())
                                        .map(LocalInstance::instance)
                                        .orElseGet(() -> SimulatedInstances.gone(it)))
                        .toList();
        return Optional.of(answer(earlier.reservation(), now));
    }

    private RunInstancesResponse answer(String reservation, List<Instance> launched) {
        return RunInstancesResponse.builder()
                .reservationId(reservation)
                .ownerId(core.account())
                .instances(launched)
                .build();
    }

    private String create(
            RunInstancesRequest request,
            Base base,
            Subnet unlessAsked,
            String reservation,
            SummaryStatus checks,
            int hiddenCalls) {
        String id = core.ids().next("i");
        LaunchAttempt launch = base.launch();
        Map<String, String> volumeTags = TagRules.of(request.tagSpecifications(), "volume");
        List<InstanceBlockDeviceMapping> devices =
                base.devices().stream()
                        .map(device -> volumes.attach(id, launch.zone(), device, volumeTags))
                        .toList();
        Map<String, Integer> sizes = new LinkedHashMap<>();
        devices.forEach(device -> {
            String volume = device.ebs().volumeId();
            sizes.put(volume, volumes.require(volume).size());
        });
        List<InstanceNetworkInterface> attached =
                interfaces.create(
                        request,
                        unlessAsked,
                        TagRules.of(request.tagSpecifications(), "network-interface"));
        InstanceNetworkInterface primary = attached.getFirst();
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "instance");
        Instance.Builder instance =
                base.instance()
                        .instanceId(id)
                        .imageId(launch.image())
                        .instanceType(launch.type())
                        .launchTime(core.timeline().instant())
                        .clientToken(request.clientToken())
                        .keyName(request.keyName())
                        .ebsOptimized(Boolean.TRUE.equals(request.ebsOptimized()))
                        .enaSupport(true)
                        .hypervisor("xen")
                        .platformDetails("Linux/UNIX")
                        .rootDeviceType("ebs")
                        .sourceDestCheck(true)
                        .amiLaunchIndex(0)
                        .subnetId(primary.subnetId())
                        .vpcId(primary.vpcId())
                        .privateIpAddress(primary.privateIpAddress())
                        .publicIpAddress(
                                primary.association() == null
                                        ? null
                                        : primary.association().publicIp())
                        .securityGroups(primary.groups())
                        .networkInterfaces(attached)
                        .blockDeviceMappings(devices)
                        .metadataOptions(metadata(request.metadataOptions()))
                        .hibernationOptions(it ->
                                it.configured(
                                        request.hibernationOptions() != null
                                                && Boolean.TRUE.equals(
                                                        request.hibernationOptions().configured())))
                        .enclaveOptions(it ->
                                it.enabled(
                                        request.enclaveOptions() != null
                                                && Boolean.TRUE.equals(
                                                        request.enclaveOptions().enabled())))
                        .maintenanceOptions(it ->
                                it.autoRecovery(
                                        request.maintenanceOptions() == null
                                                        || request.maintenanceOptions()
                                                                        .autoRecovery()
                                                                == null
                                                ? InstanceAutoRecoveryState.DEFAULT
                                                : request.maintenanceOptions().autoRecovery()))
                        .placement(p ->
                                p.availabilityZone(launch.zone())
                                        .tenancy(tenancy(request))
                                        .groupName(
                                                request.placement() == null
                                                        ? null
                                                        : request.placement().groupName()))
                        .monitoring(m -> m.state(isMonitored(request) ? "enabled" : "disabled"))
                        .tags(TagRules.list(tags));
        profile(request)
                .ifPresent(name ->
                        instance.iamInstanceProfile(p -> p.arn(arn(name)).id("AIPA" + name)));
        Hidden hidden =
                new Hidden(
                        launch,
                        Optional.ofNullable(request.userData()),
                        Objects.requireNonNullElse(
                                request.instanceInitiatedShutdownBehaviorAsString(),
                                ShutdownBehavior.STOP.toString()),
                        hiddenCalls);
        instances.add(new LocalInstance(instance.build(), reservation, sizes, 0, checks, hidden));
        return id;
    }

    private static Instance.Builder base(Image image) {
        return Instance.builder()
                .architecture(image.architectureAsString())
                .virtualizationType(image.virtualizationTypeAsString())
                .bootMode(image.bootModeAsString())
                .productCodes(image.productCodes())
                .rootDeviceName(image.rootDeviceName());
    }

    /** The image's devices, as the request changes them, and those that it adds. */
    private static List<BlockDeviceMapping> merged(
            List<BlockDeviceMapping> devices, @Nullable String root, RunInstancesRequest request) {
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

    private static String root(List<BlockDeviceMapping> devices) {
        return devices.getFirst().deviceName();
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

    private static void checkArchitecture(String type, Image image) {
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

    private void checkProfile(String name) {
        if (!core.settings().knowsProfile(name)) {
            throw Ec2Errors.invalidValue(
                    "Value ("
                            + name
                            + ") for parameter iamInstanceProfile.name is invalid. Invalid IAM"
                            + " Instance Profile name");
        }
    }

    /** Quotas before capacity: what is not allowed is not tried. */
    private void checkRoom(LaunchAttempt launch, int count) {
        CloudSettings settings = core.settings();
        List<LocalInstance> living =
                instances.all().stream()
                        .filter(it ->
                                it.state() == InstanceStateName.RUNNING
                                        || it.state() == InstanceStateName.PENDING)
                        .toList();
        if (living.size() + count > settings.instanceLimit()) {
            throw Ec2Errors.wrong(
                    "InstanceLimitExceeded",
                    "You have requested more instances ("
                            + (living.size() + count)
                            + ") than your current instance limit of "
                            + settings.instanceLimit()
                            + " allows for the specified instance type.");
        }
        int vcpus =
                living.stream()
                        .mapToInt(it -> InstanceTypes.vcpus(it.instance().instanceTypeAsString()))
                        .sum();
        if (vcpus + count * InstanceTypes.vcpus(launch.type()) > settings.vcpuLimit()) {
            throw Ec2Errors.wrong(
                    "VcpuLimitExceeded",
                    "You have requested more vCPU capacity than your current vCPU limit of "
                            + settings.vcpuLimit()
                            + " allows for the instance bucket that the specified instance type"
                            + " belongs to.");
        }
        if (settings.isUnsupported(launch)) {
            throw Ec2Errors.wrong(
                    "Unsupported",
                    "Your requested instance type ("
                            + launch.type()
                            + ") is not supported in your requested Availability Zone ("
                            + launch.zone()
                            + ").");
        }
        if (settings.lacksCapacity(launch)) {
            throw Ec2Errors.of(
                    "InsufficientInstanceCapacity",
                    SERVER_ERROR,
                    "We currently do not have sufficient "
                            + launch.type()
                            + " capacity in the Availability Zone you requested ("
                            + launch.zone()
                            + ").");
        }
    }

    private static InstanceMetadataOptionsResponse metadata(
            @Nullable InstanceMetadataOptionsRequest asked) {
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

    private static boolean isMonitored(RunInstancesRequest request) {
        return request.monitoring() != null && Boolean.TRUE.equals(request.monitoring().enabled());
    }

    private static String tenancy(RunInstancesRequest request) {
        return request.placement() == null || request.placement().tenancyAsString() == null
                ? "default"
                : request.placement().tenancyAsString();
    }

    /** The name of the instance profile that is asked for, by name or by ARN. */
    private static Optional<String> profile(RunInstancesRequest request) {
        return Optional.ofNullable(request.iamInstanceProfile())
                .map(asked -> asked.arn() == null ? asked.name() : asked.arn())
                .map(name -> name.substring(name.lastIndexOf('/') + 1));
    }

    private String arn(String profile) {
        return "arn:aws:iam::" + core.account() + ":instance-profile/" + profile;
    }

    /** An instance that was launched from a template has these tags, which nobody can set. */
    private static Consumer<Instance.Builder> origin(
            RunInstancesRequest request, Instance instance) {
        if (request.launchTemplate() == null) {
            return _ -> {};
        }
        Map<String, String> tags = new TreeMap<>(TagRules.map(instance.tags()));
        tags.put("aws:ec2launchtemplate:id", request.launchTemplate().launchTemplateId());
        tags.put("aws:ec2launchtemplate:version", request.launchTemplate().version());
        return builder -> builder.tags(TagRules.list(tags));
    }
}
