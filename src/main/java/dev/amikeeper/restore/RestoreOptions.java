package dev.amikeeper.restore;

import dev.amikeeper.image.Texts;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What the person who restores wants to differ from the original. A value for one server takes
 * precedence over the mapping.
 *
 * @param type the instance type
 * @param subnet the subnet to launch in
 * @param groups its security groups; if empty, the original's
 * @param keepAddress whether it also gets the original's private address
 * @param tags additional tags, or other values for the original's
 * @param mapping what replaces what in the Region that it is restored in
 * @param elasticIp the Elastic IP address that it gets when it is back, by allocation id or as an
 *     address; {@link #ORIGINAL} for the original's
 * @param instanceProfile the name or ARN of the instance profile that it gets, or {@link
 *     #NO_PROFILE}; if empty, the original's
 * @param withoutUserData whether it gets no user data even if the original's is kept
 */
public record RestoreOptions(
        Optional<String> type,
        Optional<String> subnet,
        List<String> groups,
        boolean keepAddress,
        Map<String, String> tags,
        Mapping mapping,
        Optional<String> elasticIp,
        Optional<String> instanceProfile,
        boolean withoutUserData) {
    /** Everything as in the original. */
    public static final RestoreOptions NONE =
            new RestoreOptions(
                    Optional.empty(), Optional.empty(), List.of(), false, Map.of(), Mapping.NONE);

    /** Stands for the Elastic IP address that the original had when it was imaged. */
    public static final String ORIGINAL = "original";

    /** Stands for no instance profile at all. */
    public static final String NO_PROFILE = "none";

    private static final Pattern ELASTIC_IP =
            Pattern.compile("eipalloc-[0-9a-z]{1,40}|\\d{1,3}(\\.\\d{1,3}){3}");

    /**
     * Checks the tags' keys and the form of the Elastic IP address.
     *
     * @throws IllegalArgumentException if one of them is invalid
     */
    public RestoreOptions {
        groups = List.copyOf(groups);
        tags = Map.copyOf(tags);
        tags.keySet().stream()
                .filter(key -> key.startsWith("aws:") || key.startsWith("amikeeper:"))
                .sorted()
                .findFirst()
                .ifPresent(key -> {
                    throw new IllegalArgumentException(
                            "not a tag that can be asked for: "
                                    + Texts.quoted(key)
                                    + "; keys that begin with aws: or amikeeper: are set by these");
                });
        elasticIp
                .filter(it -> !it.equals(ORIGINAL) && !ELASTIC_IP.matcher(it).matches())
                .ifPresent(it -> {
                    throw new IllegalArgumentException(
                            "not an Elastic IP address: "
                                    + Texts.quoted(it)
                                    + "; write its allocation id, as eipalloc-0abc1234def567890, or"
                                    + " original");
                });
    }

    /**
     * Options without an Elastic IP address, and with the original's instance profile and user
     * data.
     */
    public RestoreOptions(
            Optional<String> type,
            Optional<String> subnet,
            List<String> groups,
            boolean keepAddress,
            Map<String, String> tags,
            Mapping mapping) {
        this(
                type,
                subnet,
                groups,
                keepAddress,
                tags,
                mapping,
                Optional.empty(),
                Optional.empty(),
                false);
    }

    /**
     * The instance profile that a server is to get, by its name or ARN; empty for none.
     *
     * @param original the ARN of the profile that the server had
     */
    Optional<String> instanceProfile(Optional<String> original) {
        return instanceProfile
                .or(() -> original.map(arn -> mapping.instanceProfile(arn)))
                .filter(it -> !it.isEmpty() && !it.equals(NO_PROFILE));
    }

    /**
     * The Elastic IP address that a server is to get, as its allocation id or the address itself;
     * empty for none.
     *
     * @param original what the server had
     */
    Optional<String> elasticIp(Optional<String> original) {
        return elasticIp.isPresent()
                ? elasticIp.filter(it -> !it.equals(ORIGINAL)).or(() -> original)
                : original.map(mapping.elasticIps()::get).filter(it -> !it.isEmpty());
    }

    /**
     * What replaces what in another Region: ids of subnets and security groups, names of key pairs,
     * instance types, and instance profiles, and Elastic IP addresses or their allocation ids. The
     * keys are the original's; an empty text stands for none.
     */
    public record Mapping(
            Map<String, String> subnets,
            Map<String, String> securityGroups,
            Map<String, String> keyPairs,
            Map<String, String> types,
            Map<String, String> elasticIps,
            Map<String, String> instanceProfiles) {
        /** The parts of a mapping, in the order in which they are written. */
        public static final List<String> PARTS =
                List.of(
                        "subnets",
                        "securityGroups",
                        "keyPairs",
                        "types",
                        "elasticIps",
                        "instanceProfiles");

        /** An empty mapping. */
        public static final Mapping NONE = of(Map.of());

        public Mapping {
            subnets = Map.copyOf(subnets);
            securityGroups = Map.copyOf(securityGroups);
            keyPairs = Map.copyOf(keyPairs);
            types = Map.copyOf(types);
            elasticIps = Map.copyOf(elasticIps);
            instanceProfiles = Map.copyOf(instanceProfiles);
        }

        /** A mapping without Elastic IP addresses and instance profiles. */
        public Mapping(
                Map<String, String> subnets,
                Map<String, String> securityGroups,
                Map<String, String> keyPairs,
                Map<String, String> types) {
            this(subnets, securityGroups, keyPairs, types, Map.of(), Map.of());
        }

        /**
         * A mapping of these parts.
         *
         * @throws IllegalArgumentException naming a part that does not exist
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
                    parts.getOrDefault("types", Map.of()),
                    parts.getOrDefault("elasticIps", Map.of()),
                    parts.getOrDefault("instanceProfiles", Map.of()));
        }

        /**
         * What replaces an instance profile. People know a profile by its name rather than by its
         * ARN.
         */
        String instanceProfile(String arn) {
            String name = arn.substring(arn.lastIndexOf('/') + 1);
            return instanceProfiles.getOrDefault(arn, instanceProfiles.getOrDefault(name, arn));
        }

        /** The parts that are not empty. */
        public Map<String, Map<String, String>> parts() {
            Map<String, Map<String, String>> parts = new LinkedHashMap<>();
            parts.put("subnets", new TreeMap<>(subnets));
            parts.put("securityGroups", new TreeMap<>(securityGroups));
            parts.put("keyPairs", new TreeMap<>(keyPairs));
            parts.put("types", new TreeMap<>(types));
            parts.put("elasticIps", new TreeMap<>(elasticIps));
            parts.put("instanceProfiles", new TreeMap<>(instanceProfiles));
            parts.values().removeIf(Map::isEmpty);
            return parts;
        }
    }
}
