package dev.amikeeper.ec2;

import java.util.List;

/** Those with whom images are shared: accounts, organisations and organisational units. */
final class Grantees {
    private Grantees() {}

    /** Those that are accounts; EC2 shares snapshots with accounts only. */
    static List<String> accounts(List<String> who) {
        return who.stream().filter(one -> !isOrganization(one)).toList();
    }

    /** Whether it is an organisation or one of its units, and no account. */
    static boolean isOrganization(String who) {
        return who.startsWith("arn:");
    }
}
