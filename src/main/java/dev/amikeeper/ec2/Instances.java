package dev.amikeeper.ec2;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Volume;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.AttributeValue;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.GroupIdentifier;
import software.amazon.awssdk.services.ec2.model.IamInstanceProfile;
import software.amazon.awssdk.services.ec2.model.InstanceAttributeName;
import software.amazon.awssdk.services.ec2.model.InstanceAutoRecoveryState;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceLifecycleType;
import software.amazon.awssdk.services.ec2.model.InstanceMetadataOptionsResponse;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceAssociation;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.MonitoringState;
import software.amazon.awssdk.services.ec2.model.Placement;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
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

/** The access to EC2's instances. It reads in pages, and its only write removes a request's tag. */
public final class Instances {
    /** The most values that a filter accepts. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    /** The most volumes that DescribeVolumes returns per page. */
    private static final int VOLUMES_A_PAGE = 500;

    /** Set by EC2 on an instance that was launched from a launch template. */
    private static final String LAUNCH_TEMPLATE = "aws:ec2launchtemplate:id";

    private static final String TEMPLATE_VERSION = "aws:ec2launchtemplate:version";

    /**
     * The owner of public addresses that EC2 assigns itself; Elastic IP addresses belong to an
     * account.
     */
    private static final String AMAZON = "amazon";

    private static final Set<String> LIVING = Set.of("pending", "running", "stopping", "stopped");

    private final Function<Region, Ec2Client> ec2;
    private final Pace pace;

    /** Accesses the instances of any Region, at EC2's pace. */
    public Instances(Function<Region, Ec2Client> ec2, Pace pace) {
        this.ec2 = ec2;
        this.pace = pace;
    }

    /**
     * Returns the instances that have all these tags and one of these states.
     *
     * @param tagKeys keys that the instance must all have, with any value
     * @throws SdkException if EC2 does not answer
     */
    public List<Instance> tagged(
            Region region, Collection<String> tagKeys, Collection<String> states) {
        // Use one filter per key: several values in one filter would mean "any of them".
        List<Filter> filters =
                Stream.concat(
                                Stream.of(Filters.anyOf("instance-state-name", states)),
                                tagKeys.stream().map(key -> Filters.anyOf("tag-key", List.of(key))))
                        .toList();
        return list(region, request -> request.filters(filters)).toList();
    }

