package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Another reader of cron finds the same slots. */
final class CronJudgeTest {
    private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant UNTIL = FROM.plus(Duration.ofDays(31));
    private static final CronParser JUDGE =
            new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
    private static final List<String> WEEKDAYS =
            List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private final Random random = new Random(7);

    @Test
    void findsTheSlotsThatAnotherReaderFinds() {
        int fired = 0;
        for (int i = 0; i < 200; i++) {
            String cron =
                    String.join(
                            " ",
                            anyOf("0", "30", "*/15", "5-50/15", "10,40"),
                            anyOf("*", "2", "*/6", "8-18/2", "0,12", number(0, 23)),
                            anyOf("*", "*/10", "*/1", "1-7", list(1, 28), number(1, 28)),
                            anyOf("*", "*", "1-2", "FEB", "*/2", list(1, 12)),
                            anyOf("*", "*", "1-5", "MON-FRI", "*/3", list(0, 6), weekday()));

            List<Instant> judged = judged(cron);

            assertThat(new CronSchedule(cron, ZoneId.of("UTC")).slots(FROM, UNTIL))
                    .as(cron)
                    .extracting(slot -> slot.time())
                    .isEqualTo(judged);
            fired += judged.isEmpty() ? 0 : 1;
        }
        assertThat(fired).isGreaterThan(60);
    }

    private static List<Instant> judged(String cron) {
        ExecutionTime times = ExecutionTime.forCron(JUDGE.parse(cron));
        return Stream.iterate(
                        times.nextExecution(FROM.atZone(ZoneOffset.UTC)),
                        next -> next.filter(it -> !it.toInstant().isAfter(UNTIL)).isPresent(),
                        next -> next.flatMap(times::nextExecution))
                .flatMap(next -> next.stream().map(ZonedDateTime::toInstant))
                .toList();
    }

    private String anyOf(String... texts) {
        return texts[random.nextInt(texts.length)];
    }

    private String weekday() {
        return WEEKDAYS.get(random.nextInt(WEEKDAYS.size()));
    }

    private String number(int least, int most) {
        return "" + random.nextInt(least, most + 1);
    }

    private String list(int least, int most) {
        return String.join(
                ",", IntStream.range(0, 3).mapToObj(_ -> number(least, most)).sorted().toList());
    }
}
