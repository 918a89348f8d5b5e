package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceState;
import software.amazon.awssdk.services.ec2.model.InstanceStateChange;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.Reservation;
import software.amazon.awssdk.services.ec2.model.StartInstancesRequest;
import software.amazon.awssdk.services.ec2.model.StartInstancesResponse;
import software.amazon.awssdk.services.ec2.model.StopInstancesRequest;
import software.amazon.awssdk.services.ec2.model.StopInstancesResponse;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.TerminateInstancesRequest;
import software.amazon.awssdk.services.ec2.model.TerminateInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Volume;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The instances of one Region and their lives. */
final class SimulatedInstances {
    /** AWS names no time; nobody has to wait that long. */
    private static final Duration CONSISTENT_AFTER = Duration.ofMinutes(30);

    /** A terminated instance is described for about an hour, then it does not exist. */
    private static final Duration TERMINATED_SHOWN = Duration.ofHours(1);

    private static final Map<InstanceStateName, Integer> CODES =
            Map.of(
                    InstanceStateName.PENDING, 0,
                    InstanceStateName.RUNNING, 16,
                    InstanceStateName.SHUTTING_DOWN, 32,
                    InstanceStateName.TERMINATED, 48,
                    InstanceStateName.STOPPING, 64,
                    InstanceStateName.STOPPED, 80);

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
                            field("launch-time", it -> Times.iso(it.launchTime())),
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

    private final String region;
    private final CloudCore core;
    private final SimulatedInterfaces interfaces;
    private final SimulatedVolumes volumes;
    private final SortedMap<String, LocalInstance> instances = new TreeMap<>();

    SimulatedInstances(
            String region,
            CloudCore core,
            SimulatedInterfaces interfaces,
            SimulatedVolumes volumes) {
        this.region = region;
        this.core = core;
        this.interfaces = interfaces;
        this.volumes = volumes;
    }

    /** An instance that is there from now on, in no state yet. */
    void add(LocalInstance instance) {
        instances.put(instance.id(), instance);
    }

    /** Its life begins: pending now, running soon, or ended by EC2 itself. */
    void begin(String id) {
        enter(id, InstanceStateName.PENDING);
        if (core.settings().launches(require(id).hidden().launch())) {
            later(id, InstanceStateName.PENDING, InstanceStateName.RUNNING);
        } else {
            core.timeline().in(core.settings().instanceTime(), () -> fail(id));
        }
    }

    /**
     * Why an instance went from pending to terminated.
     *
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html">
     *     StateReason</a>
     */
    private void fail(String id) {
        if (find(id).filter(it -> it.state() == InstanceStateName.PENDING).isEmpty()) {
            return;
        }
        boolean badKey =
                require(id).instance().blockDeviceMappings().stream()
                        .flatMap(device -> volumes.find(device.ebs().volumeId()).stream())
                        .map(Volume::kmsKeyId)
                        .anyMatch(key -> key != null && core.settings().isBad(key));
        String code = badKey ? "Client.InternalError" : "Server.InternalError";
        change(
                id,
                it ->
                        it.with(instance ->
                                instance.stateReason(why ->
                                        why.code(code)
                                                .message(code + ": Internal error on launch"))));
        enter(id, InstanceStateName.TERMINATED);
        afterEntering(id, InstanceStateName.TERMINATED);
    }

    StopInstancesResponse stop(StopInstancesRequest request) {
        return StopInstancesResponse.builder()
                .stoppingInstances(
                        changeStates(
                                request.instanceIds(),
                                Set.of(InstanceStateName.RUNNING, InstanceStateName.PENDING),
                                Set.of(InstanceStateName.STOPPING, InstanceStateName.STOPPED),
                                InstanceStateName.STOPPING,
                                InstanceStateName.STOPPED))
                .build();
    }

    StartInstancesResponse start(StartInstancesRequest request) {
        return StartInstancesResponse.builder()
                .startingInstances(
                        changeStates(
                                request.instanceIds(),
                                Set.of(InstanceStateName.STOPPED),
                                Set.of(InstanceStateName.PENDING, InstanceStateName.RUNNING),
                                InstanceStateName.PENDING,
                                InstanceStateName.RUNNING))
                .build();
    }

