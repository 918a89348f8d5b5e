package dev.amikeeper.image;

import java.util.Map;
import java.util.Set;

/**
 * What there is in a Region to launch an instance with, of what was asked for.
 *
 * @param subnets the VPC of each subnet, by its id
 * @param groups the VPC of each security group, by its id
 * @param keyPairs names
 */
public record Networks(
        Map<String, String> subnets, Map<String, String> groups, Set<String> keyPairs) {
    public Networks {
        subnets = Map.copyOf(subnets);
        groups = Map.copyOf(groups);
        keyPairs = Set.copyOf(keyPairs);
    }
}
