package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.amikeeper.Counts;
import dev.amikeeper.Effort;
import dev.amikeeper.scale.FunctionHeap;
import dev.amikeeper.scale.GeneratedFleet.FleetSize;

import org.junit.jupiter.api.Test;

import java.io.IOException;

/** What a sweep of a fleet takes where everything is in order. */
final class LargeSweepTest {
    private final LargeSweep large = new LargeSweep(new FleetSize(400, 3, 2));

    @Test
    void snapshotsOfAQuietRegionAreListedOnceADay() {
        assertInOrder(large.sweepAfter(Drift.EVERY));
        assertThat(large.calls()).containsEntry("DescribeSnapshots", 3 * 3);

        assertInOrder(large.sweepAfter(Drift.EVERY));
        assertThat(large.calls())
                .doesNotContainKey("DescribeSnapshots")
                .containsEntry("DescribeImages", 3 * 2);

        large.sweepAfter(SettledRegions.LOOK_EVERY.minus(Drift.EVERY));
        assertThat(large.calls()).containsEntry("DescribeSnapshots", 3 * 3);
    }

    @Test
    void eachRecordIsReadOnceASweep() {
        large.sweepAfter(Drift.EVERY);

        // Pages of 400, in three Regions.
        assertThat(large.calls()).containsEntry("Query", 3 * 3);
    }

    /** EC2 allows 50,000 images and 100,000 snapshots in a Region; the function has 1,024 MB. */
    @Test
    void aFullAccountFitsIntoTheFunction() throws IOException, InterruptedException {
        assumeTrue(Effort.isNightly());
        String said = FunctionHeap.run(LargeSweep.class, new FleetSize(10_000, 5, 2).args());

        assertThat(said)
                .contains("DescribeImages=150, DescribeInstances=10, DescribeSnapshots=300");
    }

    private static void assertInOrder(SweepReport report) {
        assertThat(report.counts()).isEqualTo(Counts.none(SweepReport.SweepCount.class).named());
        assertThat(report.protection()).isNotEmpty();
    }
}
