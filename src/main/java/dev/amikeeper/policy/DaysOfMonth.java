package dev.amikeeper.policy;

import dev.amikeeper.image.Texts;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Days that plain cron cannot express, in the notation of other schedulers. As day of month, {@code
 * L} is the last day. As day of week, {@code SUN#1} is the first Sunday of a month and {@code SUNL}
 * the last. Days of the week are numbered as in cron, with both 0 and 7 for Sunday.
 */
final class DaysOfMonth {
    private static final List<String> NAMES =
            List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private static final Pattern ONE =
            Pattern.compile("([0-7]|" + String.join("|", NAMES) + ")(?:#([1-5])|(L))");

    private DaysOfMonth() {}

    /**
     * Returns the days that these fields choose; empty if the fields are plain cron.
     *
     * @throws IllegalArgumentException if they use this notation wrongly; the message says what to
     *     write
     */
    static Optional<Predicate<LocalDate>> of(String ofMonth, String ofWeek) {
        boolean month = upper(ofMonth).matches(".*[LW#].*");
        boolean week = upper(ofWeek).matches(".*[L#].*");
        if (!month && !week) {
            return Optional.empty();
        }
        if (!ofMonth.equals("*") && !ofWeek.equals("*")) {
            throw new IllegalArgumentException(
                    "both %s and %s choose days; write * for one of them"
                            .formatted(Texts.quoted(ofMonth), Texts.quoted(ofWeek)));
        }
        return Optional.of(month ? ofMonth(ofMonth) : ofWeek(ofWeek));
    }

    private static Predicate<LocalDate> ofMonth(String field) {
        if (!upper(field).equals("L")) {
            throw new IllegalArgumentException(
                    ("bad day of month %s; write L alone for the last day of a month, or"
                                    + " 1-31, with * , - and / as in cron")
                            .formatted(Texts.quoted(field)));
        }
        return day -> day.getDayOfMonth() == day.lengthOfMonth();
    }

    private static Predicate<LocalDate> ofWeek(String field) {
        List<Predicate<LocalDate>> any = new ArrayList<>();
        for (String part : upper(field).split(",", -1)) {
            Matcher form = ONE.matcher(part);
            if (!form.matches()) {
                throw new IllegalArgumentException(
                        ("bad day of week %s; write SUN#1 for the first Sunday of a month, up to"
                             + " SUN#5, SUNL for the last one, several with commas, or 0-7 or"
                             + " SUN-SAT, with * , - and / as in cron")
                                .formatted(Texts.quoted(field)));
            }
            DayOfWeek day = dayOfWeek(form.group(1));
            any.add(
                    form.group(2) == null
                            ? it -> it.equals(it.with(TemporalAdjusters.lastInMonth(day)))
                            : nth(day, Integer.parseInt(form.group(2))));
        }
        return day -> any.stream().anyMatch(one -> one.test(day));
    }

    private static Predicate<LocalDate> nth(DayOfWeek day, int nth) {
        return it -> it.getDayOfWeek() == day && (it.getDayOfMonth() - 1) / 7 + 1 == nth;
    }

    private static DayOfWeek dayOfWeek(String text) {
        int number = NAMES.contains(text) ? NAMES.indexOf(text) : Integer.parseInt(text);
        return number % 7 == 0 ? DayOfWeek.SUNDAY : DayOfWeek.of(number % 7);
    }

    private static String upper(String field) {
        return field.toUpperCase(Locale.ROOT);
    }
}
