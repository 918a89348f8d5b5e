package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.Effort;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.scale.GeneratedFleet;
import dev.amikeeper.scale.GeneratedFleet.FleetSize;

import org.junit.jupiter.api.Test;

import java.util.Map;

/** What a rebuild of a large fleet's catalogue takes. */
final class LargeRebuildTest {
    /** A record takes three of the 100 writes that DynamoDB allows in a transaction. */
    @Test
    void someThirtyImagesAreAdoptedWithOneTransaction() {
        FleetSize size = new FleetSize(Effort.of(1_000, 10_000), 1, 2);
        GeneratedFleet fleet = new GeneratedFleet(size, "");
        SimulatedCloud cloud = fleet.given().cloud;
        Application app = fleet.withoutRecords();
        Map<String, Integer> before = cloud.calls();

        RebuildReport rebuilt = rebuild(app);

        int transactions =
                cloud.calls().getOrDefault("TransactWriteItems", 0)
                        - before.getOrDefault("TransactWriteItems", 0);
        assertThat(rebuilt.added()).isEqualTo(GeneratedFleet.REGIONS.size() * size.images());
        assertThat(rebuilt.unreadable()).isEmpty();
        assertThat(rebuilt.schedules())
                .allSatisfy(schedule -> assertThat(schedule.requested()).isZero());
        assertThat(transactions).isLessThan(rebuilt.added() / 30);
        assertThat(rebuild(app).added()).isZero();
    }

    private static RebuildReport rebuild(Application app) {
        return app.rebuild(app.clock().instant(), false)
                .run(GeneratedFleet.REGIONS, Rebuild.RebuildProgress.NONE);
    }
}
