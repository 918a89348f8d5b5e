package dev.amikeeper.policy;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;

import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Texts;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Five-field cron in the local time of a zone, with the additions of {@link DaysOfMonth}. A slot in
 * an hour that a clock change skips runs at the first moment after the change. A slot in an hour
 * that occurs twice runs the first time only.
 */
final class CronSchedule implements Schedule {
    private static final Pattern FIELD = Pattern.compile("[0-9A-Za-z*,/-]+");
    private static final List<FieldRule> RULES =
            List.of(
                    new FieldRule("minute", "0-59"),
                    new FieldRule("hour", "0-23"),
                    new FieldRule("day of month", "1-31"),
                    new FieldRule("month", "1-12 or JAN-DEC"),
                    new FieldRule("day of week", "0-7 or SUN-SAT"));

    /** Where the search for the first day with slots begins; any date would do. */
    private static final LocalDate SAMPLE = LocalDate.of(2024, 1, 1);

    /**
     * How far to search: February 29 may be eight years away, and one that is a fifth Sunday forty.
     */
    private static final Period RAREST = Period.ofYears(41);

    private static final int REMEMBERED = 1_000;

    private final ZoneRules rules;
    private final ZoneId zone;
    private final ExecutionTime cron;
    private final Predicate<LocalDate> days;
    private final Optional<String> hint;

    /**
     * The first day with slots on or after a day, cached because each tick asks for the same days
     * again.
     */
    private final Map<LocalDate, Optional<LocalDate>> found = new ConcurrentHashMap<>();

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
        this.days = special.orElse(_ -> true);
        this.hint = special.isPresent() ? Optional.empty() : hint(fields);
        this.cron =
                ExecutionTime.forCron(
                        parse(
                                special.isEmpty()
                                        ? fields
                                        : List.of(
                                                fields.get(0),
                                                fields.get(1),
                                                "*",
                                                fields.get(3),
                                                "*")));
        LocalDate day =
                dayFrom(SAMPLE)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "%s never fires; write a date that exists"
                                                .formatted(Texts.quoted(expression))));
        this.times = timesOn(day, expression);
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
        if (found.size() >= REMEMBERED) {
            found.clear();
        }
        return found.computeIfAbsent(day, this::lookFrom);
    }

    private Optional<LocalDate> lookFrom(LocalDate day) {
        LocalDate last = day.plus(RAREST);
        return Stream.iterate(ofCron(day), Optional::isPresent, it -> it.flatMap(this::ofCronAfter))
                .flatMap(Optional::stream)
                .takeWhile(it -> !it.isAfter(last))
                .filter(days)
                .findFirst();
    }

    private Optional<LocalDate> ofCronAfter(LocalDate day) {
        return ofCron(day.plusDays(1));
    }

    private Optional<LocalDate> ofCron(LocalDate day) {
        return next(day.atStartOfDay().minusMinutes(1)).map(LocalDateTime::toLocalDate);
    }

    /** The next local time of the expression. It is computed in UTC, which has no clock changes. */
    private Optional<LocalDateTime> next(LocalDateTime after) {
        return cron.nextExecution(after.atZone(ZoneOffset.UTC)).map(time -> time.toLocalDateTime());
    }

    private List<LocalTime> timesOn(LocalDate day, String expression) {
        List<LocalTime> found = new ArrayList<>();
        Optional<LocalDateTime> time = next(day.atStartOfDay().minusMinutes(1));
        while (time.isPresent() && time.get().toLocalDate().equals(day)) {
            LocalTime current = time.get().toLocalTime();
            if (!found.isEmpty()
                    && Duration.between(found.getLast(), current).compareTo(TICK) < 0) {
                throw new IllegalArgumentException(
                        "%s fires more often than every 5 minutes; write */5 or a longer interval as minute"
                                .formatted(Texts.quoted(expression)));
            }
            found.add(current);
            time = next(time.get());
        }
        return List.copyOf(found);
    }

    private static List<String> fields(String expression) {
        List<String> fields = List.of(expression.strip().split("\\s+", -1));
        if (fields.size() != RULES.size()) {
            throw new IllegalArgumentException(
                    ("%s does not have five fields but %d; write the five minute, hour, day"
                                    + " of month, month, day of week, as \"0 2 * * *\"")
                            .formatted(Texts.quoted(expression), fields.size()));
        }
        return fields;
    }

    private static com.cronutils.model.Cron parse(List<String> fields) {
        CronParser parser =
                new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
        for (int i = 0; i < fields.size(); i++) {
            if (!reads(parser, fields.get(i), i)) {
                throw new IllegalArgumentException(
                        "bad %s %s; write %s, with * , - and / as in cron"
                                .formatted(
                                        RULES.get(i).name(),
                                        Texts.quoted(fields.get(i)),
                                        RULES.get(i).range()));
            }
        }
        return parser.parse(String.join(" ", fields));
    }

    /** Whether this field is valid at this position. */
    private static boolean reads(CronParser parser, String field, int position) {
        if (!FIELD.matcher(field).matches()) {
            return false;
        }
        List<String> fields = new ArrayList<>(List.of("*", "*", "*", "*", "*"));
        fields.set(position, field);
        try {
            return parser.parse(String.join(" ", fields)) != null;
        } catch (IllegalArgumentException unreadable) {
            return false;
        }
    }

    private record FieldRule(String name, String range) {}
}
