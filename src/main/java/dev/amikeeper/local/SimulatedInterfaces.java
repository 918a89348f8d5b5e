package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.GroupIdentifier;
import software.amazon.awssdk.services.ec2.model.InstanceIpv6Address;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceAssociation;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.InstancePrivateIpAddress;
import software.amazon.awssdk.services.ec2.model.PrivateIpAddressSpecification;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The network interfaces of one Region's instances. They are made with their instances, and most
 * disappear with them.
 */
final class SimulatedInterfaces {
    private final CloudCore core;
    private final SimulatedNetworks networks;
    private final SortedMap<String, List<Tag>> tags = new TreeMap<>();
    private final Set<String> publicly = new HashSet<>();

    SimulatedInterfaces(CloudCore core, SimulatedNetworks networks) {
        this.core = core;
        this.networks = networks;
    }

    /** An interface that a request asks for, with what it needs. */
    private record Plan(
            InstanceNetworkInterfaceSpecification asked,
            Subnet subnet,
            List<SecurityGroup> groups,
            List<String> addresses,
            int more) {}

    /**
     * Checks what a launch needs of the network, and takes nothing yet.
     *
     * @return the subnet of its first interface
     * @throws software.amazon.awssdk.services.ec2.model.Ec2Exception if something is missing,
     *     taken, or does not fit together
     */
    Subnet check(RunInstancesRequest request, Subnet unlessAsked) {
        List<Plan> plans = plans(request, unlessAsked);
        Map<String, Integer> needed = new HashMap<>();
        for (Plan plan : plans) {
            plan.addresses()
                    .forEach(address -> networks.addresses().checkAddress(plan.subnet(), address));
            int addresses = Math.max(1, plan.addresses().size()) + plan.more();
            needed.merge(plan.subnet().subnetId(), addresses, Integer::sum);
        }
        int count = Math.max(1, Objects.requireNonNullElse(request.maxCount(), 1));
        if (count > 1 && plans.stream().anyMatch(plan -> !plan.addresses().isEmpty())) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "A private IP address can be given to one instance only.");
        }
        needed.forEach((subnet, addresses) ->
                networks.addresses().checkRoom(networks.requireSubnet(subnet), count * addresses));
        return plans.getFirst().subnet();
    }

    /** Makes the interfaces of one instance. */
    List<InstanceNetworkInterface> create(
            RunInstancesRequest request, Subnet unlessAsked, Map<String, String> given) {
        List<InstanceNetworkInterface> made = new ArrayList<>();
        List<Plan> plans = plans(request, unlessAsked);
        for (Plan plan : plans) {
            InstanceNetworkInterface one = create(plan, plans.size() == 1);
            tags.put(one.networkInterfaceId(), TagRules.list(given));
            made.add(one);
        }
        return made;
    }

    /** Releases the interfaces that disappear with their instance. */
    void release(List<InstanceNetworkInterface> interfaces) {
        for (InstanceNetworkInterface one : interfaces) {
            if (one.attachment().deleteOnTermination()) {
                tags.remove(one.networkInterfaceId());
                publicly.remove(one.networkInterfaceId());
                one.privateIpAddresses()
                        .forEach(address ->
                                networks.release(one.subnetId(), address.privateIpAddress()));
            }
        }
    }

    void tag(String id, List<Tag> now) {
        tags.put(id, now);
    }

    /** The tags of an existing interface. */
    List<Tag> require(String id) {
        List<Tag> found = tags.get(id);
        if (found == null) {
            throw missing(id);
        }
        return found;
    }

    SortedMap<String, List<Tag>> tags() {
        return tags;
    }

    private List<Plan> plans(RunInstancesRequest request, Subnet unlessAsked) {
        boolean top =
                request.subnetId() != null
                        || !request.securityGroupIds().isEmpty()
                        || !request.securityGroups().isEmpty()
                        || request.privateIpAddress() != null;
        if (request.networkInterfaces().isEmpty()) {
            InstanceNetworkInterfaceSpecification only =
                    InstanceNetworkInterfaceSpecification.builder()
                            .deviceIndex(0)
                            .subnetId(request.subnetId())
                            .groups(groupIds(request))
                            .privateIpAddress(request.privateIpAddress())
                            .build();
            return List.of(plan(only, unlessAsked));
        }
        if (top) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "Network interfaces and an instance-level subnet, security groups or private"
                            + " address may not be specified on the same request");
        }
        checkPublic(request.networkInterfaces());
        return request.networkInterfaces().stream().map(one -> plan(one, unlessAsked)).toList();
    }

    private List<String> groupIds(RunInstancesRequest request) {
        List<String> ids = new ArrayList<>(request.securityGroupIds());
        request.securityGroups()
                .forEach(name -> ids.add(networks.requireGroupName(name).groupId()));
        return ids;
    }

    /**
     * EC2 gives a public address only to an instance's first interface, and only if it is the only
     * one.
     */
    private static void checkPublic(List<InstanceNetworkInterfaceSpecification> asked) {
        boolean wanted =
                asked.stream().anyMatch(one -> Boolean.TRUE.equals(one.associatePublicIpAddress()));
        if (wanted && asked.size() > 1) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "The associatePublicIPAddress parameter cannot be specified when launching with"
                            + " multiple network interfaces.");
        }
    }

    private Plan plan(InstanceNetworkInterfaceSpecification asked, Subnet unlessAsked) {
        if (asked.networkInterfaceId() != null) {
            // Here only instances make interfaces, so there is none to attach.
            throw missing(asked.networkInterfaceId());
        }
        if (asked.deviceIndex() == null) {
            throw Ec2Errors.wrong(
                    "InvalidParameterValue", "Each network interface requires a device index.");
        }
        Subnet subnet =
                asked.subnetId() == null ? unlessAsked : networks.requireSubnet(asked.subnetId());
        List<SecurityGroup> groups = new ArrayList<>();
        for (String id : asked.groups()) {
            SecurityGroup group = networks.requireGroup(id);
            if (!group.vpcId().equals(subnet.vpcId())) {
                throw Ec2Errors.wrong(
                        "InvalidParameter",
                        "Security group "
                                + id
                                + " and subnet "
                                + subnet.subnetId()
                                + " belong to different networks.");
            }
            groups.add(group);
        }
        if (ipv6(asked) > 0 && subnet.ipv6CidrBlockAssociationSet().isEmpty()) {
            throw Ec2Errors.invalidValue(
                    "IPv6 addresses cannot be assigned in the subnet '"
                            + subnet.subnetId()
                            + "', which has no IPv6 CIDR block");
        }
        if (groups.isEmpty()) {
            groups.add(networks.requireGroup(networks.defaultGroup(subnet.vpcId())));
        }
        return new Plan(
                asked,
                subnet,
                groups,
                addresses(asked),
                Objects.requireNonNullElse(asked.secondaryPrivateIpAddressCount(), 0));
    }

    private static int ipv6(InstanceNetworkInterfaceSpecification asked) {
        return Objects.requireNonNullElse(asked.ipv6AddressCount(), 0);
    }

    /** The primary address first. */
    private static List<String> addresses(InstanceNetworkInterfaceSpecification asked) {
        List<String> addresses = new ArrayList<>();
        addIfGiven(addresses, asked.privateIpAddress());
        asked.privateIpAddresses().stream()
                .filter(it -> Boolean.TRUE.equals(it.primary()))
                .map(PrivateIpAddressSpecification::privateIpAddress)
                .forEach(address -> addIfGiven(addresses, address));
        asked.privateIpAddresses().stream()
                .filter(it -> !Boolean.TRUE.equals(it.primary()))
                .map(PrivateIpAddressSpecification::privateIpAddress)
                .forEach(address -> addIfGiven(addresses, address));
        return addresses.stream().distinct().toList();
    }

    private static void addIfGiven(List<String> addresses, @Nullable String address) {
        if (address != null) {
            addresses.add(address);
        }
    }

    private InstanceNetworkInterface create(Plan plan, boolean alone) {
        List<String> addresses = new ArrayList<>(plan.addresses());
        addresses.forEach(address -> networks.addresses().take(plan.subnet(), address));
        int wanted = Math.max(1, addresses.size()) + plan.more();
        while (addresses.size() < wanted) {
            addresses.add(networks.addresses().take(plan.subnet()));
        }
        boolean goes = Objects.requireNonNullElse(plan.asked().deleteOnTermination(), Boolean.TRUE);
        List<InstanceIpv6Address> ipv6 = new ArrayList<>();
        while (ipv6.size() < ipv6(plan.asked())) {
            ipv6.add(
                    InstanceIpv6Address.builder()
                            .ipv6Address(networks.addresses().takeIpv6(plan.subnet()))
                            .build());
        }
        String id = networks.newId("eni");
        if (alone && isPublic(plan)) {
            publicly.add(id);
        }
        return InstanceNetworkInterface.builder()
                .networkInterfaceId(id)
                .ipv6Addresses(ipv6)
                .association(publicly.contains(id) ? byEc2() : null)
                .subnetId(plan.subnet().subnetId())
                .vpcId(plan.subnet().vpcId())
                .ownerId(core.account())
                .status("in-use")
                .interfaceType("interface")
                .sourceDestCheck(true)
                .description(Objects.requireNonNullElse(plan.asked().description(), ""))
                .groups(plan.groups().stream().map(SimulatedInterfaces::identifier).toList())
                .privateIpAddress(addresses.getFirst())
                .privateIpAddresses(
                        addresses.stream()
                                .map(address ->
                                        InstancePrivateIpAddress.builder()
                                                .privateIpAddress(address)
                                                .primary(address.equals(addresses.getFirst()))
                                                .build())
                                .toList())
                .attachment(attached ->
                        attached.attachmentId(networks.newId("eni-attach"))
                                .deviceIndex(plan.asked().deviceIndex())
                                .networkCardIndex(0)
                                .status("attached")
                                .attachTime(core.timeline().instant())
                                .deleteOnTermination(goes))
                .build();
    }

    private static boolean isPublic(Plan plan) {
        return Objects.requireNonNullElse(
                plan.asked().associatePublicIpAddress(), plan.subnet().mapPublicIpOnLaunch());
    }

    private InstanceNetworkInterfaceAssociation byEc2() {
        return InstanceNetworkInterfaceAssociation.builder()
                .ipOwnerId("amazon")
                .publicIp(networks.addresses().publicAddress())
                .build();
    }

    /**
     * When an instance stops, the public address that EC2 gave is lost; an Elastic IP address
     * stays.
     */
    static InstanceNetworkInterface stopped(InstanceNetworkInterface one) {
        return one.association() != null && one.association().ipOwnerId().equals("amazon")
                ? one.toBuilder().association((InstanceNetworkInterfaceAssociation) null).build()
                : one;
    }

    /** Gives a new public address if EC2 gave one at launch. */
    InstanceNetworkInterface started(InstanceNetworkInterface one) {
        return one.association() == null && publicly.contains(one.networkInterfaceId())
                ? one.toBuilder().association(byEc2()).build()
                : one;
    }

    private static RuntimeException missing(String id) {
        return Ec2Errors.wrong(
                "InvalidNetworkInterfaceID.NotFound",
                "The networkInterface ID '" + id + "' does not exist");
    }

    private static GroupIdentifier identifier(SecurityGroup group) {
        return GroupIdentifier.builder()
                .groupId(group.groupId())
                .groupName(group.groupName())
                .build();
    }
}
