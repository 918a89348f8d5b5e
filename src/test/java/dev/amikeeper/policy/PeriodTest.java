package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;
import java.time.ZoneId;

final class PeriodTest {
    @ParameterizedTest
    @CsvSource({
        "HOURLY,  2026-03-01T02:59:59Z, UTC,              2026-03-01T02:00Z",
        "HOURLY,  2026-03-01T02:10:00Z, Asia/Kolkata,     2026-03-01T07:00+05:30",
        "DAILY,   2026-03-01T23:30:00Z, UTC,              2026-03-01",
        "DAILY,   2026-03-01T23:30:00Z, Europe/Berlin,    2026-03-02",
        "DAILY,   2028-02-29T12:00:00Z, UTC,              2028-02-29",
        "DAILY,   2026-03-01T10:00:00Z, Pacific/Kiritimati, 2026-03-02",
        "WEEKLY,  2026-12-31T12:00:00Z, UTC,              2026-W53",
        "WEEKLY,  2027-01-03T23:59:59Z, UTC,              2026-W53",
        "WEEKLY,  2027-01-04T00:00:00Z, UTC,              2027-W01",
        "WEEKLY,  2024-12-30T00:00:00Z, UTC,              2025-W01",
        "WEEKLY,  2026-03-01T23:30:00Z, Europe/Berlin,    2026-W10",
        "MONTHLY, 2026-01-31T23:30:00Z, UTC,              2026-01",
        "MONTHLY, 2026-01-31T23:30:00Z, Europe/Berlin,    2026-02",
        "MONTHLY, 2026-02-01T00:30:00Z, America/New_York, 2026-01",
        "YEARLY,  2026-12-31T23:30:00Z, UTC,              2026",
        "YEARLY,  2026-12-31T23:30:00Z, Europe/Berlin,    2027",
    })
    void readsTheCalendarOfTheZone(Period period, String moment, String zone, String expected) {
        assertThat(period.of(Instant.parse(moment), ZoneId.of(zone))).hasToString(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // Berlin sets its clocks back an hour at 01:00Z, Lord Howe half an hour at 15:00Z.
        "2026-10-25T00:30:00Z, 2026-10-25T01:30:00Z, Europe/Berlin",
        "2026-04-04T14:45:00Z, 2026-04-04T15:15:00Z, Australia/Lord_Howe",
    })
    void tellsTheTwoHoursOfADoubledOneApart(String first, String second, String zone) {
        ZoneId there = ZoneId.of(zone);

        assertThat(Instant.parse(first).atZone(there).getHour())
                .isEqualTo(Instant.parse(second).atZone(there).getHour());
        assertThat(Period.HOURLY.of(Instant.parse(first), there))
                .isNotEqualTo(Period.HOURLY.of(Instant.parse(second), there));
    }

    @Test
    void isTheSameHourOnlyWithinIt() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        Object hour = Period.HOURLY.of(Instant.parse("2026-10-25T01:00:00Z"), berlin);

        assertThat(Period.HOURLY.of(Instant.parse("2026-10-25T01:59:59Z"), berlin)).isEqualTo(hour);
        assertThat(Period.HOURLY.of(Instant.parse("2026-10-25T02:00:00Z"), berlin))
                .isNotEqualTo(hour);
    }
}
