package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.OperationType;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.SnapshotState;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** What the conformance tests cannot ask of every EC2. */
final class SimulatedImagesTest {
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";
    private static final Duration IMAGE_TIME = Duration.ofMinutes(5);
    private static final Duration COPY_TIME = Duration.ofMinutes(15);

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final Ec2Client ec2 = cloud.ec2(HOME);
    private final Ec2Client dr = cloud.ec2(DR);

    @Test
    void aVolumeHasAtMostFivePendingSnapshots() {
        String instance = launch();
        IntStream.range(0, 5).forEach(n -> create(instance, "gold/" + n));

        assertThat(refusal(() -> create(instance, "gold/5")))
                .isEqualTo("ConcurrentSnapshotLimitExceeded");
        cloud.advance(IMAGE_TIME);
        assertThat(create(instance, "gold/5")).startsWith("ami-");
    }

    @Test
    void whatIsSharedWithAnAccountIsListedByIt() {
        String image = available("gold/a");
        String other = available("gold/b");
        String snapshot = image(image).blockDeviceMappings().getFirst().ebs().snapshotId();
        ec2.modifyImageAttribute(r ->
                r.imageId(image)
                        .launchPermission(p ->
                                p.add(LaunchPermission.builder().userId("111122223333").build())));
        ec2.modifyImageAttribute(r ->
                r.imageId(other)
                        .launchPermission(p ->
                                p.add(LaunchPermission.builder().userId("222233334444").build())));
        ec2.modifySnapshotAttribute(r ->
                r.snapshotId(snapshot)
                        .createVolumePermission(p ->
                                p.add(
                                        CreateVolumePermission.builder()
                                                .userId("111122223333")
                                                .build())));

        assertThat(
                        ec2.describeImages(r -> r.owners("self").executableUsers("111122223333"))
                                .images())
                .extracting(Image::imageId)
                .containsExactly(image);
        assertThat(
                        ec2.describeSnapshots(
                                        r -> r.ownerIds("self").restorableByUserIds("111122223333"))
                                .snapshots())
                .extracting(it -> it.snapshotId())
                .containsExactly(snapshot);
    }

    @Test
    void aStoppedInstanceDoesNotReboot() {
        String instance = launch();
        ec2.stopInstances(r -> r.instanceIds(instance));
        cloud.advance(Duration.ofMinutes(1));
        create(instance, "gold/a");

        assertThat(cloud.instances(HOME).getFirst().reboots()).isZero();
    }

    @Test
    void aRefusedImageLeavesNothingBehind() {
        cloud.settings().copyQuota(0);
        String source = available("gold/a");

        assertThat(refusal(() -> copy(source, "gold/a"))).isEqualTo("ResourceLimitExceeded");
        assertThat(cloud.images(DR)).isEmpty();
        assertThat(cloud.snapshots(DR)).isEmpty();
    }

