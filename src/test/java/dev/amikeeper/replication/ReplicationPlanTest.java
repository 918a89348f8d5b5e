package dev.amikeeper.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

final class ReplicationPlanTest {
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:00Z");

    @Test
    void startsAsManyAsThereIsExactlyRoomFor() {
        assertPlan(waiting(5, 5, 10, 1), 0, 3);
        assertPlan(waiting(3, 3), 14, 2);
    }

    @Test
    void startsWhatFitsInOnePlaceLess() {
        assertPlan(waiting(3, 4), 14, 1);
    }

    @Test
    void startsNothingWhereNothingFits() {
        assertPlan(waiting(3, 3), 18, 0);
        assertPlan(waiting(1), 20, 0);
        assertPlan(waiting(1), 25, 0);
    }

    @Test
    void letsNoSmallerCopyOvertakeALargerOne() {
        assertPlan(waiting(2, 8, 1, 1), 12, 1);
    }

    @Test
    void startsAnOversizedCopyWhereNothingIsInFlight() {
        assertPlan(waiting(21, 1), 0, 1);
    }

    @Test
    void keepsAnOversizedCopyWaitingForTheLastInFlight() {
        assertPlan(waiting(21, 1), 1, 0);
        assertPlan(waiting(1, 21), 0, 1);
    }

    @Test
    void countsACopyOfUnknownSizeAsOne() {
        assertPlan(waiting(0, 0), 18, 2);
        assertPlan(waiting(0, 0), 19, 1);
        assertPlan(waiting(0), 20, 0);
    }

    @Test
    void startsNothingWhereNothingWaits() {
        assertPlan(List.of(), 0, 0);
    }

    /** The first {@code started} start, all others wait, and the order is kept. */
    private static void assertPlan(List<Image> inOrder, int inFlight, int started) {
        assertThat(ReplicationPlan.of(inOrder, Image::volumes, inFlight))
                .isEqualTo(
                        new ReplicationPlan(
                                inOrder.subList(0, started),
                                inOrder.subList(started, inOrder.size())));
    }

    private static List<Image> waiting(int... volumes) {
        return IntStream.range(0, volumes.length)
                .mapToObj(i -> {
                    ImageName name =
                            new ImageName(
                                    "gold",
                                    new InstanceId("i-" + i),
                                    new Slot(NOW.plusSeconds(60L * i)));
                    return Image.intent(name, new Region("us-east-1"), Trigger.SCHEDULED, NOW)
                            .started(new ImageId("ami-" + i), volumes[i], NOW)
                            .available(false, NOW)
                            .copyTo(new Region("us-west-2"), NOW);
                })
                .toList();
    }
}
