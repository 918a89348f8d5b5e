package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How a server comes back: what it gets, what of it will differ from the original, and what is
 * missing before it can be launched. Pure.
 *
 * @param image what it is restored from
 * @param as what it gets; whole only if nothing is missing
 * @param differences in the order in which a person would ask
 * @param missing nothing is launched until it is there
 */
public record RestorePlan(
        Image image, Capsule as, List<Difference> differences, List<Missing> missing) {
    /** EC2 allows 50 tags; some are ours, and some may be wished for. */
    private static final int MOST_TAGS = 40;

    public RestorePlan {
        differences = List.copyOf(differences);
        missing = List.copyOf(missing);
    }

    /** What will not be as it was. */
    public record Difference(String what, String original, String restored) {}

    /**
     * What is missing in the Region.
     *
     * @param part of the mapping that fills it, as {@code subnets}
     * @param original what the original has; empty if that is not known
     * @param why what is missing and what fills it
     */
    public record Missing(String part, String original, String why) {}

    /** Whether it can be launched. */
    public boolean isWhole() {
        return missing.isEmpty();
    }

    /** What EC2 is to be asked for, to make the plan of one server. */
    record Needs(List<String> subnets, List<String> groups, List<String> keyPairs) {
        static Needs of(Capsule original, Wish wish) {
            Wish.Mapping mapping = wish.mapping();
            List<Capsule.Interface> others = original.interfaces();
            return new Needs(
                    mapped(
                            Stream.concat(
                                    Stream.of(wish.subnet().orElse(original.subnet())),
                                    others.stream().map(Capsule.Interface::subnet)),
                            mapping.subnets()),
                    mapped(
                            Stream.concat(
                                    wish.groups().isEmpty()
                                            ? original.groups().stream()
                                            : wish.groups().stream(),
                                    others.stream().flatMap(one -> one.groups().stream())),
                            mapping.securityGroups()),
                    mapped(original.keyPair().stream(), mapping.keyPairs()));
        }

        private static List<String> mapped(Stream<String> ids, Map<String, String> mapping) {
            return ids.map(id -> mapping.getOrDefault(id, id)).toList();
        }
    }

    /** What an original of which nothing is known has. */
    static Capsule unknown() {
        return Capsule.of(Map.of("type", "")).orElseThrow();
    }

    /** The plan of one server, with what there is in the image's Region. */
    static RestorePlan of(Image image, Wish wish, Networks there) {
        return new Making(image, wish, there).plan();
    }

    /** A plan in the making. */
    private static final class Making {
        private final Image image;
        private final Capsule original;
        private final Wish wish;
        private final Networks there;
        private final List<Difference> differences = new ArrayList<>();
        private final List<Missing> missing = new ArrayList<>();

        Making(Image image, Wish wish, Networks there) {
            this.image = image;
            this.original = image.capsule().orElseGet(RestorePlan::unknown);
            this.wish = wish;
            this.there = there;
        }

        RestorePlan plan() {
            if (image.capsule().isEmpty()) {
                differences.add(
                        new Difference("everything but the disks", "not recorded", "as asked for"));
            }
            String type = type();
            String subnet = subnet();
            List<String> groups = groups(original.groups(), wish.groups());
            Optional<String> keyPair = keyPair();
            List<Capsule.Interface> interfaces = interfaces();
            Optional<String> address = address(subnet);
            userData();
            original.launchTemplate()
                    .ifPresent(template ->
                            differ("launch template", template, "none; its settings are kept"));
            Capsule as =
                    new Capsule(
                            type,
                            "",
                            subnet,
                            groups,
                            keyPair,
                            original.profile(),
                            original.metadata(),
                            original.ebsOptimized(),
                            original.monitored(),
                            original.tenancy(),
                            address,
                            interfaces,
                            original.launchTemplate(),
                            original.userDataHash(),
                            original.userData(),
                            tags());
            return new RestorePlan(image, as, differences, missing);
        }

        private String type() {
            String type =
                    wish.type()
                            .orElse(
                                    wish.mapping()
                                            .types()
                                            .getOrDefault(original.type(), original.type()));
            if (type.isEmpty()) {
                missing.add(
                        new Missing("types", "", "the instance type is not recorded; name one"));
            }
            differ("type", original.type(), type);
            return type;
        }

        private String subnet() {
            String subnet =
                    wish.subnet()
                            .orElse(
                                    wish.mapping()
                                            .subnets()
                                            .getOrDefault(original.subnet(), original.subnet()));
            if (!there.subnets().containsKey(subnet)) {
                missing.add(lacking("subnets", "subnet", original.subnet(), subnet));
            }
            differ("subnet", original.subnet(), subnet);
            return subnet;
        }

        private List<String> groups(List<String> originals, List<String> wished) {
            if (!wished.isEmpty()) {
                for (String group : wished) {
                    if (!there.groups().containsKey(group)) {
                        missing.add(lacking("securityGroups", "security group", "", group));
                    }
                }
                differ("security groups", String.join(", ", originals), String.join(", ", wished));
                return wished;
            }
            if (originals.isEmpty()) {
                missing.add(
                        new Missing(
                                "securityGroups",
                                "",
                                "the security groups are not recorded; name some"));
            }
            List<String> groups = new ArrayList<>();
            for (String group : originals) {
                String other = wish.mapping().securityGroups().getOrDefault(group, group);
                if (!there.groups().containsKey(other)) {
                    missing.add(lacking("securityGroups", "security group", group, other));
                }
                differ("security group", group, other);
                groups.add(other);
            }
            return groups;
        }

        /** One that is mapped to nothing is left out on purpose. */
        private Optional<String> keyPair() {
            if (original.keyPair().isEmpty()) {
                return Optional.empty();
            }
            String name = original.keyPair().get();
            String other = wish.mapping().keyPairs().getOrDefault(name, name);
            differ("key pair", name, other);
            if (other.isEmpty()) {
                return Optional.empty();
            }
            if (!there.keyPairs().contains(other)) {
                missing.add(lacking("keyPairs", "key pair", name, other));
            }
            return Optional.of(other);
        }

        /** With another subnet for the first one, where the others are to be is nobody's guess. */
        private List<Capsule.Interface> interfaces() {
            List<Capsule.Interface> interfaces = new ArrayList<>();
            for (Capsule.Interface one : original.interfaces()) {
                String subnet = wish.mapping().subnets().getOrDefault(one.subnet(), one.subnet());
                String what = "network interface " + one.index();
                if (subnet.isEmpty()) {
                    differ(what, one.subnet(), "");
                    continue;
                }
                if (!there.subnets().containsKey(subnet)) {
                    missing.add(lacking("subnets", "subnet", one.subnet(), subnet));
                }
                interfaces.add(
                        new Capsule.Interface(
                                one.index(), subnet, groups(one.groups(), List.of()), ""));
                differ(what, one.subnet() + " " + one.address(), subnet);
            }
            return interfaces;
        }

        private Optional<String> address(String subnet) {
            Optional<String> kept =
                    original.address()
                            .filter(_ -> wish.keepAddress())
                            .filter(_ -> subnet.equals(original.subnet()));
            original.address()
                    .filter(_ -> kept.isEmpty())
                    .ifPresent(address -> differ("private address", address, "the subnet's next"));
            return kept;
        }

        private void userData() {
            if (original.userDataHash().isPresent() && original.userData().isEmpty()) {
                differ(
                        "user data",
                        "SHA-256 " + original.userDataHash().get().substring(0, 12) + "…",
                        "none; the policy does not keep it (image: {userData: keep})");
            }
        }

        /** The instance's own, without those that would have it imaged or restored once more. */
        private Map<String, String> tags() {
            Map<String, String> tags = new HashMap<>(original.tags());
            tags.keySet().removeIf(key -> key.startsWith("amikeeper:"));
            List<String> tooMany = tags.keySet().stream().sorted().skip(MOST_TAGS).toList();
            if (!tooMany.isEmpty()) {
                differ("tags", Integer.toString(tags.size()), "without " + tooMany);
                tooMany.forEach(tags::remove);
            }
            tags.putAll(wish.tags());
            return tags;
        }

        private void differ(String what, String was, String is) {
            if (!was.equals(is)) {
                differences.add(
                        new Difference(
                                what,
                                was.isEmpty() ? "not recorded" : was,
                                is.isEmpty() ? "none" : is));
            }
        }

        private Missing lacking(String part, String what, String original, String wanted) {
            Region region = image.region();
            String why =
                    wanted.isEmpty()
                            ? "the " + what + " is not recorded; name one of " + region
                            : what + " " + wanted + " is not in " + region;
            return new Missing(part, original.isEmpty() ? wanted : original, why);
        }
    }

    /**
     * The plan of replacing the root volume of a living instance.
     *
     * @param living the instance; empty if it is gone
     */
    static RestorePlan replacingRoot(Image image, Optional<Instance> living) {
        List<Missing> missing = new ArrayList<>();
        if (image.isCopy()) {
            missing.add(
                    new Missing(
                            "image",
                            image.region().name(),
                            "a root volume is replaced from a home image; this is a copy in "
                                    + image.region()));
        }
        if (living.isEmpty() || !living.get().state().equals("running")) {
            missing.add(
                    new Missing(
                            "instance",
                            image.name().instance().value(),
                            "the instance must be running; it is "
                                    + living.map(Instance::state).orElse("gone")
                                    + ": restore it without --replace-root"));
        }
        return new RestorePlan(
                image,
                image.capsule().orElseGet(RestorePlan::unknown),
                List.of(
                        new Difference(
                                "root volume", "as it is now", "as of " + image.name().slot()),
                        new Difference("other volumes", "as they are now", "the same"),
                        new Difference("old root volume", "attached", "detached, and kept")),
                missing);
    }

    /** The mapping file that fills what is missing, to be completed by a person. */
    public static Map<String, Map<String, String>> template(
            List<RestorePlan> plans, Wish.Mapping known) {
        Map<String, Map<String, String>> parts = new LinkedHashMap<>();
        Wish.Mapping.PARTS.forEach(part -> parts.put(part, new TreeMap<>()));
        known.parts().forEach((part, entries) -> parts.put(part, new TreeMap<>(entries)));
        plans.stream()
                .flatMap(plan -> plan.missing().stream())
                .filter(missing -> Wish.Mapping.PARTS.contains(missing.part()))
                .filter(missing -> !missing.original().isEmpty())
                .forEach(missing ->
                        parts.computeIfAbsent(missing.part(), _ -> new TreeMap<>())
                                .put(missing.original(), ""));
        parts.values().removeIf(Map::isEmpty);
        return parts;
    }
}
