package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The images of a slot whose policy spreads them. */
final class SpreadStartsTest {
    private static final Slot SLOT = new Slot(Instant.parse("2026-03-01T02:00:00Z"));
    private static final Duration TICK = Duration.ofMinutes(5);
    private static final String TWO_HOURS =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *", spread: 2h}
            """;

    private final TestDeployment given = new TestDeployment(TWO_HOURS);
    private final List<String> servers = new ArrayList<>();

    @BeforeEach
    void launch() {
        for (int i = 0; i < 20; i++) {
            servers.add(given.instance("web-" + i));
        }
    }

    @Test
    void startEachAtTheFirstTickAfterItsTurn() {
        given.playUntil("2026-03-01T05:00:00Z");

        assertThat(given.records(TestDeployment.EAST)).hasSize(20);
        for (Image image : given.records(TestDeployment.EAST)) {
            assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
            assertThat(image.name().slot()).isEqualTo(SLOT);
            assertThat(image.making().taken().orElseThrow())
                    .isAfterOrEqualTo(turn(image.name().instance()))
                    .isBefore(turn(image.name().instance()).plus(TICK).plusSeconds(30));
        }
        assertThat(given.told()).isEmpty();
    }

    @Test
    void costAKickOnlyWhenOneIsDue() {
        given.deployment.withoutSchedules();
        for (int tick = 0; tick <= 36; tick++) {
            Instant at = SLOT.time().plus(TICK.multipliedBy(tick));
            given.deployment.runUntil(at);
            given.deployment.tick(at);
            given.deployment.drain();
        }

        long groups =
                servers.stream()
                        .map(id -> turn(new InstanceId(id)))
                        .map(turn -> (turn.getEpochSecond() + 299) / 300)
                        .distinct()
                        .count();
        assertThat(given.cloud.calls().get("SendMessage")).isEqualTo((int) groups);
    }

    /** The sweep kicks what is due; what is due later is not late. */
    @Test
    void startWithoutFurtherTicks() {
        given.deployment.withoutSchedules();
        given.cloud.advanceTo(SLOT.time());
        given.deployment.tick(SLOT.time());
        for (int quarter = 1; quarter <= 9; quarter++) {
            Instant at = SLOT.time().plus(Duration.ofMinutes(15L * quarter));
            given.deployment.runUntil(at);
            given.deployment.sweep(at);
            given.deployment.drain();
        }

        assertThat(given.images(TestDeployment.EAST)).hasSize(20);
    }

    @Test
    void startAtOnceIfTheirTurnHasPassedWhenTheSlotIsTaken() {
        Instant late = Instant.parse("2026-03-01T03:00:00Z");
        given.tick("2026-03-01T01:55:00Z");
        given.deployment.withoutSchedules();
        given.cloud.advanceTo(late);
        given.deployment.tick(late);
        given.deployment.drain();

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(20)
                .allMatch(image ->
                        (image.state() == ImageState.REQUESTED)
                                == turn(image.name().instance()).isAfter(late));
        assertThat(given.images(TestDeployment.EAST)).isNotEmpty().hasSizeLessThan(20);
    }

    @Test
    void keepTheirTurnsIfThePolicyIsEditedMeanwhile() {
        given.playUntil("2026-03-01T02:03:00Z");
        given.deployment.withoutSchedules();

        TestDeployment edited = given.redeployed(TWO_HOURS.replace(", spread: 2h", ""));
        edited.playUntil("2026-03-01T05:00:00Z");

        assertThat(edited.records(TestDeployment.EAST))
                .hasSize(20)
                .allMatch(image ->
                        !image.making()
                                .taken()
                                .orElseThrow()
                                .isBefore(turn(image.name().instance())));
    }

    @Test
    void areNotHeldUpByADyingTick() {
        given.playUntil("2026-03-01T02:33:00Z");
        given.cloud.faults().calls("SendMessage").times(1).killBefore();
        given.playUntil("2026-03-01T05:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(20);
    }

    @Test
    void leaveRequestsAlone() {
        Instant asked = Instant.parse("2026-03-01T01:00:17Z");
        given.deployment.runUntil(asked);
        given.ec2(TestDeployment.EAST)
                .createTags(tag ->
                        tag.resources(servers)
                                .tags(Tag.builder().key("amikeeper:request").value("now").build()));
        given.playUntil("2026-03-01T01:30:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(20)
                .allMatch(image -> image.provenance().trigger() == Trigger.TAGGED)
                .allMatch(image -> image.state() == ImageState.AVAILABLE);
    }

    private Instant turn(InstanceId instance) {
        return given.deployment
                .application()
                .policies()
                .named("gold")
                .orElseThrow()
                .start(SLOT, instance);
    }
}
