package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.amikeeper.Counts;
import dev.amikeeper.Effort;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What a sweep of a fleet takes where everything is in order. */
final class LargeSweepTest {
    private final LargeSweep large = new LargeSweep(400, 3, 2);

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
        Process sweeps =
                new ProcessBuilder(
                                System.getProperty("java.home") + File.separator + "bin/java",
                                "-Xmx700m",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                LargeSweep.class.getName(),
                                "10000",
                                "5",
                                "2")
                        .redirectErrorStream(true)
                        .start();
        String said = new String(sweeps.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(sweeps.waitFor()).as(said).isZero();
        assertThat(said)
                .contains("DescribeImages=150, DescribeInstances=10, DescribeSnapshots=300");
    }

    private static void assertInOrder(SweepReport report) {
        assertThat(report.counts()).isEqualTo(Counts.none(SweepReport.SweepCount.class).named());
        assertThat(report.protection()).isNotEmpty();
    }
}
