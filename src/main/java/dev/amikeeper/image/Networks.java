package dev.amikeeper.image;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The resources in a Region that an instance can be launched with.
 *
 * @param subnets by their ids
 * @param groups security groups, by their ids
 * @param keyPairs names
 * @param zones the Availability Zones that offer an instance type, by the type's name; empty if EC2
 *     does not say
 * @param addresses Elastic IP addresses, by allocation id and by address
 */
public record Networks(
        Map<String, Subnet> subnets,
        Map<String, Group> groups,
        Set<String> keyPairs,
        Optional<Map<String, Set<String>>> zones,
        Map<String, Address> addresses) {
    /** There is nothing, or nothing is known. */
    public static final Networks NONE =
            new Networks(Map.of(), Map.of(), Set.of(), Optional.empty(), Map.of());

    public Networks {
        subnets = Map.copyOf(subnets);
        groups = Map.copyOf(groups);
        keyPairs = Set.copyOf(keyPairs);
        zones = zones.map(Map::copyOf);
        addresses = Map.copyOf(addresses);
    }

    /**
     * A subnet.
     *
     * @param zone empty on an Outpost, because EC2 does not list its instance types
     * @param block its IPv4 CIDR block, as {@code 10.0.1.0/24}
     * @param name its tag {@code Name}; empty if it has none
     * @param hasIpv6 whether it has an IPv6 CIDR block
     */
    public record Subnet(
            String id, String vpc, String zone, String block, String name, boolean hasIpv6) {}

    /**
     * A security group.
     *
     * @param name its group name in EC2
     * @param tag its tag {@code Name}; empty if it has none
     */
    public record Group(String id, String vpc, String name, String tag) {}

    /**
     * An Elastic IP address.
     *
     * @param at the instance or network interface that it is associated with
     */
    public record Address(String allocation, String address, Optional<String> at) {}

    /**
     * Which resources of a Region to look up.
     *
     * @param subnets ids
     * @param groups ids
     * @param keyPairs names
     * @param types names
     * @param addresses Elastic IP addresses or their allocation ids
     */
    public record Query(
            Collection<String> subnets,
            Collection<String> groups,
            Collection<String> keyPairs,
            Collection<String> types,
            Collection<String> addresses) {}
}
