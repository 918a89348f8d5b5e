package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

/** What became of a policy's slots in one home Region. */
public sealed interface Run {
    String policy();

    Region region();

    /** A slot was taken, and this number of instances was selected. */
    record Taken(String policy, Region region, Slot slot, int instances) implements Run {}

    /** This number of slots, from the first to the last, came too late to be taken. */
    record Missed(String policy, Region region, int count, Slot first, Slot last) implements Run {}
}
