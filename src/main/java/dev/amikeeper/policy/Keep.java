package dev.amikeeper.policy;

import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;

/**
 * The retention rules, in the words and with the meaning of restic's {@code forget}. An image kept
 * by any rule stays; zero means the rule is not there.
 *
 * @param atLeast how many newest good images stay whatever the rules say
 * @param zone where hours, days, weeks, months and years begin: the policy's
 * @param goneAfter so long after the instance is gone no rule and no {@code atLeast} keeps its
 *     images any more; absent: they do for ever
 */
public record Keep(
        int last,
        int hourly,
        int daily,
        int weekly,
        int monthly,
        int yearly,
        Optional<Duration> within,
        int atLeast,
        ZoneId zone,
        Optional<Duration> goneAfter) {
    /** Rules that hold whatever becomes of the instance. */
    public Keep(
            int last,
            int hourly,
            int daily,
            int weekly,
            int monthly,
            int yearly,
            Optional<Duration> within,
            int atLeast,
            ZoneId zone) {
        this(last, hourly, daily, weekly, monthly, yearly, within, atLeast, zone, Optional.empty());
    }

    /** Whether there is no rule, {@code atLeast} aside. */
    public boolean isEmpty() {
        return last == 0
                && hourly == 0
                && daily == 0
                && weekly == 0
                && monthly == 0
                && yearly == 0
                && within.isEmpty();
    }
}
