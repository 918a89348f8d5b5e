package dev.amikeeper.restore;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What whoever restores wants otherwise than the original had it. What is wished for one server
 * goes before what is mapped.
 *
 * @param type the instance type
 * @param subnet where it is launched
 * @param groups its security groups; empty: the original's
 * @param keepAddress whether it gets the original's private address, too
 * @param tags more tags, or other values of the original's
 * @param mapping what stands for what in the Region that it is restored in
 */
public record Wish(
        Optional<String> type,
        Optional<String> subnet,
        List<String> groups,
        boolean keepAddress,
        Map<String, String> tags,
        Mapping mapping) {
    /** As the original. */
    public static final Wish NONE =
            new Wish(Optional.empty(), Optional.empty(), List.of(), false, Map.of(), Mapping.NONE);

    public Wish {
        groups = List.copyOf(groups);
        tags = Map.copyOf(tags);
    }

    /**
     * What stands for what in another Region: ids of subnets and security groups, names of key
     * pairs and instance types, by the original's. An empty text stands for none.
     */
    public record Mapping(
            Map<String, String> subnets,
            Map<String, String> securityGroups,
            Map<String, String> keyPairs,
            Map<String, String> types) {
        /** The parts of a mapping, in the order in which they are written. */
        public static final List<String> PARTS =
                List.of("subnets", "securityGroups", "keyPairs", "types");

        /** Nothing is mapped. */
        public static final Mapping NONE = of(Map.of());

        public Mapping {
            subnets = Map.copyOf(subnets);
            securityGroups = Map.copyOf(securityGroups);
            keyPairs = Map.copyOf(keyPairs);
            types = Map.copyOf(types);
        }

        /**
         * A mapping of these parts.
         *
         * @throws IllegalArgumentException naming a part that there is not
         */
        public static Mapping of(Map<String, Map<String, String>> parts) {
            Set<String> unknown = new TreeSet<>(parts.keySet());
            PARTS.forEach(unknown::remove);
            if (!unknown.isEmpty()) {
                throw new IllegalArgumentException(
                        "unknown key "
                                + String.join(", ", unknown)
                                + "; there are "
                                + String.join(", ", PARTS));
            }
            return new Mapping(
                    parts.getOrDefault("subnets", Map.of()),
                    parts.getOrDefault("securityGroups", Map.of()),
                    parts.getOrDefault("keyPairs", Map.of()),
                    parts.getOrDefault("types", Map.of()));
        }

        /** The parts that hold something. */
        public Map<String, Map<String, String>> parts() {
            Map<String, Map<String, String>> parts = new LinkedHashMap<>();
            parts.put("subnets", new TreeMap<>(subnets));
            parts.put("securityGroups", new TreeMap<>(securityGroups));
            parts.put("keyPairs", new TreeMap<>(keyPairs));
            parts.put("types", new TreeMap<>(types));
            parts.values().removeIf(Map::isEmpty);
            return parts;
        }
    }
}
