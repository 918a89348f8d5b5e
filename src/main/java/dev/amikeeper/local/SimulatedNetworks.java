package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.LaunchAttempt;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.DescribeInstanceTypeOfferingsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceTypeOfferingsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeKeyPairsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeKeyPairsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsResponse;
import software.amazon.awssdk.services.ec2.model.InstanceTypeOffering;
import software.amazon.awssdk.services.ec2.model.KeyPairInfo;
import software.amazon.awssdk.services.ec2.model.LocationType;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.SubnetIpv6CidrBlockAssociation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The networks that instances of one Region are launched into: VPCs, subnets, security groups and
 * key pairs. There is a default VPC with a default subnet in each of three zones and a default
 * group. The four kinds refer to each other, so they are one class.
 *
 * @see <a href="https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html">Default VPCs</a>
 */
public final class SimulatedNetworks {

    private static final int SUBNETS_IN_VPC = 16;
    private static final List<String> ZONES = List.of("a", "b", "c");

    private static final Listing<Subnet> SUBNETS =
            new Listing<>(
                    Subnet::subnetId,
                    Subnet::tags,
                    Map.of(
                            "subnet-id", it -> Stream.of(it.subnetId()),
                            "vpc-id", it -> Stream.of(it.vpcId()),
                            "availability-zone", it -> Stream.of(it.availabilityZone()),
                            "default-for-az", it -> Stream.of("" + it.defaultForAz()),
                            "cidr-block", it -> Stream.of(it.cidrBlock()),
                            "state", it -> Stream.of(it.stateAsString())));

    private static final Listing<SecurityGroup> GROUPS =
            new Listing<>(
                    SecurityGroup::groupId,
                    SecurityGroup::tags,
                    Map.of(
                            "group-id", it -> Stream.of(it.groupId()),
                            "group-name", it -> Stream.of(it.groupName()),
                            "vpc-id", it -> Stream.of(it.vpcId()),
                            "description", it -> Stream.of(it.description())));

    private static final Listing<KeyPairInfo> KEYS =
            new Listing<>(
                    KeyPairInfo::keyName,
                    KeyPairInfo::tags,
                    Map.of(
                            "key-name", it -> Stream.of(it.keyName()),
                            "key-pair-id", it -> Stream.of(it.keyPairId())));

    private final String region;
    private final CloudCore core;
    private final Calls calls;
    private final Ids ids;
    private final SubnetAddresses addresses = new SubnetAddresses();
    private final Map<String, Integer> subnetsByVpc = new HashMap<>();
    private final SortedMap<String, Subnet> subnets = new TreeMap<>();
    private final SortedMap<String, SecurityGroup> groups = new TreeMap<>();
    private final SortedMap<String, KeyPairInfo> keys = new TreeMap<>();
    private final String defaultVpc;
    private int blocks;

    SimulatedNetworks(String region, CloudCore core, Calls calls) {
        this.region = region;
        this.core = core;
        this.calls = calls;
        // Drawn from a generator of their own: the networks exist before the history and are no
        // part of it.
        ids = new Ids(region.hashCode());
        defaultVpc = newVpc();
        ZONES.forEach(zone -> newSubnet(defaultVpc, region + zone, Map.of(), true));
    }

    /** The default VPC of the Region. */
    public String defaultVpc() {
        return defaultVpc;
    }

    /** The default subnet of a zone, as {@code us-east-1a}. */
    public String defaultSubnet(String zone) {
        return calls.alone(() -> findDefault(zone).subnetId());
    }

    /** A VPC's group with the name {@code default}. */
    public String defaultGroup(String vpc) {
        return calls.alone(() ->
                groups.values().stream()
                        .filter(it -> it.vpcId().equals(vpc) && it.groupName().equals("default"))
                        .findFirst()
                        .orElseThrow(() -> Ec2Errors.invalidValue("No VPC " + vpc))
                        .groupId());
    }

    /** Adds a VPC with a default group. */
    public String addVpc() {
        return calls.alone(this::newVpc);
    }

    /** Adds a subnet to a VPC in a zone, as {@code us-east-1a}. */
    public String addSubnet(String vpc, String zone, Map<String, String> tags) {
        return calls.alone(() -> newSubnet(vpc, zone, tags, false).subnetId());
    }

    /** Gives the subnet a block of IPv6 addresses as well. */
    public void addIpv6(String id) {
        calls.alone(() -> {
            Subnet subnet = requireSubnet(id);
            String block = "2001:db8:%x:%x::/64".formatted(blocks / 256 + 1, blocks % 256);
            blocks++;
            Subnet changed =
                    subnet.toBuilder()
                            .ipv6CidrBlockAssociationSet(
                                    SubnetIpv6CidrBlockAssociation.builder()
                                            .ipv6CidrBlock(block)
                                            .ipv6CidrBlockState(state -> state.state("associated"))
                                            .build())
                            .build();
            subnets.put(id, changed);
            return changed;
        });
    }

