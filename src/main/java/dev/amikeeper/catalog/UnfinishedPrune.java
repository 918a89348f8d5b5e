package dev.amikeeper.catalog;

import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * A pruning run that ran out of time, for the run that goes on with it.
 *
 * @param began the time of its event
 * @param taken what it took away, together with the runs that it went on with, by the policy in the
 *     images' names
 */
public record UnfinishedPrune(Instant began, Map<String, Taken> taken) {
    public UnfinishedPrune {
        taken = Map.copyOf(taken);
    }

    /**
     * How many images were taken away.
     *
     * @param begun how many of them were available before
     * @param ended how many of them were disabled and are gone for good
     * @param gone how many are gone for good
     */
    public record Taken(int begun, int ended, int gone) {
        public static final Taken NOTHING = new Taken(0, 0, 0);

        public Taken and(Taken more) {
            return new Taken(begun + more.begun, ended + more.ended, gone + more.gone);
        }
    }

    /** Adds what another run took away. */
    public static Map<String, Taken> sum(Map<String, Taken> one, Map<String, Taken> other) {
        Map<String, Taken> sum = new HashMap<>(one);
        other.forEach((name, taken) -> sum.merge(name, taken, Taken::and));
        return sum;
    }

    /** What was taken away of the images with these policies in their names. */
    public static Taken of(Map<String, Taken> taken, Collection<String> names) {
        return names.stream()
                .map(name -> taken.getOrDefault(name, Taken.NOTHING))
                .reduce(Taken.NOTHING, Taken::and);
    }
}
