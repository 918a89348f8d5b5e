package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.retention.ImageRemoval.RemovalEnd;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.LockMode;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Single steps, where EC2 refuses or somebody else was at the image. */
final class ImageRemovalTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Instant NOW = Instant.parse("2026-03-02T04:00:00Z");
    private static final Duration DWELL = Duration.ofDays(3);
    private static final String PARTNER = "111122223333";

    private final TestDeployment given = TestDeployment.nightlyInMemory("keep: {last: 1}");
    private final ImageRemoval steps = given.deployment.application().removal(NOW, "StepsTest");

    ImageRemovalTest() {
        given.instance("web-1");
        given.nights(1);
        given.cloud.advanceTo(NOW);
    }

    @Test
    void anImageWhoseRecordChangedIsNotDisabled() {
        Image stale = changedMeanwhile();

        assertThat(disable(stale, List.of())).isEqualTo(RemovalEnd.CHANGED);
        assertThat(given.cloud.calls()).doesNotContainKey("DisableImage");
    }

    @Test
    void anImageWhoseRecordChangedIsNotRemoved() {
        Image stale = changedMeanwhile();

        assertThat(steps.remove(stale, "no rule", snapshots())).isEqualTo(RemovalEnd.CHANGED);
        assertThat(given.cloud.calls()).doesNotContainKey("DeregisterImage");
    }

    @Test
    void anImageWhoseRecordChangedIsNotBroughtBack() {
        disable(record(), List.of());
        Image stale = changedMeanwhile();

        assertThat(steps.bringBack(stale)).isEqualTo(RemovalEnd.CHANGED);
        assertThat(given.cloud.calls()).doesNotContainKey("EnableImage");
    }

    @Test
    void anImageWhoseRecordChangedIsNotProtected() {
        Upkeep protect = new Upkeep.Protect(changedMeanwhile());

        assertThat(steps.upkeep(protect)).isEqualTo(RemovalEnd.CHANGED);
        assertThat(given.cloud.calls()).doesNotContainKey("EnableImageDeregistrationProtection");
    }

    @Test
    void whatCannotBeEnabledIsOnItsWayBackAndTriedAgain() {
        disable(record(), List.of(PARTNER));
        given.cloud.faults().calls("EnableImage").deny();

        assertThat(steps.bringBack(record())).isEqualTo(RemovalEnd.REFUSED);
        assertThat(record().state()).isEqualTo(ImageState.ENABLING);
        assertThat(told()).contains("could not be enabled again");

        Image enabling = record();
        assertThat(steps.bringBack(enabling)).isEqualTo(RemovalEnd.DONE);
        assertThat(record().isGood()).isTrue();
        assertThat(record().leaving().permissions()).isEmpty();
        assertThat(record().version()).isEqualTo(enabling.version() + 2);
        assertThat(sharedWith()).containsExactly(PARTNER);
    }

    @Test
    void whatCannotBeSharedAgainIsBackAllTheSameAndSharedByTheSweep() {
        disable(record(), List.of(PARTNER));
        given.cloud.faults().calls("ModifyImageAttribute").deny();

        assertThat(steps.bringBack(record())).isEqualTo(RemovalEnd.DONE);
        assertThat(record().isGood()).isTrue();
        assertThat(record().leaving().permissions()).containsExactly(PARTNER);
        assertThat(told()).contains("could not be shared");

        given.deployment.sweep(NOW.plus(Duration.ofHours(1)));
        assertThat(sharedWith()).containsExactly(PARTNER);
        assertThat(record().leaving().permissions()).isEmpty();
    }

    @Test
    void whatComesBackIsSharedWithTheOthersWhereOneAccountIsClosed() {
        disable(record(), List.of(PARTNER, "999988887777"));
        given.cloud.settings().closeAccount("999988887777");

        assertThat(steps.bringBack(record())).isEqualTo(RemovalEnd.DONE);

        assertThat(sharedWith()).containsExactly(PARTNER);
        assertThat(record().leaving().permissions()).isEmpty();
        assertThat(told()).contains("cannot be shared with 999988887777");
    }

    @Test
    void whatComesBackIsNotPublicAgain() {
        disable(record(), List.of(ImageReads.EVERYBODY, PARTNER));

        assertThat(steps.bringBack(record())).isEqualTo(RemovalEnd.DONE);
        assertThat(sharedWith()).containsExactly(PARTNER);
    }

    @Test
    void whatOnlyLostItsTagsIsNotFinished() {
        Image retiring = retiring();
        given.ec2(TestDeployment.EAST)
                .deleteTags(tags ->
                        tags.resources(id().value())
                                .tags(Tag.builder().key(ImageTags.POLICY).build()));

        assertThat(steps.finish(retiring, snapshots())).isEqualTo(RemovalEnd.CHANGED);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void nothingIsFinishedWhileEc2DoesNotAnswer() {
        Image retiring = retiring();
        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(id().value()));
        given.cloud.faults().calls("DescribeImages").internalError();

        assertThat(steps.finish(retiring, snapshots())).isEqualTo(RemovalEnd.UNREADABLE);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(steps.finish(retiring, snapshots())).isEqualTo(RemovalEnd.DONE);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void snapshotsThatAreLeftAreToldAndStayInTheJournal() {
        List<SnapshotId> snapshots = snapshots();
        given.ec2(TestDeployment.EAST)
                .lockSnapshot(lock ->
                        lock.snapshotId(snapshots.getFirst().value())
                                .lockMode(LockMode.GOVERNANCE)
                                .lockDuration(30));

        assertThat(steps.remove(record(), "no rule", snapshots)).isEqualTo(RemovalEnd.LEFT);

        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(record().state()).isEqualTo(ImageState.RETIRING);
        assertThat(record().snapshots()).isEqualTo(snapshots);
        assertThat(told())
                .contains(
                        "leaves snapshots: "
                                + snapshots.getFirst()
                                + ": client-error (locked: governance until ");
        assertThat(given.catalog().open().getFirst().remedy())
                .startsWith("it is deleted once its lock ends");
    }

    @Test
    void whatAnotherImageUsesIsToldWithThatImage() {
        String other = registered("other");

        assertThat(steps.remove(record(), "no rule", snapshots())).isEqualTo(RemovalEnd.LEFT);

        assertThat(told()).contains(": skipped (in use by " + other + ")");
        assertThat(given.catalog().open().getFirst().remedy())
                .isEqualTo("it is deleted once " + other + " is deregistered");
    }

    @Test
    void whatHoldsASnapshotNowStandsInTheNotice() {
        String first = registered("first");
        steps.remove(record(), "no rule", snapshots());
        assertThat(given.told()).hasSize(1);
        String second = registered("second");
        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(first));

        assertThat(steps.finish(record(), snapshots())).isEqualTo(RemovalEnd.LEFT);

        assertThat(given.catalog().open())
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.text()).contains(second).doesNotContain(first);
                    assertThat(notice.remedy()).contains(second);
                });
        assertThat(given.told()).hasSize(2);

        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(second));
        assertThat(steps.finish(record(), snapshots())).isEqualTo(RemovalEnd.DONE);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void theSameTroubleIsToldOnceThoughEc2sWordsChange() {
        registered("other");
        steps.remove(record(), "no rule", snapshots());
        assertThat(given.told()).hasSize(1);

        steps.finish(record(), snapshots());

        assertThat(given.catalog().open().getFirst().text()).contains("InvalidSnapshot.InUse");
        assertThat(given.told()).hasSize(1);
    }

    private String registered(String name) {
        return given.ec2(TestDeployment.EAST)
                .registerImage(register ->
                        register.name(name)
                                .rootDeviceName("/dev/xvda")
                                .blockDeviceMappings(
                                        BlockDeviceMapping.builder()
                                                .deviceName("/dev/xvda")
                                                .ebs(ebs ->
                                                        ebs.snapshotId(
                                                                snapshots().getFirst().value()))
                                                .build()))
                .imageId();
    }

    @Test
    void whenAProtectionIsLiftedItsCoolDownIsWrittenDown() {
        steps.upkeep(new Upkeep.Protect(record()));

        assertThat(steps.upkeep(new Upkeep.Unprotect(record()))).isEqualTo(RemovalEnd.DONE);
        assertThat(record().condition().guardedUntil().orElseThrow())
                .isAfter(NOW.plus(ImageChanges.COOL_DOWN))
                .isBefore(Image.IN_FORCE);
    }

    @Test
    void aProtectionThatCannotBeLiftedStaysOurs() {
        steps.upkeep(new Upkeep.Protect(record()));
        given.cloud.faults().calls("DisableImageDeregistrationProtection").deny();

        assertThat(steps.upkeep(new Upkeep.Unprotect(record()))).isEqualTo(RemovalEnd.REFUSED);
        assertThat(record().condition().guardedUntil()).contains(Image.IN_FORCE);
        assertThat(told()).contains("could not be freed of its protection");
    }

    @Test
    void aLiftedProtectionWhoseRecordChangedIsLiftedAgainByTheNextRun() {
        steps.upkeep(new Upkeep.Protect(record()));
        Image stale = changedMeanwhile();

        assertThat(steps.upkeep(new Upkeep.Unprotect(stale))).isEqualTo(RemovalEnd.CHANGED);
        assertThat(record().condition().guardedUntil()).contains(Image.IN_FORCE);
    }

    private RemovalEnd disable(Image image, List<String> permissions) {
        return steps.disable(image, "no rule", snapshots(), permissions, DWELL);
    }

    /** The record as it stood before somebody else changed it. */
    private Image changedMeanwhile() {
        Image before = record();
        assertThat(given.catalog().save(Change.of(before, before.proven(NOW)))).isTrue();
        return before;
    }

    /** The removal is written down, and its run was cut off there. */
    private Image retiring() {
        Image before = record();
        Image retiring = before.retiring("no rule", snapshots(), NOW);
        assertThat(given.catalog().save(Change.of(before, retiring))).isTrue();
        return retiring;
    }

    private Image record() {
        return given.records(TestDeployment.EAST).getFirst();
    }

    private ImageId id() {
        return record().id().orElseThrow();
    }

    private List<SnapshotId> snapshots() {
        return given.cloud.snapshots(TestDeployment.EAST).stream()
                .map(snapshot -> new SnapshotId(snapshot.snapshot().snapshotId()))
                .toList();
    }

    private List<String> sharedWith() {
        return given.deployment.application().images().reads().permissions(EAST, id());
    }

    private String told() {
        return given.catalog().notices().stream().map(Notice::text).toList().toString();
    }
}
