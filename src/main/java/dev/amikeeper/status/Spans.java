package dev.amikeeper.status;

import java.time.Duration;

/** Shows people how long something takes. */
public final class Spans {
    private static final Duration DAYS_FROM = Duration.ofDays(2);

    private Spans() {}

    /**
     * Returns the span in at most its two largest units, rounded down: {@code 3 d 4 h}, {@code 40
     * h}, {@code 5 min}.
     */
    public static String text(Duration span) {
        if (span.compareTo(DAYS_FROM) >= 0) {
            return span.toDays() + " d" + more(span.toHoursPart(), "h");
        }
        if (span.toHours() > 0) {
            return span.toHours() + " h" + more(span.toMinutesPart(), "min");
        }
        return span.toMinutes() + " min";
    }

    private static String more(int count, String unit) {
        return count == 0 ? "" : " " + count + " " + unit;
    }
}
