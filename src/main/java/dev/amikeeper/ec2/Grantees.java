package dev.amikeeper.ec2;

import java.util.List;

/** Those with whom images are shared: accounts, organizations and organizational units. */
final class Grantees {
    private Grantees() {}

    /** Returns those that are accounts; EC2 shares snapshots with accounts only. */
    static List<String> accounts(List<String> who) {
        return who.stream().filter(one -> !isOrganization(one)).toList();
    }

    /** Whether it is an organization or one of its units rather than an account. */
    static boolean isOrganization(String who) {
        return who.startsWith("arn:");
    }
}
