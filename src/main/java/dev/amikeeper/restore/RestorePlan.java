package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * How a server comes back: what it gets, what of it will differ from the original, and what is
 * missing before it can be launched. Pure.
 *
 * @param image what it is restored from
 * @param as what it gets; whole only if nothing is missing
 * @param differences in the order in which a person would ask
 * @param missing nothing is launched until it is there
 * @param original the server itself, which this one would stand beside; empty if it is gone
 */
public record RestorePlan(
        Image image,
        Capsule as,
        List<Difference> differences,
        List<Missing> missing,
        Optional<Instance> original) {
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
    static Networks.Query wanted(Capsule original, RestoreOptions wish) {
        RestoreOptions.Mapping mapping = wish.mapping();
        List<String> subnets = new ArrayList<>(wish.subnet().stream().toList());
        original.subnets().map(id -> mapping.subnets().getOrDefault(id, id)).forEach(subnets::add);
        List<String> groups = new ArrayList<>(wish.groups());
        Stream.concat(
                        original.groups().stream(),
                        original.interfaces().stream().flatMap(one -> one.groups().stream()))
                .map(id -> mapping.securityGroups().getOrDefault(id, id))
                .forEach(groups::add);
        return new Networks.Query(
                subnets,
                groups,
                original.keyPair().stream()
                        .map(name -> mapping.keyPairs().getOrDefault(name, name))
                        .toList(),
                List.of(type(original, wish)),
                wish.elasticIp(original.addresses().elastic()).stream().toList());
    }

    private static String type(Capsule original, RestoreOptions wish) {
        return wish.type()
                .orElse(wish.mapping().types().getOrDefault(original.type(), original.type()));
    }

    /** What an original of which nothing is known has. */
    static Capsule unknown() {
        return CapsuleFields.read(Map.of("type", "")).orElseThrow();
    }

    /**
     * What there is to restore a server with, and of the server itself.
     *
     * @param there of the image's Region
     * @param noProfiles instance profiles, as they are asked for, that certainly do not exist
     * @param living the server itself while it is not gone
     * @param unseen why nobody knows whether it still lives; empty if that is known
     */
    record Known(Networks there, Set<String> noProfiles, Optional<Instance> living, String unseen) {
        Known {
            noProfiles = Set.copyOf(noProfiles);
        }

        /** Of a server that is gone, with a profile that is there. */
        Known(Networks there) {
            this(there, Set.of(), Optional.empty(), "");
        }
    }

    /** The plan of one server, of which it is gone. */
    static RestorePlan of(Image image, RestoreOptions wish, Networks there) {
        return of(image, wish, new Known(there));
    }

    /** The plan of one server. */
    static RestorePlan of(Image image, RestoreOptions wish, Known known) {
        return new Making(image, wish, known).plan();
    }

    /** The instance profile that it is to get, as it is asked for. */
    static Optional<String> profile(Image image, RestoreOptions wish) {
        return wish.instanceProfile(image.capsule().flatMap(Capsule::profile));
    }

    /** A plan in the making. */
    private static final class Making {
        private final Image image;
        private final Capsule original;
        private final RestoreOptions wish;
        private final Networks there;
        private final Known known;
        private final List<Difference> differences = new ArrayList<>();
        private final List<Missing> missing = new ArrayList<>();

        Making(Image image, RestoreOptions wish, Known known) {
            this.image = image;
            this.known = known;
            this.original = image.capsule().orElseGet(RestorePlan::unknown);
            this.wish = wish;
            this.there = known.there();
        }

        RestorePlan plan() {
            original();
            if (image.capsule().isEmpty()) {
                differences.add(
                        new Difference("everything but the disks", "not recorded", "as asked for"));
            }
            String type = type(original, wish);
            differ("type", original.type(), type);
            String subnet = subnet();
            offered(type, subnet);
            List<String> groups = groups(original.groups(), wish.groups(), subnet);
            Optional<String> keyPair = keyPair();
            List<Capsule.Interface> interfaces = interfaces();
            Optional<String> address = address(subnet);
            Capsule.Addresses addresses = addresses(subnet, interfaces.isEmpty());
            leftOut();
            Optional<String> profile = profile();
            Optional<String> userData = userData();
            boolean sameType = type.equals(original.type());
            options(sameType);
            original.launchTemplate()
                    .ifPresent(template ->
                            differ("launch template", template, "none; its settings are kept"));
            Capsule as =
                    new Capsule(
                            new Capsule.Hardware(
                                    type,
                                    original.ebsOptimized(),
                                    original.monitored(),
                                    original.tenancy(),
                                    new Capsule.Options(
                                            original.options().hibernates() && sameType,
                                            original.options().enclaves() && sameType,
                                            original.options().recovers(),
                                            false,
                                            Optional.empty())),
                            new Capsule.Network(
                                    "", subnet, groups, address, addresses, interfaces, Map.of()),
                            new Capsule.Access(keyPair, profile, original.metadata()),
                            new Capsule.Script(original.userDataHash(), userData),
                            original.launchTemplate(),
                            tags(),
                            original.disks());
            return new RestorePlan(image, as, differences, missing, known.living());
        }

        /** What EC2 would refuse a little later. */
        private void offered(String type, String subnet) {
            if (type.isEmpty()) {
                missing.add(
                        new Missing("types", "", "the instance type is not recorded; name one"));
                return;
            }
            Networks.Subnet in = there.subnets().get(subnet);
            if (there.zones().isEmpty() || (in != null && in.zone().isEmpty())) {
                return;
            }
            Set<String> zones = there.zones().get().getOrDefault(type, Set.of());
            String mapped = wish.type().isPresent() ? "" : original.type();
            if (zones.isEmpty()) {
                missing.add(
                        new Missing(
                                "types",
                                mapped,
                                "type " + type + " is not to be had in " + image.region()));
            } else if (in != null && !zones.contains(in.zone())) {
                missing.add(
                        new Missing(
                                "types",
                                mapped,
                                "type %s is not to be had in %s, where subnet %s is, but in %s"
                                        .formatted(
                                                type,
                                                in.zone(),
                                                subnet,
                                                String.join(", ", new TreeSet<>(zones)))));
            }
        }

        private String subnet() {
            String subnet =
                    wish.subnet()
                            .orElse(
                                    wish.mapping()
                                            .subnets()
                                            .getOrDefault(original.subnet(), original.subnet()));
            if (!there.subnets().containsKey(subnet)) {
                missing.add(
                        wish.subnet().isPresent()
                                ? wished("subnet", subnet)
                                : lacking("subnets", "subnet", original.subnet(), subnet));
            }
            differ("subnet", original.subnet(), subnet);
            return subnet;
        }

        private List<String> groups(List<String> originals, List<String> wished, String subnet) {
            if (!wished.isEmpty()) {
                for (String group : wished) {
                    if (!there.groups().containsKey(group)) {
                        missing.add(wished("security group", group));
                    }
                    together("", group, subnet);
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
                together(group, other, subnet);
                differ("security group", group, other);
                groups.add(other);
            }
            return groups;
        }

        /** Of one VPC, or EC2 refuses them. */
        private void together(String originalGroup, String group, String subnet) {
            Networks.Group one = there.groups().get(group);
            Networks.Subnet other = there.subnets().get(subnet);
            if (one != null && other != null && !one.vpc().equals(other.vpc())) {
                missing.add(
                        new Missing(
                                "securityGroups",
                                originalGroup,
                                "security group %s is of %s, but subnet %s of %s"
                                        .formatted(group, one.vpc(), subnet, other.vpc())));
            }
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
                List<String> groups = groups(one.groups(), List.of(), subnet);
                Capsule.Addresses had = one.addresses();
                interfaces.add(
                        new Capsule.Interface(
                                one.index(),
                                subnet,
                                groups,
                                "",
                                new Capsule.Addresses(
                                        had.secondary(),
                                        ipv6(what + ", ", had.ipv6(), subnet),
                                        Optional.empty(),
                                        Optional.empty(),
                                        true)));
                differ(what, one.subnet() + " " + one.address(), subnet);
                secondary(what + ", ", had.secondary());
                had.elastic()
                        .ifPresent(ip ->
                                differ(what + ", Elastic IP address", ip, "none; it stays yours"));
                checked(what + ", ", had.isChecked());
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

        private Capsule.Addresses addresses(String subnet, boolean alone) {
            Capsule.Addresses had = original.addresses();
            secondary("", had.secondary());
            int ipv6 = ipv6("", had.ipv6(), subnet);
            had.isPublic()
                    .filter(isPublic -> isPublic)
                    .ifPresent(_ ->
                            differ(
                                    "public IPv4 address",
                                    "one of EC2's",
                                    alone
                                            ? "another one"
                                            : "none; EC2 gives none where there are several network"
                                                    + " interfaces"));
            Optional<String> elastic = elastic(had.elastic());
            checked("", had.isChecked());
            return new Capsule.Addresses(
                    had.secondary(), ipv6, had.isPublic().filter(_ -> alone), elastic, true);
        }

        private void secondary(String where, int count) {
            if (count > 0) {
                differ(where + "secondary private addresses", "" + count, count + " others");
            }
        }

        private int ipv6(String where, int count, String subnet) {
            if (count == 0) {
                return 0;
            }
            Networks.Subnet in = there.subnets().get(subnet);
            boolean possible = in == null || in.hasIpv6();
            differ(
                    where + "IPv6 addresses",
                    "" + count,
                    possible ? count + " others" : "none; " + subnet + " has no IPv6 block");
            return possible ? count : 0;
        }

        /** The allocation id of the one that it gets. */
        private Optional<String> elastic(Optional<String> had) {
            Optional<String> wanted = wish.elasticIp(had);
            if (wanted.isEmpty()) {
                wish.elasticIp()
                        .ifPresent(_ ->
                                missing.add(
                                        new Missing(
                                                "elasticIps",
                                                "",
                                                "no Elastic IP address of the original is recorded;"
                                                        + " name one by its allocation id")));
                had.ifPresent(ip ->
                        differ(
                                "Elastic IP address",
                                ip,
                                "none; it stays yours (--elastic-ip gives one)"));
                return Optional.empty();
            }
            Networks.Address found = there.addresses().get(wanted.get());
            if (found == null) {
                missing.add(
                        new Missing(
                                "elasticIps",
                                had.orElse(""),
                                "Elastic IP address "
                                        + wanted.get()
                                        + " is not in "
                                        + image.region()
                                        + "; name one of there by its allocation id"));
                return Optional.empty();
            }
            differences.add(
                    new Difference(
                            "Elastic IP address",
                            had.orElse("none"),
                            found.address()
                                    + found.at()
                                            .map(at -> ", unless " + at + " still has it by then")
                                            .orElse("")));
            return Optional.of(found.allocation());
        }

        private void checked(String where, boolean isChecked) {
            if (!isChecked) {
                differ(
                        where + "source/destination check",
                        "off",
                        "on; turn it off by hand if it routes for others");
            }
        }

        /** What another type may not have would have EC2 refuse it. */
        private void options(boolean sameType) {
            if (original.options().hibernates() && !sameType) {
                differ("hibernation", "on", "off; the type is another one");
            }
            if (original.options().enclaves() && !sameType) {
                differ("enclaves", "on", "off; the type is another one");
            }
            if (original.options().spot()) {
                differ("market", "Spot", "On-Demand");
            }
            original.options()
                    .placementGroup()
                    .ifPresent(group ->
                            differ("placement group", group, "none; move it there by hand"));
        }

        /** Two of one server may both write where one did. */
        private void original() {
            known.living()
                    .ifPresent(living ->
                            differences.add(
                                    new Difference(
                                            "original",
                                            living.state() + " in " + living.region(),
                                            "stays; this is another one beside it")));
            if (!known.unseen().isEmpty()) {
                differences.add(
                        new Difference(
                                "original",
                                "could not be looked at: " + known.unseen(),
                                "another one, perhaps beside it"));
            }
        }

        /** Whoever restores learns now, not from the server, that it lacks a disk. */
        private void leftOut() {
            for (Capsule.Disk disk : original.leftOut()) {
                differences.add(
                        new Difference(
                                "volume " + disk.device(),
                                disk.gib() > 0 ? disk.gib() + " GiB" : "of a size not recorded",
                                "none; the image was made without it"));
            }
        }

        private Optional<String> profile() {
            Optional<String> profile = RestorePlan.profile(image, wish);
            differ("instance profile", original.profile().orElse("none"), profile.orElse("none"));
            profile.filter(known.noProfiles()::contains)
                    .ifPresent(gone ->
                            missing.add(
                                    new Missing(
                                            wish.instanceProfile().isPresent()
                                                    ? "wish"
                                                    : "instanceProfiles",
                                            wish.instanceProfile().isPresent()
                                                    ? ""
                                                    : original.profile().orElse(gone),
                                            "instance profile "
                                                    + gone
                                                    + " does not exist or has no role; name another"
                                                    + " one (--instance-profile NAME), or none")));
            return profile;
        }

        /**
         * Restored disks have a new instance id, by which cloud-init and EC2Launch tell a first
         * boot.
         *
         * @see <a href="https://docs.cloud-init.io/en/latest/explanation/boot.html">cloud-init</a>
         */
        private Optional<String> userData() {
            if (original.userData().isPresent()) {
                differ(
                        "user data",
                        "ran at the first boot",
                        wish.withoutUserData()
                                ? "none"
                                : "runs again on the restored disks; --no-user-data leaves it out");
                return original.userData().filter(_ -> !wish.withoutUserData());
            }
            if (original.userDataHash().isPresent()) {
                differ(
                        "user data",
                        "SHA-256 " + original.userDataHash().get().substring(0, 12) + "…",
                        "none; the policy does not keep it (image: {userData: keep})");
            }
            return Optional.empty();
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
                            : what + " " + named(wanted) + " is not in " + region;
            return new Missing(part, original.isEmpty() ? wanted : original, why);
        }

        /** No mapping fills what was asked for by itself. */
        private Missing wished(String what, String id) {
            return new Missing("wish", "", what + " " + id + " is not in " + image.region());
        }

        private String named(String id) {
            String name = this.original.names().getOrDefault(id, "");
            return name.isEmpty() ? id : id + " (" + name + ")";
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
                missing,
                Optional.empty());
    }
}
