package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.Reservation;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the describing calls show of the instances of one Region. */
final class SimulatedInstanceReads {
    /** AWS names no time; this is longer than anybody has to wait. */
    private static final Duration CONSISTENT_AFTER = Duration.ofMinutes(30);

    private static final Listing<LocalInstance> LISTING =
            new Listing<>(
                    LocalInstance::id,
                    it -> it.instance().tags(),
                    Map.ofEntries(
                            field("instance-id", Instance::instanceId),
                            field("instance-state-name", it -> it.state().nameAsString()),
                            field("instance-state-code", it -> "" + it.state().code()),
                            field("image-id", Instance::imageId),
                            field("instance-type", Instance::instanceTypeAsString),
                            field("client-token", Instance::clientToken),
                            field("root-device-name", Instance::rootDeviceName),
                            field("launch-time", it -> Ec2Times.iso(it.launchTime())),
                            field("subnet-id", Instance::subnetId),
                            field("vpc-id", Instance::vpcId),
                            field("key-name", Instance::keyName),
                            field("private-ip-address", Instance::privateIpAddress),
                            field("architecture", Instance::architectureAsString),
                            field("availability-zone", it -> it.placement().availabilityZone()),
                            Map.entry("reservation-id", it -> Stream.of(it.reservation())),
                            Map.entry(
                                    "block-device-mapping.volume-id",
                                    it -> it.volumeSizes().keySet().stream().map(id -> id))));

    private final CloudCore core;
    private final SimulatedInstances instances;

    SimulatedInstanceReads(CloudCore core, SimulatedInstances instances) {
        this.core = core;
        this.instances = instances;
    }

    DescribeInstancesResponse describe(DescribeInstancesRequest request) {
        if (request.maxResults() != null && !request.instanceIds().isEmpty()) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "The parameter instancesSet cannot be used with the parameter maxResults");
        }
        Listing.Page<LocalInstance> page =
                LISTING.page(
                        LISTING.filter(wanted(request.instanceIds()), request.filters())
                                .filter(this::isVisible),
                        request.maxResults(),
                        request.nextToken());
        Map<String, List<Instance>> byReservation = new LinkedHashMap<>();
        for (LocalInstance it : page.items()) {
            byReservation
                    .computeIfAbsent(it.reservation(), _ -> new ArrayList<>())
                    .add(it.instance());
        }
        return DescribeInstancesResponse.builder()
                .reservations(
                        byReservation.entrySet().stream()
                                .map(entry -> reservation(entry.getKey(), entry.getValue()))
                                .toList())
                .nextToken(page.nextToken())
                .build();
    }

    DescribeInstanceStatusResponse describeStatus(DescribeInstanceStatusRequest request) {
        boolean all = Boolean.TRUE.equals(request.includeAllInstances());
        Stream<LocalInstance> shown =
                wanted(request.instanceIds())
                        .filter(it -> all || it.state() == InstanceStateName.RUNNING);
        Listing.Page<LocalInstance> page =
                LISTING.page(
                        LISTING.filter(shown, request.filters()).filter(this::isVisible),
                        request.maxResults(),
                        request.nextToken());
        return DescribeInstanceStatusResponse.builder()
                .instanceStatuses(page.items().stream().map(this::status).toList())
                .nextToken(page.nextToken())
                .build();
    }

    DescribeInstanceAttributeResponse describeAttribute(DescribeInstanceAttributeRequest request) {
        LocalInstance it = instances.require(request.instanceId());
        Instance instance = it.instance();
        DescribeInstanceAttributeResponse.Builder answer =
                DescribeInstanceAttributeResponse.builder().instanceId(it.id());
        switch (request.attribute()) {
            case USER_DATA -> answer.userData(v -> v.value(it.hidden().userData().orElse(null)));
            case INSTANCE_TYPE ->
                    answer.instanceType(v -> v.value(instance.instanceTypeAsString()));
            case EBS_OPTIMIZED -> answer.ebsOptimized(v -> v.value(instance.ebsOptimized()));
            case ROOT_DEVICE_NAME -> answer.rootDeviceName(v -> v.value(instance.rootDeviceName()));
            case BLOCK_DEVICE_MAPPING -> answer.blockDeviceMappings(instance.blockDeviceMappings());
            case GROUP_SET -> answer.groups(instance.securityGroups());
            case PRODUCT_CODES -> answer.productCodes(instance.productCodes());
            case SOURCE_DEST_CHECK -> answer.sourceDestCheck(v -> v.value(true));
            case DISABLE_API_TERMINATION -> answer.disableApiTermination(v -> v.value(false));
            case INSTANCE_INITIATED_SHUTDOWN_BEHAVIOR ->
                    answer.instanceInitiatedShutdownBehavior(
                            v -> v.value(it.hidden().shutdownBehavior()));
            default -> throw Ec2Errors.invalidValue("attribute " + request.attributeAsString());
        }
        return answer.build();
    }

    private Stream<LocalInstance> wanted(List<String> ids) {
        for (String id : ids) {
            if (!isVisible(instances.require(id))) {
                throw Ec2Errors.noInstance(id);
            }
        }
        Set<String> only = Set.copyOf(ids);
        return instances.all().stream().filter(it -> Listing.isAmong(only, it.id()));
    }

    /** A new instance may be missed by some calls, but after a while every call shows it. */
    private boolean isVisible(LocalInstance instance) {
        Instant shown = instance.instance().launchTime().plus(CONSISTENT_AFTER);
        if (instance.hidden().calls() > 0 && core.timeline().instant().isBefore(shown)) {
            instances.change(instance.id(), it -> it.with(it.hidden().lookedAt()));
            return false;
        }
        return true;
    }

    private static Map.Entry<String, Function<LocalInstance, Stream<@Nullable String>>> field(
            String name, Function<Instance, @Nullable String> of) {
        return Map.entry(name, it -> Stream.ofNullable(of.apply(it.instance())));
    }

    private Reservation reservation(String id, List<Instance> launchedTogether) {
        return Reservation.builder()
                .reservationId(id)
                .ownerId(core.account())
                .instances(launchedTogether)
                .build();
    }

    private InstanceStatus status(LocalInstance it) {
        boolean running = it.state() == InstanceStateName.RUNNING;
        boolean initializing = it.checks() == SummaryStatus.INITIALIZING;
        SummaryStatus system =
                !running
                        ? SummaryStatus.NOT_APPLICABLE
                        : initializing ? SummaryStatus.INITIALIZING : SummaryStatus.OK;
        boolean cutOff = !core.settings().reachesVolumes(it.hidden().launch());
        return InstanceStatus.builder()
                .instanceId(it.id())
                .availabilityZone(it.instance().placement().availabilityZone())
                .instanceState(it.instance().state())
                .instanceStatus(s -> s.status(running ? it.checks() : SummaryStatus.NOT_APPLICABLE))
                .systemStatus(s -> s.status(system))
                .attachedEbsStatus(s ->
                        s.status(
                                system == SummaryStatus.OK && cutOff
                                        ? SummaryStatus.IMPAIRED
                                        : system))
                .build();
    }
}
