package dev.amikeeper.policy;

import java.time.Duration;
import java.time.ZoneId;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The retention rules, with the names and the meaning of those of restic's {@code forget}. An image
 * is kept if any rule keeps it; a rule with the value zero does not apply.
 *
 * @param last how many of the newest images are kept
 * @param periods for how many periods of each kind the newest image is kept; kinds without a rule
 *     are absent
 * @param within how far back from the newest image every image is kept
 * @param atLeast how many of the newest usable images are kept whatever the rules say
 * @param zone the policy's time zone, in which the periods begin
 * @param goneAfter how long after its instance is gone an image is still kept by the rules and
 *     {@code atLeast}; if absent, forever
 */
public record Keep(
        int last,
        Map<Period, Integer> periods,
        Optional<Duration> within,
        int atLeast,
        ZoneId zone,
        Optional<Duration> goneAfter) {
    public Keep {
        Map<Period, Integer> rules = new EnumMap<>(Period.class);
        rules.putAll(periods);
        rules.values().removeIf(count -> count == 0);
        periods = Collections.unmodifiableMap(rules);
    }

    /** For how many periods of this kind an image is kept. */
    public int count(Period period) {
        return periods.getOrDefault(period, 0);
    }

    /** Whether there is no rule except {@code atLeast}. */
    public boolean isEmpty() {
        return last == 0 && periods.isEmpty() && within.isEmpty();
    }
}
