package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

/** What became of a policy's slots in one home Region. */
public sealed interface Run {
    String policy();

    Region region();

    /** A slot was taken: so many instances were selected. */
    record Taken(String policy, Region region, Slot slot, int instances) implements Run {}

    /** So many slots, from the first to the last, came too late to be taken. */
    record Missed(String policy, Region region, int count, Slot first, Slot last) implements Run {}
}
