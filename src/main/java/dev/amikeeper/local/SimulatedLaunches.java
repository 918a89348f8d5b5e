package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.LaunchAttempt;
import dev.amikeeper.local.LocalInstance.Hidden;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RunInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Launches the instances of one Region.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html">
 *     RunInstances</a>
 */
final class SimulatedLaunches {
    private static final Set<String> TAGGED = Set.of("instance", "volume", "network-interface");
    private static final int SERVER_ERROR = 500;

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedImages images;
    private final SimulatedNetworks networks;
    private final SimulatedInterfaces interfaces;
    private final SimulatedVolumes volumes;
    private final ClientTokens<RunInstancesRequest, Launched> tokens = new ClientTokens<>();

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

    private record Launched(String reservation, List<Instance> instances) {}

    /** What an instance gets from its image. */
    private record Base(
            LaunchAttempt launch, Instance.Builder instance, List<BlockDeviceMapping> devices) {}

    /**
     * Launches from an image. The same request with the same token is answered with the same
     * instances, even after they are gone: a token is valid for at least 24 hours after the
     * termination.
     *
     * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html">
     *     Idempotency</a>
     */
    RunInstancesResponse run(RunInstancesRequest request) {
        return tokens.find(request.clientToken(), request)
                .map(this::again)
                .orElseGet(() -> runNew(request));
    }

    /**
     * Adds an instance that has been running all along. No event is sent, and everything that the
     * request names exists.
     */
    String seed(RunInstancesRequest request, List<BlockDeviceMapping> devices) {
        TagRules.of(request.tagSpecifications(), "instance");
        if (request.keyName() != null) {
            networks.addKeyPair(request.keyName());
        }
        LaunchRequest asked = new LaunchRequest(request);
        asked.profile().ifPresent(core.settings()::addProfile);
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
                        asked,
                        new Base(launch, instance, asked.devices(devices, root(devices))),
                        networks.anySubnet(),
                        reservation,
                        SummaryStatus.OK,
                        0);
        instances.change(id, it -> it.with(asked.origin(it.instance())));
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
        LaunchRequest asked = new LaunchRequest(request);
        asked.checkArchitecture(image.image());
        Subnet unlessAsked = networks.subnetFor(asked.zone());
        Subnet subnet = interfaces.check(request, unlessAsked);
        if (request.keyName() != null) {
            networks.requireKey(request.keyName());
        }
        asked.profile().ifPresent(this::checkProfile);
        List<BlockDeviceMapping> devices =
                asked.devices(image.image().blockDeviceMappings(), image.image().rootDeviceName());
        LaunchAttempt launch =
                new LaunchAttempt(
                        region,
                        subnet.availabilityZone(),
                        asked.type(),
                        image.id(),
                        image.origin());
        int count = Math.max(1, Objects.requireNonNullElse(request.maxCount(), 1));
        checkRoom(launch, count);

        images.launched(image.id());
        String reservation = core.ids().next("r");
        List<Instance> launched = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Base base = new Base(launch, LaunchRequest.base(image.image()), devices);
            String id =
                    create(
                            asked,
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
        tokens.remember(request.clientToken(), request, new Launched(reservation, launched));
        return answer(reservation, launched);
    }

    private RunInstancesResponse again(Launched earlier) {
        List<Instance> now =
                earlier.instances().stream()
                        .map(it ->
                                instances
                                        .find(it.instanceId())
                                        .map(LocalInstance::instance)
                                        .orElseGet(() -> SimulatedInstances.gone(it)))
                        .toList();
        return answer(earlier.reservation(), now);
    }

    private RunInstancesResponse answer(String reservation, List<Instance> launched) {
        return RunInstancesResponse.builder()
                .reservationId(reservation)
                .ownerId(core.account())
                .instances(launched)
                .build();
    }

    private String create(
            LaunchRequest asked,
            Base base,
            Subnet unlessAsked,
            String reservation,
            SummaryStatus checks,
            int hiddenCalls) {
        String id = core.ids().next("i");
        LaunchAttempt launch = base.launch();
        Map<String, String> volumeTags = asked.tags("volume");
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
                interfaces.create(asked.request(), unlessAsked, asked.tags("network-interface"));
        InstanceNetworkInterface primary = attached.getFirst();
        Instance.Builder instance =
                base.instance()
                        .instanceId(id)
                        .imageId(launch.image())
                        .instanceType(launch.type())
                        .launchTime(core.timeline().instant())
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
                        .blockDeviceMappings(devices);
        asked.applyTo(instance, launch.zone());
        asked.profile()
                .ifPresent(name ->
                        instance.iamInstanceProfile(p -> p.arn(arn(name)).id("AIPA" + name)));
        Hidden hidden =
                new Hidden(
                        launch,
                        Optional.ofNullable(asked.request().userData()),
                        asked.shutdownBehavior(),
                        hiddenCalls);
        instances.add(new LocalInstance(instance.build(), reservation, sizes, 0, checks, hidden));
        return id;
    }

    private static String root(List<BlockDeviceMapping> devices) {
        return devices.getFirst().deviceName();
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

    /** Checks quotas before capacity: what is not allowed is not tried. */
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

    private String arn(String profile) {
        return "arn:aws:iam::" + core.account() + ":instance-profile/" + profile;
    }
}
