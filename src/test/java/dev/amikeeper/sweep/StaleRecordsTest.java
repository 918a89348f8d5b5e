package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.DONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNCOPIED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

/** The sweep may see records as they were a while ago. What it does on that is refused. */
final class StaleRecordsTest {
    private static final Region EAST = new Region(TestDeployment.EAST);

    private final TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {}}");

    @Test
    void aRecordThatCannotBeSeenYetIsNotMadeTwice() {
        given.instance("web-1");
        stopSeeing();
        given.nights(1);
        given.cloud.advance(Duration.ofHours(2));
        List<Image> east = given.records(TestDeployment.EAST);
        List<Image> west = given.records(TestDeployment.WEST);
        assertThat(east).singleElement().matches(Image::isGood);

        SweepReport report = given.deployment.sweep(given.cloud.now());

        assertThat(report.count(ADOPTED)).isZero();
        assertThat(report.count(UNCOPIED)).isZero();
        assertThat(given.records(TestDeployment.EAST)).isEqualTo(east);
        assertThat(given.records(TestDeployment.WEST)).isEqualTo(west);
    }

    @Test
    void anImageThatSeemsToBeInTheMakingIsNotFinishedTwice() {
        given.instance("web-1");
        given.cloud.faults().events("EC2 AMI State Change").times(2).lose();
        given.nights(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.CREATING);
        stopSeeing();
        given.deployment
                .application()
                .progress()
                .available(given.records(TestDeployment.EAST).getFirst(), given.cloud.now());
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        List<Image> east = given.records(TestDeployment.EAST);
        List<Image> west = given.records(TestDeployment.WEST);
        assertThat(west).hasSize(1);

        SweepReport report = given.deployment.sweep(given.cloud.now());

        assertThat(report.count(DONE)).isZero();
        assertThat(report.count(UNCOPIED)).isZero();
        assertThat(given.records(TestDeployment.EAST)).isEqualTo(east);
        assertThat(given.records(TestDeployment.WEST)).isEqualTo(west);
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
    }

    @Test
    void anImageThatSeemsToBeThereIsNotBuriedTwice() {
        given.instance("web-1");
        given.nights(1);
        given.cloud.advance(Duration.ofHours(2));
        stopSeeing();
        String id = given.images(TestDeployment.EAST).getFirst().image().imageId();
        given.ec2(TestDeployment.EAST).deregisterImage(it -> it.imageId(id));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        var removed = given.catalog().removed("gold", EAST);
        assertThat(removed).hasSize(1);

        SweepReport report = given.deployment.sweep(given.cloud.now());

        assertThat(report.count(GONE)).isZero();
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.catalog().removed("gold", EAST)).isEqualTo(removed);
    }

    private void stopSeeing() {
        given.cloud.tables(TestDeployment.EAST).stopEventually("catalogue");
    }
}
