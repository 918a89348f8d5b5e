package dev.amikeeper.retention;

import static dev.amikeeper.retention.RetentionCases.image;
import static dev.amikeeper.retention.RetentionCases.keep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Our rules and restic's side by side: the same where clocks never change, and by name where they
 * differ. That an image of the future counts for no rule here is shown with {@link PrunePlan}.
 */
final class ResticDifferentialTest {
    private static final int HISTORIES = 1500;
    private static final List<String> WORDS =
            List.of("last", "hourly", "daily", "weekly", "monthly", "yearly");

    @ParameterizedTest
    @ValueSource(strings = {"UTC", "Asia/Kolkata", "America/Phoenix", "Pacific/Kiritimati"})
    void keepsTheSameForTheSameReasonsWhereClocksNeverChange(String zone) {
        Set<String> seen = new TreeSet<>();
        for (int seed = 0; seed < HISTORIES; seed++) {
            Random random = new Random(seed);
            Keep keep = keep(rules(random), ZoneId.of(zone));
            List<Image> history = history(random);
            SortedMap<Instant, Set<String>> restic = Restic.forget(keep, history);

            assertThat(ours(keep, history)).as("seed %d, %s", seed, keep).isEqualTo(restic);
            restic.values().forEach(seen::addAll);
        }

        // Every reason there is came up, or these histories show little.
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(
                                        WORDS.stream(),
                                        WORDS.stream().skip(1).map("oldest "::concat),
                                        Stream.of("within"))
                                .flatMap(words -> words)
                                .toList());
    }

    @Test
    void theHourThatClocksRepeatIsTwoHoursHereAndOneInRestic() {
        Keep keep = keep("hourly: 2", ZoneId.of("Europe/Berlin"));
        List<Image> history =
                images("2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");

        assertThat(ours(keep, history).keySet()).containsExactly(at(history, 1), at(history, 2));
        assertThat(Restic.forget(keep, history).keySet())
                .containsExactly(at(history, 0), at(history, 2));
    }

    @Test
    void theDayThatClocksReturnToCountsOnceHereAndTwiceInRestic() {
        // One minute after midnight back to 23:01 of the 6th.
        Keep keep = keep("daily: 3", ZoneId.of("America/St_Johns"));
        List<Image> history =
                images(
                        "2010-11-05T12:00:00Z",
                        "2010-11-07T02:00:00Z",
                        "2010-11-07T02:30:30Z",
                        "2010-11-07T03:00:00Z",
                        "2010-11-07T12:00:00Z");

        assertThat(ours(keep, history).keySet())
                .containsExactly(at(history, 0), at(history, 3), at(history, 4));
        assertThat(Restic.forget(keep, history).keySet())
                .containsExactly(at(history, 2), at(history, 3), at(history, 4));
    }

    @Test
    void withinIsByTheClockHereAndByTheCalendarInRestic() {
        // A day of 23 hours: by the calendar, a day before 14:00 is 23 hours before.
        Keep keep = keep("within: 24h", ZoneId.of("Europe/Berlin"));
        List<Image> history = images("2026-03-28T12:30:00Z", "2026-03-29T12:00:00Z");

        assertThat(ours(keep, history)).hasSize(2);
        assertThat(Restic.forget(keep, history)).hasSize(1);
    }

    @Test
    void atLeastHasNoCounterpartInRestic() {
        Keep keep = keep("last: 1, atLeast: 2");
        List<Image> history = images("2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z");

        assertThat(ours(keep, history)).hasSize(2);
        assertThat(Restic.forget(keep, history)).hasSize(1);
    }

    private static SortedMap<Instant, Set<String>> ours(Keep keep, Collection<Image> history) {
        SortedMap<Instant, Set<String>> kept = new TreeMap<>();
        Retention.judge(keep, history)
                .forEach((image, reasons) -> {
                    Set<String> words = new HashSet<>();
                    for (Reason reason : reasons) {
                        boolean oldest = reason.text().startsWith("oldest");
                        words.add((oldest ? "oldest " : "") + reason.kind().word());
                    }
                    if (!words.isEmpty()) {
                        kept.put(image.name().slot().time(), words);
                    }
                });
        return kept;
    }

    private static String rules(Random random) {
        List<String> rules = new ArrayList<>();
        for (String word : WORDS) {
            if (random.nextInt(3) == 0) {
                rules.add(word + ": " + (1 + random.nextInt(9)));
            }
        }
        if (rules.isEmpty() || random.nextInt(4) == 0) {
            rules.add("within: " + (1 + random.nextInt(2000)) + "h");
        }
        return String.join(", ", rules);
    }

    private static List<Image> history(Random random) {
        List<Image> history = new ArrayList<>();
        Instant slot = Instant.parse("2027-01-04T05:00:00Z");
        // Some all within hours, some over years.
        int longest = 1 << (8 + random.nextInt(16));
        for (int count = random.nextInt(60); count > 0; count--) {
            history.add(image("i-1", slot));
            slot = slot.minusSeconds(1 + random.nextInt(longest));
        }
        return history;
    }

    private static List<Image> images(String... slots) {
        return Stream.of(slots).map(RetentionCases::image).toList();
    }

    private static Instant at(List<Image> history, int index) {
        return history.get(index).name().slot().time();
    }

    /**
     * What {@code restic forget} keeps, written from its documentation: one walk over the snapshots
     * from the newest on, in which each rule compares a snapshot's period with that of the last one
     * it took, and takes the very last snapshot, too, while it has counts left.
     */
    private static final class Restic {
        private static final List<Function<ZonedDateTime, List<Integer>>> PERIODS =
                List.of(
                        time -> List.of(day(time), time.getHour()),
                        time -> List.of(day(time)),
                        time -> List.of(mondayOf(time)),
                        time -> List.of(time.getYear(), time.getMonthValue()),
                        time -> List.of(time.getYear()));

        static SortedMap<Instant, Set<String>> forget(Keep keep, Collection<Image> history) {
            SortedMap<Instant, Set<String>> kept = new TreeMap<>();
            List<ZonedDateTime> newestFirst =
                    history.stream()
                            .map(image -> image.name().slot().time().atZone(keep.zone()))
                            .sorted((one, other) -> other.compareTo(one))
                            .toList();
            int[] left = {
                keep.count(Period.HOURLY),
                keep.count(Period.DAILY),
                keep.count(Period.WEEKLY),
                keep.count(Period.MONTHLY),
                keep.count(Period.YEARLY)
            };
            List<List<Integer>> taken = new ArrayList<>();
            PERIODS.forEach(period -> taken.add(List.of()));
            for (int number = 0; number < newestFirst.size(); number++) {
                ZonedDateTime time = newestFirst.get(number);
                Set<String> words = new HashSet<>();
                if (number < keep.last()) {
                    words.add("last");
                }
                for (int rule = 0; rule < PERIODS.size(); rule++) {
                    List<Integer> period = PERIODS.get(rule).apply(time);
                    boolean sameAsBefore = period.equals(taken.get(rule));
                    boolean isOldest = number == newestFirst.size() - 1;
                    if (left[rule] > 0 && (!sameAsBefore || isOldest)) {
                        words.add((sameAsBefore ? "oldest " : "") + WORDS.get(rule + 1));
                        taken.set(rule, period);
                        left[rule]--;
                    }
                }
                if (keep.within().isPresent()
                        && time.isAfter(before(newestFirst.getFirst(), keep.within().get()))) {
                    words.add("within");
                }
                if (!words.isEmpty()) {
                    kept.put(time.toInstant(), words);
                }
            }
            return kept;
        }

        /** Days by the calendar, then hours by the clock. */
        private static ZonedDateTime before(ZonedDateTime newest, Duration span) {
            return newest.minusDays(span.toDays()).minusHours(span.toHoursPart());
        }

        private static int day(ZonedDateTime time) {
            return Math.toIntExact(time.toLocalDate().toEpochDay());
        }

        private static int mondayOf(ZonedDateTime time) {
            LocalDate date = time.toLocalDate();
            return Math.toIntExact(date.toEpochDay()) - date.get(ChronoField.DAY_OF_WEEK);
        }
    }
}
