package dev.amikeeper.policy;

import java.time.Duration;
import java.time.ZoneId;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The retention rules, in the words and with the meaning of restic's {@code forget}. An image kept
 * by any rule stays; zero means the rule is not there.
 *
 * @param last how many newest images stay
 * @param periods of how many periods of each kind the newest image stays; a kind without a rule is
 *     not in it
 * @param within how far back from the newest image every image stays
 * @param atLeast how many newest good images stay whatever the rules say
 * @param zone where hours, days, weeks, months and years begin: the policy's
 * @param goneAfter so long after the instance is gone no rule and no {@code atLeast} keeps its
 *     images any more; absent: they do for ever
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

    /** Of how many periods of this kind an image stays. */
    public int count(Period period) {
        return periods.getOrDefault(period, 0);
    }

    /** Whether there is no rule, {@code atLeast} aside. */
    public boolean isEmpty() {
        return last == 0 && periods.isEmpty() && within.isEmpty();
    }
}
