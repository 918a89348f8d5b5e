package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.DueSlots.MissedSlots;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;

final class DueSlotsTest {
    private static final Schedule NIGHTLY = new CronSchedule("0 2 * * *", ZoneOffset.UTC);
    private static final Schedule HOURLY = new EverySchedule(Duration.ofHours(1));
    private static final DueSlots NOTHING = new DueSlots(Optional.empty(), Optional.empty());

    @Test
    void takesTheSlotThatFellDue() {
        assertThat(due(NIGHTLY, "2026-03-01T01:55:00Z", "2026-03-01T02:00:00Z"))
                .isEqualTo(new DueSlots(slot("2026-03-01T02:00:00Z"), Optional.empty()));
    }

    @Test
    void takesTheSlotOfThisTickOfAPolicyThatIsSeenForTheFirstTime() {
        Instant now = Instant.parse("2026-03-01T02:03:00Z");

        assertThat(DueSlots.of(NIGHTLY, now.minus(Schedule.TICK), now).taken())
                .isEqualTo(slot("2026-03-01T02:00:00Z"));
    }

    @Test
    void takesNothingWhileNothingIsDue() {
        assertThat(due(NIGHTLY, "2026-03-01T02:00:00Z", "2026-03-01T02:05:00Z")).isEqualTo(NOTHING);
    }

    @Test
    void takesNothingNewWhenATickIsRepeated() {
        assertThat(due(NIGHTLY, "2026-03-01T02:00:00Z", "2026-03-01T02:00:00Z")).isEqualTo(NOTHING);
    }

    @Test
    void takesNothingWhileTheCursorIsAheadOfTheClock() {
        assertThat(due(HOURLY, "2026-03-02T00:00:00Z", "2026-03-01T02:00:00Z")).isEqualTo(NOTHING);
    }

    @Test
    void takesTheNewestOfTwoAndMissesTheOther() {
        assertThat(due(HOURLY, "2026-03-01T00:00:00Z", "2026-03-01T02:00:00Z"))
                .isEqualTo(
                        new DueSlots(
                                slot("2026-03-01T02:00:00Z"),
                                missed(1, "2026-03-01T01:00:00Z", "2026-03-01T01:00:00Z")));
    }

    @Test
    void tellsHowManyOfSeveralWereMissedAndFromWhenToWhen() {
        assertThat(due(HOURLY, "2026-03-01T00:00:00Z", "2026-03-01T05:30:00Z"))
                .isEqualTo(
                        new DueSlots(
                                slot("2026-03-01T05:00:00Z"),
                                missed(4, "2026-03-01T01:00:00Z", "2026-03-01T04:00:00Z")));
    }

    @Test
    void takesASlotThatIsADayOld() {
        assertThat(due(NIGHTLY, "2026-03-01T01:00:00Z", "2026-03-02T01:59:59Z"))
                .isEqualTo(new DueSlots(slot("2026-03-01T02:00:00Z"), Optional.empty()));
    }

    @Test
    void missesASlotThatIsOlderThanADay() {
        Schedule yearly = new CronSchedule("0 2 1 3 *", ZoneOffset.UTC);

        assertThat(due(yearly, "2026-02-28T00:00:00Z", "2026-03-02T02:00:00Z").taken())
                .isEqualTo(slot("2026-03-01T02:00:00Z"));
        assertThat(due(yearly, "2026-02-28T00:00:00Z", "2026-03-02T02:00:01Z"))
                .isEqualTo(
                        new DueSlots(
                                Optional.empty(),
                                missed(1, "2026-03-01T02:00:00Z", "2026-03-01T02:00:00Z")));
    }

    @Test
    void staysSmallAfterAnOutageOfMonths() {
        assertThat(due(HOURLY, "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"))
                .isEqualTo(
                        new DueSlots(
                                slot("2026-07-01T00:00:00Z"),
                                missed(
                                        181 * 24 - 1,
                                        "2026-01-01T01:00:00Z",
                                        "2026-06-30T23:00:00Z")));
    }

    private static DueSlots due(Schedule schedule, String cursor, String now) {
        return DueSlots.of(schedule, Instant.parse(cursor), Instant.parse(now));
    }

    private static Optional<Slot> slot(String time) {
        return Optional.of(new Slot(Instant.parse(time)));
    }

    private static Optional<MissedSlots> missed(int count, String first, String last) {
        return Optional.of(
                new MissedSlots(
                        count, new Slot(Instant.parse(first)), new Slot(Instant.parse(last))));
    }
}
