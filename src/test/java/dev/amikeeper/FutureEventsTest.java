package dev.amikeeper;

import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.MALFORMED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.backup.ImageRequestHandler;
import dev.amikeeper.backup.ScheduleHandler;
import dev.amikeeper.backup.ScheduleReport;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.sweep.SweepHandler;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Events and stored times that lie ahead of the function's own clock. */
final class FutureEventsTest {
    private static final String IN_A_MONTH = "2026-04-01T02:00:00Z";

    private final TestDeployment given = TestDeployment.nightlyInMemory("keep: {last: 2}");
    private final Application app = given.deployment.application();

    @Test
    void aTickOfTheFutureIsRefusedAndToldOnce() {
        given.instance("web");

        ScheduleReport report = tick(IN_A_MONTH);
        tick("2026-04-01T02:05:00Z");

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.catalog().bookmarks().cursors()).isEmpty();
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(told("ahead of this function's clock")).hasSize(1);
    }

    @Test
    void aTickOfAClockThatIsAQuarterOfAnHourFastIsTaken() {
        assertThat(tick(TestDeployment.START.plusSeconds(15 * 60).toString()).count(MALFORMED))
                .isZero();
        assertThat(tick(TestDeployment.START.plusSeconds(15 * 60 + 1).toString()).count(MALFORMED))
                .isEqualTo(1);
    }

    @Test
    void everyHandlerThatTakesNowFromItsEventRefusesOneOfTheFuture() {
        given.instance("web");
        given.nights(3);
        int images = given.images(TestDeployment.EAST).size();

        new PruneHandler(app).handleRequest(future("prune.json"), given.context("PruneFunction"));
        new SweepHandler(app).handleRequest(future("sweep.json"), given.context("SweepFunction"));
        new ImageRequestHandler(app)
                .handleRequest(future("request-event.json"), given.context("RequestFunction"));

        assertThat(given.images(TestDeployment.EAST)).hasSize(images);
        assertThat(given.catalog().notices())
                .extracting(Notice::key)
                .filteredOn(key -> key.startsWith("malformed/"))
                .hasSize(3);
    }

    @Test
    void aCursorAheadOfTheClockComesBackByItselfAndImagesAreMadeAgain() {
        given.instance("web");
        given.playDays(2);
        given.edit("123456789012/bookmarks", "gold/us-east-1", "time", IN_A_MONTH);

        given.playDays(5);

        assertThat(given.catalog().bookmarks().cursors())
                .extracting(Cursor::time)
                .allMatch(time -> !time.isAfter(given.cloud.now()));
        assertThat(given.records(TestDeployment.EAST))
                .extracting(image -> image.name().slot().toString())
                .contains("2026-03-04T02:00:00Z", "2026-03-05T02:00:00Z");
        assertThat(told("which is still to come")).hasSize(1);
    }

    @Test
    void whatIsDueOnlyInAMonthIsDueNow() {
        given.instance("web");
        given.playDays(1);
        given.deployment.withoutSchedules();
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.cloud.faults().calls("CreateImage").times(9).throttle();
        given.cloud.advanceTo(Instant.parse("2026-03-02T02:00:00Z"));
        given.tick("2026-03-02T02:00:00Z");
        String key = "2026-03-02T02:00:00Z/gold/" + image.name().instance();
        long due = Instant.parse(IN_A_MONTH).getEpochSecond();
        given.editNumber("123456789012/us-east-1/work/create-waiting", key, "due", due);
        given.cloud.faults().clear();

        given.deployment.sweep(given.cloud.now());
        given.deployment.runUntil(given.cloud.now().plusSeconds(3600));

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    private List<String> told(String what) {
        return given.told().stream().filter(text -> text.contains(what)).toList();
    }

    private ScheduleReport tick(String time) {
        Map<String, Object> event = Samples.read("schedule.json");
        event.put("time", time);
        return new ScheduleHandler(app).handleRequest(event, given.context("ScheduleFunction"));
    }

    private static Map<String, Object> future(String sample) {
        Map<String, Object> event = Samples.read(sample);
        event.put("time", IN_A_MONTH);
        return event;
    }
}
