package dev.amikeeper.simulation;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a play ended.
 *
 * @param lives how many images and copies were made
 * @param faults how often each kind of fault struck
 * @param trace a digest of everything that EC2 did and of what is left; it is the same for two
 *     plays of one history
 */
public record PlayResult(
        List<Violation> violations, int lives, SortedMap<String, Integer> faults, long trace) {
    public PlayResult {
        violations = List.copyOf(violations);
        faults = Collections.unmodifiableSortedMap(new TreeMap<>(faults));
    }

    /** Whether every invariant held. */
    public boolean isGood() {
        return violations.isEmpty();
    }
}
