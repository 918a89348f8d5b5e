package dev.amikeeper.local;

import java.util.SplittableRandom;
import java.util.UUID;

/** Ids in AWS's forms, and random numbers. The same seed gives the same ones. */
final class Ids {
    private final SplittableRandom random;

    Ids(long seed) {
        random = new SplittableRandom(seed);
    }

    /** An id of a resource, as {@code ami-0abcdef1234567890}. */
    synchronized String next(String kind) {
        return "%s-0%016x".formatted(kind, random.nextLong());
    }

    synchronized String uuid() {
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    /** A number from 0 up to, but not including, the bound. */
    synchronized long below(long bound) {
        return random.nextLong(bound);
    }
}
