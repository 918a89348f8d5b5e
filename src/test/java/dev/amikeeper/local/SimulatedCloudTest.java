package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

final class SimulatedCloudTest {
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);

    @Test
    void theSameSeedGivesTheSameIdsAndEvents() {
        assertThat(story(7)).isEqualTo(story(7)).isNotEqualTo(story(8));
    }

    @Test
    void theClockStandsUntilItIsMoved() {
        image("gold/a");

        assertThat(cloud.now()).isEqualTo(START);
        assertThat(cloud.clock().instant()).isEqualTo(START);
        cloud.advance(Duration.ofMinutes(3));
        assertThat(cloud.clock().instant()).isEqualTo(START.plus(Duration.ofMinutes(3)));
    }

    @Test
    void theClockDoesNotGoBack() {
        assertThatThrownBy(() -> cloud.advanceTo(START.minusSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatFallsDueHappensInOrderOfTimeAcrossRegions() {
        cloud.settings().imageTime(Duration.ofMinutes(10));
        String slow = image("gold/slow");
        cloud.settings().imageTime(Duration.ofMinutes(5));
        String elsewhere = cloud.launch(DR, Map.of(), List.of(8));
        String fast =
                cloud.ec2(DR).createImage(r -> r.instanceId(elsewhere).name("gold/fast")).imageId();

        cloud.advance(Duration.ofHours(1));

        assertThat(cloud.takeEvents())
                .extracting(event -> event.get("time"), event -> event.get("resources"))
                .containsExactly(
                        tuple(
                                "2026-03-01T00:05:00Z",
                                List.of("arn:aws:ec2:us-west-2::image/" + fast)),
                        tuple(
                                "2026-03-01T00:10:00Z",
                                List.of("arn:aws:ec2:us-east-1::image/" + slow)));
    }

    @Test
    void nextDueIsTheNextChangeOrNowWhileEventsWait() {
        assertThat(cloud.nextDue()).isEmpty();
        image("gold/a");
        Instant available = START.plus(Duration.ofMinutes(5));
        assertThat(cloud.nextDue()).contains(available);

        cloud.advance(Duration.ofHours(1));

        assertThat(cloud.nextDue()).contains(cloud.now());
        cloud.takeEvents();
        assertThat(cloud.nextDue()).isEmpty();
    }

    @Test
    void eventsAreTakenOnce() {
        image("gold/a");
        cloud.advance(Duration.ofMinutes(5));

        assertThat(cloud.takeEvents()).hasSize(1);
        assertThat(cloud.takeEvents()).isEmpty();
    }

    @Test
    void aLaunchedInstanceRunsAndNoEventTellsOfIt() {
        String id = cloud.launch(HOME, Map.of("backup", "gold"), List.of(8, 20, 30));

        LocalInstance instance = cloud.instances(HOME).getFirst();
        assertThat(instance.instance().instanceId()).isEqualTo(id);
        assertThat(instance.instance().state().nameAsString()).isEqualTo("running");
        assertThat(instance.instance().blockDeviceMappings())
                .extracting(device -> device.deviceName())
                .containsExactly("/dev/xvda", "/dev/sdf", "/dev/sdg");
        assertThat(instance.volumeSizes().values()).containsExactlyInAnyOrder(8, 20, 30);
        assertThat(cloud.takeEvents()).isEmpty();
    }

    @Test
    void anInstanceHasAtLeastOneVolume() {
        assertThatThrownBy(() -> cloud.launch(HOME, Map.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void callsAreCountedPerRegionAndInAll() {
        image("gold/a");
        cloud.ec2(DR).describeImages(r -> {});
        cloud.ec2(HOME).describeImages(r -> {});

        assertThat(cloud.calls()).isEqualTo(Map.of("CreateImage", 1, "DescribeImages", 2));
        assertThat(cloud.calls(DR)).isEqualTo(Map.of("DescribeImages", 1));
    }

    @Test
    void aRegionThatDoesNotExistCannotBeReached() {
        assertThatThrownBy(() -> cloud.ec2("nowhere-east-9").describeImages(r -> {}))
                .isInstanceOf(SdkClientException.class)
                .hasMessageContaining("unknown host");
    }

    @Test
    void aClientOfARegionIsTheSameEachTime() {
        assertThat(cloud.ec2(HOME)).isSameAs(cloud.ec2(HOME));
        assertThat(cloud.sqs(HOME)).isSameAs(cloud.sqs(HOME));
        assertThat(cloud.sns(HOME)).isSameAs(cloud.sns(HOME));
    }

    @Test
    void ofManyCallersAtOnceOneGetsTheName() throws Exception {
        List<Callable<Boolean>> callers = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            String instance = cloud.launch(HOME, Map.of(), List.of(8));
            callers.add(() -> takesTheName(instance));
        }

        int taken = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Boolean> caller : threads.invokeAll(callers)) {
                taken += caller.get() ? 1 : 0;
            }
        }

        assertThat(taken).isEqualTo(1);
        assertThat(cloud.images(HOME)).hasSize(1);
        assertThat(cloud.snapshots(HOME)).hasSize(1);
        assertThat(cloud.calls()).containsEntry("CreateImage", 50);
    }

    @Test
    void theRegionsOfAnAccountAreDescribed() {
        assertThat(cloud.ec2(HOME).describeRegions().regions())
                .extracting(region -> region.regionName())
                .contains("us-east-1", "us-west-2", "eu-west-1");
    }

    @Test
    void whatItDoesNotKnowIsUnsupported() {
        assertThatThrownBy(() -> cloud.ec2(HOME).describeVpcs())
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private boolean takesTheName(String instance) {
        try {
            cloud.ec2(HOME).createImage(r -> r.instanceId(instance).name("gold/a"));
            return true;
        } catch (Ec2Exception taken) {
            assertThat(taken.awsErrorDetails().errorCode()).isEqualTo("InvalidAMIName.Duplicate");
            return false;
        }
    }

    private String image(String name) {
        String instance = cloud.launch(HOME, Map.of(), List.of(8));
        return cloud.ec2(HOME).createImage(r -> r.instanceId(instance).name(name)).imageId();
    }

    private static List<Map<String, Object>> story(long seed) {
        SimulatedCloud cloud = new SimulatedCloud(START, seed);
        cloud.faults().events().times(10).reorder(Duration.ofMinutes(1));
        String instance = cloud.launch(HOME, Map.of(), List.of(8));
        cloud.ec2(HOME).createImage(r -> r.instanceId(instance).name("gold/a"));
        cloud.ec2(HOME).stopInstances(r -> r.instanceIds(instance));
        cloud.advance(Duration.ofHours(1));
        return cloud.takeEvents();
    }
}
