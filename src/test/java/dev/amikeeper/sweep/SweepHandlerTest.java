package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.BEYOND;
import static dev.amikeeper.sweep.SweepReport.SweepCount.DONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FOREIGN;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FOUND;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GIVEN_UP;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.KEYS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.KICKED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.LATE_SLOTS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.LITTER;
import static dev.amikeeper.sweep.SweepReport.SweepCount.MALFORMED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.ORPHANS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.PUBLIC_IMAGES;
import static dev.amikeeper.sweep.SweepReport.SweepCount.REQUESTS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.RETURNED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.SLOW;
import static dev.amikeeper.sweep.SweepReport.SweepCount.SWITCHED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNCOPIED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNFINISHED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNREADABLE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSHARED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSWEPT;
import static dev.amikeeper.sweep.SweepReport.SweepCount.WITHDRAWN;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Counts;
import dev.amikeeper.ShortContext;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.ImageAttributeName;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every gap is made in the cloud and closed by the sweep, and there it ends. */
final class SweepHandlerTest {
    private static final String ONCE =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 1 * *"}
            """;
    private static final String NIGHTLY = ONCE.replace("0 2 1 * *", "0 2 * * *");
    private static final String REPLICATED = ONCE + "    replicate: {us-west-2: {}}\n";
    private static final String SHARED = ONCE + "    share: {accounts: [\"111122223333\"]}\n";
    private static final Instant SLOT = Instant.parse("2026-03-01T02:00:00Z");
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String STATE_EVENT = "EC2 AMI State Change";

    @Test
    void findsNothingWhereNothingIsAmiss() {
        TestDeployment given = night(REPLICATED);

        assertNothing(sweep(given));
    }

    @Test
    void anImageWhoseEventIsLostIsSharedAndCopied() {
        TestDeployment given = given(REPLICATED);
        given.cloud.faults().events(STATE_EVENT).times(2).lose();
        play(given);
        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.CREATING);

        assertThat(sweep(given).count(DONE)).isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        assertThat(states(given, TestDeployment.WEST)).containsExactly(ImageState.CREATING);

        assertThat(sweep(given).count(DONE)).isEqualTo(1);
        assertThat(states(given, TestDeployment.WEST)).containsExactly(ImageState.AVAILABLE);
        assertNothing(sweep(given));
    }

    @Test
    void anImageThatFailedUnnoticedIsTriedAgain() {
        TestDeployment given = given(ONCE);
        given.cloud.settings().failing(attempt -> attempt.number() == 1);
        given.cloud.faults().events(STATE_EVENT).lose();
        play(given);

        assertThat(sweep(given).count(DONE)).isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));
        assertThat(sweep(given).count(KICKED)).isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));

        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.AVAILABLE);
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void kicksWhatWaitsWhenTheKickWasLost() {
        TestDeployment given = given(ONCE);
        given.cloud.faults().calls("SendMessage").error("InternalError", 500);
        play(given);
        assertThat(given.images(TestDeployment.EAST)).isEmpty();

        assertThat(sweep(given).count(KICKED)).isEqualTo(1);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void givesUpWhatCouldNotBeStartedForADay() {
        TestDeployment given = given(ONCE);
        given.cloud.faults().calls("CreateImage").times(100_000).throttle();
        play(given);

        assertThat(sweepAt(given, SLOT.plus(Duration.ofHours(23))).count(GIVEN_UP)).isZero();
        assertThat(sweepAt(given, SLOT.plus(Duration.ofHours(25))).count(GIVEN_UP)).isEqualTo(1);

        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.FAILED);
        assertThat(given.told()).singleElement().asString().contains("could not be started");
    }

    @Test
    void anImageDeregisteredInTheMakingIsMadeAnew() {
        TestDeployment given = given(ONCE);
        given.cloud.faults().events(STATE_EVENT).times(2).lose();
        play(given);
        deregister(given, TestDeployment.EAST);

        assertThat(sweep(given).count(GONE)).isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));
        sweep(given);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));

        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void aCopyThatSomebodyDeregisteredIsBuriedAndNotMadeAgain() {
        TestDeployment given = night(REPLICATED);
        given.cloud.faults().events(STATE_EVENT).lose();
        deregister(given, TestDeployment.WEST);

        assertThat(sweep(given).count(GONE)).isEqualTo(1);
        assertThat(sweep(given).count(UNCOPIED)).isZero();

        assertThat(given.records(TestDeployment.WEST)).isEmpty();
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.WEST)))
                .extracting(Tombstone::by)
                .containsExactly("somebody else");
    }

    @Test
    void whatIsPendingForLongIsToldOnce() {
        TestDeployment given = given(ONCE);
        given.cloud.settings().imageTime(Duration.ofDays(3));
        play(given);

        assertThat(sweepAt(given, SLOT.plus(Duration.ofHours(23))).count(SLOW)).isZero();
        assertThat(sweepAt(given, SLOT.plus(Duration.ofHours(25))).count(SLOW)).isEqualTo(1);
        assertThat(sweepAt(given, SLOT.plus(Duration.ofHours(26))).count(SLOW)).isEqualTo(1);

        assertThat(given.told()).singleElement().asString().contains("has been pending since");
    }

    @Test
    void anImageThatWasGivenUpAndIsThereIsAGoodOne() {
        TestDeployment given = given(REPLICATED);
        given.cloud.faults().calls("CreateImage").loseReply();
        given.cloud.faults().calls("CreateImage").nth(2).times(100).internalError();
        given.cloud.faults().calls("SendMessage").nth(2).times(100).error("InternalError", 500);
        play(given);
        Image waiting = given.records(TestDeployment.EAST).getFirst();
        assertThat(waiting.state()).isEqualTo(ImageState.REQUESTED);
        given.catalog().save(Change.of(waiting, waiting.failed("no answer", SLOT)));
        given.cloud.faults().clear();

        assertThat(sweep(given).count(FOUND)).isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.AVAILABLE);
        assertThat(states(given, TestDeployment.WEST)).containsExactly(ImageState.AVAILABLE);
        assertNothing(sweep(given));
    }

    @Test
    void imagesThatNobodyKnowsAreAdoptedFromTheirTags() {
        TestDeployment lost = night(REPLICATED);
        Image home = lost.records(TestDeployment.EAST).getFirst();
        Image copy = lost.records(TestDeployment.WEST).getFirst();
        forget(lost, home);
        forget(lost, copy);

        assertThat(sweep(lost).count(ADOPTED)).isEqualTo(2);

        assertThat(lost.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.adopted()).isTrue();
                    assertThat(image.id()).isEqualTo(home.id());
                });
        assertThat(lost.records(TestDeployment.WEST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.home()).isEqualTo(copy.home());
                });
        assertThat(lost.images(TestDeployment.WEST)).hasSize(1);
        assertNothing(sweep(lost));
    }

    @Test
    void aDisabledImageThatNobodyKnowsIsAdoptedAsDisabled() {
        TestDeployment given = night(SHARED);
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.cloud.faults().events(STATE_EVENT).lose();
        given.ec2(TestDeployment.EAST).disableImage(it -> it.imageId(id(image)));
        forget(given, image);

        sweep(given);

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.disabled()).isTrue();
                    assertThat(it.adopted()).isTrue();
                });
        assertNothing(sweep(given));
    }

    @Test
    void anImageTakenOutOfTheRecycleBinIsRecordedAgain() {
        TestDeployment given = given(ONCE);
        given.cloud.settings().recycleBin(Duration.ofDays(9), Duration.ofDays(9));
        play(given);
        Image image = given.records(TestDeployment.EAST).getFirst();
        deregister(given, TestDeployment.EAST);
        given.deployment.deliverEvents();
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        given.ec2(TestDeployment.EAST).restoreImageFromRecycleBin(it -> it.imageId(id(image)));

        assertThat(sweep(given).count(RETURNED)).isZero();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));
        assertThat(sweep(given).count(RETURNED)).isEqualTo(1);

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.isGood()).isTrue();
                    assertThat(it.adopted()).isTrue();
                });
        assertThat(given.catalog().removed("gold", EAST)).isEmpty();
        assertNothing(sweep(given));
    }

    @Test
    void anImageWithOurTagsAndAnotherNameIsToldOnceAndLeftAlone() {
        TestDeployment given = night(ONCE);
        LocalImage ours = given.images(TestDeployment.EAST).getFirst();
        String other =
                given.ec2(TestDeployment.EAST)
                        .copyImage(copy ->
                                copy.name("my own")
                                        .sourceRegion(TestDeployment.EAST)
                                        .sourceImageId(ours.image().imageId())
                                        .copyImageTags(true))
                        .imageId();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(sweep(given).count(FOREIGN)).isEqualTo(1);
        assertThat(sweep(given).count(FOREIGN)).isEqualTo(1);

        assertThat(given.records(TestDeployment.EAST)).hasSize(1);
        assertThat(given.told()).singleElement().asString().contains(other);
    }

    @Test
    void aRegionThatIsNewInThePolicyGetsItsCopies() {
        TestDeployment before = given(NIGHTLY);
        before.nights(3);
        TestDeployment given =
                before.redeployed(
                        NIGHTLY + "    replicate: {us-west-2: {keep: {last: 2, atLeast: 1}}}\n");
        given.deployment.withoutSchedules();

        assertThat(sweep(given).count(UNCOPIED)).isEqualTo(2);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(given.records(TestDeployment.WEST))
                .hasSize(2)
                .allMatch(Image::isGood)
                .allMatch(image ->
                        image.name().slot().time().isAfter(SLOT.plus(Duration.ofHours(1))));
        assertNothing(sweep(given));
    }

    @Test
    void whatSomebodyDisablesAndEnablesIsRecorded() {
        TestDeployment given = night(ONCE);
        String id = id(given.records(TestDeployment.EAST).getFirst());
        given.cloud.faults().events(STATE_EVENT).times(2).lose();

        given.ec2(TestDeployment.EAST).disableImage(it -> it.imageId(id));
        assertThat(sweep(given).count(SWITCHED)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST)).noneMatch(Image::isGood);

        given.ec2(TestDeployment.EAST).enableImage(it -> it.imageId(id));
        assertThat(sweep(given).count(SWITCHED)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::isGood);
    }

    @Test
    void aRemovalWhoseAmiIsGoneIsFinishedWhenItsLeaseIsOver() {
        TestDeployment given = night(ONCE);
        Image image = given.records(TestDeployment.EAST).getFirst();
        LocalImage ami = given.images(TestDeployment.EAST).getFirst();
        SnapshotId snapshot =
                new SnapshotId(ami.image().blockDeviceMappings().getFirst().ebs().snapshotId());
        Instant begun = given.cloud.now();
        given.catalog().save(Change.of(image, image.retiring("no rule", List.of(snapshot), begun)));
        given.ec2(TestDeployment.EAST).deregisterImage(it -> it.imageId(id(image)));

        assertThat(sweep(given).count(UNFINISHED)).isZero();
        assertThat(sweepAt(given, begun.plus(Duration.ofHours(3))).count(UNFINISHED)).isEqualTo(1);

        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isEmpty();
        assertNothing(sweep(given));
    }

    @Test
    void anImageOnItsWayBackIsEnabledWithItsPermissions() {
        TestDeployment given = night(ONCE);
        Image image = given.records(TestDeployment.EAST).getFirst();
        Instant at = given.cloud.now();
        Image disabling = image.disabling("no rule", List.of(), List.of("111122223333"), at);
        Image enabling = disabling.disabledUntil(at, at).enabling(at);
        given.ec2(TestDeployment.EAST).disableImage(it -> it.imageId(id(image)));
        given.catalog().save(Change.of(image, disabling));
        given.catalog().save(Change.of(disabling, enabling));

        assertThat(sweep(given).count(UNFINISHED)).isEqualTo(1);

        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::isGood);
        assertThat(permissions(given)).containsExactly("111122223333");
        assertNothing(sweep(given));
    }

    @Test
    void sharingIsTriedAgainLessAndLessOften() {
        TestDeployment given = given(SHARED);
        given.cloud.faults().calls("ModifyImageAttribute").times(1000).deny();
        play(given);
        int before = shares(given);

        for (int i = 1; i <= 96; i++) {
            sweepAt(given, given.cloud.now().plus(Drift.EVERY));
        }
        assertThat(shares(given) - before).isBetween(4, 8);
        assertThat(given.told()).singleElement().asString().contains("could not be shared");

        given.cloud.faults().clear();
        sweepAt(given, given.cloud.now().plus(Duration.ofHours(25)));
        assertThat(permissions(given)).containsExactly("111122223333");
        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::shared);
    }

    @Test
    void permissionsAreComparedWithThePolicyOnceAWeek() {
        TestDeployment given = night(SHARED);
        String id = id(given.records(TestDeployment.EAST).getFirst());
        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(id)
                                .launchPermission(change ->
                                        change.remove(user("111122223333"))
                                                .add(user("999988887777"))));

        int unshared = 0;
        int beyond = 0;
        for (int i = 0; i < Drift.TURNS; i++) {
            SweepReport report = sweepAt(given, given.cloud.now().plus(Drift.EVERY));
            unshared += report.count(UNSHARED);
            beyond += report.count(BEYOND);
        }

        assertThat(unshared).isEqualTo(1);
        assertThat(beyond).isPositive();
        assertThat(permissions(given)).containsExactlyInAnyOrder("111122223333", "999988887777");
        assertThat(given.told()).anyMatch(text -> text.contains("beyond its policy"));
        // In its turn, by the next sweep, which looks more closely, and by this test.
        assertThat(given.cloud.calls()).containsEntry("DescribeImageAttribute", 3);
    }

    /** One is found out in its turn, the others by the sweep after that. */
    @Test
    void whatOthersUnshareIsCountedToldOnceGivenBackAndOver() {
        TestDeployment given = given(SHARED);
        for (int i = 2; i <= 12; i++) {
            given.instance("web-" + i);
        }
        play(given);
        for (Image image : given.records(TestDeployment.EAST)) {
            given.ec2(TestDeployment.EAST)
                    .modifyImageAttribute(modify ->
                            modify.imageId(id(image))
                                    .launchPermission(
                                            change -> change.remove(user("111122223333"))));
        }

        SweepReport first = sweep(given);
        while (first.count(WITHDRAWN) == 0) {
            first = sweepAt(given, given.cloud.now().plus(Drift.EVERY));
        }
        SweepReport second = sweepAt(given, given.cloud.now().plus(Drift.EVERY));

        assertThat(first.count(WITHDRAWN) + second.count(WITHDRAWN)).isEqualTo(12);
        assertThat(given.records(TestDeployment.EAST))
                .allSatisfy(image ->
                        assertThat(
                                        given.deployment
                                                .application()
                                                .images()
                                                .reads()
                                                .permissions(EAST, image.id().orElseThrow()))
                                .containsExactly("111122223333"));
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "us-east-1: others took launch permissions",
                        "of policy gold",
                        "those of 111122223333",
                        "ModifyImageAttribute");
        assertThat(given.catalog().open())
                .singleElement()
                .extracting(Notice::text)
                .asString()
                .contains("from " + second.count(WITHDRAWN) + " images");

        assertThat(sweepAt(given, given.cloud.now().plus(Drift.EVERY)).count(WITHDRAWN)).isZero();
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: us-east-1");
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void whomThePolicyNamesOnlyNowNobodyTookAnythingFrom() {
        TestDeployment given =
                night(SHARED).redeployed(SHARED.replace("333\"]", "333\", \"222233334444\"]"));
        given.deployment.withoutSchedules();

        int withdrawn = 0;
        for (int i = 0; i < Drift.TURNS; i++) {
            withdrawn += sweepAt(given, given.cloud.now().plus(Drift.EVERY)).count(WITHDRAWN);
        }

        assertThat(permissions(given)).containsExactlyInAnyOrder("111122223333", "222233334444");
        assertThat(withdrawn).isZero();
    }

    /** Whom it was given to nobody wrote down then: it is given back, and nobody is blamed. */
    @Test
    void ofAnImageThatAVersionBeforeSharedNobodyIsBlamedUntilItWasLookedAt() {
        TestDeployment given = night(SHARED);
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.catalog().save(Change.of(image, image.seenSharedWith(List.of())));
        for (int i = 0; i < Drift.TURNS; i++) {
            sweepAt(given, given.cloud.now().plus(Drift.EVERY));
        }

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .extracting(it -> it.sharing().given())
                .isEqualTo(List.of("111122223333"));
        assertThat(given.told()).isEmpty();
    }

    @Test
    void anImageThatOthersMakePublicIsToldByTheNextSweepUntilItIsPublicNoMore() {
        TestDeployment given = night(ONCE);
        String id = id(given.records(TestDeployment.EAST).getFirst());
        LaunchPermission everybody = LaunchPermission.builder().group("all").build();
        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(id).launchPermission(change -> change.add(everybody)));

        assertThat(sweep(given).count(PUBLIC_IMAGES)).isEqualTo(1);
        assertThat(sweep(given).count(PUBLIC_IMAGES)).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains(id, "is public");

        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(id).launchPermission(change -> change.remove(everybody)));
        assertThat(sweep(given).count(PUBLIC_IMAGES)).isZero();
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: us-east-1");
    }

    @Test
    void aCopyThatFailedForItsKeyIsCountedAsSuch() {
        TestDeployment given = given(REPLICATED.replace("{}", "{kmsKey: alias/dr}"));
        given.cloud.settings().badKey("alias/dr");
        given.cloud.faults().events(STATE_EVENT).times(100).in(TestDeployment.WEST).lose();
        play(given);

        assertThat(sweep(given).count(KEYS)).isEqualTo(1);
    }

    @Test
    void snapshotsThatOurRemovalOverlookedAreDeleted() {
        TestDeployment given = night(ONCE);
        Image image = given.records(TestDeployment.EAST).getFirst();
        String litter = snapshotLike(given, image);
        given.ec2(TestDeployment.EAST)
                .deregisterImage(it -> it.imageId(id(image)).deleteAssociatedSnapshots(true));
        Image retiring = image.retiring("no rule", List.of(), SLOT);
        given.catalog().save(Change.of(image, retiring));
        given.catalog().bury(retiring, new Tombstone(retiring, SLOT, "PruneFunction", "no rule"));
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isNotEmpty();

        assertThat(sweep(given).count(LITTER)).isZero();
        SweepReport report = sweepAt(given, given.cloud.now().plus(Duration.ofHours(30)));

        assertThat(report.count(LITTER)).isPositive();
        assertThat(given.cloud.snapshots(TestDeployment.EAST))
                .extracting(it -> it.snapshot().snapshotId())
                .doesNotContain(litter);
        assertThat(given.told()).isEmpty();
        assertNothing(sweep(given));
    }

    @Test
    void snapshotsThatOthersLeftAreToldOnceAndKept() {
        TestDeployment given = night(ONCE);
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.ec2(TestDeployment.EAST).deregisterImage(it -> it.imageId(id(image)));
        given.deployment.deliverEvents();

        Instant later = given.cloud.now().plus(Duration.ofHours(30));
        assertThat(sweepAt(given, later).count(ORPHANS)).isEqualTo(1);
        assertThat(sweepAt(given, later.plus(Drift.EVERY)).count(ORPHANS)).isEqualTo(1);

        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(given.told()).singleElement().asString().contains("belong to no image");
    }

    @Test
    void theSweepTakesTheSlotsThatNoTickTook() {
        TestDeployment given = given(ONCE);
        given.tick("2026-03-01T00:05:00Z");

        assertThat(sweepAt(given, SLOT.plus(Duration.ofMinutes(7))).count(LATE_SLOTS)).isZero();
        assertThat(sweepAt(given, SLOT.plus(Duration.ofMinutes(22))).count(LATE_SLOTS))
                .isEqualTo(1);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));

        assertThat(states(given, TestDeployment.EAST)).containsExactly(ImageState.AVAILABLE);
        assertThat(given.records(TestDeployment.EAST).getFirst().name().slot().time())
                .isEqualTo(SLOT);
        assertThat(given.told()).singleElement().asString().contains("ticks came late");
        assertNothing(sweep(given));
    }

    @Test
    void aRequestWhoseEventIsLostIsTakenOnce() {
        TestDeployment given = given(ONCE);
        given.tick("2026-03-01T00:00:00Z");
        given.cloud.faults().events("Tag Change on Resource").times(100).lose();
        String instance =
                given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(instance).tags(tag(ImageTags.REQUEST, "before-upgrade")));

        Instant first = TestDeployment.START.plus(Duration.ofMinutes(7));
        assertThat(sweepAt(given, first).count(REQUESTS)).isZero();
        assertThat(sweepAt(given, first.plus(Drift.EVERY)).count(REQUESTS)).isEqualTo(1);
        assertThat(sweepAt(given, first.plus(Drift.EVERY)).count(REQUESTS)).isZero();
        assertThat(sweepAt(given, first.plus(Drift.EVERY.multipliedBy(3))).count(REQUESTS))
                .isZero();

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST).getFirst().name().slot().time())
                .isEqualTo(first);
        assertThat(given.cloud.instances(TestDeployment.EAST).getFirst().instance().tags())
                .extracting(Tag::key)
                .doesNotContain(ImageTags.REQUEST);
    }

    @Test
    void aRequestThatIsRefusedIsToldOnce() {
        TestDeployment given = given(ONCE);
        String other =
                given.cloud.launch(TestDeployment.EAST, Map.of("backup", "none"), List.of(8));
        given.cloud.faults().events("Tag Change on Resource").times(100).lose();
        given.ec2(TestDeployment.EAST)
                .createTags(tags -> tags.resources(other).tags(tag(ImageTags.REQUEST, "now")));

        Instant first = TestDeployment.START.plus(Duration.ofMinutes(7));
        for (int i = 0; i < 5; i++) {
            sweepAt(given, first.plus(Drift.EVERY.multipliedBy(i)));
        }

        assertThat(given.told()).singleElement().asString().contains("is not imaged on request");
    }

    @Test
    void aRegionThatCannotBeReadHoldsUpNoOther() {
        TestDeployment given = given(REPLICATED);
        given.cloud.faults().events(STATE_EVENT).lose();
        play(given);
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-01T05:00:00Z"));

        SweepReport report = sweep(given);
        sweep(given);

        assertThat(report.count(DONE)).isEqualTo(1);
        assertThat(report.count(UNREADABLE)).isEqualTo(1);
        assertThat(given.catalog().notices())
                .extracting(Notice::key)
                .filteredOn(key -> key.startsWith("unswept/"))
                .containsExactly("unswept/us-west-2");

        given.cloud.advanceTo(Instant.parse("2026-03-01T05:00:00Z"));
        sweep(given);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        assertThat(states(given, TestDeployment.WEST)).containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void whatItHadNoTimeForComesFirstNextTime() {
        TestDeployment given = given(REPLICATED);
        given.cloud.faults().events(STATE_EVENT).times(2).lose();
        play(given);
        Map<String, Object> event = Samples.read("sweep.json");

        SweepReport none = handle(given, event, 0);
        SweepReport first = handle(given, event, 2);

        assertThat(none.count(UNSWEPT)).isPositive();
        assertThat(none.count(DONE)).isZero();
        assertThat(first.count(DONE) + first.count(UNSWEPT)).isPositive();
        int done = first.count(DONE);
        for (int i = 0; i < 10; i++) {
            done += handle(given, event, 3).count(DONE);
        }
        assertThat(done).isEqualTo(1);
        handle(given, event, 100);
        assertThat(given.catalog().lastSweep().stopped()).isEmpty();
    }

    @Test
    void aDryRunCountsAndChangesNothing() {
        TestDeployment given = given(REPLICATED);
        given.cloud.faults().events(STATE_EVENT).times(2).lose();
        play(given);
        List<Image> before = given.records(TestDeployment.EAST);

        SweepReport report =
                new SweepHandler(given.deployment.application())
                        .handleRequest(Map.of("dryRun", true), given.context("SweepFunction"));

        assertThat(report.count(DONE)).isEqualTo(1);
        assertThat(report.dryRun()).isTrue();
        assertThat(given.records(TestDeployment.EAST)).isEqualTo(before);
    }

    /** EC2 puts the same tags on all snapshots of an image, so the sweep brings what is special. */
    @Test
    void snapshotsGetTheTagsOfTheirVolumesHereAndInDrRegions() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {}}");
        for (String name : List.of("db-1", "db-2")) {
            String id = given.instance(TestDeployment.EAST, name, 2);
            given.ec2(TestDeployment.EAST)
                    .createTags(create ->
                            create.resources(volume(given, id, "/dev/sdf"))
                                    .tags(tag("cost", "17"), tag("Name", "data")));
        }
        int before = given.cloud.calls().getOrDefault("CreateTags", 0);

        given.playUntil("2026-03-01T05:00:00Z");

        for (String region : List.of(TestDeployment.EAST, TestDeployment.WEST)) {
            assertThat(given.cloud.snapshots(region))
                    .hasSize(4)
                    .filteredOn(it -> it.snapshot().tags().contains(tag("cost", "17")))
                    .hasSize(2)
                    .allMatch(it -> it.snapshot().tags().contains(tag("Name", "data")));
        }
        // One call for all snapshots that lack the same.
        assertThat(given.cloud.calls().getOrDefault("CreateTags", 0) - before).isEqualTo(2);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void whatPeopleMakeOfTheTagsOfASnapshotStaysAfterADay() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance(TestDeployment.EAST, "db-1", 1);
        given.ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(volume(given, id, "/dev/xvda")).tags(tag("cost", "17")));
        given.nights(1);
        sweepAt(given, given.cloud.now());
        String snapshot =
                given.cloud.snapshots(TestDeployment.EAST).getFirst().snapshot().snapshotId();
        assertThat(given.cloud.snapshots(TestDeployment.EAST).getFirst().snapshot().tags())
                .contains(tag("cost", "17"));
        given.cloud.advanceTo(given.cloud.now().plus(Duration.ofHours(25)));
        given.ec2(TestDeployment.EAST)
                .createTags(create -> create.resources(snapshot).tags(tag("cost", "18")));

        sweepAt(given, given.cloud.now());

        assertThat(given.cloud.snapshots(TestDeployment.EAST).getFirst().snapshot().tags())
                .contains(tag("cost", "18"));
    }

    private static String volume(TestDeployment given, String instance, String device) {
        return given.ec2(TestDeployment.EAST)
                .describeVolumes(ask ->
                        ask.filters(
                                Filter.builder()
                                        .name("attachment.instance-id")
                                        .values(instance)
                                        .build(),
                                Filter.builder().name("attachment.device").values(device).build()))
                .volumes()
                .getFirst()
                .volumeId();
    }

    @Test
    void recordsAMalformedEventAndGoesOn() {
        TestDeployment given = given(ONCE);

        SweepReport report =
                new SweepHandler(given.deployment.application())
                        .handleRequest(
                                Map.of("source", "aws.scheduler", "time", "tomorrow"),
                                given.context("SweepFunction"));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.catalog().notices()).hasSize(1);
    }

    /** One instance, and nothing played yet. */
    private static TestDeployment given(String policies) {
        TestDeployment given = TestDeployment.inMemory(policies, 1);
        given.deployment.withoutSchedules();
        given.instance("web-1");
        return given;
    }

    /** The tick at 02:00 and what follows from it until 04:00, no sweep among it. */
    private static TestDeployment night(String policies) {
        TestDeployment given = given(policies);
        play(given);
        return given;
    }

    private static void play(TestDeployment given) {
        given.nights(1);
    }

    private static SweepReport sweep(TestDeployment given) {
        return given.deployment.sweep(given.cloud.now());
    }

    private static SweepReport sweepAt(TestDeployment given, Instant at) {
        given.deployment.runUntil(at);
        return sweep(given);
    }

    /** With time for so many questions whether there is time. */
    private static SweepReport handle(TestDeployment given, Map<String, Object> event, int slices) {
        return new SweepHandler(given.deployment.application())
                .handleRequest(event, ShortContext.after(slices, given.context("SweepFunction")));
    }

    /** Whatever it says of the instances, which is no gap. */
    private static void assertNothing(SweepReport report) {
        assertThat(report)
                .isEqualTo(
                        new SweepReport(
                                Counts.none(SweepReport.SweepCount.class),
                                false,
                                report.protection()));
    }

    private static List<ImageState> states(TestDeployment given, String region) {
        return given.records(region).stream().map(Image::state).toList();
    }

    private static String id(Image image) {
        return image.id().orElseThrow().value();
    }

    private static void deregister(TestDeployment given, String region) {
        String id = given.images(region).getFirst().image().imageId();
        given.ec2(region).deregisterImage(it -> it.imageId(id));
    }

    /** As if its record had never been written. */
    private static void forget(TestDeployment given, Image image) {
        var table = given.cloud.tables(TestDeployment.EAST);
        String prefix = "123456789012/" + image.region() + "/";
        String record = image.name().instance() + "/" + image.name().slot();
        Stream.of(key(prefix + "images/gold", record), key(prefix + "ami/" + id(image), "name"))
                .forEach(key -> table.deleteItem(delete -> delete.tableName("catalogue").key(key)));
    }

    private static Map<String, AttributeValue> key(String pk, String sk) {
        return Map.of("pk", AttributeValue.fromS(pk), "sk", AttributeValue.fromS(sk));
    }

    /** A snapshot with the tags of an image, which has another one. */
    private static String snapshotLike(TestDeployment given, Image image) {
        String other =
                given.ec2(TestDeployment.EAST)
                        .createImage(create ->
                                create.instanceId(image.name().instance().value())
                                        .name("short-lived")
                                        .tagSpecifications(
                                                TagSpecification.builder()
                                                        .resourceType(ResourceType.SNAPSHOT)
                                                        .tags(
                                                                ImageTags.of(
                                                                                image.name(),
                                                                                image.home(),
                                                                                Map.of(),
                                                                                List.of())
                                                                        .entrySet()
                                                                        .stream()
                                                                        .map(tag ->
                                                                                tag(
                                                                                        tag
                                                                                                .getKey(),
                                                                                        tag
                                                                                                .getValue()))
                                                                        .toList())
                                                        .build()))
                        .imageId();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        String snapshot =
                given.images(TestDeployment.EAST).stream()
                        .filter(it -> it.image().imageId().equals(other))
                        .findFirst()
                        .orElseThrow()
                        .image()
                        .blockDeviceMappings()
                        .getFirst()
                        .ebs()
                        .snapshotId();
        given.ec2(TestDeployment.EAST).deregisterImage(it -> it.imageId(other));
        return snapshot;
    }

    private static List<String> permissions(TestDeployment given) {
        String id = given.images(TestDeployment.EAST).getFirst().image().imageId();
        return given
                .ec2(TestDeployment.EAST)
                .describeImageAttribute(
                        ask -> ask.imageId(id).attribute(ImageAttributeName.LAUNCH_PERMISSION))
                .launchPermissions()
                .stream()
                .map(LaunchPermission::userId)
                .toList();
    }

    private static int shares(TestDeployment given) {
        return given.cloud.calls().getOrDefault("ModifyImageAttribute", 0);
    }

    private static LaunchPermission user(String account) {
        return LaunchPermission.builder().userId(account).build();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }
}