    @Test
    void theFirstTryMayFailAndTheNextOneWork() {
        cloud.settings().failing(it -> it.copy() && it.region().equals(DR) && it.number() == 1);
        String source = available("gold/a");
        String first = copy(source, "gold/a");
        cloud.advance(COPY_TIME);
        dr.deregisterImage(r -> r.imageId(first).deleteAssociatedSnapshots(true));

        String second = copy(source, "gold/a");
        cloud.advance(COPY_TIME);

        assertThat(cloud.images(DR))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.image().imageId()).isEqualTo(second);
                    assertThat(it.image().state()).isEqualTo(ImageState.AVAILABLE);
                });
    }

    @Test
    void aFailedImageSaysWhy() {
        cloud.settings().failing(_ -> true);
        String image = available("gold/a");

        assertThat(image(image).state()).isEqualTo(ImageState.FAILED);
        assertThat(image(image).stateReason().code()).isEqualTo("Server.InternalError");
        assertThat(cloud.snapshots(HOME).getFirst().snapshot().stateAsString()).isEqualTo("error");
    }

    @Test
    void anImageMayTakeLonger() {
        cloud.settings().imageTime(Duration.ofHours(24));
        String image = create(launch(), "gold/a");

        cloud.advance(Duration.ofHours(23));
        assertThat(image(image).state()).isEqualTo(ImageState.PENDING);
        cloud.advance(Duration.ofHours(1));
        assertThat(image(image).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void aCopyFailsWhoseSourceSnapshotsAreDeletedOnTheWay() {
        String source = available("gold/a");
        String copy = copy(source, "gold/a");
        ec2.deregisterImage(r -> r.imageId(source).deleteAssociatedSnapshots(true));

        cloud.advance(COPY_TIME);

        assertThat(dr.describeImages(r -> r.imageIds(copy)).images().getFirst().state())
                .isEqualTo(ImageState.FAILED);
    }

    @Test
    void aClientTokenStandsForTheWholeRequest() {
        String source = available("gold/a");
        dr.copyImage(
                r -> r.sourceRegion(HOME).sourceImageId(source).name("gold/a").clientToken("t-1"));

        assertThat(
                        refusal(() ->
                                dr.copyImage(r ->
                                        r.sourceRegion(HOME)
                                                .sourceImageId(source)
                                                .name("gold/a")
                                                .encrypted(true)
                                                .clientToken("t-1"))))
                .isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void aCopyOfAnEncryptedCopyStaysEncrypted() {
        String source = available("gold/a");
        String encrypted =
                dr.copyImage(r ->
                                r.sourceRegion(HOME)
                                        .sourceImageId(source)
                                        .name("gold/a")
                                        .encrypted(true)
                                        .kmsKeyId("alias/dr"))
                        .imageId();
        cloud.advance(COPY_TIME);

        dr.copyImage(r -> r.sourceRegion(DR).sourceImageId(encrypted).name("gold/again"));

        assertThat(cloud.snapshots(DR))
                .allSatisfy(it -> assertThat(it.snapshot().encrypted()).isTrue());
    }

    @Test
    void aLiftedProtectionWithCoolDownHoldsForADay() {
        String image = available("gold/a");
        ec2.enableImageDeregistrationProtection(r -> r.imageId(image).withCooldown(true));
        ec2.disableImageDeregistrationProtection(r -> r.imageId(image));

        cloud.advance(Duration.ofHours(23));
        assertThat(refusal(() -> ec2.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("OperationNotPermitted");
        cloud.advance(Duration.ofHours(1));
        ec2.deregisterImage(r -> r.imageId(image));
        assertThat(cloud.images(HOME)).isEmpty();
    }

    @Test
    void aCoolDownOutlastsALaterProtectionWithoutOne() {
        String image = available("gold/a");
        ec2.enableImageDeregistrationProtection(r -> r.imageId(image).withCooldown(true));
        ec2.disableImageDeregistrationProtection(r -> r.imageId(image));
        ec2.enableImageDeregistrationProtection(r -> r.imageId(image));
        ec2.disableImageDeregistrationProtection(r -> r.imageId(image));

        assertThat(refusal(() -> ec2.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("OperationNotPermitted");
    }

    @Test
    void theRecycleBinKeepsImagesAndSnapshotsForTheirOwnTime() {
        cloud.settings().recycleBin(Duration.ofDays(3), Duration.ofDays(7));
        String image = available("gold/a");
        discard(image);

        assertThat(ec2.listImagesInRecycleBin(r -> {}).images())
                .extracting(
                        ImageRecycleBinInfo::recycleBinEnterTime,
                        ImageRecycleBinInfo::recycleBinExitTime)
                .containsExactly(tuple(cloud.now(), cloud.now().plus(Duration.ofDays(3))));
        cloud.advance(Duration.ofDays(3));
        assertThat(ec2.listImagesInRecycleBin(r -> {}).images()).isEmpty();
        assertThat(ec2.listSnapshotsInRecycleBin(r -> {}).snapshots()).hasSize(1);
        assertThat(refusal(() -> ec2.restoreImageFromRecycleBin(r -> r.imageId(image))))
                .isEqualTo("InvalidAMIID.NotFound");
        cloud.advance(Duration.ofDays(4));
        assertThat(ec2.listSnapshotsInRecycleBin(r -> {}).snapshots()).isEmpty();
    }

    @Test
    void anImageWhoseSnapshotsLeftTheRecycleBinFirstIsLost() {
        cloud.settings().recycleBin(Duration.ofDays(7), Duration.ofDays(1));
        String image = available("gold/a");
        discard(image);
        cloud.advance(Duration.ofDays(1));

        assertThat(refusal(() -> ec2.restoreImageFromRecycleBin(r -> r.imageId(image))))
                .isEqualTo("InvalidSnapshot.NotFound");
    }

    @Test
    void anImageThatNeverBecameAvailableIsNotKeptInTheRecycleBin() {
        cloud.settings().recycleBin(Duration.ofDays(7), Duration.ofDays(7));
        discard(create(launch(), "gold/a"));

        assertThat(ec2.listImagesInRecycleBin(r -> {}).images()).isEmpty();
        assertThat(ec2.listSnapshotsInRecycleBin(r -> {}).snapshots()).isEmpty();
    }

    @Test
    void aNameThatTwoHoldAfterRestoringIsFreeWhenBothAreGone() {
        cloud.settings().recycleBin(Duration.ofDays(7), Duration.ofDays(7));
        String instance = launch();
        String first = create(instance, "gold/a");
        cloud.advance(IMAGE_TIME);
        ec2.deregisterImage(r -> r.imageId(first));
        String second = create(instance, "gold/a");
        ec2.restoreImageFromRecycleBin(r -> r.imageId(first));

        ec2.deregisterImage(r -> r.imageId(second));
        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
        ec2.deregisterImage(r -> r.imageId(first));
        assertThat(create(instance, "gold/a")).startsWith("ami-");
    }

    @Test
    void anImageIsNotDeprecatedInThePast() {
        String image = available("gold/a");

        assertThat(
                        refusal(() ->
                                ec2.enableImageDeprecation(
                                        r -> r.imageId(image).deprecateAt(START.minusSeconds(1)))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void aDeprecationDateIsRoundedToTheMinute() {
        String image = available("gold/a");
        ec2.enableImageDeprecation(
                r -> r.imageId(image).deprecateAt(Instant.parse("2026-03-08T00:00:40Z")));

        assertThat(image(image).deprecationTime()).isEqualTo("2026-03-08T00:01:00.000Z");
    }

    @Test
    void anEnabledImageIsAvailableAgainAndAnEventTellsOfIt() {
        String image = available("gold/a");
        ec2.disableImage(r -> r.imageId(image));
        cloud.takeEvents();

        ec2.enableImage(r -> r.imageId(image));

        assertThat(states(cloud.takeEvents())).containsExactly("available");
    }

    @Test
    void aRegisteredImageIsAvailableAtOnceAndAnEventTellsOfIt() {
        available("gold/a");
        cloud.takeEvents();
        BlockDeviceMapping root = root(cloud.snapshots(HOME).getFirst().snapshot().snapshotId());

        String image =
                ec2.registerImage(r ->
                                r.name("by hand")
                                        .rootDeviceName("/dev/xvda")
                                        .blockDeviceMappings(root))
                        .imageId();

        assertThat(image(image).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(states(cloud.takeEvents())).containsExactly("available");
    }

    @Test
    void anImageIsNotRegisteredFromASnapshotThatIsGone() {
        BlockDeviceMapping root = root("snap-00000000000000000");

        assertThat(
                        refusal(() ->
                                ec2.registerImage(
                                        r -> r.name("by hand").blockDeviceMappings(root))))
                .isEqualTo("InvalidSnapshot.NotFound");
        assertThat(cloud.images(HOME)).isEmpty();
    }

    @Test
    void aSnapshotByHandIsPendingThenCompletedAndAnImageOfItKnowsTheServer() {
        String server = launch();
        cloud.productCode(HOME, server, "code-1");
        cloud.platform(HOME, server, "Windows");
        String snapshot = byHand(server);

        assertThat(refusal(() -> register(root(snapshot)))).isEqualTo("IncorrectState");
        cloud.advance(IMAGE_TIME);
        Image registered = image(register(root(snapshot)));

        assertThat(registered.platformDetails()).isEqualTo("Windows");
        assertThat(registered.productCodes())
                .extracting(ProductCode::productCodeId)
                .containsExactly("code-1");
        assertThat(
                        ec2.describeSnapshotAttribute(
                                        r -> r.snapshotId(snapshot).attribute("productCodes"))
                                .productCodes())
                .isEqualTo(registered.productCodes());
    }

    @Test
    void aRegistrationThatFailsLeavesItsSnapshotsAsTheyAre() {
        String snapshot = byHand(launch());
        cloud.advance(IMAGE_TIME);
        cloud.settings().failing(_ -> true);

        String failed = register(root(snapshot));

        assertThat(image(failed).state()).isEqualTo(ImageState.FAILED);
        assertThat(cloud.snapshots(HOME))
                .singleElement()
                .satisfies(
                        it -> assertThat(it.snapshot().state()).isEqualTo(SnapshotState.COMPLETED));
        assertThat(states(cloud.takeEvents())).containsExactly("failed");
    }

    @Test
    void aRegistrationNamesEachDeviceOnceAndTpmNeedsUefi() {
        String snapshot = byHand(launch());
        cloud.advance(IMAGE_TIME);

        assertThat(refusal(() -> register(root(snapshot), root(snapshot))))
                .isEqualTo("InvalidBlockDeviceMapping");
        assertThat(
                        refusal(() ->
                                ec2.registerImage(r ->
                                        r.name("by hand")
                                                .rootDeviceName("/dev/xvda")
                                                .tpmSupport("v2.0")
                                                .blockDeviceMappings(root(snapshot)))))
                .isEqualTo("InvalidParameterCombination");
        assertThat(refusal(() -> ec2.createSnapshot(r -> r.volumeId("vol-0nothing"))))
                .isEqualTo("InvalidVolume.NotFound");
    }

    private String byHand(String instance) {
        String volume =
                ec2.describeInstances(r -> r.instanceIds(instance))
                        .reservations()
                        .getFirst()
                        .instances()
                        .getFirst()
                        .blockDeviceMappings()
                        .getFirst()
                        .ebs()
                        .volumeId();
        return ec2.createSnapshot(r -> r.volumeId(volume)).snapshotId();
    }

    private String register(BlockDeviceMapping... devices) {
        return ec2.registerImage(r ->
                        r.name("by hand").rootDeviceName("/dev/xvda").blockDeviceMappings(devices))
                .imageId();
    }

    @Test
    void onlyAnAvailableImageIsDisabled() {
        String pending = create(launch(), "gold/a");

        assertThat(refusal(() -> ec2.disableImage(r -> r.imageId(pending))))
                .isEqualTo("IncorrectState");
    }

    @Test
    void disablingTwiceIsDisablingOnce() {
        String image = available("gold/a");
        cloud.takeEvents();
        ec2.disableImage(r -> r.imageId(image));
        ec2.disableImage(r -> r.imageId(image));

        assertThat(states(cloud.takeEvents())).containsExactly("disabled");
    }

    @Test
    void aLaunchDoesNotShowInTheImageBeforeADayHasPassed() {
        String image = available("gold/a");
        ec2.runInstances(r -> r.imageId(image).minCount(1).maxCount(1));

        cloud.advance(Duration.ofHours(23));

        assertThat(image(image).lastLaunchedTime()).isNull();
    }

    @Test
    void whatIsEncryptedWithTheDefaultKeyCannotBeShared() {
        String source = available("gold/a");
        String copy =
                dr.copyImage(r ->
                                r.sourceRegion(HOME)
                                        .sourceImageId(source)
                                        .name("gold/a")
                                        .encrypted(true))
                        .imageId();
        cloud.advance(COPY_TIME);
        String snapshot = cloud.snapshots(DR).getFirst().snapshot().snapshotId();

        assertThat(
                        refusal(() ->
                                dr.modifyImageAttribute(r ->
                                        r.imageId(copy)
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333"))))
                .isEqualTo("InvalidParameter");
        assertThat(
                        refusal(() ->
                                dr.modifySnapshotAttribute(r ->
                                        r.snapshotId(snapshot)
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333"))))
                .isEqualTo("InvalidParameter");
    }

    @Test
    void anImageHasAtMost1000LaunchPermissions() {
        String image = available("gold/a");
        List<String> accounts = IntStream.range(0, 1000).mapToObj("%012d"::formatted).toList();
        ec2.modifyImageAttribute(
                r -> r.imageId(image).operationType(OperationType.ADD).userIds(accounts));

        assertThat(
                        refusal(() ->
                                ec2.modifyImageAttribute(r ->
                                        r.imageId(image)
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333"))))
                .isEqualTo("ResourceLimitExceeded");
        assertThat(cloud.images(HOME).getFirst().launchPermissions()).hasSize(1000);
    }

    @Test
    void launchPermissionsAndSharedSnapshotsCanBeRead() {
        String image = available("gold/a");
        String snapshot = cloud.snapshots(HOME).getFirst().snapshot().snapshotId();
        ec2.modifyImageAttribute(
                r -> r.imageId(image).operationType(OperationType.ADD).userIds("111122223333"));
        ec2.modifySnapshotAttribute(r ->
                r.snapshotId(snapshot).operationType(OperationType.ADD).userIds("111122223333"));

        assertThat(cloud.images(HOME).getFirst().launchPermissions())
                .containsExactly(LaunchPermission.builder().userId("111122223333").build());
        assertThat(cloud.snapshots(HOME).getFirst().sharedWith()).containsExactly("111122223333");
    }

    @Test
    void aLockedSnapshotIsDeletedOnlyOnceUnlocked() {
        String image = available("gold/a");
        String snapshot = cloud.snapshots(HOME).getFirst().snapshot().snapshotId();
        ec2.lockSnapshot(r -> r.snapshotId(snapshot).lockMode("governance").lockDuration(1));
        ec2.deregisterImage(r -> r.imageId(image));

        assertThat(refusal(() -> ec2.deleteSnapshot(r -> r.snapshotId(snapshot))))
                .isEqualTo("SnapshotLocked");
        ec2.unlockSnapshot(r -> r.snapshotId(snapshot));
        ec2.deleteSnapshot(r -> r.snapshotId(snapshot));
        assertThat(cloud.snapshots(HOME)).isEmpty();
    }

    @Test
    void aNewImageMayBeMissingFromListsToo() {
        cloud.settings().hiddenCalls(1);
        create(launch(), "gold/a");

        assertThat(ec2.describeImages(r -> r.owners("self")).images()).isEmpty();
        assertThat(ec2.describeImages(r -> r.owners("self")).images()).hasSize(1);
    }

    @Test
    void anOldImageIsShownHoweverRarelyItWasAskedFor() {
        cloud.settings().hiddenCalls(9);
        String image = create(launch(), "gold/a");
        cloud.advance(Duration.ofHours(6));

        assertThat(ec2.describeImages(r -> r.owners("self")).images()).hasSize(1);
        assertThat(ec2.describeImages(r -> r.imageIds(image)).images()).hasSize(1);
    }

    @Test
    void aPageIsNotUpsetByWhatIsDeregisteredMeanwhile() {
        IntStream.range(0, 12).forEach(n -> create(launch(), "gold/" + n));
        DescribeImagesResponse first = ec2.describeImages(r -> r.maxResults(5));
        first.images().forEach(it -> ec2.deregisterImage(r -> r.imageId(it.imageId())));

        List<Image> rest =
                ec2
                        .describeImagesPaginator(r -> r.maxResults(5).nextToken(first.nextToken()))
                        .images()
                        .stream()
                        .toList();

        assertThat(rest)
                .hasSize(7)
                .extracting(Image::imageId)
                .doesNotContainAnyElementsOf(first.images().stream().map(Image::imageId).toList());
    }

    @Test
    void aMadeUpPageTokenIsRefused() {
        assertThat(refusal(() -> ec2.describeImages(r -> r.maxResults(5).nextToken("?"))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void anEscapedWildcardIsPlain() {
        String instance = launch();
        String starred =
                ec2.createImage(r ->
                                r.instanceId(instance).name("gold/a").description("all * of it"))
                        .imageId();
        ec2.createImage(
                r -> r.instanceId(instance).name("gold/b").description("all the rest of it"));
        Filter plain = Filter.builder().name("description").values("all \\* of it").build();

        assertThat(ec2.describeImages(r -> r.filters(plain)).images())
                .extracting(Image::imageId)
                .containsExactly(starred);
    }

    private String launch() {
        return cloud.launch(HOME, Map.of(), List.of(8));
    }

    private String create(String instance, String name) {
        return ec2.createImage(r -> r.instanceId(instance).name(name)).imageId();
    }

    private String available(String name) {
        String image = create(launch(), name);
        cloud.advance(IMAGE_TIME);
        return image;
    }

    private void discard(String image) {
        ec2.deregisterImage(r -> r.imageId(image).deleteAssociatedSnapshots(true));
    }

    private String copy(String source, String name) {
        return dr.copyImage(r -> r.sourceRegion(HOME).sourceImageId(source).name(name)).imageId();
    }

    private Image image(String id) {
        return ec2.describeImages(r -> r.imageIds(id)).images().getFirst();
    }

    private static BlockDeviceMapping root(String snapshot) {
        return BlockDeviceMapping.builder()
                .deviceName("/dev/xvda")
                .ebs(ebs -> ebs.snapshotId(snapshot))
                .build();
    }

    private static List<String> states(List<Map<String, Object>> events) {
        return events.stream()
                .map(event -> (Map<?, ?>) Objects.requireNonNull(event.get("detail")))
                .map(detail -> "" + detail.get("State"))
                .toList();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
