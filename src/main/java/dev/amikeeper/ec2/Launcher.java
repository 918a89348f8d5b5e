package dev.amikeeper.ec2;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Server;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.ReplaceRootVolumeTask;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.StateReason;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The only class that launches and terminates instances and associates addresses with them. */
public final class Launcher {
    private static final int PAGE = 1000;

    private final Function<Region, Ec2Client> ec2;
    private final Pace pace;

    /** Accesses the instances of any Region, at EC2's pace. */
    public Launcher(Function<Region, Ec2Client> ec2, Pace pace) {
        this.ec2 = ec2;
        this.pace = pace;
    }

    /**
     * Returns which of the resources in the query exist in a Region.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Networks networks(Region region, Networks.Query wanted) {
        return Surroundings.of(ec2.apply(region), wanted);
    }

    /** Returns all subnets, security groups and key pairs of a Region, as far as EC2 shows them. */
    public Networks networks(Region region) {
        return Surroundings.all(ec2.apply(region));
    }

    /**
     * Launches one instance. Because of the client token, a repeated call launches nothing new: EC2
     * returns the existing instance.
     *
     * @param as the settings that the instance gets; an empty subnet means the default VPC's
     * @param token at most 64 ASCII characters
     * @param tags of the instance, its volumes and its network interfaces
     * @param going devices of the image whose volumes are to be deleted with the instance; the
     *     others keep the setting of the original
     */
    public LaunchResult launch(
            Region region,
            ImageId image,
            Capsule as,
            String token,
            Map<String, String> tags,
            List<String> going) {
        pace.take(region, Pace.Call.RUN_INSTANCES);
        try {
            return new LaunchResult.Launched(
                    new InstanceId(
                            ec2.apply(region)
                                    .runInstances(LaunchCall.of(image, as, token, tags, going))
                                    .instances()
                                    .getFirst()
                                    .instanceId()));
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.THROTTLED) {
                pace.empty(region, Pace.Call.RUN_INSTANCES);
            }
            return refused(error, "ec2:RunInstances", region);
        }
    }

    private static LaunchResult refused(SdkException error, String permission, Region region) {
        String why = Fault.text(error, permission);
        Fault fault = Fault.of(error);
        if (fault == Fault.TOKEN_TAKEN) {
            return new LaunchResult.TokenTaken(why);
        }
        return switch (fault.advice()) {
            // LOOK: the image was looked up before, but not every call sees a new image, and it may
            // have changed since. The next attempt looks it up again.
            case SLOW_DOWN, LATER, ELSEWHERE, LOOK, UNANSWERED -> new LaunchResult.LaunchLater(why);
            case PEOPLE ->
                    fault == Fault.DENIED
                            ? new LaunchResult.NotLaunched(why)
                            : new LaunchResult.LaunchBlocked(
                                    Blocker.of(error, permission, region).orElseThrow());
            case GONE, REFUSED -> new LaunchResult.NotLaunched(why);
        };
    }

    /**
     * Returns every instance of a Region with a tag that a restore sets, including recently
     * terminated ones. AMI Keeper need not have launched all of them, because tags are easily
     * copied.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Server> servers(Region region) {
        return list(region, Filters.anyOf("tag-key", List.of(ImageTags.LEASE, ImageTags.RESTORE)));
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
                                        .collect(Collectors.toMap(Tag::key, Tag::value)),
                                ImageId.read(instance.imageId()),
                                Optional.ofNullable(instance.clientToken())
                                        .filter(token -> !token.isEmpty())))
                .toList();
    }

    /**
     * Returns the results of these instances' status checks: of the system, of the instance and of
     * its volumes. Instances that are not running are left out.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<InstanceId, Server.Health> health(Region region, Collection<InstanceId> ids) {
        Map<InstanceId, Server.Health> health = new HashMap<>();
        // Use a filter, because one id that EC2 does not know would make the whole call fail.
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

    /**
     * Adds tags to a volume.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    public void tag(Region region, String volume, Map<String, String> tags) {
        pace.take(region, Pace.Call.CREATE_TAGS);
        ec2.apply(region).createTags(create -> create.resources(volume).tags(Tags.list(tags)));
    }

    /**
     * Terminates an instance; may be repeated. It is not an error if the instance does not exist.
     */
    public ChangeResult terminate(Region region, InstanceId id) {
        pace.take(region, Pace.Call.TERMINATE_INSTANCES);
        try {
            ec2.apply(region).terminateInstances(end -> end.instanceIds(id.value()));
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return Fault.of(error) == Fault.GONE
                    ? new ChangeResult.Changed()
                    : new ChangeResult.Refused(Fault.text(error, "ec2:TerminateInstances"));
        }
    }

    /** The result of giving an instance an Elastic IP address. */
    public sealed interface Association {
        /** The instance has it. */
        record Associated(String address) implements Association {}

        /** The instance does not get it: something else has it and keeps it, or EC2 refuses. */
        record NotAssociated(String why) implements Association {}

        /** EC2 refuses, but a later call may succeed. */
        record AssociateLater(String why) implements Association {}
    }

    /**
     * Associates an unused Elastic IP address with an instance's first network interface. May be
     * repeated.
     *
     * @param allocation its allocation id
     */
    public Association associate(Region region, InstanceId instance, String allocation) {
        try {
            return associate(ec2.apply(region), instance, allocation);
        } catch (SdkException error) {
            String why = Fault.text(error, "ec2:AssociateAddress");
            Fault fault = Fault.of(error);
            boolean isLater =
                    switch (fault.advice()) {
                        // GONE: not every call sees a new instance. If it is really gone, the next
                        // look shows that.
                        case LATER, GONE, UNANSWERED -> true;
                        case SLOW_DOWN -> fault == Fault.THROTTLED;
                        case PEOPLE -> fault == Fault.CALLER;
                        case ELSEWHERE, LOOK, REFUSED -> false;
                    };
            return isLater
                    ? new Association.AssociateLater(why)
                    : new Association.NotAssociated(allocation + " was not associated: " + why);
        }
    }

    private static Association associate(Ec2Client client, InstanceId instance, String allocation) {
        Optional<Networks.Address> found =
                client
                        .describeAddresses(ask ->
                                ask.filters(Filters.anyOf("allocation-id", List.of(allocation))))
                        .addresses()
                        .stream()
                        .map(Surroundings::address)
                        .findFirst();
        if (found.isEmpty()) {
            return new Association.NotAssociated("there is no Elastic IP address " + allocation);
        }
        Networks.Address address = found.get();
        if (address.at().equals(Optional.of(instance.value()))) {
            return new Association.Associated(address.address());
        }
        if (address.at().isPresent()) {
            return new Association.NotAssociated(
                    address.address() + " stays with " + address.at().get() + ", which has it");
        }
        Optional<String> first =
                client
                        .describeInstances(ask -> ask.instanceIds(instance.value()))
                        .reservations()
                        .stream()
                        .flatMap(reservation -> reservation.instances().stream())
                        .flatMap(it -> it.networkInterfaces().stream())
                        .filter(one -> one.attachment() != null)
                        .filter(one -> one.attachment().deviceIndex() == 0)
                        .map(InstanceNetworkInterface::networkInterfaceId)
                        .findFirst();
        if (first.isEmpty()) {
            return new Association.AssociateLater("EC2 shows no network interface of " + instance);
        }
        client.associateAddress(give ->
                give.allocationId(allocation)
                        // By instance id, the call would be refused if the instance has several
                        // interfaces.
                        .networkInterfaceId(first.get())
                        // Otherwise EC2 would take it from anything that got it since the lookup.
                        .allowReassociation(false));
        return new Association.Associated(address.address());
    }

    /** The progress of replacing a root volume. */
    public enum Replacement {
        /** EC2 is replacing it. */
        PENDING,
        /** The instance runs from the new volume. */
        DONE,
        /** The instance still runs from the old volume. */
        FAILED,
        /**
         * The old volume is detached and the new one is not attached: the instance has no root
         * volume.
         */
        DETACHED
    }

    /**
     * Replaces the root volume of a running instance with the image's, and reboots the instance
     * from it. The old volume is detached and kept.
     *
     * @param token at most 64 ASCII characters
     * @param restore the id by which the task is found again
     */
    public LaunchResult replaceRoot(
            Region region, InstanceId instance, ImageId image, String token, String restore) {
        try {
            ec2.apply(region)
                    .createReplaceRootVolumeTask(task ->
                            task.instanceId(instance.value())
                                    .imageId(image.value())
                                    .clientToken(token)
                                    .tagSpecifications(
                                            LaunchCall.on(
                                                    List.of(ResourceType.REPLACE_ROOT_VOLUME_TASK),
                                                    Map.of(ImageTags.RESTORE, restore))));
            return new LaunchResult.Launched(instance);
        } catch (SdkException error) {
            return refused(error, "ec2:CreateReplaceRootVolumeTask", region);
        }
    }

    /**
     * Returns the progress of this restore's replacement; empty if none is listed.
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
                            case FAILED -> Replacement.FAILED;
                            case FAILED_DETACHED -> Replacement.DETACHED;
                            default -> Replacement.PENDING;
                        })
                .findFirst();
    }
}
