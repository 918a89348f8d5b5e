package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Slot;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

final class ScheduleTest {
    @Test
    void leavesOutTheBeginningOfTheWindowAndTakesInItsEnd() {
        assertThat(slots("0 * * * *", "UTC", "2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z"))
                .containsExactly("2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z");
    }

    @Test
    void looksIntoWindowsThatBeginAndEndAtAnySecond() {
        assertThat(slots("*/5 * * * *", "UTC", "2026-03-01T01:59:59.9Z", "2026-03-01T02:05:00.1Z"))
                .containsExactly("2026-03-01T02:00:00Z", "2026-03-01T02:05:00Z");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-01T02:00:00Z, 2026-03-01T02:00:00Z",
        "2026-03-01T02:00:00Z, 2026-03-01T01:00:00Z",
        "2026-03-01T02:00:01Z, 2026-03-01T02:59:59Z",
    })
    void findsNothingInWindowsWithoutASlot(String after, String until) {
        assertThat(slots("0 * * * *", "UTC", after, until)).isEmpty();
        assertThat(every("1h", after, until)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # the day before, the day of the change, the day after
                    # Berlin, 02:00 becomes 03:00: the slot runs at 03:00 summer time
                    30 2 * * * | Europe/Berlin | 2026-03-28T00:00:00Z | 2026-03-28T01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z
                    # Berlin, 03:00 becomes 02:00: the slot runs at the first 02:30
                    30 2 * * * | Europe/Berlin | 2026-10-24T00:00:00Z | 2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z
                    # New York, 02:00 becomes 03:00
                    30 2 * * * | America/New_York | 2026-03-07T00:00:00Z | 2026-03-07T07:30:00Z 2026-03-08T07:00:00Z 2026-03-09T06:30:00Z
                    # New York, 02:00 becomes 01:00
                    30 1 * * * | America/New_York | 2026-10-31T00:00:00Z | 2026-10-31T05:30:00Z 2026-11-01T05:30:00Z 2026-11-02T06:30:00Z
                    # Lord Howe, 02:00 becomes 02:30
                    15 2 * * * | Australia/Lord_Howe | 2026-10-02T12:00:00Z | 2026-10-02T15:45:00Z 2026-10-03T15:30:00Z 2026-10-04T15:15:00Z
                    # Lord Howe, 02:00 becomes 01:30
                    45 1 * * * | Australia/Lord_Howe | 2026-04-03T12:00:00Z | 2026-04-03T14:45:00Z 2026-04-04T14:45:00Z 2026-04-05T15:15:00Z
                    # Apia, 2011-12-30 never was: its slot runs as the 31st begins
                    0 2 * * * | Pacific/Apia | 2011-12-29T10:00:00Z | 2011-12-29T12:00:00Z 2011-12-30T10:00:00Z 2011-12-30T12:00:00Z
                    """)
    void runsOncePerDayWhenClocksChange(String cron, String zone, String after, String expected) {
        Instant from = Instant.parse(after);

        assertThat(slots(cron, zone, after, from.plus(Duration.ofDays(3)).toString()))
                .startsWith(expected.split(" ", -1))
                .hasSize(expected.startsWith("2011") ? 4 : 3);
    }

    @Test
    void runsOnceWhereSeveralSlotsFallIntoTheSkippedHour() {
        assertThat(
                        slots(
                                "*/20 2,3 * * *",
                                "Europe/Berlin",
                                "2026-03-29T00:00:00Z",
                                "2026-03-29T02:00:00Z"))
                .containsExactly(
                        "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z");
    }

    @Test
    void findsTheMovedSlotInTheTickThatSeesTheGap() {
        assertThat(
                        slots(
                                "30 2 * * *",
                                "Europe/Berlin",
                                "2026-03-29T00:55:00Z",
                                "2026-03-29T01:00:00Z"))
                .containsExactly("2026-03-29T01:00:00Z");
        assertThat(
                        slots(
                                "30 2 * * *",
                                "Europe/Berlin",
                                "2026-03-29T01:00:00Z",
                                "2026-03-29T01:35:00Z"))
                .isEmpty();
    }

    @Test
    void findsNothingInTheSecondOfTwoEqualHours() {
        assertThat(
                        slots(
                                "*/5 2 * * *",
                                "Europe/Berlin",
                                "2026-10-25T00:55:00Z",
                                "2026-10-25T02:00:00Z"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # leap days
                    0 2 29 2 * | 2026-01-01 | 2033-01-01 | 2028-02-29 2032-02-29
                    # months that have a 31st
                    0 2 31 * * | 2026-01-01 | 2026-08-01 | 2026-01-31 2026-03-31 2026-05-31 2026-07-31
                    # Sunday by both its numbers and by name
                    0 2 * * 0 | 2026-03-01 | 2026-03-09 | 2026-03-01 2026-03-08
                    0 2 * * 7 | 2026-03-01 | 2026-03-09 | 2026-03-01 2026-03-08
                    0 2 * * SUN | 2026-03-01 | 2026-03-09 | 2026-03-01 2026-03-08
                    0 2 * * mon-wed | 2026-03-01 | 2026-03-09 | 2026-03-02 2026-03-03 2026-03-04
                    # Sunday begins and ends a range
                    0 2 * * SUN-MON | 2026-03-01 | 2026-03-10 | 2026-03-01 2026-03-02 2026-03-08 2026-03-09
                    0 2 * * sat-sun | 2026-03-01 | 2026-03-10 | 2026-03-01 2026-03-07 2026-03-08
                    0 2 * * 6-7 | 2026-03-01 | 2026-03-10 | 2026-03-01 2026-03-07 2026-03-08
                    0 2 * * 0-7 | 2026-03-01 | 2026-03-04 | 2026-03-01 2026-03-02 2026-03-03
                    # steps, from a number and in a range
                    0 2 * * 7/3 | 2026-03-01 | 2026-03-09 | 2026-03-01 2026-03-04 2026-03-07 2026-03-08
                    0 2 20/4 3 * | 2026-01-01 | 2027-01-01 | 2026-03-20 2026-03-24 2026-03-28
                    0 2 1-7/3 3 * | 2026-01-01 | 2027-01-01 | 2026-03-01 2026-03-04 2026-03-07
                    # a step of one restricts nothing
                    0 2 10 3 */1 | 2026-01-01 | 2027-01-01 | 2026-03-10
                    # day of month or day of week, where both are given
                    0 2 10 * 1 | 2026-03-01 | 2026-03-17 | 2026-03-02 2026-03-09 2026-03-10 2026-03-16
                    0 2 1 */6 * | 2026-01-01 | 2027-01-01 | 2026-01-01 2026-07-01
                    0 2 1 JAN,DEC * | 2026-01-01 | 2027-01-01 | 2026-01-01 2026-12-01
                    # the last day of a month
                    0 2 L * * | 2026-01-01 | 2026-05-01 | 2026-01-31 2026-02-28 2026-03-31 2026-04-30
                    0 2 L 2 * | 2026-01-01 | 2029-01-01 | 2026-02-28 2027-02-28 2028-02-29
                    # the first Sunday of a month, by both its numbers and by name
                    0 2 * * 7#1 | 2026-03-01 | 2026-06-01 | 2026-03-01 2026-04-05 2026-05-03
                    0 2 * * 0#1 | 2026-03-01 | 2026-06-01 | 2026-03-01 2026-04-05 2026-05-03
                    0 2 * * sun#1 | 2026-03-01 | 2026-06-01 | 2026-03-01 2026-04-05 2026-05-03
                    0 2 * * MON#1,3#3 | 2026-03-01 | 2026-05-01 | 2026-03-02 2026-03-18 2026-04-06 2026-04-15
                    # the last Friday of a month; months with five of them
                    0 2 * * 5L | 2026-03-01 | 2026-05-01 | 2026-03-27 2026-04-24
                    0 2 * * FRI#5 | 2026-01-01 | 2026-09-01 | 2026-01-30 2026-05-29 2026-07-31
                    0 2 * 2 SUN#5 | 2026-01-01 | 2061-01-01 | 2032-02-29 2060-02-29
                    """)
    void runsOnTheDaysOfTheExpression(String cron, String from, String to, String days) {
        assertThat(slots(cron, "UTC", from + "T00:00:00Z", to + "T00:00:00Z"))
                .extracting(slot -> slot.substring(0, 10))
                .containsExactly(days.split(" ", -1));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithAWalkThroughEveryMinute(int seed) {
        Random random = new Random(seed);
        Set<Integer> minutes =
                some(random, 0, 12, 3).stream().map(n -> n * 5).collect(Collectors.toSet());
        Set<Integer> hours = some(random, 0, 24, 4);
        Set<Integer> months = some(random, 1, 13, 6);
        Set<Integer> days = random.nextBoolean() ? some(random, 1, 32, 5) : Set.of();
        Set<Integer> weekdays = random.nextBoolean() ? some(random, 0, 7, 3) : Set.of();
        String cron =
                "%s %s %s %s %s"
                        .formatted(
                                list(minutes),
                                list(hours),
                                list(days),
                                list(months),
                                list(weekdays));
        LocalDateTime from = LocalDate.of(2026, 1, 1).plusDays(random.nextInt(365)).atStartOfDay();

        List<String> walked = new ArrayList<>();
        for (LocalDateTime at = from.plusMinutes(5);
                !at.isAfter(from.plusDays(90));
                at = at.plusMinutes(5)) {
            boolean day =
                    (days.isEmpty() && weekdays.isEmpty())
                            || days.contains(at.getDayOfMonth())
                            || weekdays.contains(at.getDayOfWeek().getValue() % 7);
            if (day
                    && minutes.contains(at.getMinute())
                    && hours.contains(at.getHour())
                    && months.contains(at.getMonthValue())) {
                walked.add(at.toInstant(ZoneOffset.UTC).toString());
            }
        }

        assertThat(
                        slots(
                                cron,
                                "UTC",
                                from.toInstant(ZoneOffset.UTC).toString(),
                                from.plusDays(90).toInstant(ZoneOffset.UTC).toString()))
                .as(cron)
                .isEqualTo(walked);
    }

    static IntStream seeds() {
        return IntStream.range(0, 100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"})
    void neverRunsTwiceOrBackwardsHoweverTheYearIsCutIntoTicks(String zone) {
        Schedule schedule = new CronSchedule("*/20 0-4 * * *", ZoneId.of(zone));
        Instant begin = Instant.parse("2026-01-01T00:00:00Z");
        Instant end = Instant.parse("2027-01-01T00:00:00Z");
        List<Slot> inOne = schedule.slots(begin, end).toList();

        List<Slot> inTicks = new ArrayList<>();
        Duration tick = Duration.ofMinutes(7 * 60 + 3);
        for (Instant at = begin; at.isBefore(end); at = at.plus(tick)) {
            Instant next = at.plus(tick);
            schedule.slots(at, next.isAfter(end) ? end : next).forEach(inTicks::add);
        }

        assertThat(inTicks).isEqualTo(inOne).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void countsAYearOfSlotsFiveMinutesApart() {
        assertThat(
                        new CronSchedule("*/5 * * * *", ZoneOffset.UTC)
                                .slots(
                                        Instant.parse("2026-01-01T00:00:00Z"),
                                        Instant.parse("2027-01-01T00:00:00Z")))
                .hasSize(365 * 24 * 12);
    }

    @Test
    void looksNoFurtherThanIsAskedFor() {
        assertThat(
                        new CronSchedule("*/5 * * * *", ZoneOffset.UTC)
                                .slots(Instant.EPOCH, Instant.parse("+100000-01-01T00:00:00Z"))
                                .findFirst())
                .contains(new Slot(Instant.parse("1970-01-01T00:05:00Z")));
    }

    @Test
    void runsAtMultiplesOfADurationSinceTheEpoch() {
        assertThat(every("6h", "2026-03-01T00:00:00Z", "2026-03-01T18:00:00Z"))
                .containsExactly(
                        "2026-03-01T06:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T18:00:00Z");
        assertThat(every("1w", "2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z"))
                .as("the epoch was a Thursday")
                .containsExactly("2026-03-05T00:00:00Z", "2026-03-12T00:00:00Z");
    }

    @Test
    void keepsItsPaceThroughClockChanges() {
        assertThat(every("1h", "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"))
                .containsExactly(
                        "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    0 2 * * * | UTC | PT24H
                    # the night of 23 hours
                    0 2 * * * | Europe/Berlin | PT23H
                    0 0,6 * * * | Europe/Berlin | PT5H
                    */5 * * * * | Europe/Berlin | PT5M
                    # late on one day and early on the next
                    30 0,23 * * * | UTC | PT1H
                    # never two days in a row
                    30 0,23 * * SUN,WED | UTC | PT23H
                    0 2 1 * * | UTC | PT696H
                    0 2 L * * | UTC | PT696H
                    0 2 * * SUN#1 | UTC | PT672H
                    # one in a year: no gap at all
                    0 2 29 2 * | UTC | PT8784H
                    """)
    void knowsTheShortestTimeBetweenTwoSlots(String cron, String zone, Duration gap) {
        assertThat(new CronSchedule(cron, ZoneId.of(zone)).shortestGap()).isEqualTo(gap);
    }

    @Test
    void knowsTheShortestTimeBetweenMultiplesOfADuration() {
        assertThat(new EverySchedule(Duration.ofHours(6)).shortestGap()).hasHours(6);
    }

    private static List<String> slots(String cron, String zone, String after, String until) {
        return times(new CronSchedule(cron, ZoneId.of(zone)), after, until);
    }

    private static List<String> every(String duration, String after, String until) {
        return times(new EverySchedule(Values.span(duration)), after, until);
    }

    private static List<String> times(Schedule schedule, String after, String until) {
        return schedule.slots(Instant.parse(after), Instant.parse(until))
                .map(Slot::toString)
                .toList();
    }

    private static Set<Integer> some(Random random, int from, int to, int atMost) {
        Set<Integer> numbers = new TreeSet<>();
        for (int i = random.nextInt(atMost); i >= 0; i--) {
            numbers.add(random.nextInt(from, to));
        }
        return numbers;
    }

    private static String list(Set<Integer> numbers) {
        return numbers.isEmpty()
                ? "*"
                : numbers.stream().sorted().map(String::valueOf).collect(Collectors.joining(","));
    }
}
