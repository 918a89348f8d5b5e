package dev.amikeeper.local;

import java.time.Instant;

/** What every Region of the simulated cloud shares. */
record CloudCore(
        String account,
        Timeline timeline,
        Ids ids,
        EventQueue events,
        CloudSettings settings,
        SimulatedBuckets buckets) {
    /** The time as EC2 reads it. */
    Instant ec2Time() {
        return timeline.instant().plus(settings.ec2Clock());
    }
}
