package dev.amikeeper.bench;

import java.time.Duration;

/**
 * What is measured.
 *
 * @param volumes of each instance
 * @param regions the number of DR Regions
 * @param latencyMillis how long a call to EC2 takes that changes something; a read takes half of it
 * @param faults the share of the calls to EC2 that are answered 503; a quarter of that share loses
 *     its reply
 * @param nights how many nights to play; the last one is measured
 * @param copySeconds how long EC2 takes to make a copy
 * @param shared whether images are shared with another account
 */
public record BenchSetup(
        int instances,
        int volumes,
        int regions,
        long latencyMillis,
        double faults,
        int nights,
        long seed,
        long copySeconds,
        boolean shared) {
    /** The most DR Regions. */
    public static final int MOST_REGIONS = 5;

    Duration latency() {
        return Duration.ofMillis(latencyMillis);
    }

    Duration copiesTake() {
        return Duration.ofSeconds(copySeconds);
    }

    /** How many images a night makes, copies included. */
    int imagesANight() {
        return instances * (1 + regions);
    }
}
