package dev.amikeeper.ec2;

import dev.amikeeper.image.Networks;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Address;
import software.amazon.awssdk.services.ec2.model.KeyPairInfo;
import software.amazon.awssdk.services.ec2.model.LocationType;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.SubnetCidrBlockStateCode;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The resources in a Region that an instance can be launched with, with one read for each kind. */
final class Surroundings {
    private static final Logger log = LoggerFactory.getLogger(Surroundings.class);

    /** The most values that a filter accepts. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    private Surroundings() {}

    /**
     * Returns which of the resources in the query exist.
     *
     * @throws SdkException if EC2 does not answer; if only the instance type offerings cannot be
     *     read, they are left unknown instead
     */
    static Networks of(Ec2Client client, Networks.Query wanted) {
        Map<String, Networks.Subnet> subnets = new HashMap<>();
        some(
                wanted.subnets(),
                ids ->
                        client.describeSubnets(ask -> ask.filters(Filters.anyOf("subnet-id", ids)))
                                .subnets()
                                .forEach(one -> subnets.put(one.subnetId(), subnet(one))));
        Map<String, Networks.Group> groups = new HashMap<>();
        some(
                wanted.groups(),
                ids ->
                        client.describeSecurityGroups(
                                        ask -> ask.filters(Filters.anyOf("group-id", ids)))
                                .securityGroups()
                                .forEach(one -> groups.put(one.groupId(), group(one))));
        Set<String> keyPairs = new HashSet<>();
        some(
                wanted.keyPairs(),
                names ->
                        client
                                .describeKeyPairs(
                                        ask -> ask.filters(Filters.anyOf("key-name", names)))
                                .keyPairs()
                                .stream()
                                .map(KeyPairInfo::keyName)
                                .forEach(keyPairs::add));
        return new Networks(
                subnets,
                groups,
                keyPairs,
                zones(client, wanted.types()),
                addresses(client, wanted.addresses()));
    }

    /**
     * Returns all subnets, security groups and key pairs, as far as EC2 shows them; whatever it
     * does not show is left out.
     */
    static Networks all(Ec2Client client) {
        Map<String, Networks.Subnet> subnets = new HashMap<>();
        tryTo(
                "ec2:DescribeSubnets",
                () ->
                        client.describeSubnetsPaginator(ask -> ask.maxResults(PAGE))
                                .subnets()
                                .forEach(one -> subnets.put(one.subnetId(), subnet(one))));
        Map<String, Networks.Group> groups = new HashMap<>();
        tryTo(
                "ec2:DescribeSecurityGroups",
                () ->
                        client.describeSecurityGroupsPaginator(ask -> ask.maxResults(PAGE))
                                .securityGroups()
                                .forEach(one -> groups.put(one.groupId(), group(one))));
        Set<String> keyPairs = new HashSet<>();
        tryTo(
                "ec2:DescribeKeyPairs",
                () ->
                        client.describeKeyPairs().keyPairs().stream()
                                .map(KeyPairInfo::keyName)
                                .forEach(keyPairs::add));
        return new Networks(subnets, groups, keyPairs, Optional.empty(), Map.of());
    }

    /** If this read fails, a bad launch is merely refused a little later. */
    private static Optional<Map<String, Set<String>>> zones(
            Ec2Client client, Collection<String> types) {
        Map<String, Set<String>> zones = new HashMap<>();
        boolean told =
                tryTo(
                        "ec2:DescribeInstanceTypeOfferings",
                        () ->
                                some(
                                        types,
                                        names ->
                                                client.describeInstanceTypeOfferingsPaginator(ask ->
                                                                ask.locationType(
                                                                                LocationType
                                                                                        .AVAILABILITY_ZONE)
                                                                        .maxResults(PAGE)
                                                                        .filters(
                                                                                Filters.anyOf(
                                                                                        "instance-type",
                                                                                        names)))
                                                        .instanceTypeOfferings()
                                                        .forEach(one ->
                                                                zones.computeIfAbsent(
                                                                                one
                                                                                        .instanceTypeAsString(),
                                                                                _ ->
                                                                                        new TreeSet<>())
                                                                        .add(one.location()))));
        return told ? Optional.of(zones) : Optional.empty();
    }

    private static Map<String, Networks.Address> addresses(
            Ec2Client client, Collection<String> wanted) {
        Map<String, Networks.Address> found = new HashMap<>();
        List<String> allocations =
                wanted.stream().filter(it -> it.startsWith("eipalloc-")).toList();
        List<String> addresses = wanted.stream().filter(it -> !it.startsWith("eipalloc-")).toList();
        Consumer<Address> add =
                one -> {
                    Networks.Address address = address(one);
                    found.put(address.allocation(), address);
                    found.put(address.address(), address);
                };
        some(
                allocations,
                ids ->
                        client.describeAddresses(
                                        ask -> ask.filters(Filters.anyOf("allocation-id", ids)))
                                .addresses()
                                .forEach(add));
        some(
                addresses,
                ips ->
                        client.describeAddresses(
                                        ask -> ask.filters(Filters.anyOf("public-ip", ips)))
                                .addresses()
                                .forEach(add));
        return found;
    }

    /** Converts EC2's description of an Elastic IP address. */
    static Networks.Address address(Address one) {
        return new Networks.Address(
                text(one.allocationId()),
                text(one.publicIp()),
                Optional.ofNullable(one.instanceId())
                        .filter(id -> !id.isEmpty())
                        .or(() -> Optional.ofNullable(one.networkInterfaceId()))
                        .filter(id -> !id.isEmpty()));
    }

    private static boolean tryTo(String permission, Runnable read) {
        try {
            read.run();
            return true;
        } catch (SdkException error) {
            log.warn("{}", Fault.text(error, permission));
            return false;
        }
    }

    private static void some(Collection<String> ids, Consumer<List<String>> ask) {
        List<String> all = ids.stream().filter(id -> !id.isEmpty()).distinct().sorted().toList();
        Batches.of(all, VALUES_A_FILTER).forEach(ask);
    }

    private static Networks.Subnet subnet(Subnet one) {
        return new Networks.Subnet(
                one.subnetId(),
                text(one.vpcId()),
                // An Outpost offers other types than its zone does.
                one.outpostArn() == null ? text(one.availabilityZone()) : "",
                text(one.cidrBlock()),
                name(one.tags()),
                one.ipv6CidrBlockAssociationSet().stream()
                        .anyMatch(block ->
                                block.ipv6CidrBlockState() == null
                                        || block.ipv6CidrBlockState().state()
                                                == SubnetCidrBlockStateCode.ASSOCIATED));
    }

    private static Networks.Group group(SecurityGroup one) {
        return new Networks.Group(
                one.groupId(), text(one.vpcId()), text(one.groupName()), name(one.tags()));
    }

    private static String name(List<Tag> tags) {
        return tags.stream()
                .filter(tag -> tag.key().equals("Name"))
                .map(Tag::value)
                .findFirst()
                .orElse("");
    }

    private static String text(@Nullable String value) {
        return Objects.requireNonNullElse(value, "");
    }
}
