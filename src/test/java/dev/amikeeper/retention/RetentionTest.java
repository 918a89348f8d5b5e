package dev.amikeeper.retention;

import static dev.amikeeper.retention.RetentionCases.image;
import static dev.amikeeper.retention.RetentionCases.keep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.retention.Reason.ReasonKind;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

final class RetentionTest {
    /** Three years of daily images with a gap, an hourly stretch and two in two seconds. */
    private static final List<Image> LONG = longHistory();

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    the newest ones            | last: 2          | UTC           | 2026-03-01T02 2026-03-02T02 2026-03-03T02 | 2026-03-02T02 2026-03-03T02
                    fewer than there may be    | last: 9          | UTC           | 2026-03-01T02                             | 2026-03-01T02
                    the newest of each day     | daily: 2         | UTC           | 2026-03-01T02 2026-03-01T14 2026-03-02T02 2026-03-02T14 | 2026-03-01T14 2026-03-02T14
                    the oldest while counts last | daily: 3       | UTC           | 2026-03-01T02 2026-03-01T14 2026-03-02T02 2026-03-02T14 | 2026-03-01T02 2026-03-01T14 2026-03-02T14
                    the oldest by one rule     | daily: 2, yearly: 9 | UTC        | 2026-03-01T02 2026-03-01T14 2026-03-02T02 2026-03-02T14 | 2026-03-01T02 2026-03-01T14 2026-03-02T14
                    no oldest for last, within | last: 1, within: 1h, atLeast: 1 | UTC | 2026-03-01T02 2026-03-01T14      | 2026-03-01T14
                    days without are no days   | daily: 2         | UTC           | 2026-01-01T02 2026-02-01T02 2026-03-01T02 | 2026-02-01T02 2026-03-01T02
                    days of the zone           | daily: 2         | Europe/Berlin | 2026-03-01T22 2026-03-01T23 2026-03-02T02 | 2026-03-01T22 2026-03-02T02
                    a day of 25 hours          | daily: 1         | Europe/Berlin | 2026-10-24T22 2026-10-25T22               | 2026-10-25T22
                    the day before 25 hours    | daily: 2         | Europe/Berlin | 2026-10-24T21 2026-10-24T22 2026-10-25T22 | 2026-10-24T21 2026-10-25T22
                    a day of 23 hours          | daily: 2         | Europe/Berlin | 2026-03-28T22 2026-03-28T23 2026-03-29T21 | 2026-03-28T22 2026-03-29T21
                    the doubled hour is two    | hourly: 2        | Europe/Berlin | 2026-10-24T23 2026-10-25T00 2026-10-25T01 | 2026-10-25T00 2026-10-25T01
                    the skipped hour is none   | hourly: 2        | Europe/Berlin | 2026-03-28T23 2026-03-29T00 2026-03-29T01 | 2026-03-29T00 2026-03-29T01
                    midnight set back          | daily: 2         | America/St_Johns | 2010-11-06T02 2010-11-07T02:30:20 2010-11-07T03 2010-11-07T04 | 2010-11-07T03 2010-11-07T04
                    ISO week 53                | weekly: 2        | UTC           | 2026-12-27T02 2026-12-28T02 2027-01-03T02 2027-01-04T02 | 2027-01-03T02 2027-01-04T02
                    a week over the new year   | weekly: 1        | UTC           | 2024-12-30T02 2025-01-05T02               | 2025-01-05T02
                    leap day                   | monthly: 2       | UTC           | 2028-02-28T02 2028-02-29T02 2028-03-01T02 | 2028-02-29T02 2028-03-01T02
                    month ends                 | monthly: 3       | UTC           | 2026-01-31T02 2026-02-28T02 2026-03-31T02 | 2026-01-31T02 2026-02-28T02 2026-03-31T02
                    month end in the zone      | monthly: 2       | Europe/Berlin | 2026-01-31T22 2026-01-31T23 2026-02-27T02 | 2026-01-31T22 2026-02-27T02
                    year end in the zone       | yearly: 2        | Asia/Tokyo    | 2025-12-31T14 2025-12-31T15 2026-05-01T02 | 2025-12-31T14 2026-05-01T02
                    younger than               | within: 24h      | UTC           | 2026-03-01T01 2026-03-01T02 2026-03-01T03 2026-03-02T02 | 2026-03-01T03 2026-03-02T02
                    by the clock, not the wall | within: 24h      | Europe/Berlin | 2026-03-28T02 2026-03-28T03 2026-03-29T02 | 2026-03-28T03 2026-03-29T02
                    never fewer than           | atLeast: 2       | UTC           | 2020-01-01T02 2020-01-02T02 2020-01-03T02 | 2020-01-02T02 2020-01-03T02
                    any rule is enough         | last: 1, yearly: 2 | UTC         | 2025-07-01T02 2025-12-31T02 2026-03-01T02 2026-03-02T02 | 2025-12-31T02 2026-03-02T02
                    two in two seconds         | last: 1          | UTC           | 2026-03-01T02:00:00 2026-03-01T02:00:01   | 2026-03-01T02:00:01
                    nothing at all             | daily: 3         | UTC           | ''                                        | ''
                    """)
    void keeps(String history, String rules, String zone, String given, String expected) {
        Keep keep = keep(rules, ZoneId.of(zone));

        assertThat(kept(keep, images(given)))
                .as(history)
                .containsExactlyElementsOf(images(expected).reversed());
    }

    @Test
    void namesEveryRuleThatKeepsAnImage() {
        Image only = image("2026-03-01T02:00:00Z");
        Keep all =
                keep(
                        "last: 1, hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1,"
                                + " within: 48h, atLeast: 1");

        assertThat(Retention.judge(all, List.of(only)).get(only))
                .containsExactly(
                        new Reason(ReasonKind.LAST, "number 1 of the newest images (last: 1)"),
                        new Reason(
                                ReasonKind.HOURLY,
                                "newest of 2026-03-01T02:00Z, number 1 (hourly: 1)"),
                        new Reason(ReasonKind.DAILY, "newest of 2026-03-01, number 1 (daily: 1)"),
                        new Reason(ReasonKind.WEEKLY, "newest of 2026-W09, number 1 (weekly: 1)"),
                        new Reason(ReasonKind.MONTHLY, "newest of 2026-03, number 1 (monthly: 1)"),
                        new Reason(ReasonKind.YEARLY, "newest of 2026, number 1 (yearly: 1)"),
                        new Reason(
                                ReasonKind.WITHIN,
                                "within 48h of the newest image, 2026-03-01T02:00:00Z"),
                        new Reason(
                                ReasonKind.AT_LEAST,
                                "number 1 of the newest good images (atLeast: 1)"));
    }

    @Test
    void saysWhichRulesKeepTheOldestAndWhatTheyHaveLeft() {
        Image oldest = image("2026-03-01T02:00:00Z");
        Image middle = image("2026-03-01T14:00:00Z");
        Image newest = image("2026-03-02T02:00:00Z");

        assertThat(
                        Retention.judge(
                                        keep("daily: 2, weekly: 2, monthly: 12"),
                                        List.of(oldest, middle, newest))
                                .get(oldest))
                .containsExactly(
                        new Reason(
                                ReasonKind.MONTHLY,
                                "oldest, as rule monthly has 11 left (monthly: 12)"));
    }

    @Test
    void theBeginningOfAHistoryStaysUntilTheRarestRuleIsUsedUp() {
        Keep keep = keep("daily: 2, monthly: 2");
        List<Image> history = new ArrayList<>();
        List<Image> beginnings = new ArrayList<>();
        for (Instant slot = Instant.parse("2026-01-30T02:00:00Z");
                slot.isBefore(Instant.parse("2026-03-02T00:00:00Z"));
                slot = slot.plus(Duration.ofDays(1))) {
            history.add(image("i-1", slot));
            history = new ArrayList<>(kept(keep, history));
            beginnings.add(history.getLast());
        }

        assertThat(beginnings.stream().distinct())
                .containsExactlyElementsOf(images("2026-01-30T02 2026-01-31T02 2026-02-28T02"));
    }

    @Test
    void anImageThatNoRuleKeepsHasNoReason() {
        Image old = image("2026-03-01T02:00:00Z");

        assertThat(Retention.judge(keep("last: 1"), List.of(image("2026-03-02T02:00:00Z"), old)))
                .containsEntry(old, List.of());
    }

    @Test
    void saysTheRulesInTheWordsOfThePolicyFile() {
        String rules = "last: 3, hourly: 24, daily: 14, weekly: 8, monthly: 12, yearly: 2";

        assertThat(Retention.words(keep(rules + ", within: 1h30m, atLeast: 2")))
                .isEqualTo(rules + ", within: 1h30m, atLeast: 2");
        assertThat(Retention.words(keep("daily: 7, atLeast: 1"))).isEqualTo("daily: 7, atLeast: 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "last: 1",
                "last: 10",
                "hourly: 1",
                "hourly: 30",
                "daily: 1",
                "daily: 10",
                "daily: 400",
                "weekly: 1",
                "weekly: 60",
                "monthly: 1",
                "monthly: 36",
                "yearly: 1",
                "yearly: 10",
                "last: 5, daily: 7",
                "hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3",
                "last: 3, daily: 14, weekly: 8, monthly: 12, yearly: 2, atLeast: 2",
                "daily: 2, atLeast: 40",
                "monthly: 6, atLeast: 1",
                "atLeast: 5",
                "weekly: 5, atLeast: 5",
            })
    void keepsNoMoreThanItsCountsAndAlwaysTheNewest(String rules) {
        Keep keep = keep(rules, ZoneId.of("Europe/Berlin"));
        Map<Image, List<Reason>> judged = Retention.judge(keep, LONG);
        List<Image> kept = kept(keep, LONG);

        assertThat(judged).hasSize(LONG.size());
        assertThat(judged.keySet().containsAll(LONG)).isTrue();
        assertThat(kept)
                .hasSizeLessThanOrEqualTo(
                        keep.last()
                                + keep.periods().values().stream().mapToInt(it -> it).sum()
                                + keep.atLeast())
                .startsWith(newestOf(LONG));
    }

    @Test
    void theOrderOfTheImagesDoesNotMatter() {
        Keep keep = keep("last: 3, daily: 14, weekly: 8, monthly: 12, yearly: 2, within: 48h");
        List<Image> shuffled = new ArrayList<>(LONG);
        Collections.shuffle(shuffled, new Random(7));

        assertThat(Retention.judge(keep, shuffled).sequencedEntrySet())
                .containsExactlyElementsOf(Retention.judge(keep, LONG).sequencedEntrySet());
    }

    @Test
    void ofTwoWithOneSlotItIsAlwaysTheSameThatIsKept() {
        Image one = image("2026-03-01T02:00:00Z");
        Image other =
                one.started(new ImageId("ami-0"), 2, one.since()).available(false, one.since());

        assertThat(kept(keep("last: 1"), List.of(one, other)))
                .isEqualTo(kept(keep("last: 1"), List.of(other, one)))
                .containsExactly(one);
    }

    @Test
    void nobodyCanTakeAReasonAway() {
        Image only = image("2026-03-01T02:00:00Z");

        assertThat(Retention.judge(keep("last: 1"), List.of(only)).get(only)).isUnmodifiable();
    }

    @Test
    void judgingWhatWasKeptKeepsItAgain() {
        Keep keep = keep("last: 3, daily: 14, weekly: 8, monthly: 12, yearly: 2, within: 48h");
        List<Image> kept = kept(keep, LONG);

        assertThat(kept(keep, kept)).isEqualTo(kept);
    }

    @Test
    void nothingFadesWhenBackupsStop() {
        List<Image> twoDays = images("2020-03-01T02 2020-03-02T02");

        assertThat(kept(keep("within: 48h"), twoDays)).hasSize(2);
    }

    private static List<Image> kept(Keep keep, List<Image> images) {
        return Retention.judge(keep, images).entrySet().stream()
                .filter(judged -> !judged.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Reads slots in UTC, oldest first: {@code 2026-03-01T02} or {@code 2026-03-01T02:00:01}. */
    private static List<Image> images(String slots) {
        return slots.isEmpty()
                ? List.of()
                : Stream.of(slots.split(" ", -1))
                        .map(slot -> image(slot.length() > 13 ? slot + "Z" : slot + ":00:00Z"))
                        .toList();
    }

    private static Image newestOf(List<Image> history) {
        return history.stream()
                .reduce((a, b) -> a.name().slot().compareTo(b.name().slot()) > 0 ? a : b)
                .orElseThrow();
    }

    private static List<Image> longHistory() {
        Instant start = Instant.parse("2023-11-20T01:30:00Z");
        List<Image> history = new ArrayList<>();
        for (int day = 0; day < 1100; day++) {
            Instant slot = start.plus(Duration.ofDays(day));
            boolean gap = day > 400 && day < 470;
            if (!gap) {
                history.add(image("i-1", slot));
            }
            for (int hour = 1; day > 1060 && hour < 24; hour++) {
                history.add(image("i-1", slot.plus(Duration.ofHours(hour))));
            }
        }
        history.add(image("i-1", start.plusSeconds(1)));
        return history;
    }
}
