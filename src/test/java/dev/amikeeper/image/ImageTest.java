package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

final class ImageTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final ImageId AMI = new ImageId("ami-1");
    private static final Instant BEGIN = Instant.parse("2026-03-01T02:00:05Z");
    private static final Instant LATER = Instant.parse("2026-03-01T02:10:00Z");
    private static final ImageName NAME =
            new ImageName(
                    "gold", new InstanceId("i-1"), new Slot(Instant.parse("2026-03-01T02:00:00Z")));
    private static final List<SnapshotId> SNAPSHOTS =
            List.of(new SnapshotId("snap-1"), new SnapshotId("snap-2"));

    private final Image intent = Image.intent(NAME, EAST, Trigger.TAGGED, BEGIN);
    private final Image started = intent.started(AMI, 2, LATER);
    private final Image available = started.available(true, LATER);
    private final Image retiring = available.retiring("no rule keeps it", SNAPSHOTS, LATER);

    @Test
    void whatEc2HasNotFinishedWithOneIdItWillNotFinishWithAnother() {
        Instant now = Instant.parse("2026-03-01T02:00:00Z");
        ImageId old = new ImageId("ami-1");
        ImageId other = new ImageId("ami-2");
        Stored storing = Stored.waiting(S3Object.of("archive", old), now).storing(now);

        assertThat(storing.of(old, now)).isEqualTo(storing);
        assertThat(storing.done(now).of(other, now)).isEqualTo(storing.done(now));
        assertThat(storing.of(other, now))
                .isEqualTo(Stored.waiting(S3Object.of("archive", other), now));
    }

    @Test
    void beginsAsAnIntentThatIsDueAtOnce() {
        assertThat(intent)
                .isEqualTo(
                        new Image(
                                NAME,
                                EAST,
                                new Image.Provenance(Optional.empty(), Trigger.TAGGED, false),
                                new Image.Phase(ImageState.REQUESTED, BEGIN, BEGIN, ""),
                                new Image.Making(1, Optional.empty(), 0, Optional.empty()),
                                new Image.Sharing(false, List.of(), List.of(), List.of()),
                                new Image.Leaving(List.of(), List.of()),
                                new Image.Condition(false, Optional.empty(), Optional.empty()),
                                Optional.empty(),
                                Optional.empty(),
                                1));
        assertThat(intent.isCopy()).isFalse();
        assertThat(intent.isGood()).isFalse();
    }

    @Test
    void isCreatingOnceStarted() {
        assertThat(started.state()).isEqualTo(ImageState.CREATING);
        assertThat(started.id()).contains(AMI);
        assertThat(started.volumes()).isEqualTo(2);
        assertThat(started.since()).isEqualTo(LATER);
        assertThat(started.isGood()).isFalse();
    }

    @Test
    void isGoodOnceAvailable() {
        assertThat(available.state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(available.id()).contains(AMI);
        assertThat(available.volumes()).isEqualTo(2);
        assertThat(available.shared()).isTrue();
        assertThat(available.isGood()).isTrue();
        assertThat(started.available(false, LATER).shared()).isFalse();
    }

    @Test
    void waitsForAnotherTryWithoutItsFailedAmi() {
        Instant next = LATER.plusSeconds(600);

        Image again = started.again(next, "no such key", LATER);

        assertThat(again.state()).isEqualTo(ImageState.REQUESTED);
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(again.id()).isEmpty();
        assertThat(again.volumes()).isEqualTo(2);
        assertThat(again.due()).isEqualTo(next);
        assertThat(again.since()).isEqualTo(LATER);
        assertThat(again.note()).isEqualTo("no such key");
    }

    @Test
    void forgetsWhyItWaitedOnceItIsStartedAgain() {
        Image again = started.again(LATER.plusSeconds(600), "no such key", LATER);

        Image startedAgain = again.started(new ImageId("ami-2"), 2, LATER);

        assertThat(startedAgain.note()).isEmpty();
        assertThat(startedAgain.attempt()).isEqualTo(2);
        assertThat(startedAgain.id()).contains(new ImageId("ami-2"));
    }

    @Test
    void hasNoAmiOnceGivenUp() {
        Image failed = started.failed("the instance is gone", LATER);

        assertThat(failed.state()).isEqualTo(ImageState.FAILED);
        assertThat(failed.id()).isEmpty();
        assertThat(failed.note()).isEqualTo("the instance is gone");
        assertThat(failed.attempt()).isEqualTo(1);
        assertThat(failed.isGood()).isFalse();
    }

    @Test
    void remembersItsSnapshotsWhileItRetires() {
        assertThat(retiring.state()).isEqualTo(ImageState.RETIRING);
        assertThat(retiring.id()).contains(AMI);
        assertThat(retiring.note()).isEqualTo("no rule keeps it");
        assertThat(retiring.snapshots()).isEqualTo(SNAPSHOTS);
        assertThat(retiring.isGood()).isFalse();
    }

    @Test
    void isAsGoodAsBeforeWhenItIsKeptAfterAll() {
        Image kept = retiring.keptAfterAll(LATER);

        assertThat(kept.state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(kept.snapshots()).isEmpty();
        assertThat(kept.note()).isEmpty();
        assertThat(kept.shared()).isTrue();
        assertThat(kept.isGood()).isTrue();
    }

    @Test
    void goesOnRetiringWithTheSnapshotsThatAreLeft() {
        List<SnapshotId> left = List.of(new SnapshotId("snap-2"));

        Image leaving = retiring.leaving(left);

        assertThat(leaving.snapshots()).isEqualTo(left);
        assertThat(leaving)
                .usingRecursiveComparison()
                .ignoringFields("leaving.snapshots", "version")
                .isEqualTo(retiring);
    }

    @Test
    void isNotGoodWhenSomebodyDisabledIt() {
        Image disabled = available.disabledByOthers(true);

        assertThat(disabled.disabled()).isTrue();
        assertThat(disabled.isGood()).isFalse();
        assertThat(disabled)
                .usingRecursiveComparison()
                .ignoringFields("condition.disabled", "version")
                .isEqualTo(available);
    }

    @Test
    void staysDisabledAndSharedWhenItRetires() {
        Image disabled =
                available.disabledByOthers(true).retiring("no rule keeps it", SNAPSHOTS, LATER);

        assertThat(disabled.disabled()).isTrue();
        assertThat(disabled.shared()).isTrue();
    }

    @Test
    void countsEveryChangeOnce() {
        assertThat(
                        List.of(
                                intent.version(),
                                started.version(),
                                available.version(),
                                available.disabledByOthers(true).version(),
                                retiring.version(),
                                retiring.leaving(List.of()).version(),
                                retiring.keptAfterAll(LATER).version(),
                                started.again(LATER, "", LATER).version(),
                                started.failed("", LATER).version()))
                .containsExactly(1L, 2L, 3L, 4L, 4L, 5L, 5L, 3L, 3L);
    }

    @Test
    void isNeverChangedFromOutside() {
        List<SnapshotId> mine = new ArrayList<>(SNAPSHOTS);
        Image image = available.retiring("no rule keeps it", mine, LATER);
        mine.clear();

        assertThat(image.snapshots()).isEqualTo(SNAPSHOTS);
    }

    @Test
    void comesBackFromS3AsAnotherAmiOfWhichNothingIsProven() {
        Stored there = Stored.waiting(new S3Object("archive", "ami-1.bin"), LATER).done(LATER);
        Image gone =
                available
                        .proven(LATER)
                        .guardedUntil(Image.IN_FORCE)
                        .inS3(Optional.of(there))
                        .retiring("no rule keeps it", SNAPSHOTS, LATER);
        Image back = gone.fetched(new ImageId("ami-2"), LATER);

        assertThat(back.state()).isEqualTo(ImageState.CREATING);
        assertThat(back.isBeingFetched()).isTrue();
        assertThat(back.id()).contains(new ImageId("ami-2"));
        assertThat(back.stored()).contains(there.fetching(LATER));
        assertThat(back.snapshots()).isEmpty();
        assertThat(back.shared()).isFalse();
        assertThat(back.proven()).isEmpty();
        assertThat(back.condition().guardedUntil()).isEmpty();
        assertThat(back.available(false, LATER).stored()).contains(there);
        assertThat(started.isBeingFetched()).isFalse();
    }

    @Test
    void isCopiedUnderTheSameName() {
        Image copy = available.disabledByOthers(true).copyTo(WEST, LATER);

        assertThat(copy)
                .isEqualTo(
                        new Image(
                                NAME,
                                WEST,
                                new Image.Provenance(
                                        Optional.of(new ImageRef(EAST, AMI)),
                                        Trigger.TAGGED,
                                        false),
                                new Image.Phase(ImageState.REQUESTED, LATER, LATER, ""),
                                new Image.Making(1, Optional.empty(), 2, Optional.empty()),
                                new Image.Sharing(false, List.of(), List.of(), List.of()),
                                new Image.Leaving(List.of(), List.of()),
                                new Image.Condition(false, Optional.empty(), Optional.empty()),
                                Optional.empty(),
                                Optional.empty(),
                                1));
        assertThat(copy.isCopy()).isTrue();
    }

    @Test
    void remainsACopyOnItsWay() {
        Image copy = available.copyTo(WEST, LATER);

        assertThat(copy.started(new ImageId("ami-2"), 2, LATER).available(false, LATER).home())
                .contains(new ImageRef(EAST, AMI));
        assertThat(copy.again(LATER, "", LATER).isCopy()).isTrue();
    }

    @Test
    void isNotCopiedBeforeThereIsAnAmi() {
        assertThatThrownBy(() -> intent.copyTo(WEST, LATER))
                .isInstanceOf(NoSuchElementException.class);
    }
}
