package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceState;
import software.amazon.awssdk.services.ec2.model.InstanceStateChange;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The instances of one Region and their states. */
final class SimulatedInstances {

    /** A terminated instance is described for about an hour and then no longer exists. */
    private static final Duration TERMINATED_SHOWN = Duration.ofHours(1);

    private static final Map<InstanceStateName, Integer> CODES =
            Map.of(
                    InstanceStateName.PENDING, 0,
                    InstanceStateName.RUNNING, 16,
                    InstanceStateName.SHUTTING_DOWN, 32,
                    InstanceStateName.TERMINATED, 48,
                    InstanceStateName.STOPPING, 64,
                    InstanceStateName.STOPPED, 80);

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

    /** Adds an instance that has no state yet. */
    void add(LocalInstance instance) {
        instances.put(instance.id(), instance);
    }

    /** Starts an instance's life: pending now, and soon running, or terminated by EC2 itself. */
    void begin(String id) {
        enter(id, InstanceStateName.PENDING);
        if (core.settings().launches(require(id).hidden().launch())) {
            later(id, InstanceStateName.PENDING, InstanceStateName.RUNNING);
        } else {
            core.timeline().in(core.settings().instanceTime(), () -> fail(id));
        }
    }

    /**
     * Gives the reason why an instance went from pending to terminated.
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

    /** All or nothing: one unknown instance, or one in a wrong state, makes EC2 refuse the call. */
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
            if (through == InstanceStateName.PENDING) {
                // EC2's launch time is that of the last start.
                Instant now = core.timeline().instant();
                change(before.id(), it -> it.with(instance -> instance.launchTime(now)));
            }
            enter(before.id(), through);
            later(before.id(), through, to);
        }
        return InstanceStateChange.builder()
                .instanceId(before.id())
                .previousState(before.instance().state())
                .currentState(require(before.id()).instance().state())
                .build();
    }

    /** Enters a state after a while, unless something else has happened to the instance by then. */
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

    /** Sets the state without an event. */
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

    /** Changes the network interfaces. The first one's public address is the instance's. */
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

    /** Starts the status checks again. They end after a while if the instance still runs. */
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
}
