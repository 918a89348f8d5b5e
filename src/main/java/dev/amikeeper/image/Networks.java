package dev.amikeeper.image;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What there is in a Region to launch an instance with.
 *
 * @param subnets by their ids
 * @param groups security groups, by their ids
 * @param keyPairs names
 * @param zones the Availability Zones in which an instance type is to be had, by its name; empty if
 *     EC2 does not tell
 * @param addresses Elastic IP addresses, by their allocation ids and by themselves
 */
public record Networks(
        Map<String, Subnet> subnets,
        Map<String, Group> groups,
        Set<String> keyPairs,
        Optional<Map<String, Set<String>>> zones,
        Map<String, Address> addresses) {
    /** Nothing is there, or nothing is known. */
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
     * @param zone empty on an Outpost, whose types EC2 does not tell
     * @param block its IPv4 addresses, as {@code 10.0.1.0/24}
     * @param name its tag {@code Name}; empty if it has none
     * @param hasIpv6 whether it has a block of IPv6 addresses
     */
    public record Subnet(
            String id, String vpc, String zone, String block, String name, boolean hasIpv6) {}

    /**
     * A security group.
     *
     * @param name as EC2 has it
     * @param tag its tag {@code Name}; empty if it has none
     */
    public record Group(String id, String vpc, String name, String tag) {}

    /**
     * An Elastic IP address.
     *
     * @param at the instance or network interface that has it
     */
    public record Address(String allocation, String address, Optional<String> at) {}

    /**
     * What of a Region is asked for.
     *
     * @param subnets ids
     * @param groups ids
     * @param keyPairs names
     * @param types names
     * @param addresses allocation ids of Elastic IP addresses, or these
     */
    public record Query(
            Collection<String> subnets,
            Collection<String> groups,
            Collection<String> keyPairs,
            Collection<String> types,
            Collection<String> addresses) {}
}
