package dev.amikeeper.local;

import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/** What all Regions of the simulated cloud share. */
record CloudCore(
        String account,
        Timeline timeline,
        Ids ids,
        EventQueue events,
        CloudSettings settings,
        SimulatedBuckets buckets) {
    private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");

    /** Whether this is the id of an account that is open. */
    boolean isAccount(String id) {
        return ACCOUNT.matcher(id).matches() && !settings.isClosed(id);
    }

    /** Whether a request for what these own shows what the account owns. */
    boolean isOwnedBy(List<String> owners) {
        return owners.isEmpty() || owners.contains("self") || owners.contains(account);
    }

    /** The time on EC2's clock. */
    Instant ec2Time() {
        return timeline.instant().plus(settings.ec2Clock());
    }
}
