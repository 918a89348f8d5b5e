package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.local.dynamodb.CapacityUnits;

import org.junit.jupiter.api.Test;

import java.time.Duration;

/** What a sweep reads and writes in the catalogue where everything is in order. */
final class SweepUnitsTest {
    private static final int SERVERS = 50;
    private static final int NIGHTS = 7;
    private static final int REGIONS = 3;

    @Test
    void aQuietSweepReadsEachRecordOnceAtHalfThePriceAndWritesNothing() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {}, eu-west-1: {}}");
        for (int i = 0; i < SERVERS; i++) {
            given.instance("server-" + i);
        }
        given.nights(NIGHTS);
        given.cloud.advance(Duration.ofHours(4));
        given.deployment.sweep(given.cloud.now());
        given.cloud.advance(Drift.EVERY);
        given.deployment.sweep(given.cloud.now());
        given.cloud.advance(Drift.EVERY);
        CapacityUnits before = given.cloud.tables(TestDeployment.EAST).units();

        given.deployment.sweep(given.cloud.now());

        CapacityUnits used = given.cloud.tables(TestDeployment.EAST).units().since(before);
        assertThat(used.write()).isZero();
        int records = SERVERS * NIGHTS * REGIONS;
        // Eight records of less than a kilobyte each make a unit; some small reads come on top.
        assertThat(used.read()).as("%s", used).isLessThan(records / 9.0 + 20);
    }
}
