package dev.amikeeper.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.alerts.Troubles.Facts;
import dev.amikeeper.alerts.Troubles.RegionListing;
import dev.amikeeper.alerts.Troubles.RegionProgress;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

final class TroublesTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:00Z");
    private static final ImageId AMI = new ImageId("ami-1");
    private static final Facts NOTHING_KNOWN =
            new Facts(
                    EAST,
                    Map.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());

    private final Image intent = intent("i-1", NOW);
    private final Image creating = intent.started(AMI, 1, NOW);
    private final Image available = creating.available(false, NOW);
    private final Image failed = creating.failed("no room", NOW);
    private final Image disabling = available.disabling("no rule", List.of(), List.of(), NOW);
    private final Image disabled = disabling.disabledUntil(NOW, NOW);
    private final Image retiring = available.retiring("no rule", List.of(), NOW);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "failed/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "share/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "store/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "shared/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "pending/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "waiting/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "left/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "refused/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "litter/us-east-1/ami-1",
                "foreign/us-east-1/ami-1",
                "beyond/us-east-1/ami-1",
                "orphan/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                "unread/us-east-1/gold",
                "stopped/us-east-1",
                "unswept/us-east-1"
            })
    void whatIsNotKnownKeepsATroubleOpen(String key) {
        assertThat(isOver(key, NOTHING_KNOWN)).isFalse();
        assertThat(isOver(key.replace("us-east-1", "us-west-2"), allIsWell())).isFalse();
        assertThat(isOver(key, allIsWell())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"approve/gold/0123456789abcdef", "blind/us-east-1/fleets", "odd", ""})
    void otherKindsStayOpen(String key) {
        assertThat(isOver(key, allIsWell())).isFalse();
    }

    @Test
    void eventsAndWhatIsOverAlreadyAreNotOver() {
        Notice event =
                Notice.event(NoticeKey.parse("stopped/us-east-1"), NOW, "it happened", "look");
        Notice over = trouble("unswept/us-east-1").resolved(NOW);

        assertThat(Troubles.over(List.of(event, over), allIsWell())).isEmpty();
    }

    @Test
    void aFailureIsOverWhenTheImageIsMadeOrANewerOneIsGood() {
        Duration day = Duration.ofDays(1);
        Image newer = good("i-1", NOW.plus(day));

        assertThat(isOverWith("failed", failed)).isFalse();
        assertThat(isOverWith("failed", failed.again(NOW, "", NOW))).isFalse();
        assertThat(isOverWith("failed", creating)).isFalse();
        assertThat(isOverWith("failed", available)).isTrue();
        assertThat(isOverWith("failed", disabled)).isTrue();
        assertThat(isOverWith("failed", failed, newer)).isTrue();
        assertThat(isOverWith("failed", failed, newer.disabledByOthers(true))).isFalse();
        Image wasThere = intent("i-1", NOW.plus(day)).started(AMI, 1, NOW).available(false, NOW);
        assertThat(isOverWith("failed", failed, wasThere)).isFalse();
        assertThat(isOverWith("failed", failed, good("i-1", NOW.minus(day)))).isFalse();
        assertThat(isOverWith("failed", failed, good("i-2", NOW.plus(day)))).isFalse();
    }

    @Test
    void sharingIsOverWhenItIsDoneOrNoLongerWanted() {
        assertThat(isOverWith("share", available)).isFalse();
        assertThat(isOverWith("share", creating.available(true, NOW))).isTrue();
        assertThat(isOverWith("share", disabled)).isTrue();
        assertThat(isOverWith("shared", available)).isFalse();
        assertThat(isOverWith("shared", disabled)).isTrue();
        assertThat(isOverWith("shared", retiring)).isTrue();
    }

    @Test
    void storingIsOverWhenTheObjectIsThere() {
        Stored waiting = Stored.waiting(new S3Object("archive", "ami-1.bin"), NOW);
        Stored givenUp = waiting.givenUp(Optional.empty(), "no", NOW);

        assertThat(isOverWith("store", available)).isFalse();
        assertThat(isOverWith("store", available.inS3(Optional.of(givenUp)))).isFalse();
        assertThat(isOverWith("store", available.inS3(Optional.of(waiting.storing(NOW)))))
                .isFalse();
        assertThat(isOverWith("store", available.inS3(Optional.of(waiting.done(NOW))))).isTrue();
    }

    @Test
    void pendingIsOverWhenEc2IsDone() {
        assertThat(isOverWith("pending", creating)).isFalse();
        assertThat(isOverWith("pending", available)).isTrue();
        assertThat(isOverWith("pending", failed)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"left", "refused"})
    void aStepIsOverWhenItIsNoLongerHalfDone(String kind) {
        assertThat(isOverWith(kind, disabling)).isFalse();
        assertThat(isOverWith(kind, disabled.enabling(NOW))).isFalse();
        assertThat(isOverWith(kind, retiring)).isFalse();
        assertThat(isOverWith(kind, disabled)).isTrue();
        assertThat(isOverWith(kind, available)).isTrue();
    }

    @Test
    void anImageIsNamedByItsIdOrItsName() {
        Facts listed = listing(Map.of(AMI, "gold/i-1/x"), Set.of());

        assertThat(isOver("litter/us-east-1/ami-1", listed)).isFalse();
        assertThat(isOver("litter/us-east-1/ami-2", listed)).isTrue();
        assertThat(isOver("foreign/us-east-1/gold/i-1/x", listed)).isFalse();
        assertThat(isOver("foreign/us-east-1/gold/i-1/y", listed)).isTrue();
    }

    @Test
    void anOrphanIsOverWhenItIsGone() {
        Facts listed = listing(Map.of(), Set.of(available.name()));

        assertThat(isOver("orphan/us-east-1/" + available.name(), listed)).isFalse();
        assertThat(isOver("orphan/us-east-1/gold/i-2/2026-03-01T02.00.00Z", listed)).isTrue();
    }

    @Test
    void whatCouldNotBeReadIsOverWhenTheCursorMoves() {
        String key = "unread/us-east-1/gold";

        assertThat(isOver(key, progress(Map.of("gold", NOW), true))).isFalse();
        assertThat(isOver(key, progress(Map.of("gold", NOW.plusSeconds(1)), true))).isTrue();
        assertThat(isOver(key, progress(Map.of("silver", NOW), true))).isTrue();
    }

    @Test
    void startingIsStoppedWhileSomethingWaits() {
        assertThat(isOver("stopped/us-east-1", progress(Map.of(), true))).isFalse();
    }

    private static Facts listing(Map<ImageId, String> images, Set<ImageName> orphans) {
        return new Facts(
                EAST,
                Map.of(),
                Optional.of(new RegionListing(images, Optional.of(orphans))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static Facts progress(Map<String, Instant> cursors, boolean waiting) {
        return new Facts(
                EAST,
                Map.of(),
                Optional.empty(),
                Optional.of(new RegionProgress(cursors, waiting)),
                Optional.empty(),
                Optional.empty());
    }

    /** The images of every key above are gone, and everything is on time. */
    private static Facts allIsWell() {
        return new Facts(
                EAST,
                Map.of("gold", Map.of()),
                Optional.of(new RegionListing(Map.of(), Optional.of(Set.of()))),
                Optional.of(new RegionProgress(Map.of("gold", NOW.plusSeconds(300)), false)),
                Optional.empty(),
                Optional.empty());
    }

    private static boolean isOverWith(String kind, Image... records) {
        return isOver(
                kind + "/us-east-1/gold/i-1/2026-03-01T02.00.00Z",
                new Facts(
                        EAST,
                        Map.of(
                                "gold",
                                Stream.of(records)
                                        .collect(
                                                Collectors.toMap(
                                                        Image::name, Function.identity()))),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }

    private static boolean isOver(String key, Facts facts) {
        return !Troubles.over(List.of(trouble(key)), facts).isEmpty();
    }

    private static Notice trouble(String key) {
        return new Notice(NoticeKey.parse(key), NOW, "it cannot be seen", "look", true);
    }

    private static Image good(String instance, Instant slot) {
        return intent(instance, slot).started(AMI, 1, NOW).available(false, slot);
    }

    private static Image intent(String instance, Instant slot) {
        ImageName name = new ImageName("gold", new InstanceId(instance), new Slot(slot));
        return Image.intent(name, EAST, Trigger.SCHEDULED, NOW);
    }
}
