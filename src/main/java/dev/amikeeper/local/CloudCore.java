package dev.amikeeper.local;

import java.time.Instant;
import java.util.regex.Pattern;

/** What every Region of the simulated cloud shares. */
record CloudCore(
        String account,
        Timeline timeline,
        Ids ids,
        EventQueue events,
        CloudSettings settings,
        SimulatedBuckets buckets) {
    private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");

    /** Whether there is an account with this id, and it is open. */
    boolean isAccount(String id) {
        return ACCOUNT.matcher(id).matches() && !settings.isClosed(id);
    }

    /** The time as EC2 reads it. */
    Instant ec2Time() {
        return timeline.instant().plus(settings.ec2Clock());
    }
}