    TerminateInstancesResponse terminate(TerminateInstancesRequest request) {
        return TerminateInstancesResponse.builder()
                .terminatingInstances(
                        changeStates(
                                request.instanceIds(),
                                Set.of(
                                        InstanceStateName.PENDING,
                                        InstanceStateName.RUNNING,
                                        InstanceStateName.STOPPING,
                                        InstanceStateName.STOPPED),
                                Set.of(
                                        InstanceStateName.SHUTTING_DOWN,
                                        InstanceStateName.TERMINATED),
                                InstanceStateName.SHUTTING_DOWN,
                                InstanceStateName.TERMINATED))
                .build();
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
        LocalInstance it = require(request.instanceId());
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

    void change(String id, UnaryOperator<LocalInstance> change) {
        instances.computeIfPresent(id, (_, it) -> change.apply(it));
    }

    LocalInstance require(String id) {
        return find(id).orElseThrow(() -> Ec2Errors.noInstance(id));
    }

    Optional<LocalInstance> find(String id) {
        return Optional.ofNullable(instances.get(id));
    }

    /** How an instance is shown that was forgotten after its termination. */
    static Instance gone(Instance instance) {
        return bare(instance.toBuilder()
                        .state(s ->
                                s.name(InstanceStateName.TERMINATED)
                                        .code(CODES.get(InstanceStateName.TERMINATED))))
                .build();
    }

    /** A terminated instance has neither volumes nor network interfaces. */
    private static Instance.Builder bare(Instance.Builder instance) {
        return instance.blockDeviceMappings(List.of())
                .networkInterfaces(List.of())
                .securityGroups(List.of())
                .subnetId(null)
                .vpcId(null)
                .privateIpAddress(null)
                .publicIpAddress(null);
    }

    List<LocalInstance> all() {
        return List.copyOf(instances.values());
    }

    /** All or nothing: one instance that is unknown or in a wrong state refuses the call. */
    private List<InstanceStateChange> changeStates(
            List<String> ids,
            Set<InstanceStateName> from,
            Set<InstanceStateName> already,
            InstanceStateName through,
            InstanceStateName to) {
        for (String id : ids) {
            InstanceStateName state = require(id).state();
            if (!from.contains(state) && !already.contains(state)) {
                throw Ec2Errors.wrong(
                        "IncorrectInstanceState",
                        "The instance '" + id + "' is not in a state for this: " + state);
            }
        }
        return ids.stream().map(id -> changeState(require(id), from, through, to)).toList();
    }

    private InstanceStateChange changeState(
            LocalInstance before,
            Set<InstanceStateName> from,
            InstanceStateName through,
            InstanceStateName to) {
        if (from.contains(before.state())) {
            enter(before.id(), through);
            later(before.id(), through, to);
        }
        return InstanceStateChange.builder()
                .instanceId(before.id())
                .previousState(before.instance().state())
                .currentState(require(before.id()).instance().state())
                .build();
    }

    /** Unless something else has happened to it by then. */
    private void later(String id, InstanceStateName through, InstanceStateName to) {
        core.timeline()
                .in(
                        core.settings().instanceTime(),
                        () -> {
                            LocalInstance instance = instances.get(id);
                            if (instance != null && instance.state() == through) {
                                enter(id, to);
                                afterEntering(id, to);
                            }
                        });
    }

    /** The state is as it is; no event tells of it. */
    void put(String id, InstanceStateName state) {
        InstanceState entered = InstanceState.builder().name(state).code(CODES.get(state)).build();
        change(id, it -> it.with(instance -> instance.state(entered)));
    }

    private void enter(String id, InstanceStateName state) {
        put(id, state);
        core.events().instanceState(region, id, state.toString());
    }

    private void afterEntering(String id, InstanceStateName state) {
        if (state == InstanceStateName.TERMINATED) {
            Instance ended = require(id).instance();
            interfaces.release(ended.networkInterfaces());
            volumes.release(ended.blockDeviceMappings());
            change(id, it -> it.with(SimulatedInstances::bare));
            core.timeline().in(TERMINATED_SHOWN, () -> instances.remove(id));
        } else if (state == InstanceStateName.STOPPED) {
            addresses(id, SimulatedInterfaces::stopped);
        } else if (state == InstanceStateName.RUNNING) {
            addresses(id, interfaces::started);
            boot(id);
        }
    }

    /** Changes its network interfaces, whose first one's public address is the instance's. */
    void addresses(String id, UnaryOperator<InstanceNetworkInterface> change) {
        change(
                id,
                it -> {
                    List<InstanceNetworkInterface> changed =
                            it.instance().networkInterfaces().stream().map(change).toList();
                    return it.with(instance ->
                            instance.networkInterfaces(changed)
                                    .publicIpAddress(
                                            changed.stream()
                                                    .filter(one ->
                                                            one.attachment().deviceIndex() == 0)
                                                    .flatMap(one ->
                                                            Stream.ofNullable(one.association()))
                                                    .map(association -> association.publicIp())
                                                    .findFirst()
                                                    .orElse(null)));
                });
    }

    /** Its checks begin anew, and end after a while if it still runs. */
    void boot(String id) {
        change(id, it -> it.checked(SummaryStatus.INITIALIZING));
        core.timeline()
                .in(
                        core.settings().checkTime(),
                        () ->
                                find(id).filter(it -> it.state() == InstanceStateName.RUNNING)
                                        .ifPresent(this::check));
    }

    private void check(LocalInstance instance) {
        boolean boots = core.settings().boots(instance.hidden().launch());
        change(instance.id(), it -> it.checked(boots ? SummaryStatus.OK : SummaryStatus.IMPAIRED));
    }

    private Stream<LocalInstance> wanted(List<String> ids) {
        for (String id : ids) {
            if (!isVisible(require(id))) {
                throw Ec2Errors.noInstance(id);
            }
        }
        Set<String> only = Set.copyOf(ids);
        return all().stream().filter(it -> only.isEmpty() || only.contains(it.id()));
    }

    /** A new instance may take some calls to show, but every call shows it after a while. */
    private boolean isVisible(LocalInstance instance) {
        Instant shown = instance.instance().launchTime().plus(CONSISTENT_AFTER);
        if (instance.hidden().calls() > 0 && core.timeline().instant().isBefore(shown)) {
            change(instance.id(), it -> it.with(it.hidden().lookedAt()));
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
