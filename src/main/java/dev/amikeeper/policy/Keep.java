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
        ZoneId zone) {
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
