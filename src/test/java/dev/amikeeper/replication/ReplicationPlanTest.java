package dev.amikeeper.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.replication.ReplicationPlan.Room;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

final class ReplicationPlanTest {
    private static final Region HOME = new Region("us-east-1");
    private static final Policies POLICIES =
            Policies.parse(
                    """
                    policies:
                      hourly: {select: {tags: {backup: a}}, schedule: {every: 1h}, replicate: {us-west-2: {}}}
                      nightly: {select: {tags: {backup: b}}, schedule: {cron: "0 2 * * *"}, replicate: {us-west-2: {}}}
                      asked: {select: {tags: {backup: c}}, on: [requested], replicate: {us-west-2: {}}}
                    """,
                    "policies.yaml",
                    HOME,
                    Application.regions(HOME));

    @Test
    void theCopyWhoseObjectiveBreachesFirstIsNeededMost() {
        // Needed by 08:00, 04:30 + 6 h, 05:00 and 06:00.
        assertOrder(
                "hourly/i-3/2026-03-01T03.00.00Z",
                "hourly/i-4/2026-03-01T04.00.00Z",
                "nightly/i-1/2026-03-01T02.00.00Z",
                "asked/i-2/2026-03-01T04.30.00Z");
    }

    @Test
    void ofTwoThatAreNeededAtTheSameTimeTheOneOfTheOlderSlotComesFirst() {
        assertOrder(
                "asked/i-0/2026-03-01T02.00.00Z",
                "nightly/i-1/2026-03-01T02.00.00Z",
                "nightly/i-2/2026-03-01T02.00.00Z",
                "hourly/i-1/2026-03-01T07.00.00Z");
    }

    @Test
    void copiesOfLostPoliciesAreOutOfTheWaySoon() {
        assertOrder("former/i-1/2026-03-01T05.00.00Z", "hourly/i-1/2026-03-01T02.00.00Z");
    }

    private static void assertOrder(String... names) {
        List<ImageName> order =
                List.of(names).stream().map(it -> ImageName.parse(it).orElseThrow()).toList();
        assertThat(new ReplicationPlan(POLICIES).byNeed(order)).isEqualTo(order);
        assertThat(new ReplicationPlan(POLICIES).byNeed(order.reversed())).isEqualTo(order);
    }

    @ParameterizedTest
    @CsvSource({
        "300, 0, 300",
        "300, 299, 1",
        "300, 300, 0",
        // The limit was lowered while more were under way.
        "250, 290, 0",
    })
    void thereIsRoomUpToTheLimit(int limit, int underWay, int free) {
        assertThat(new Room(limit, underWay).free()).isEqualTo(free);
    }

    @ParameterizedTest
    @CsvSource({
        "300, 293, 8, true",
        "300, 293, 7, false",
        "300, 292, 500, false",
        "20, 19, 2, true",
        "20, 18, 500, false",
        "1, 0, 500, false",
    })
    void aLittleRoomIsNotWorthAllTheReadingUnlessItIsEnough(
            int limit, int underWay, int waiting, boolean tooLittle) {
        assertThat(new Room(limit, underWay).isTooLittle(waiting)).isEqualTo(tooLittle);
    }

    @Test
    void whatIsStartedTakesRoom() {
        assertThat(new Room(300, 250).after(20)).isEqualTo(new Room(300, 270));
    }
}
