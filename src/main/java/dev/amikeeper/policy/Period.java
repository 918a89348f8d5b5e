package dev.amikeeper.policy;

import java.time.Instant;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.Locale;

/**
 * The calendar periods for which a rule keeps one image each, the shortest first. Rules are read,
 * applied and shown in this order. A new period is a constant here; the compiler names the other
 * places.
 */
public enum Period {
    HOURLY,
    DAILY,
    WEEKLY,
    MONTHLY,
    YEARLY;

    /**
     * Returns the period that a moment falls in. The result is equal for all moments of one period,
     * and its text is readable.
     */
    public Object of(Instant moment, ZoneId zone) {
        ZonedDateTime there = moment.atZone(zone);
        return switch (this) {
            // Keep the offset: an hour that a clock change repeats counts as two hours.
            case HOURLY -> there.toOffsetDateTime().truncatedTo(ChronoUnit.HOURS);
            case DAILY -> there.toLocalDate();
            case WEEKLY ->
                    "%d-W%02d"
                            .formatted(
                                    there.get(IsoFields.WEEK_BASED_YEAR),
                                    there.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case MONTHLY -> YearMonth.from(there);
            case YEARLY -> Year.from(there);
        };
    }

    /** The word of its rule in the policy file. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
