package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Networks;
import dev.amikeeper.restore.RestorePlan.Difference;
import dev.amikeeper.restore.RestorePlan.MissingPart;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Works out what a server that is launched from an image gets: from what the original had, what is
 * asked for, and what the Region has.
 */
final class LaunchPlan {
    /** EC2 allows 50 tags. Some of them are ours, and the person may ask for some. */
    private static final int MOST_TAGS = 40;

    private final Image image;
    private final Capsule original;
    private final RestoreOptions wish;
    private final Networks there;
    private final RestorePlan.RestoreFacts known;
    private final PlanFindings findings;
    private final NetworkPlan network;

    LaunchPlan(Image image, RestoreOptions wish, RestorePlan.RestoreFacts known) {
        this.image = image;
        this.known = known;
        this.original = image.capsule().orElseGet(RestorePlan::unknown);
        this.wish = wish;
        this.there = known.there();
        this.findings = new PlanFindings(image, original);
        this.network = new NetworkPlan(image, original, wish, there, findings);
    }

    RestorePlan plan() {
        original();
        if (image.capsule().isEmpty()) {
            findings.add(
                    new Difference("everything but the disks", "not recorded", "as asked for"));
        }
        String type = RestorePlan.type(original, wish);
        findings.differ("type", original.type(), type);
        String subnet = network.subnet();
        offered(type, subnet);
        List<String> groups = network.groups(original.groups(), wish.groups(), subnet);
        Optional<String> keyPair = keyPair();
        List<Capsule.Interface> interfaces = network.interfaces();
        Optional<String> address = network.address(subnet);
        Capsule.Addresses addresses = network.addresses(subnet, interfaces.isEmpty());
        leftOut();
        Optional<String> profile = profile();
        Optional<String> userData = userData();
        boolean sameType = type.equals(original.type());
        options(sameType);
        original.launchTemplate()
                .ifPresent(template ->
                        findings.differ(
                                "launch template", template, "none; its settings are kept"));
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
        return new RestorePlan(
                image, as, findings.differences(), findings.missing(), known.living());
    }

    /** Finds what EC2 would refuse later. */
    private void offered(String type, String subnet) {
        if (type.isEmpty()) {
            findings.add(
                    new MissingPart("types", "", "the instance type is not recorded; name one"));
            return;
        }
        Networks.Subnet in = there.subnets().get(subnet);
        if (there.zones().isEmpty() || (in != null && in.zone().isEmpty())) {
            return;
        }
        Set<String> zones = there.zones().get().getOrDefault(type, Set.of());
        String mapped = wish.type().isPresent() ? "" : original.type();
        if (zones.isEmpty()) {
            findings.add(
                    new MissingPart(
                            "types",
                            mapped,
                            "type " + type + " is not available in " + image.region()));
        } else if (in != null && !zones.contains(in.zone())) {
            findings.add(
                    new MissingPart(
                            "types",
                            mapped,
                            "type %s is not available in %s, where subnet %s is, but in %s"
                                    .formatted(
                                            type,
                                            in.zone(),
                                            subnet,
                                            String.join(", ", new TreeSet<>(zones)))));
        }
    }

    /** A key pair that is mapped to nothing is left out on purpose. */
    private Optional<String> keyPair() {
        if (original.keyPair().isEmpty()) {
            return Optional.empty();
        }
        String name = original.keyPair().get();
        String other = wish.mapping().keyPairs().getOrDefault(name, name);
        findings.differ("key pair", name, other);
        if (other.isEmpty()) {
            return Optional.empty();
        }
        if (!there.keyPairs().contains(other)) {
            findings.add(findings.lacking("keyPairs", "key pair", name, other));
        }
        return Optional.of(other);
    }

    /** EC2 would refuse options that another type may not support. */
    private void options(boolean sameType) {
        if (original.options().hibernates() && !sameType) {
            findings.differ("hibernation", "on", "off; the type is a different one");
        }
        if (original.options().enclaves() && !sameType) {
            findings.differ("enclaves", "on", "off; the type is a different one");
        }
        if (original.options().spot()) {
            findings.differ("market", "Spot", "On-Demand");
        }
        original.options()
                .placementGroup()
                .ifPresent(group ->
                        findings.differ("placement group", group, "none; move it there by hand"));
    }

    /** Two copies of one server may both write where only one did before. */
    private void original() {
        known.living()
                .ifPresent(living ->
                        findings.add(
                                new Difference(
                                        "original",
                                        living.state() + " in " + living.region(),
                                        "stays; this is another one beside it")));
        if (!known.unseen().isEmpty()) {
            findings.add(
                    new Difference(
                            "original",
                            "could not be looked at: " + known.unseen(),
                            "another one, perhaps beside it"));
        }
    }

    /** The person who restores learns about a missing disk now, not from the server. */
    private void leftOut() {
        for (Capsule.Disk disk : original.leftOut()) {
            findings.add(
                    new Difference(
                            "volume " + disk.device(),
                            disk.gib() > 0 ? disk.gib() + " GiB" : "of a size not recorded",
                            "none; the image was made without it"));
        }
    }

    private Optional<String> profile() {
        Optional<String> profile = RestorePlan.profile(image, wish);
        findings.differ(
                "instance profile", original.profile().orElse("none"), profile.orElse("none"));
        profile.filter(known.noProfiles()::contains)
                .ifPresent(gone ->
                        findings.add(
                                new MissingPart(
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
     * A restored server has a new instance id, by which cloud-init and EC2Launch recognize a first
     * boot.
     *
     * @see <a href="https://docs.cloud-init.io/en/latest/explanation/boot.html">cloud-init</a>
     */
    private Optional<String> userData() {
        if (original.userData().isPresent()) {
            findings.differ(
                    "user data",
                    "ran at the first boot",
                    wish.withoutUserData()
                            ? "none"
                            : "runs again on the restored disks; --no-user-data leaves it out");
            return original.userData().filter(_ -> !wish.withoutUserData());
        }
        if (original.userDataHash().isPresent()) {
            findings.differ(
                    "user data",
                    "SHA-256 " + original.userDataHash().get().substring(0, 12) + "…",
                    "none; the policy does not keep it (image: {userData: keep})");
        }
        return Optional.empty();
    }

    /** The instance's own tags, except those that would cause it to be imaged or restored again. */
    private Map<String, String> tags() {
        Map<String, String> tags = new HashMap<>(original.tags());
        tags.keySet().removeIf(key -> key.startsWith("amikeeper:"));
        List<String> tooMany = tags.keySet().stream().sorted().skip(MOST_TAGS).toList();
        if (!tooMany.isEmpty()) {
            findings.differ("tags", Integer.toString(tags.size()), "without " + tooMany);
            tooMany.forEach(tags::remove);
        }
        tags.putAll(wish.tags());
        return tags;
    }
}
