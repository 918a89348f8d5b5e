package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceState;
import software.amazon.awssdk.services.ec2.model.InstanceStateChange;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.Reservation;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RunInstancesResponse;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The instances of one Region and their lives. */
final class SimulatedInstances {
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
                    Map.of(
                            "instance-id", it -> Stream.of(it.id()),
                            "instance-state-name", it -> Stream.of(it.state().toString()),
                            "instance-state-code", it -> Stream.of("" + CODES.get(it.state())),
                            "image-id", it -> Stream.of(it.instance().imageId()),
                            "instance-type", it -> Stream.of(it.instance().instanceTypeAsString()),
                            "client-token", it -> Stream.of(it.instance().clientToken()),
                            "reservation-id", it -> Stream.of(it.reservation()),
                            "root-device-name", it -> Stream.of(it.instance().rootDeviceName()),
                            "launch-time", it -> Stream.of(Times.iso(it.instance().launchTime())),
                            "block-device-mapping.volume-id",
                                    it -> it.volumeSizes().keySet().stream().map(id -> id)));

    private final String region;
    private final CloudCore core;
    private final SortedMap<String, LocalInstance> instances = new TreeMap<>();
    private final Map<String, Launch> launchesByToken = new HashMap<>();

    SimulatedInstances(String region, CloudCore core) {
        this.region = region;
        this.core = core;
    }

    /** An EBS volume of an instance. */
    record Disk(String device, int sizeGiB) {}

    private record Launch(RunInstancesRequest request, String reservation) {}

    /** An instance that has been running all along: no event tells of it. */
    String launch(String image, List<Disk> disks, Map<String, String> tags) {
        TagRules.check(tags);
        Instance.Builder instance = Instance.builder().imageId(image).instanceType("t3.micro");
        String reservation = core.ids().next("r");
        String id = add(instance, reservation, disks, tags, SummaryStatus.OK);
        put(id, InstanceStateName.RUNNING);
        return id;
    }

    /** Launches from an image; the same request with the same token answers the same instances. */
    RunInstancesResponse run(RunInstancesRequest request, List<Disk> disks) {
        String reservation = core.ids().next("r");
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "instance");
        for (int i = 0; i < Math.max(1, request.maxCount()); i++) {
            Instance.Builder instance =
                    Instance.builder()
                            .imageId(request.imageId())
                            .instanceType(request.instanceTypeAsString())
                            .keyName(request.keyName())
                            .subnetId(request.subnetId())
                            .clientToken(request.clientToken());
            String id = add(instance, reservation, disks, tags, SummaryStatus.INITIALIZING);
            enter(id, InstanceStateName.PENDING);
            later(id, InstanceStateName.PENDING, InstanceStateName.RUNNING);
        }
        if (request.clientToken() != null) {
            launchesByToken.put(request.clientToken(), new Launch(request, reservation));
        }
        return launched(reservation);
    }

    /**
     * What an earlier call with this token launched.
     *
     * @throws software.amazon.awssdk.services.ec2.model.Ec2Exception if that one asked for
     *     something else
     */
    Optional<RunInstancesResponse> repeated(RunInstancesRequest request) {
        Launch earlier = launchesByToken.get(request.clientToken());
        if (earlier == null) {
            return Optional.empty();
        }
        if (!earlier.request().equals(request)) {
            throw Ec2Errors.wrong(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters");
        }
        return Optional.of(launched(earlier.reservation()));
    }

    List<InstanceStateChange> stop(List<String> ids) {
        return changeStates(
                ids,
                Set.of(InstanceStateName.RUNNING, InstanceStateName.PENDING),
                Set.of(InstanceStateName.STOPPING, InstanceStateName.STOPPED),
                InstanceStateName.STOPPING,
                InstanceStateName.STOPPED);
    }

    List<InstanceStateChange> start(List<String> ids) {
        return changeStates(
                ids,
                Set.of(InstanceStateName.STOPPED),
                Set.of(InstanceStateName.PENDING, InstanceStateName.RUNNING),
                InstanceStateName.PENDING,
                InstanceStateName.RUNNING);
    }

    List<InstanceStateChange> terminate(List<String> ids) {
        return changeStates(
                ids,
                Set.of(
                        InstanceStateName.PENDING,
                        InstanceStateName.RUNNING,
                        InstanceStateName.STOPPING,
                        InstanceStateName.STOPPED),
                Set.of(InstanceStateName.SHUTTING_DOWN, InstanceStateName.TERMINATED),
                InstanceStateName.SHUTTING_DOWN,
                InstanceStateName.TERMINATED);
    }

    DescribeInstancesResponse describe(DescribeInstancesRequest request) {
        if (request.maxResults() != null && !request.instanceIds().isEmpty()) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "The parameter instancesSet cannot be used with the parameter maxResults");
        }
        Listing.Page<LocalInstance> page =
                LISTING.page(
                        LISTING.filter(wanted(request.instanceIds()), request.filters()),
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
                        LISTING.filter(shown, request.filters()),
                        request.maxResults(),
                        request.nextToken());
        return DescribeInstanceStatusResponse.builder()
                .instanceStatuses(page.items().stream().map(this::status).toList())
                .nextToken(page.nextToken())
                .build();
    }

    void change(String id, UnaryOperator<LocalInstance> change) {
        instances.computeIfPresent(id, (_, it) -> change.apply(it));
    }

    LocalInstance require(String id) {
        LocalInstance instance = instances.get(id);
        if (instance == null) {
            throw Ec2Errors.noInstance(id);
        }
        return instance;
    }

    List<LocalInstance> all() {
        return List.copyOf(instances.values());
    }

    private String add(
            Instance.Builder instance,
            String reservation,
            List<Disk> disks,
            Map<String, String> tags,
            SummaryStatus checks) {
        String id = core.ids().next("i");
        Map<String, Integer> sizes = new LinkedHashMap<>();
        for (Disk disk : disks) {
            sizes.put(core.ids().next("vol"), disk.sizeGiB());
        }
        Iterator<String> volumes = sizes.keySet().iterator();
        instance.instanceId(id)
                .launchTime(core.timeline().instant())
                .placement(p -> p.availabilityZone(region + "a"))
                .architecture("x86_64")
                .rootDeviceType("ebs")
                .rootDeviceName(disks.getFirst().device())
                .tags(TagRules.list(tags));
        instance.blockDeviceMappings(
                disks.stream().map(disk -> mapping(disk.device(), volumes.next())).toList());
        instances.put(id, new LocalInstance(instance.build(), reservation, sizes, 0, checks));
        return id;
    }

    private InstanceBlockDeviceMapping mapping(String device, String volume) {
        return InstanceBlockDeviceMapping.builder()
                .deviceName(device)
                .ebs(ebs ->
                        ebs.volumeId(volume)
                                .status("attached")
                                .attachTime(core.timeline().instant())
                                .deleteOnTermination(true))
                .build();
    }

    private RunInstancesResponse launched(String reservation) {
        return RunInstancesResponse.builder()
                .reservationId(reservation)
                .ownerId(core.account())
                .instances(
                        instances.values().stream()
                                .filter(it -> it.reservation().equals(reservation))
                                .map(LocalInstance::instance)
                                .toList())
                .build();
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

    private void put(String id, InstanceStateName state) {
        InstanceState entered = InstanceState.builder().name(state).code(CODES.get(state)).build();
        change(id, it -> it.with(instance -> instance.state(entered)));
    }

    private void enter(String id, InstanceStateName state) {
        put(id, state);
        core.events().instanceState(region, id, state.toString());
    }

    private void afterEntering(String id, InstanceStateName state) {
        if (state == InstanceStateName.TERMINATED) {
            core.timeline().in(TERMINATED_SHOWN, () -> instances.remove(id));
        } else if (state == InstanceStateName.RUNNING) {
            core.timeline()
                    .in(
                            core.settings().checkTime(),
                            () ->
                                    change(
                                            id,
                                            it ->
                                                    it.checked(
                                                            core.settings().booting()
                                                                    ? SummaryStatus.OK
                                                                    : SummaryStatus.IMPAIRED)));
        }
    }

    private Stream<LocalInstance> wanted(List<String> ids) {
        ids.forEach(this::require);
        Set<String> only = Set.copyOf(ids);
        return instances.values().stream().filter(it -> only.isEmpty() || only.contains(it.id()));
    }

    private Reservation reservation(String id, List<Instance> launchedTogether) {
        return Reservation.builder()
                .reservationId(id)
                .ownerId(core.account())
                .instances(launchedTogether)
                .build();
    }

    private InstanceStatus status(LocalInstance it) {
        return InstanceStatus.builder()
                .instanceId(it.id())
                .availabilityZone(region + "a")
                .instanceState(it.instance().state())
                .instanceStatus(s -> s.status(it.checks()))
                .systemStatus(s -> s.status(it.checks()))
                .build();
    }
}