    /** Removes a subnet; instances in it keep running. */
    public void removeSubnet(String id) {
        calls.alone(() -> subnets.remove(requireSubnet(id).subnetId()));
    }

    /** Adds a security group to a VPC. */
    public String addGroup(String vpc, String name, Map<String, String> tags) {
        return calls.alone(() -> newGroup(vpc, name, tags));
    }

    /** Removes a group. */
    public void removeGroup(String id) {
        calls.alone(() -> groups.remove(requireGroup(id).groupId()));
    }

    /** Adds a key pair unless there is one with this name. */
    public void addKeyPair(String name) {
        calls.alone(() ->
                keys.computeIfAbsent(
                        name,
                        _ ->
                                KeyPairInfo.builder()
                                        .keyPairId(ids.next("key"))
                                        .keyName(name)
                                        .keyType("ed25519")
                                        .createTime(core.timeline().instant())
                                        .build()));
    }

    /** Removes a key pair. */
    public void removeKeyPair(String name) {
        calls.alone(() -> {
            requireKey(name);
            return keys.remove(name);
        });
    }

    DescribeSubnetsResponse describe(DescribeSubnetsRequest request) {
        request.subnetIds().forEach(this::requireSubnet);
        Stream<Subnet> wanted =
                subnets.values().stream()
                        .filter(it -> Listing.isAmong(request.subnetIds(), it.subnetId()))
                        .map(this::withFreeAddresses);
        Listing.Page<Subnet> page =
                SUBNETS.page(wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeSubnetsResponse.builder()
                .subnets(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    /** Names stand for groups of the default VPC. */
    DescribeSecurityGroupsResponse describe(DescribeSecurityGroupsRequest request) {
        request.groupIds().forEach(this::requireGroup);
        request.groupNames().forEach(this::requireGroupName);
        Stream<SecurityGroup> wanted =
                groups.values().stream()
                        .filter(it -> Listing.isAmong(request.groupIds(), it.groupId()))
                        .filter(it ->
                                request.groupNames().isEmpty()
                                        || (it.vpcId().equals(defaultVpc)
                                                && request.groupNames().contains(it.groupName())));
        Listing.Page<SecurityGroup> page =
                GROUPS.page(wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeSecurityGroupsResponse.builder()
                .securityGroups(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    DescribeKeyPairsResponse describe(DescribeKeyPairsRequest request) {
        request.keyNames().forEach(this::requireKey);
        for (String id : request.keyPairIds()) {
            if (keys.values().stream().noneMatch(it -> it.keyPairId().equals(id))) {
                throw noKey(id);
            }
        }
        Stream<KeyPairInfo> wanted =
                keys.values().stream()
                        .filter(it -> Listing.isAmong(request.keyNames(), it.keyName()))
                        .filter(it -> Listing.isAmong(request.keyPairIds(), it.keyPairId()));
        return DescribeKeyPairsResponse.builder()
                .keyPairs(KEYS.filter(wanted, request.filters()).toList())
                .build();
    }

    /**
     * Offers every type that the request names in every zone, except where it is not supported.
     * Types that do not exist at all are not known here.
     */
    DescribeInstanceTypeOfferingsResponse describe(DescribeInstanceTypeOfferingsRequest request) {
        boolean byZone = request.locationType() == LocationType.AVAILABILITY_ZONE;
        List<String> types =
                request.filters().stream()
                        .filter(filter -> filter.name().equals("instance-type"))
                        .flatMap(filter -> filter.values().stream())
                        .sorted()
                        .toList();
        if (types.isEmpty()) {
            throw new UnsupportedOperationException("DescribeInstanceTypeOfferings of all types");
        }
        return DescribeInstanceTypeOfferingsResponse.builder()
                .instanceTypeOfferings(
                        types.stream().flatMap(type -> offerings(type, byZone)).toList())
                .build();
    }

    private Stream<InstanceTypeOffering> offerings(String type, boolean byZone) {
        return ZONES.stream()
                .map(zone -> region + zone)
                .filter(zone ->
                        !core.settings()
                                .isUnsupported(
                                        new LaunchAttempt(
                                                region, zone, type, "", Optional.empty())))
                .map(zone -> byZone ? zone : region)
                .distinct()
                .map(location ->
                        InstanceTypeOffering.builder()
                                .instanceType(type)
                                .location(location)
                                .locationType(
                                        byZone
                                                ? LocationType.AVAILABILITY_ZONE
                                                : LocationType.REGION)
                                .build());
    }

    /** Which addresses of the subnets are taken. */
    SubnetAddresses addresses() {
        return addresses;
    }

    /** Gives an address back; its subnet may be gone. */
    void release(String subnetId, String address) {
        Optional.ofNullable(subnets.get(subnetId))
                .ifPresent(subnet -> addresses.release(subnet, address));
    }

    Subnet requireSubnet(String id) {
        Subnet subnet = subnets.get(id);
        if (subnet == null) {
            throw Ec2Errors.wrong(
                    "InvalidSubnetID.NotFound", "The subnet ID '" + id + "' does not exist");
        }
        return subnet;
    }

    SecurityGroup requireGroup(String id) {
        SecurityGroup group = groups.get(id);
        if (group == null) {
            throw noGroup(id);
        }
        return group;
    }

    /** The group of this name in the default VPC. */
    SecurityGroup requireGroupName(String name) {
        return groups.values().stream()
                .filter(it -> it.vpcId().equals(defaultVpc) && it.groupName().equals(name))
                .findFirst()
                .orElseThrow(() -> noGroup(name));
    }

    void requireKey(String name) {
        if (!keys.containsKey(name)) {
            throw noKey(name);
        }
    }

    /** The default subnet of this zone, or of the first zone if none is given. */
    Subnet subnetFor(@Nullable String zone) {
        return findDefault(zone == null ? region + ZONES.getFirst() : zone);
    }

    /** A subnet of the default VPC that has a free address. */
    Subnet anySubnet() {
        return subnets.values().stream()
                .filter(it -> it.vpcId().equals(defaultVpc))
                .filter(it -> it.availabilityZone().equals(region + ZONES.getFirst()))
                .filter(it -> addresses.free(it) > 0)
                .findFirst()
                .orElseGet(() -> newSubnet(defaultVpc, region + ZONES.getFirst(), Map.of(), false));
    }

    /** An id of a network resource, as {@code eni-0abcdef1234567890}. */
    String newId(String kind) {
        return ids.next(kind);
    }

    private String newVpc() {
        String vpc = ids.next("vpc");
        subnetsByVpc.put(vpc, 0);
        newGroup(vpc, "default", Map.of());
        return vpc;
    }

    private String newGroup(String vpc, String name, Map<String, String> tags) {
        requireVpc(vpc);
        String id = ids.next("sg");
        groups.put(
                id,
                SecurityGroup.builder()
                        .groupId(id)
                        .groupName(name)
                        .description(name + " VPC security group")
                        .vpcId(vpc)
                        .ownerId(core.account())
                        .tags(TagRules.list(tags))
                        .build());
        return id;
    }

    private Subnet newSubnet(String vpc, String zone, Map<String, String> tags, boolean isDefault) {
        int number = requireVpc(vpc);
        if (number >= SUBNETS_IN_VPC) {
            throw Ec2Errors.wrong("SubnetLimitExceeded", "The VPC " + vpc + " is full");
        }
        subnetsByVpc.put(vpc, number + 1);
        String id = ids.next("subnet");
        String prefix = vpc.equals(defaultVpc) ? "172.31." : "10.0.";
        Subnet subnet =
                Subnet.builder()
                        .subnetId(id)
                        .vpcId(vpc)
                        .availabilityZone(zone)
                        .cidrBlock(prefix + number * (SubnetAddresses.OF_SUBNET / 256) + ".0/20")
                        .state("available")
                        .ownerId(core.account())
                        .defaultForAz(isDefault)
                        .mapPublicIpOnLaunch(isDefault)
                        .tags(TagRules.list(tags))
                        .build();
        subnets.put(id, subnet);
        return subnet;
    }

    private int requireVpc(String vpc) {
        Integer number = subnetsByVpc.get(vpc);
        if (number == null) {
            throw Ec2Errors.wrong(
                    "InvalidVpcID.NotFound", "The vpc ID '" + vpc + "' does not exist");
        }
        return number;
    }

    private Subnet findDefault(String zone) {
        return subnets.values().stream()
                .filter(it -> it.defaultForAz() && it.availabilityZone().equals(zone))
                .findFirst()
                .orElseThrow(() ->
                        Ec2Errors.wrong(
                                "MissingInput", "No default subnet for zone: '" + zone + "'."));
    }

    private Subnet withFreeAddresses(Subnet subnet) {
        return subnet.toBuilder().availableIpAddressCount(addresses.free(subnet)).build();
    }

    private static RuntimeException noGroup(String id) {
        return Ec2Errors.wrong(
                "InvalidGroup.NotFound", "The security group '" + id + "' does not exist");
    }

    private static RuntimeException noKey(String name) {
        return Ec2Errors.wrong(
                "InvalidKeyPair.NotFound", "The key pair '" + name + "' does not exist");
    }
}
