package dev.amikeeper.backup;

import static dev.amikeeper.backup.ScheduleReport.ScheduleCount.MALFORMED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

final class ScheduleHandlerTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String TWO_HOMES =
            """
            policies:
              gold:
                select: {tags: {backup: gold}, regions: [us-east-1, eu-west-1]}
                schedule: {cron: "0 2 * * *"}
            """;

    @Test
    void asksForEveryInstanceOnceHoweverOftenTheTickComes() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.instance("web-2");
        given.playUntil("2026-03-01T01:55:00Z");

        given.tick("2026-03-01T02:00:00Z");
        given.tick("2026-03-01T02:00:00Z");
        given.tick("2026-03-01T01:55:00Z");

        assertThat(given.cloud.calls()).containsEntry("CreateImage", 2);
        assertThat(given.catalog().runs("gold"))
                .containsExactly(new Run.Taken("gold", EAST, slot("2026-03-01T02:00:00Z"), 2));
    }

    @Test
    void looksBackOneTickWhenItSeesAPolicyForTheFirstTime() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");

        given.tick("2026-03-01T02:04:00Z");

        assertThat(given.records(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void aFirstTickThatDiesLosesNoSlot() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("DescribeInstances").times(3).killBefore();

        given.tick("2026-03-01T02:00:00Z");
        assertThat(given.records(TestDeployment.EAST)).isEmpty();

        given.tick("2026-03-01T02:05:00Z");
        assertThat(given.records(TestDeployment.EAST))
                .extracting(image -> image.name().slot())
                .containsExactly(slot("2026-03-01T02:00:00Z"));
    }

    /** People stop and start their fleets on the hour, as slots fall. */
    @Test
    void imagesAnInstanceThatStopsOrStartsAtTheTick() {
        TestDeployment given = TestDeployment.nightly("");
        String stopping = given.instance("web-1");
        String starting = given.instance("web-2");
        given.cloud.settings().instanceTime(Duration.ofMinutes(9));
        given.cloud.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(starting));
        given.playUntil("2026-03-01T01:58:00Z");
        given.cloud.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(stopping));
        given.cloud.ec2(TestDeployment.EAST).startInstances(start -> start.instanceIds(starting));

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(2)
                .allMatch(image -> image.state() == ImageState.AVAILABLE)
                .extracting(image -> image.name().instance().value())
                .containsExactlyInAnyOrder(stopping, starting);
    }

    @Test
    void waitsForAnInstanceThatStopsWhereOnlyStoppedOnesAreImaged() {
        TestDeployment given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}, states: [stopped]}
                            schedule: {cron: "0 2 * * *"}
                        """);
        String id = given.instance("web-1");
        given.playUntil("2026-03-01T01:58:00Z");
        given.cloud.settings().instanceTime(Duration.ofMinutes(30));
        given.cloud.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id));

        given.playUntil("2026-03-01T02:20:00Z");
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(image -> image.state() == ImageState.REQUESTED && image.attempt() == 1);

        given.playUntil("2026-03-01T04:00:00Z");
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(image -> image.state() == ImageState.AVAILABLE);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void takesNoSlotFromBeforeItsFirstTick() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");

        given.tick("2026-03-01T02:05:00Z");

        assertThat(given.records(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void takesTheNewestMissedSlotAndRecordsTheOthers() {
        TestDeployment given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {every: 1h}
                        """);
        given.instance("web-1");
        given.tick("2026-03-01T00:05:00Z");

        given.cloud.advanceTo(Instant.parse("2026-03-01T04:02:00Z"));
        given.tick("2026-03-01T04:02:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .extracting(image -> image.name().slot())
                .containsExactly(slot("2026-03-01T04:00:00Z"));
        assertThat(given.catalog().runs("gold"))
                .contains(
                        new Run.Missed(
                                "gold",
                                EAST,
                                3,
                                slot("2026-03-01T01:00:00Z"),
                                slot("2026-03-01T03:00:00Z")));
        assertThat(given.told()).singleElement().asString().contains("missed 3 slots");
    }

    @Test
    void recordsASlotThatIsOlderThanADayAsMissed() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.tick("2026-03-01T00:05:00Z");

        given.cloud.advanceTo(Instant.parse("2026-03-02T01:55:00Z"));
        given.tick("2026-03-03T01:55:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .extracting(image -> image.name().slot())
                .containsExactly(slot("2026-03-02T02:00:00Z"));
        assertThat(given.told()).singleElement().asString().contains("missed 1 slot,");
    }

    @Test
    void aRegionThatCannotBeReadHoldsUpNoOtherAndIsTriedAgain() {
        TestDeployment given = new TestDeployment(TWO_HOMES);
        given.instance(TestDeployment.EAST, "web-1", 1);
        given.instance(TestDeployment.IRELAND, "web-2", 1);
        given.cloud
                .faults()
                .unreachable(TestDeployment.IRELAND, Instant.parse("2026-03-01T05:00:00Z"));

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.IRELAND)).isEmpty();
        assertThat(given.told()).singleElement().asString().contains("eu-west-1", "cannot be read");

        given.playUntil("2026-03-01T06:00:00Z");

        assertThat(given.records(TestDeployment.IRELAND))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.name().slot()).isEqualTo(slot("2026-03-01T02:00:00Z"));
                });
    }

    @Test
    void aDeniedReadIsToldOnce() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("DescribeInstances").times(1000).deny();

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.told()).singleElement().asString().contains("UnauthorizedOperation");
    }

    @Test
    void anEmptyFleetIsARunOfNoInstances() {
        TestDeployment given = TestDeployment.nightly("");

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(given.catalog().runs("gold"))
                .containsExactly(new Run.Taken("gold", EAST, slot("2026-03-01T02:00:00Z"), 0));
    }

    @Test
    void readsTheFleetInPages() {
        TestDeployment given = TestDeployment.nightly("");
        for (int i = 0; i < 1100; i++) {
            given.instance("web-" + i);
        }
        given.tick("2026-03-01T01:59:00Z");

        given.tick("2026-03-01T02:00:00Z");

        assertThat(given.records(TestDeployment.EAST)).hasSize(1100);
    }

    @Test
    void recordsAMalformedEventAndGoesOn() {
        TestDeployment given = TestDeployment.nightly("");

        ScheduleReport report =
                new ScheduleHandler(given.deployment.application())
                        .handleRequest(
                                Map.of("source", "aws.scheduler", "time", "tomorrow"),
                                given.context("ScheduleFunction"));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.catalog().notices())
                .extracting(Notice::text)
                .singleElement()
                .asString()
                .contains("time: not a time: \"tomorrow\"");
    }

    private static Slot slot(String time) {
        return new Slot(Instant.parse(time));
    }
}
