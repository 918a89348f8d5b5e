package dev.amikeeper.ec2;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Server;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.KeyPairInfo;
import software.amazon.awssdk.services.ec2.model.ReplaceRootVolumeTask;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.StateReason;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The door to restoring: the only class that launches and terminates instances. */
public final class Launcher {
    /** A filter takes at most 200 values. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    private static final List<ResourceType> LAUNCHED =
            List.of(ResourceType.INSTANCE, ResourceType.VOLUME, ResourceType.NETWORK_INTERFACE);

    private final Function<Region, Ec2Client> ec2;
    private final Pace pace;

    /** Instances of any Region, at EC2's pace. */
    public Launcher(Function<Region, Ec2Client> ec2, Pace pace) {
        this.ec2 = ec2;
        this.pace = pace;
    }

    /**
     * Which of these there are.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Networks networks(
            Region region,
            Collection<String> subnets,
            Collection<String> groups,
            Collection<String> keyPairs) {
        Ec2Client client = ec2.apply(region);
        Map<String, String> itsSubnets = new HashMap<>();
        some(
                subnets,
                ids ->
                        client.describeSubnets(ask -> ask.filters(Filters.anyOf("subnet-id", ids)))
                                .subnets()
                                .forEach((Subnet subnet) ->
                                        itsSubnets.put(subnet.subnetId(), text(subnet.vpcId()))));
        Map<String, String> itsGroups = new HashMap<>();
        some(
                groups,
                ids ->
                        client.describeSecurityGroups(
                                        ask -> ask.filters(Filters.anyOf("group-id", ids)))
                                .securityGroups()
                                .forEach((SecurityGroup group) ->
                                        itsGroups.put(group.groupId(), text(group.vpcId()))));
        List<String> itsKeys = new ArrayList<>();
        some(
                keyPairs,
                names ->
                        client
                                .describeKeyPairs(
                                        ask -> ask.filters(Filters.anyOf("key-name", names)))
                                .keyPairs()
                                .stream()
                                .map(KeyPairInfo::keyName)
                                .forEach(itsKeys::add));
        return new Networks(itsSubnets, itsGroups, Set.copyOf(itsKeys));
    }

    private static void some(Collection<String> ids, Consumer<List<String>> ask) {
        List<String> all = ids.stream().filter(id -> !id.isEmpty()).distinct().sorted().toList();
        for (int from = 0; from < all.size(); from += VALUES_A_FILTER) {
            ask.accept(all.subList(from, Math.min(all.size(), from + VALUES_A_FILTER)));
        }
    }

    /**
     * Launches one instance. The client token makes a repeated call the same call: EC2 answers with
     * the instance that is there.
     *
     * @param as what the instance gets; an empty subnet is the default VPC's
     * @param token at most 64 ASCII characters
     * @param tags of the instance, its volumes and its network interfaces
     * @param going devices of the image whose volumes are to go with the instance; the others do
     *     what they did with the original
     */
    public Launch launch(
            Region region,
            ImageId image,
            Capsule as,
            String token,
            Map<String, String> tags,
            List<String> going) {
        pace.take(region, Pace.Call.RUN_INSTANCES);
        try {
            return new Launch.Launched(
                    new InstanceId(
                            ec2.apply(region)
                                    .runInstances(request(image, as, token, tags, going))
                                    .instances()
                                    .getFirst()
                                    .instanceId()));
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.THROTTLED) {
                pace.empty(region, Pace.Call.RUN_INSTANCES);
            }
            return refused(error, "ec2:RunInstances");
        }
    }

    private static Launch refused(SdkException error, String permission) {
        String why = Fault.text(error, permission);
        return switch (Fault.of(error)) {
            // Not found: the image was looked at before, but not every call sees a new one.
            case THROTTLED, NO_ROOM, NO_CAPACITY, BUSY, SERVER_ERROR, UNREACHABLE, NOT_FOUND ->
                    new Launch.Later(why);
            case TOKEN_TAKEN -> new Launch.Taken(why);
            case NAME_TAKEN, GONE, WRONG_STATE, DENIED, IN_USE, NO_SUCH_CALL, OTHER ->
                    new Launch.Refused(why);
        };
    }

    private static RunInstancesRequest request(
            ImageId image, Capsule as, String token, Map<String, String> tags, List<String> going) {
        RunInstancesRequest.Builder run =
                RunInstancesRequest.builder()
                        .imageId(image.value())
                        .minCount(1)
                        .maxCount(1)
                        .clientToken(token)
                        .instanceType(as.type())
                        .blockDeviceMappings(going.stream().map(Launcher::goingDevice).toList())
                        .tagSpecifications(on(LAUNCHED, tags));
        as.keyPair().ifPresent(run::keyName);
        as.profile().ifPresent(arn -> run.iamInstanceProfile(profile -> profile.arn(arn)));
        as.userData().ifPresent(run::userData);
        as.metadata()
                .ifPresent(metadata ->
                        run.metadataOptions(options ->
                                options.httpTokens(metadata.tokens())
                                        .httpEndpoint(metadata.endpoint())
                                        .httpPutResponseHopLimit(metadata.hopLimit())
                                        .instanceMetadataTags(metadata.tags())));
        if (as.ebsOptimized()) {
            run.ebsOptimized(true);
        }
        if (as.monitored()) {
            run.monitoring(monitoring -> monitoring.enabled(true));
        }
        if (!as.tenancy().equals("default")) {
            run.placement(placement -> placement.tenancy(as.tenancy()));
        }
        return network(run, as).build();
    }

    private static BlockDeviceMapping goingDevice(String device) {
        return BlockDeviceMapping.builder()
                .deviceName(device)
                .ebs(ebs -> ebs.deleteOnTermination(true))
                .build();
    }

    /** EC2 takes either a subnet with groups, or network interfaces that have theirs. */
    private static RunInstancesRequest.Builder network(
            RunInstancesRequest.Builder run, Capsule as) {
        if (as.interfaces().isEmpty()) {
            if (!as.subnet().isEmpty()) {
                run.subnetId(as.subnet());
            }
            as.address().ifPresent(run::privateIpAddress);
            return as.groups().isEmpty() ? run : run.securityGroupIds(as.groups());
        }
        List<InstanceNetworkInterfaceSpecification> all = new ArrayList<>();
        all.add(networkInterface(0, as.subnet(), as.groups(), as.address().orElse("")));
        as.interfaces()
                .forEach(one ->
                        all.add(
                                networkInterface(
                                        one.index(), one.subnet(), one.groups(), one.address())));
        return run.networkInterfaces(all);
    }

    private static InstanceNetworkInterfaceSpecification networkInterface(
            int index, String subnet, List<String> groups, String address) {
        return InstanceNetworkInterfaceSpecification.builder()
                .deviceIndex(index)
                .subnetId(subnet)
                .groups(groups)
                .deleteOnTermination(true)
                .privateIpAddress(address.isEmpty() ? null : address)
                .build();
    }

    private static List<TagSpecification> on(List<ResourceType> types, Map<String, String> tags) {
        List<Tag> list =
                tags.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                        .toList();
        return types.stream()
                .map(type -> TagSpecification.builder().resourceType(type).tags(list).build())
                .toList();
    }

    /**
     * Every instance of a Region that restoring has launched, those terminated lately among them.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Server> servers(Region region) {
        return list(region, Filters.anyOf("tag-key", List.of(ImageTags.RESTORE)));
    }

    /**
     * The instance that this restore has launched; empty if there is none to be seen.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Optional<Server> server(Region region, String restore) {
        return list(region, Filters.anyOf("tag:" + ImageTags.RESTORE, List.of(restore))).stream()
                .findFirst();
    }

    private List<Server> list(Region region, Filter filter) {
        return ec2
                .apply(region)
                .describeInstancesPaginator(ask -> ask.maxResults(PAGE).filters(filter))
                .reservations()
                .stream()
                .flatMap(reservation -> reservation.instances().stream())
                .map(instance ->
                        new Server(
                                new InstanceId(instance.instanceId()),
                                region,
                                instance.state().nameAsString(),
                                Optional.ofNullable(instance.stateReason())
                                        .map(StateReason::message)
                                        .orElse(""),
                                instance.launchTime(),
                                instance.tags().stream()
                                        .collect(Collectors.toMap(Tag::key, Tag::value))))
                .toList();
    }

    /**
     * What the status checks of these instances say: of the system, of the instance and of its
     * volumes. One that is not running is not among them.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<InstanceId, Server.Health> health(Region region, Collection<InstanceId> ids) {
        Map<InstanceId, Server.Health> health = new HashMap<>();
        // By a filter, for an id that EC2 does not know would be an error for all.
        ec2.apply(region)
                .describeInstanceStatusPaginator(ask ->
                        ask.maxResults(PAGE)
                                .filters(Filters.anyOf("instance-state-name", List.of("running"))))
                .instanceStatuses()
                .forEach(status -> health.put(new InstanceId(status.instanceId()), health(status)));
        health.keySet().retainAll(ids);
        return health;
    }

    private static Server.Health health(InstanceStatus status) {
        List<SummaryStatus> checks =
                Stream.of(
                                Optional.ofNullable(status.systemStatus()).map(s -> s.status()),
                                Optional.ofNullable(status.instanceStatus()).map(s -> s.status()),
                                Optional.ofNullable(status.attachedEbsStatus())
                                        .map(s -> s.status()))
                        .flatMap(Optional::stream)
                        .filter(state -> state != SummaryStatus.NOT_APPLICABLE)
                        .toList();
        if (checks.contains(SummaryStatus.IMPAIRED)) {
            return Server.Health.IMPAIRED;
        }
        return !checks.isEmpty() && checks.stream().allMatch(SummaryStatus.OK::equals)
                ? Server.Health.OK
                : Server.Health.INITIALIZING;
    }

    /** Ends an instance for good; may be repeated. One that is not there is no error. */
    public Answer terminate(Region region, InstanceId id) {
        pace.take(region, Pace.Call.TERMINATE_INSTANCES);
        try {
            ec2.apply(region).terminateInstances(end -> end.instanceIds(id.value()));
            return new Answer.Done();
        } catch (SdkException error) {
            return Fault.of(error) == Fault.GONE
                    ? new Answer.Done()
                    : new Answer.Refused(Fault.text(error, "ec2:TerminateInstances"));
        }
    }

    /** How far the replacement of a root volume is. */
    public enum Replacement {
        /** EC2 is at work on it. */
        PENDING,
        /** The instance runs from the new volume. */
        DONE,
        /** The instance runs from the old volume, as before. */
        FAILED
    }

    /**
     * Has the root volume of a running instance replaced by the image's, and the instance rebooted
     * from it. The old volume stays, detached.
     *
     * @param token at most 64 ASCII characters
     * @param restore found again by this
     */
    public Launch replaceRoot(
            Region region, InstanceId instance, ImageId image, String token, String restore) {
        try {
            ec2.apply(region)
                    .createReplaceRootVolumeTask(task ->
                            task.instanceId(instance.value())
                                    .imageId(image.value())
                                    .clientToken(token)
                                    .tagSpecifications(
                                            on(
                                                    List.of(ResourceType.REPLACE_ROOT_VOLUME_TASK),
                                                    Map.of(ImageTags.RESTORE, restore))));
            return new Launch.Launched(instance);
        } catch (SdkException error) {
            return refused(error, "ec2:CreateReplaceRootVolumeTask");
        }
    }

    /**
     * How far this restore's replacement is; empty if there is none to be seen.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Optional<Replacement> replacement(Region region, InstanceId instance, String restore) {
        return ec2
                .apply(region)
                .describeReplaceRootVolumeTasksPaginator(
                        ask -> ask.filters(Filters.anyOf("instance-id", List.of(instance.value()))))
                .replaceRootVolumeTasks()
                .stream()
                .filter(task ->
                        task.tags().stream()
                                .anyMatch(tag ->
                                        tag.key().equals(ImageTags.RESTORE)
                                                && tag.value().equals(restore)))
                .map(ReplaceRootVolumeTask::taskState)
                .map(state ->
                        switch (state) {
                            case SUCCEEDED -> Replacement.DONE;
                            case FAILED, FAILED_DETACHED -> Replacement.FAILED;
                            default -> Replacement.PENDING;
                        })
                .findFirst();
    }

    private static String text(@Nullable String value) {
        return Objects.requireNonNullElse(value, "");
    }
}
