package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

final class RestorePointsTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Instant SLOT = TestDeployment.START.plus(Duration.ofHours(2));

    private final Image early = image(SLOT, Optional.of(SLOT.plusSeconds(30)));
    private final Image late = image(SLOT.plus(Duration.ofHours(1)), Optional.of(at(9)));
    private final Image unknown = image(SLOT.plus(Duration.ofHours(3)), Optional.empty());

    @Test
    void anImageThatWasMadeLateHoldsWhatCameAfterItsSlot() {
        assertThat(newest(at(8))).contains(unknown);
        assertThat(newest(at(4))).contains(early);
        assertThat(newest(at(9))).contains(late);
    }

    @Test
    void theNewestIsTheOneWhoseDisksWereReadLast() {
        assertThat(RestorePoints.newest(EAST, Optional.empty(), all())).contains(late);
        assertThat(RestorePoints.in(EAST, all())).containsExactly(late, unknown, early);
    }

    @Test
    void anImageAndItsCopiesKnowWhenTheDisksWereRead() {
        TestDeployment given = TestDeployment.nightlyInMemory("replicate: {us-west-2: {}}");
        given.instance("web");
        given.nights(1);

        Image home = given.records(TestDeployment.EAST).getFirst();
        Image copy = given.records(TestDeployment.WEST).getFirst();

        assertThat(home.making().taken())
                .hasValueSatisfying(when -> assertThat(when).isBetween(SLOT, home.since()));
        assertThat(copy.making().taken()).isEqualTo(home.making().taken());
    }

    private Optional<Image> newest(Instant at) {
        return RestorePoints.newest(EAST, Optional.of(at), all());
    }

    private List<Image> all() {
        return List.of(unknown, early, late);
    }

    private static Instant at(int hour) {
        return TestDeployment.START.plus(Duration.ofHours(hour));
    }

    private static Image image(Instant slot, Optional<Instant> taken) {
        ImageName name = new ImageName("gold", new InstanceId("i-1"), new Slot(slot));
        return Image.intent(name, EAST, Trigger.SCHEDULED, slot)
                .started(new ImageId("ami-1"), 1, slot)
                .takenAt(taken)
                .available(true, slot);
    }
}
