package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Networks;
import dev.amikeeper.restore.RestorePlan.Difference;
import dev.amikeeper.restore.RestorePlan.MissingPart;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where a restored server is reached: subnets, security groups, addresses, and interfaces. */
final class NetworkPlan {
    private final Image image;
    private final Capsule original;
    private final RestoreOptions wish;
    private final Networks there;
    private final PlanFindings findings;

    NetworkPlan(
            Image image,
            Capsule original,
            RestoreOptions wish,
            Networks there,
            PlanFindings findings) {
        this.image = image;
        this.original = original;
        this.wish = wish;
        this.there = there;
        this.findings = findings;
    }

    String subnet() {
        String subnet =
                wish.subnet()
                        .orElse(
                                wish.mapping()
                                        .subnets()
                                        .getOrDefault(original.subnet(), original.subnet()));
        if (!there.subnets().containsKey(subnet)) {
            findings.add(
                    wish.subnet().isPresent()
                            ? findings.wished("subnet", subnet)
                            : findings.lacking("subnets", "subnet", original.subnet(), subnet));
        }
        findings.differ("subnet", original.subnet(), subnet);
        return subnet;
    }

    List<String> groups(List<String> originals, List<String> wished, String subnet) {
        if (!wished.isEmpty()) {
            for (String group : wished) {
                if (!there.groups().containsKey(group)) {
                    findings.add(findings.wished("security group", group));
                }
                together("", group, subnet);
            }
            findings.differ(
                    "security groups", String.join(", ", originals), String.join(", ", wished));
            return wished;
        }
        if (originals.isEmpty()) {
            findings.add(
                    new MissingPart(
                            "securityGroups",
                            "",
                            "the security groups are not recorded; name some"));
        }
        List<String> groups = new ArrayList<>();
        for (String group : originals) {
            String other = wish.mapping().securityGroups().getOrDefault(group, group);
            if (!there.groups().containsKey(other)) {
                findings.add(findings.lacking("securityGroups", "security group", group, other));
            }
            together(group, other, subnet);
            findings.differ("security group", group, other);
            groups.add(other);
        }
        return groups;
    }

    /** Checks that the group and the subnet belong to one VPC; otherwise EC2 refuses them. */
    private void together(String originalGroup, String group, String subnet) {
        Networks.Group one = there.groups().get(group);
        Networks.Subnet other = there.subnets().get(subnet);
        if (one != null && other != null && !one.vpc().equals(other.vpc())) {
            findings.add(
                    new MissingPart(
                            "securityGroups",
                            originalGroup,
                            "security group %s is of %s, but subnet %s of %s"
                                    .formatted(group, one.vpc(), subnet, other.vpc())));
        }
    }

    /**
     * If the first interface is put in another subnet, nobody can guess where the others belong.
     */
    List<Capsule.Interface> interfaces() {
        List<Capsule.Interface> interfaces = new ArrayList<>();
        for (Capsule.Interface one : original.interfaces()) {
            String subnet = wish.mapping().subnets().getOrDefault(one.subnet(), one.subnet());
            String what = "network interface " + one.index();
            if (subnet.isEmpty()) {
                findings.differ(what, one.subnet(), "");
                continue;
            }
            if (!there.subnets().containsKey(subnet)) {
                findings.add(findings.lacking("subnets", "subnet", one.subnet(), subnet));
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
            findings.differ(what, one.subnet() + " " + one.address(), subnet);
            secondary(what + ", ", had.secondary());
            had.elastic()
                    .ifPresent(ip ->
                            findings.differ(
                                    what + ", Elastic IP address", ip, "none; it stays yours"));
            checked(what + ", ", had.isChecked());
        }
        return interfaces;
    }

    Optional<String> address(String subnet) {
        Optional<String> kept =
                original.address()
                        .filter(_ -> wish.keepAddress())
                        .filter(_ -> subnet.equals(original.subnet()));
        original.address()
                .filter(_ -> kept.isEmpty())
                .ifPresent(address ->
                        findings.differ("private address", address, "the subnet's next"));
        return kept;
    }

    Capsule.Addresses addresses(String subnet, boolean alone) {
        Capsule.Addresses had = original.addresses();
        secondary("", had.secondary());
        int ipv6 = ipv6("", had.ipv6(), subnet);
        had.isPublic()
                .filter(isPublic -> isPublic)
                .ifPresent(_ ->
                        findings.differ(
                                "public IPv4 address",
                                "one of EC2's",
                                alone
                                        ? "another one"
                                        : "none; EC2 gives none if there are several network"
                                                + " interfaces"));
        Optional<String> elastic = elastic(had.elastic());
        checked("", had.isChecked());
        return new Capsule.Addresses(
                had.secondary(), ipv6, had.isPublic().filter(_ -> alone), elastic, true);
    }

    private void secondary(String where, int count) {
        if (count > 0) {
            findings.differ(where + "secondary private addresses", "" + count, count + " others");
        }
    }

    private int ipv6(String where, int count, String subnet) {
        if (count == 0) {
            return 0;
        }
        Networks.Subnet in = there.subnets().get(subnet);
        boolean possible = in == null || in.hasIpv6();
        findings.differ(
                where + "IPv6 addresses",
                "" + count,
                possible ? count + " others" : "none; " + subnet + " has no IPv6 block");
        return possible ? count : 0;
    }

    /** The allocation id of the Elastic IP address that the server gets. */
    private Optional<String> elastic(Optional<String> had) {
        Optional<String> wanted = wish.elasticIp(had);
        if (wanted.isEmpty()) {
            wish.elasticIp()
                    .ifPresent(_ ->
                            findings.add(
                                    new MissingPart(
                                            "elasticIps",
                                            "",
                                            "no Elastic IP address of the original is recorded;"
                                                    + " name one by its allocation id")));
            had.ifPresent(ip ->
                    findings.differ(
                            "Elastic IP address",
                            ip,
                            "none; it stays yours (--elastic-ip gives one)"));
            return Optional.empty();
        }
        Networks.Address found = there.addresses().get(wanted.get());
        if (found == null) {
            findings.add(
                    new MissingPart(
                            "elasticIps",
                            had.orElse(""),
                            "Elastic IP address "
                                    + wanted.get()
                                    + " is not in "
                                    + image.region()
                                    + "; name one from there by its allocation id"));
            return Optional.empty();
        }
        findings.add(
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
            findings.differ(
                    where + "source/destination check",
                    "off",
                    "on; turn it off by hand if it routes for others");
        }
    }
}
