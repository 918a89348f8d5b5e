package dev.amikeeper.local;

import java.util.SplittableRandom;
import java.util.UUID;

/** Ids in AWS's forms, and chance. The same seed gives the same ones. */
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

    /** A number of at least 0 and less than the bound. */
    synchronized long below(long bound) {
        return random.nextLong(bound);
    }
}
