package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Steps of pruning taken back by hand, on the cloud's end state. */
final class UndoTest {
    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String PARTNER = "111122223333";

    @Test
    void whatIsDisabledIsEnabledAndHeld() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        ImageId oldest = oldest(given);
        prune(given, DAY_4);

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);
        assertThat(undo(given, oldest).text()).contains("there is nothing to undo");

        prune(given, DAY_4.plus(Duration.ofDays(9)));
        LocalImage back = shown(given, oldest);
        assertThat(back.image().stateAsString()).isEqualTo("available");
        assertThat(back.image().tags()).extracting(Tag::key).contains(ImageTags.HOLD);
        assertThat(given.catalog().find(EAST, oldest)).get().matches(Image::isGood);
    }

    @Test
    void whatCannotBeHeldIsBackAllTheSameAndSaysSo() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        ImageId oldest = oldest(given);
        prune(given, DAY_4);
        given.cloud.faults().calls("CreateTags").deny();

        Undo.UndoResult end = undo(given, oldest);

        assertThat(end).isInstanceOf(Undo.UndoResult.NotHeld.class);
        assertThat(end.text())
                .contains(
                        "is enabled again", "could not be held", "Unauthorized", "amikeeper:hold");
        assertThat(shown(given, oldest).image().stateAsString()).isEqualTo("available");
        assertThat(record(given, oldest).isGood()).isTrue();
    }

    @Test
    void anInstanceThatIsFullOfTagsHasImagesThatCanBeHeld() {
        TestDeployment given = TestDeployment.nightly("keep: {last: 1}\nretire: {disableFor: 3d}");
        Map<String, String> tags = new HashMap<>();
        for (int i = 0; i < 49; i++) {
            tags.put("key-" + i, "value");
        }
        tags.put("backup", "gold");
        given.cloud.launch(TestDeployment.EAST, tags, List.of(8));
        given.nights(3);
        ImageId oldest = oldest(given);
        prune(given, DAY_4);

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);
        assertThat(shown(given, oldest).image().tags())
                .extracting(Tag::key)
                .contains(ImageTags.HOLD)
                .hasSizeLessThan(50);
    }

    @Test
    void whatCannotBeEnabledNowIsHeldUntilTheNextTry() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        ImageId oldest = oldest(given);
        prune(given, DAY_4);
        given.cloud.faults().calls("EnableImage").deny();

        assertThat(undo(given, oldest).text()).contains("could not be brought back now");
        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);
    }

    @Test
    void whatIsInTheRecycleBinComesBackWithItsLaunchPermissions() {
        TestDeployment given =
                threeDays("keep: {last: 1}\nshare: {accounts: [\"" + PARTNER + "\"]}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        for (int day = 0; day < 16; day++) {
            prune(given, DAY_4.plus(Duration.ofDays(day)));
        }
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        given.cloud.faults().calls("CreateTags").deny();
        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.NotHeld.class);
        given.ec2(TestDeployment.EAST)
                .createTags(hold ->
                        hold.resources(oldest.value())
                                .tags(Tag.builder().key(ImageTags.HOLD).value("").build()));

        assertThat(shown(given, oldest).image().stateAsString()).isEqualTo("available");
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(2);
        assertThat(given.catalog().find(EAST, oldest)).get().matches(Image::isGood);
        assertThat(given.catalog().removed("gold", EAST)).hasSize(1);
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER);
        prune(given, DAY_4.plus(Duration.ofDays(17)));
        assertThat(shown(given, oldest).image().stateAsString()).isEqualTo("available");
    }

    @Test
    void whatComesBackIsNotPublicAgain() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        ImageRemoval steps = given.deployment.application().removal(DAY_4, "UndoTest");
        List<SnapshotId> snapshots = given.snapshotsOf(oldest);
        steps.disable(
                record(given, oldest),
                "no rule",
                snapshots,
                List.of(ImageReads.EVERYBODY, PARTNER),
                Duration.ZERO);
        steps.remove(record(given, oldest), "no rule", snapshots);

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER);
    }

    @Test
    void whatComesBackFromTheRecycleBinIsRecordedWhateverElseEc2Refuses() {
        TestDeployment given =
                threeDays("keep: {last: 1}\nshare: {accounts: [\"" + PARTNER + "\"]}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        for (int day = 0; day < 16; day++) {
            prune(given, DAY_4.plus(Duration.ofDays(day)));
        }
        given.cloud.faults().calls("ModifyImageAttribute").deny();
        given.cloud.faults().calls("CreateTags").deny();

        assertThat(undo(given, oldest))
                .isInstanceOf(Undo.UndoResult.NotHeld.class)
                .extracting(Undo.UndoResult::text)
                .asString()
                .contains("not yet with its launch permissions", "could not be held");

        assertThat(record(given, oldest).isGood()).isTrue();
        given.deployment.sweep(given.cloud.now().plus(Duration.ofHours(1)));
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER);
    }

    @Test
    void whatComesBackFromTheRecycleBinIsRecordedAndSharedWithTheOthersWhereOneAccountIsClosed() {
        String other = "222233334444";
        TestDeployment given =
                threeDays(
                        "keep: {last: 1}\nshare: {accounts: [\"%s\", \"%s\"]}"
                                .formatted(PARTNER, other));
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        for (int day = 0; day < 16; day++) {
            prune(given, DAY_4.plus(Duration.ofDays(day)));
        }
        assertThat(given.catalog().find(EAST, oldest)).isEmpty();
        given.cloud.settings().closeAccount(other);

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);

        assertThat(record(given, oldest).isGood()).isTrue();
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("images of policy gold cannot be shared with " + other);
    }

    @Test
    void whatComesBackFromTheRecycleBinAndCannotBeEnabledIsEnabledByTheSweep() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        for (int day = 0; day < 6; day++) {
            prune(given, DAY_4.plus(Duration.ofDays(day)));
        }
        assertThat(given.catalog().find(EAST, oldest)).isEmpty();
        given.cloud.faults().calls("EnableImage").deny();

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.NotUndone.class);
        assertThat(record(given, oldest).state()).isEqualTo(ImageState.ENABLING);

        given.deployment.sweep(given.cloud.now());
        assertThat(record(given, oldest).isGood()).isTrue();
        assertThat(shown(given, oldest).image().stateAsString()).isEqualTo("available");
    }

    @Test
    void ofSeveralThatAreGoneTheOneThatIsNamedComesBack() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        ImageId second = given.records(TestDeployment.EAST).get(1).id().orElseThrow();
        prune(given, DAY_4);

        assertThat(undo(given, second)).isInstanceOf(Undo.UndoResult.Back.class);

        assertThat(record(given, second).isGood()).isTrue();
        assertThat(given.catalog().find(EAST, oldest)).isEmpty();
        assertThat(given.catalog().removed("gold", EAST))
                .extracting(tombstone -> tombstone.id().orElseThrow())
                .containsExactly(oldest);
    }

    @Test
    void aRemovalThatWasCutOffIsTakenBackToo() {
        TestDeployment given = threeDays("keep: {last: 2}");
        given.cloud.settings().recycleBin(Duration.ofDays(30), Duration.ofDays(30));
        ImageId oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").loseReply();
        prune(given, DAY_4);
        assertThat(record(given, oldest).state()).isEqualTo(ImageState.RETIRING);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);

        assertThat(undo(given, oldest)).isInstanceOf(Undo.UndoResult.Back.class);

        assertThat(shown(given, oldest).image().stateAsString()).isEqualTo("available");
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(3);
        assertThat(record(given, oldest).isGood()).isTrue();
    }

    @Test
    void aRemovalThatWasCutOffCannotBeTakenBackWithoutARecycleBin() {
        TestDeployment given = threeDays("keep: {last: 2}");
        ImageId oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").loseReply();
        prune(given, DAY_4);

        assertThat(undo(given, oldest).text()).contains("cannot be restored from the Recycle Bin");
        assertThat(record(given, oldest).state()).isEqualTo(ImageState.RETIRING);
    }

    @Test
    void whatSomebodyElseDeregisteredIsNotOursToTakeBack() {
        TestDeployment given = threeDays("keep: {last: 3}");
        ImageId oldest = oldest(given);
        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(oldest.value()));

        assertThat(undo(given, oldest))
                .isInstanceOf(Undo.UndoResult.NotUndone.class)
                .satisfies(end ->
                        assertThat(end.text()).contains("was deregistered by somebody else"));
    }

    @Test
    void whereTheRecycleBinHasNothingItsAnswersAreShown() {
        TestDeployment given = threeDays("keep: {last: 1}");
        ImageId oldest = oldest(given);
        SnapshotId snapshot = given.snapshotsOf(oldest).getFirst();
        prune(given, DAY_4);

        assertThat(undo(given, oldest).text())
                .startsWith(oldest + " cannot be restored from the Recycle Bin: ")
                .contains("; " + snapshot + ": ")
                .endsWith("; no other Region has an image of this slot");
    }

    @Test
    void whereOnlyTheImageIsMissingNothingIsSaidOfSnapshots() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.settings().recycleBin(Duration.ZERO, Duration.ofDays(30));
        ImageId oldest = oldest(given);
        prune(given, DAY_4);

        assertThat(undo(given, oldest).text())
                .doesNotContain("; ;", "snap-")
                .containsOnlyOnce("; ")
                .endsWith("; no other Region has an image of this slot");
    }

    @Test
    void theSameSlotInAnotherRegionIsNamed() {
        TestDeployment given =
                threeDays("keep: {last: 1}\nreplicate: {us-west-2: {keep: {last: 3}}}");
        ImageId oldest = oldest(given);
        Image copy = given.records(TestDeployment.WEST).getFirst();
        prune(given, DAY_4);
        assertThat(copy.name()).isEqualTo(tombstoneOf(given, oldest));

        assertThat(undo(given, oldest).text())
                .endsWith("; the same slot exists in us-west-2 " + copy.id().orElseThrow().value());
    }

    @Test
    void whatTheCatalogueDoesNotKnowCannotBeTakenBack() {
        TestDeployment given = threeDays("keep: {last: 1}");

        assertThat(undo(given, new ImageId("ami-0nothing")).text())
                .contains("the catalogue knows no image ami-0nothing");
    }

    private static Object tombstoneOf(TestDeployment given, ImageId id) {
        return given.catalog().removed("gold", EAST).stream()
                .filter(tombstone -> tombstone.id().filter(id::equals).isPresent())
                .findFirst()
                .orElseThrow()
                .name();
    }

    private static Undo.UndoResult undo(TestDeployment given, ImageId id) {
        return given.deployment.application().undo(given.cloud.now()).of(EAST, id);
    }

    private static LocalImage shown(TestDeployment given, ImageId id) {
        return given.images(TestDeployment.EAST).stream()
                .filter(image -> image.image().imageId().equals(id.value()))
                .findFirst()
                .orElseThrow();
    }

    private static Image record(TestDeployment given, ImageId id) {
        return given.catalog().find(EAST, id).orElseThrow();
    }

    private static List<String> sharedWith(TestDeployment given, ImageId id) {
        return given.deployment.application().images().reads().permissions(EAST, id);
    }

    private static void prune(TestDeployment given, Instant at) {
        given.cloud.advanceTo(at);
        given.deployment.prune(at, false);
    }

    private static ImageId oldest(TestDeployment given) {
        return given.records(TestDeployment.EAST).getFirst().id().orElseThrow();
    }

    /** Three nights of one instance, and the morning after; the pruner has not run yet. */
    private static TestDeployment threeDays(String policy) {
        TestDeployment given = TestDeployment.nightlyInMemory(policy);
        given.instance("web-1");
        given.nights(3);
        return given;
    }
}