    /**
     * Returns those of these instances that exist; a missing one is not an error.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Instance> find(Region region, Collection<InstanceId> ids) {
        List<String> values = ids.stream().map(InstanceId::value).distinct().toList();
        List<Instance> found = new ArrayList<>();
        for (List<String> some : Batches.of(values, VALUES_A_FILTER)) {
            found.addAll(
                    list(region, request -> request.filters(Filters.anyOf("instance-id", some)))
                            .toList());
        }
        return found;
    }

    /**
     * Returns all instances that are neither terminated nor about to be.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<LivingInstance> living(Region region) {
        return read(
                        region,
                        request -> request.filters(Filters.anyOf("instance-state-name", LIVING)))
                .map(shown -> new LivingInstance(instance(region, shown), launched(shown)))
                .toList();
    }

    /**
     * EC2's launch time is the time of the last start. The attach times of what was attached at the
     * first launch tell when that was. <a
     * href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html">The API
     * reference</a> says so.
     */
    private static Instant launched(software.amazon.awssdk.services.ec2.model.Instance instance) {
        return Stream.of(
                        Stream.ofNullable(instance.launchTime()),
                        instance.networkInterfaces().stream()
                                .map(InstanceNetworkInterface::attachment)
                                .filter(Objects::nonNull)
                                .flatMap(it -> Stream.ofNullable(it.attachTime())),
                        instance.blockDeviceMappings().stream()
                                .map(InstanceBlockDeviceMapping::ebs)
                                .filter(Objects::nonNull)
                                .flatMap(it -> Stream.ofNullable(it.attachTime())))
                .flatMap(times -> times)
                .min(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
    }

    /**
     * Removes the request's tag, unless somebody has set it again with another value.
     *
     * @throws SdkException if EC2 refuses
     */
    public void removeRequest(Region region, InstanceId instance, String value) {
        pace.take(region, Pace.Call.DELETE_TAGS);
        ec2.apply(region)
                .deleteTags(delete ->
                        delete.resources(instance.value())
                                .tags(Tag.builder().key(ImageTags.REQUEST).value(value).build()));
    }

    private Stream<Instance> list(
            Region region, Consumer<DescribeInstancesRequest.Builder> narrowed) {
        return read(region, narrowed).map(instance -> instance(region, instance));
    }

    private Stream<software.amazon.awssdk.services.ec2.model.Instance> read(
            Region region, Consumer<DescribeInstancesRequest.Builder> narrowed) {
        return ec2
                .apply(region)
                .describeInstancesPaginator(request -> {
                    request.maxResults(PAGE);
                    narrowed.accept(request);
                })
                .reservations()
                .stream()
                .flatMap(reservation -> reservation.instances().stream());
    }

    private static Instance instance(
            Region region, software.amazon.awssdk.services.ec2.model.Instance instance) {
        return new Instance(
                new InstanceId(instance.instanceId()),
                region,
                instance.state().nameAsString(),
                instance.tags().stream().collect(Collectors.toMap(Tag::key, Tag::value)),
                Objects.requireNonNullElse(instance.rootDeviceName(), ""),
                instance.blockDeviceMappings().stream()
                        .map(InstanceBlockDeviceMapping::deviceName)
                        .toList(),
                Optional.of(capsule(instance)),
                Optional.ofNullable(instance.clientToken()).filter(token -> !token.isEmpty()),
                Optional.ofNullable(instance.launchTime()).filter(_ -> isRunning(instance)));
    }

    private static Capsule capsule(software.amazon.awssdk.services.ec2.model.Instance instance) {
        Map<String, String> tags =
                instance.tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
        Optional<Placement> placement = Optional.ofNullable(instance.placement());
        return new Capsule(
                new Capsule.Hardware(
                        text(instance.instanceTypeAsString()),
                        Boolean.TRUE.equals(instance.ebsOptimized()),
                        instance.monitoring() != null
                                && instance.monitoring().state() == MonitoringState.ENABLED,
                        placement.map(Placement::tenancyAsString).orElse("default"),
                        options(instance)),
                new Capsule.Network(
                        placement.map(Placement::availabilityZone).orElse(""),
                        text(instance.subnetId()),
                        ids(instance.securityGroups()),
                        Optional.ofNullable(instance.privateIpAddress()),
                        instance.networkInterfaces().stream()
                                .filter(one -> one.attachment() != null)
                                .filter(one -> one.attachment().deviceIndex() == 0)
                                .findFirst()
                                .map(one -> addresses(one, isRunning(instance)))
                                .orElse(Capsule.Addresses.UNKNOWN),
                        instance.networkInterfaces().stream()
                                .filter(one -> one.attachment() != null)
                                .filter(one -> one.attachment().deviceIndex() > 0)
                                .map(Instances::networkInterface)
                                .toList(),
                        groupNames(instance)),
                new Capsule.Access(
                        Optional.ofNullable(instance.keyName()),
                        Optional.ofNullable(instance.iamInstanceProfile())
                                .map(IamInstanceProfile::arn),
                        Optional.ofNullable(instance.metadataOptions()).map(Instances::metadata)),
                Capsule.Script.NONE,
                Optional.ofNullable(tags.get(LAUNCH_TEMPLATE))
                        .map(id -> id + ":" + tags.getOrDefault(TEMPLATE_VERSION, "")),
                tags.entrySet().stream()
                        .filter(tag -> !tag.getKey().startsWith("aws:"))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)),
                List.of());
    }

    private static boolean isRunning(software.amazon.awssdk.services.ec2.model.Instance instance) {
        return instance.state() != null && instance.state().name() == InstanceStateName.RUNNING;
    }

    /**
     * EC2 takes away the public address of an instance that stops, so it is known only for a
     * running instance whether it has one.
     */
    private static Capsule.Addresses addresses(InstanceNetworkInterface one, boolean running) {
        Optional<InstanceNetworkInterfaceAssociation> association =
                Optional.ofNullable(one.association()).filter(it -> it.publicIp() != null);
        Optional<String> elastic =
                association
                        .filter(it -> !AMAZON.equals(it.ipOwnerId()))
                        .map(InstanceNetworkInterfaceAssociation::publicIp);
        return new Capsule.Addresses(
                Math.max(0, one.privateIpAddresses().size() - 1),
                one.ipv6Addresses().size(),
                running && elastic.isEmpty()
                        ? Optional.of(association.isPresent())
                        : Optional.empty(),
                elastic,
                !Boolean.FALSE.equals(one.sourceDestCheck()));
    }

    private static Capsule.Options options(
            software.amazon.awssdk.services.ec2.model.Instance instance) {
        return new Capsule.Options(
                instance.hibernationOptions() != null
                        && Boolean.TRUE.equals(instance.hibernationOptions().configured()),
                instance.enclaveOptions() != null
                        && Boolean.TRUE.equals(instance.enclaveOptions().enabled()),
                instance.maintenanceOptions() == null
                        || instance.maintenanceOptions().autoRecovery()
                                != InstanceAutoRecoveryState.DISABLED,
                instance.instanceLifecycle() == InstanceLifecycleType.SPOT,
                Optional.ofNullable(instance.placement())
                        .map(Placement::groupName)
                        .filter(name -> !name.isEmpty()));
    }

    private static Map<String, String> groupNames(
            software.amazon.awssdk.services.ec2.model.Instance instance) {
        Map<String, String> names = new HashMap<>();
        Stream.concat(
                        instance.securityGroups().stream(),
                        instance.networkInterfaces().stream().flatMap(one -> one.groups().stream()))
                .filter(group -> group.groupId() != null && group.groupName() != null)
                .forEach(group -> names.put(group.groupId(), group.groupName()));
        return names;
    }

    private static Capsule.Metadata metadata(InstanceMetadataOptionsResponse options) {
        return new Capsule.Metadata(
                text(options.httpTokensAsString()),
                text(options.httpEndpointAsString()),
                Objects.requireNonNullElse(options.httpPutResponseHopLimit(), 1),
                text(options.instanceMetadataTagsAsString()),
                Objects.requireNonNullElse(options.httpProtocolIpv6AsString(), "disabled"));
    }

    private static Capsule.Interface networkInterface(InstanceNetworkInterface one) {
        return new Capsule.Interface(
                one.attachment().deviceIndex(),
                text(one.subnetId()),
                ids(one.groups()),
                text(one.privateIpAddress()),
                // EC2 assigns public addresses to first interfaces only.
                addresses(one, false));
    }

    private static List<String> ids(List<GroupIdentifier> groups) {
        return groups.stream().map(GroupIdentifier::groupId).toList();
    }

    private static String text(@Nullable String value) {
        return Objects.requireNonNullElse(value, "");
    }

    /**
     * Returns the names of these subnets, from their tag {@code Name}, by id.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<String, String> subnetNames(Region region, Collection<String> subnets) {
        List<String> ids = subnets.stream().filter(id -> !id.isEmpty()).distinct().toList();
        Map<String, String> names = new HashMap<>();
        for (List<String> some : Batches.of(ids, VALUES_A_FILTER)) {
            ec2.apply(region)
                    .describeSubnets(ask -> ask.filters(Filters.anyOf("subnet-id", some)))
                    .subnets()
                    .forEach(subnet ->
                            subnet.tags().stream()
                                    .filter(tag -> tag.key().equals("Name"))
                                    .forEach(tag -> names.put(subnet.subnetId(), tag.value())));
        }
        return names;
    }

    /**
     * Returns the volumes of these instances with their tags, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<InstanceId, List<Volume>> volumes(Region region, Collection<InstanceId> instances) {
        List<String> ids = instances.stream().map(InstanceId::value).distinct().toList();
        Map<InstanceId, List<Volume>> found = new HashMap<>();
        for (List<String> some : Batches.of(ids, VALUES_A_FILTER)) {
            ec2.apply(region)
                    .describeVolumesPaginator(ask ->
                            ask.maxResults(VOLUMES_A_PAGE)
                                    .filters(Filters.anyOf("attachment.instance-id", some)))
                    .volumes()
                    .forEach(volume ->
                            // A volume may be attached to several instances at once.
                            volume.attachments().stream()
                                    .filter(it -> some.contains(it.instanceId()))
                                    .forEach(it ->
                                            found.computeIfAbsent(
                                                            new InstanceId(it.instanceId()),
                                                            _ -> new ArrayList<>())
                                                    .add(volume(volume, it.device()))));
        }
        return found;
    }

    private static Volume volume(
            software.amazon.awssdk.services.ec2.model.Volume volume, String device) {
        return new Volume(
                volume.volumeId(),
                text(device),
                Objects.requireNonNullElse(volume.size(), 0),
                volume.tags().stream()
                        .filter(tag -> !tag.key().startsWith("aws:"))
                        .collect(Collectors.toMap(Tag::key, Tag::value)));
    }

    /**
     * Returns an instance's user data in Base64; empty if it has none.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Optional<String> userData(Region region, InstanceId instance) {
        return Optional.ofNullable(
                        ec2.apply(region)
                                .describeInstanceAttribute(ask ->
                                        ask.instanceId(instance.value())
                                                .attribute(InstanceAttributeName.USER_DATA))
                                .userData())
                .map(AttributeValue::value)
                .filter(value -> !value.isEmpty());
    }
}
