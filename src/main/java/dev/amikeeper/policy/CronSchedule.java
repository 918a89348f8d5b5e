package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Texts;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Five-field cron in the local time of a zone, with the additions of {@link DaysOfMonth}. A slot in
 * an hour that a clock change skips runs at the first moment after the change. A slot in an hour
 * that occurs twice runs the first time only.
 */
final class CronSchedule implements Schedule {
    private static final List<CronField> FIELDS =
            List.of(
                    CronField.MINUTE,
                    CronField.HOUR,
                    CronField.DAY,
                    CronField.MONTH,
                    CronField.WEEKDAY);

    /** Where the search for the first day with slots begins; any date would do. */
    private static final LocalDate SAMPLE = LocalDate.of(2024, 1, 1);

    /**
     * How far to search: February 29 may be eight years away, and one that is a fifth Sunday forty.
     */
    private static final Period RAREST = Period.ofYears(41);

    private static final int SUNDAY = DayOfWeek.SUNDAY.getValue();

    private final ZoneRules rules;
    private final ZoneId zone;
    private final Predicate<LocalDate> days;
    private final Optional<String> hint;

    /**
     * The times of the slots on a day that has any. They are the same on every such day, because
     * the remaining fields only choose dates.
     */
    private final List<LocalTime> times;

    /**
     * Reads an expression.
     *
     * @throws IllegalArgumentException if it is malformed, never fires, or fires more often than
     *     slots are looked for; the message says what to write
     */
    CronSchedule(String expression, ZoneId zone) {
        this.zone = zone;
        this.rules = zone.getRules();
        List<String> fields = fields(expression);
        Optional<Predicate<LocalDate>> special = DaysOfMonth.of(fields.get(2), fields.get(4));
        this.hint = special.isPresent() ? Optional.empty() : hint(fields);
        List<BitSet> numbers =
                numbers(
                        special.isEmpty()
                                ? fields
                                : List.of(fields.get(0), fields.get(1), "*", fields.get(3), "*"));
        this.days =
                days(
                        numbers.get(3),
                        special.orElseGet(() -> days(fields, numbers.get(2), numbers.get(4))));
        if (dayFrom(SAMPLE).isEmpty()) {
            throw new IllegalArgumentException(
                    "%s never fires; write a date that exists".formatted(Texts.quoted(expression)));
        }
        this.times = times(numbers.get(0), numbers.get(1), expression);
    }

    /** What a reader of this expression may not expect; empty if there are no surprises. */
    Optional<String> hint() {
        return hint;
    }

    /** If both day fields are restricted, cron fires on a day that matches either of them. */
    private static Optional<String> hint(List<String> fields) {
        String ofMonth = fields.get(2);
        String ofWeek = fields.get(4);
        if (ofMonth.startsWith("*") || ofWeek.startsWith("*")) {
            return Optional.empty();
        }
        boolean firstWeek = ofMonth.equals("1-7") && !ofWeek.contains("-") && !ofWeek.contains("/");
        return Optional.of(
                "%s fires on the days %s of a month and also on every %s, as in cron%s"
                        .formatted(
                                Texts.quoted(String.join(" ", fields)),
                                Texts.plain(ofMonth),
                                Texts.plain(ofWeek),
                                firstWeek
                                        ? "; for the first %s of a month write %s"
                                                .formatted(
                                                        Texts.plain(ofWeek),
                                                        Texts.quoted(
                                                                "%s %s * %s %s"
                                                                        .formatted(
                                                                                fields.get(0),
                                                                                fields.get(1),
                                                                                fields.get(3),
                                                                                ofWeek.replace(
                                                                                                ",",
                                                                                                "#1,")
                                                                                        + "#1")))
                                        : "; write * for one of them if you mean only the other"));
    }

    @Override
    public Stream<Slot> slots(Instant after, Instant until) {
        LocalDate from = after.atZone(zone).toLocalDate();
        return Stream.iterate(
                        dayFrom(from), Optional::isPresent, day -> day.flatMap(this::dayAfter))
                .flatMap(Optional::stream)
                .flatMap(day -> times.stream().map(time -> instant(day.atTime(time))))
                .dropWhile(time -> !time.isAfter(after))
                .takeWhile(time -> !time.isAfter(until))
                .distinct()
                .map(Slot::new);
    }

    /**
     * The first occurrence of a local time or, if it falls into a gap, the first moment after the
     * gap.
     */
    private Instant instant(LocalDateTime local) {
        ZoneOffsetTransition change = rules.getTransition(local);
        return change != null && change.isGap()
                ? change.getInstant()
                : local.toInstant(rules.getValidOffsets(local).getFirst());
    }

    private Optional<LocalDate> dayAfter(LocalDate day) {
        return dayFrom(day.plusDays(1));
    }

    private Optional<LocalDate> dayFrom(LocalDate day) {
        return day.datesUntil(day.plus(RAREST)).filter(days).findFirst();
    }

    private static Predicate<LocalDate> days(BitSet months, Predicate<LocalDate> ofMonth) {
        return day -> months.get(day.getMonthValue()) && ofMonth.test(day);
    }

    /** If both fields are restricted, a day that matches either of them is enough. */
    private static Predicate<LocalDate> days(List<String> fields, BitSet ofMonth, BitSet ofWeek) {
        boolean month = isRestricted(fields.get(2));
        boolean week = isRestricted(fields.get(4));
        return day -> {
            boolean inMonth = ofMonth.get(day.getDayOfMonth());
            int number = day.getDayOfWeek().getValue();
            boolean inWeek = ofWeek.get(number) || (number == SUNDAY && ofWeek.get(0));
            return (month && week) ? (inMonth || inWeek) : (inMonth && inWeek);
        };
    }

    /** As in other crons, a step of one counts as no restriction, and any other step as one. */
    private static boolean isRestricted(String days) {
        return !days.equals("*") && !days.equals("*/1");
    }

    private static List<LocalTime> times(BitSet minutes, BitSet hours, String expression) {
        List<LocalTime> times =
                hours.stream()
                        .boxed()
                        .flatMap(hour ->
                                minutes.stream().mapToObj(minute -> LocalTime.of(hour, minute)))
                        .toList();
        for (int i = 1; i < times.size(); i++) {
            if (Duration.between(times.get(i - 1), times.get(i)).compareTo(TICK) < 0) {
                throw new IllegalArgumentException(
                        "%s fires more often than every 5 minutes; write */5 or a longer interval as minute"
                                .formatted(Texts.quoted(expression)));
            }
        }
        return times;
    }

    private static List<String> fields(String expression) {
        List<String> fields = List.of(expression.strip().split("\\s+", -1));
        if (fields.size() != FIELDS.size()) {
            throw new IllegalArgumentException(
                    ("%s does not have five fields but %d; write the five minute, hour, day"
                                    + " of month, month, day of week, as \"0 2 * * *\"")
                            .formatted(Texts.quoted(expression), fields.size()));
        }
        return fields;
    }

    private static List<BitSet> numbers(List<String> fields) {
        List<BitSet> numbers = new ArrayList<>();
        for (int i = 0; i < fields.size(); i++) {
            CronField field = FIELDS.get(i);
            String text = fields.get(i);
            numbers.add(
                    field.read(text)
                            .orElseThrow(() ->
                                    new IllegalArgumentException(
                                            "bad %s %s; write %s, with * , - and / as in cron"
                                                    .formatted(
                                                            field.name(),
                                                            Texts.quoted(text),
                                                            field.range()))));
        }
        return numbers;
    }
}
