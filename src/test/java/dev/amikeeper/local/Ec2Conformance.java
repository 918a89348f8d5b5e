package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotReturnCode;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageAttributeName;
import software.amazon.awssdk.services.ec2.model.ImageRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.ImageReference;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.ImageUsageReport;
import software.amazon.awssdk.services.ec2.model.ImageUsageReportEntry;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;
import software.amazon.awssdk.services.ec2.model.OperationType;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.SnapshotAttributeName;
import software.amazon.awssdk.services.ec2.model.SnapshotRecycleBinInfo;
import software.amazon.awssdk.services.ec2.model.SnapshotReturnCodes;
import software.amazon.awssdk.services.ec2.model.SnapshotState;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** What every EC2 that this project trusts does: AWS's documented rules for the life of images. */
abstract class Ec2Conformance {
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";
    private static final Duration IMAGE_TIME = Duration.ofMinutes(5);
    private static final Duration COPY_TIME = Duration.ofMinutes(15);
    private static final Duration INSTANCE_TIME = Duration.ofSeconds(30);
    private static final String IMAGE_EVENT = "EC2 AMI State Change";
    private static final String INSTANCE_EVENT = "EC2 Instance State-change Notification";
    private static final String TAG_EVENT = "Tag Change on Resource";

    private World world;
    private Ec2Client home;
    private Ec2Client dr;

    /** A fresh one. */
    abstract World world();

    @BeforeEach
    void begin() {
        world = world();
        home = world.ec2(HOME);
        dr = world.ec2(DR);
    }

    // Making images

    @Test
    void anImageIsPendingFirstAndAvailableLater() {
        String image = create(launch(), "gold/a");

        assertThat(stateOf(home, image)).isEqualTo(ImageState.PENDING);
        world.advance(IMAGE_TIME);
        assertThat(stateOf(home, image)).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void noEventTellsOfAPendingImage() {
        create(launch(), "gold/a");

        assertThat(world.advance(Duration.ofMinutes(4))).isEmpty();
    }

    @Test
    void theEventOfAnAvailableImageHasItsDocumentedShape() {
        String image = create(launch(), "gold/a");

        List<Map<String, Object>> events = world.advance(Duration.ofMinutes(10));

        assertThat(events).hasSize(1);
        Map<String, Object> event = events.getFirst();
        assertThat(event)
                .containsEntry("version", "0")
                .containsEntry("detail-type", IMAGE_EVENT)
                .containsEntry("source", "aws.ec2")
                .containsEntry("account", "123456789012")
                .containsEntry("time", "2026-03-01T00:05:00Z")
                .containsEntry("region", HOME)
                .containsEntry("resources", List.of("arn:aws:ec2:us-east-1::image/" + image))
                .containsKey("id");
        assertThat(detail(event))
                .containsEntry("ImageId", image)
                .containsEntry("State", "available")
                .containsEntry("ErrorMessage", "")
                .containsOnlyKeys("RequestId", "ImageId", "State", "ErrorMessage");
    }

    @Test
    void aNameIsUniqueInItsRegion() {
        String instance = launch();
        create(instance, "gold/a");

        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
    }

    @Test
    void aNameThatIsTakenInOneRegionIsFreeInAnother() {
        create(launch(), "gold/a");
        String elsewhere = world.launch(DR, Map.of(), 8);

        String image = dr.createImage(r -> r.instanceId(elsewhere).name("gold/a")).imageId();

        assertThat(stateOf(dr, image)).isEqualTo(ImageState.PENDING);
    }

    @Test
    void aFailedImageKeepsItsNameUntilItIsDeregistered() {
        world.failImage("gold/a");
        String instance = launch();
        String failed = create(instance, "gold/a");
        world.advance(IMAGE_TIME);

        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
        home.deregisterImage(r -> r.imageId(failed));
        assertThat(create(instance, "gold/a")).isNotEqualTo(failed);
    }

    @Test
    void aFailedImageSaysSoByStateAndEvent() {
        world.failImage("gold/a");
        String image = create(launch(), "gold/a");

        List<Map<String, Object>> events = world.advance(IMAGE_TIME);

        assertThat(stateOf(home, image)).isEqualTo(ImageState.FAILED);
        assertThat(detail(events.getFirst()))
                .containsEntry("State", "failed")
                .containsEntry("ImageId", image);
        assertThat(detail(events.getFirst()).get("ErrorMessage")).isNotEqualTo("");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ab", "gold:a", "gold/ä", "gold*a", "tab\ta"})
    void aMalformedNameIsRefused(String name) {
        String instance = launch();

        assertThat(refusal(() -> create(instance, name))).isEqualTo("InvalidAMIName.Malformed");
    }

    @Test
    void aNameOf129CharactersIsRefused() {
        String instance = launch();

        assertThat(refusal(() -> create(instance, "a".repeat(129))))
                .isEqualTo("InvalidAMIName.Malformed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "a ()[]./-'@_Z9"})
    void everyDocumentedCharacterMayBeInAName(String name) {
        assertThat(image(home, create(launch(), name)).name()).isEqualTo(name);
    }

    @Test
    void aNameMayHave128Characters() {
        String name = "n".repeat(128);

        assertThat(image(home, create(launch(), name)).name()).isEqualTo(name);
    }

    @Test
    void anInstanceThatDoesNotExistCannotBeImaged() {
        assertThat(refusal(() -> create("i-00000000000000000", "gold/a")))
                .isEqualTo("InvalidInstanceID.NotFound");
    }

    @Test
    void aTerminatedInstanceCannotBeImaged() {
        String instance = launch();
        home.terminateInstances(r -> r.instanceIds(instance));
        world.advance(INSTANCE_TIME);

        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("IncorrectInstanceState");
    }

    @Test
    void aStoppedInstanceCanBeImaged() {
        String instance = launch();
        home.stopInstances(r -> r.instanceIds(instance));
        world.advance(INSTANCE_TIME);

        assertThat(stateOf(home, create(instance, "gold/a"))).isEqualTo(ImageState.PENDING);
    }

    @Test
    void anInstanceThatStopsOrStartsCanBeImaged() {
        String instance = launch();
        home.stopInstances(r -> r.instanceIds(instance));
        assertThat(stateOf(home, create(instance, "gold/a"))).isEqualTo(ImageState.PENDING);
        world.advance(INSTANCE_TIME);
        home.startInstances(r -> r.instanceIds(instance));

        assertThat(stateOf(home, create(instance, "gold/b"))).isEqualTo(ImageState.PENDING);
    }

    @Test
    void anImageTakesOneSnapshotOfEachVolume() {
        String instance = world.launch(HOME, Map.of(), 8, 20, 30);

        Image image = image(home, create(instance, "gold/a"));

        assertThat(image.rootDeviceName()).isEqualTo("/dev/xvda");
        assertThat(image.blockDeviceMappings())
                .extracting(BlockDeviceMapping::deviceName)
                .containsExactly("/dev/xvda", "/dev/sdf", "/dev/sdg");
        assertThat(snapshotsOf(home, image))
                .extracting(Snapshot::volumeSize)
                .containsExactlyInAnyOrder(8, 20, 30);
    }

    @Test
    void snapshotsAreCompletedWithTheirImage() {
        String image = create(launch(), "gold/a");

        assertThat(snapshotsOf(home, image(home, image)))
                .extracting(Snapshot::state)
                .containsOnly(SnapshotState.PENDING);
        world.advance(IMAGE_TIME);
        assertThat(snapshotsOf(home, image(home, image)))
                .extracting(Snapshot::state)
                .containsOnly(SnapshotState.COMPLETED);
    }

    @Test
    void aVolumeCanBeLeftOut() {
        String instance = world.launch(HOME, Map.of(), 8, 20);

        String id = create(instance, "gold/a", r -> r.blockDeviceMappings(without("/dev/sdf")));

        assertThat(image(home, id).blockDeviceMappings())
                .extracting(BlockDeviceMapping::deviceName)
                .containsExactly("/dev/xvda");
    }

    @Test
    void theRootVolumeCannotBeLeftOut() {
        String instance = launch();

        assertThat(
                        refusal(() ->
                                create(
                                        instance,
                                        "gold/a",
                                        r -> r.blockDeviceMappings(without("/dev/xvda")))))
                .isEqualTo("InvalidBlockDeviceMapping");
    }

    @Test
    void theInstanceRebootsUnlessTold() {
        String instance = launch();

        create(instance, "gold/a", r -> r.noReboot(true));
        assertThat(world.reboots(HOME, instance)).isZero();
        create(instance, "gold/b");
        assertThat(world.reboots(HOME, instance)).isEqualTo(1);
    }

    @Test
    void theCallThatMakesAnImageTagsItAndItsSnapshots() {
        String id =
                create(
                        launch(),
                        "gold/a",
                        r ->
                                r.tagSpecifications(
                                        tags(ResourceType.IMAGE, Map.of("for", "image")),
                                        tags(ResourceType.SNAPSHOT, Map.of("for", "snapshot"))));

        Image image = image(home, id);
        assertThat(map(image.tags())).containsExactly(Map.entry("for", "image"));
        assertThat(snapshotsOf(home, image))
                .allSatisfy(snapshot ->
                        assertThat(map(snapshot.tags()))
                                .containsExactly(Map.entry("for", "snapshot")));
    }

    @Test
    void anImageWith51TagsIsNotMade() {
        String instance = launch();
        TagSpecification tooMany = tags(ResourceType.IMAGE, numbered(51));

        assertThat(refusal(() -> create(instance, "gold/a", r -> r.tagSpecifications(tooMany))))
                .isEqualTo("TagLimitExceeded");
        assertThat(images(home, r -> {})).isEmpty();
    }

    @Test
    void fiftyTagsAreAllowed() {
        TagSpecification most = tags(ResourceType.IMAGE, numbered(50));

        String id = create(launch(), "gold/a", r -> r.tagSpecifications(most));

        assertThat(image(home, id).tags()).hasSize(50);
    }

    @Test
    void tagsOfAwsCannotBeSet() {
        String instance = launch();
        TagSpecification reserved = tags(ResourceType.IMAGE, Map.of("aws:name", "x"));

        assertThat(refusal(() -> create(instance, "gold/a", r -> r.tagSpecifications(reserved))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void aTagKeyHasAtMost127Characters() {
        String instance = launch();
        TagSpecification tooLong = tags(ResourceType.IMAGE, Map.of("k".repeat(128), "x"));

        assertThat(refusal(() -> create(instance, "gold/a", r -> r.tagSpecifications(tooLong))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void makingAnImageTagsNothingElse() {
        String instance = launch();
        TagSpecification other = tags(ResourceType.INSTANCE, Map.of("a", "b"));

        assertThat(refusal(() -> create(instance, "gold/a", r -> r.tagSpecifications(other))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void anImageNamesTheInstanceItIsOf() {
        String instance = launch();
        String image = create(instance, "gold/a");
        create(launch(), "gold/b");

        assertThat(images(home, r -> r.filters(filter("source-instance-id", instance))))
                .extracting(Image::imageId)
                .containsExactly(image);
        assertThat(image(home, image).sourceInstanceId()).isEqualTo(instance);
    }

    // Copying

    @Test
    void aCopyIsPendingFirstAndAvailableLater() {
        String copy = copy(available("gold/a"), "gold/a");

        assertThat(stateOf(dr, copy)).isEqualTo(ImageState.PENDING);
        List<Map<String, Object>> events = world.advance(COPY_TIME);
        assertThat(stateOf(dr, copy)).isEqualTo(ImageState.AVAILABLE);
        assertThat(events).hasSize(1);
        assertThat(events.getFirst()).containsEntry("region", DR);
        assertThat(detail(events.getFirst())).containsEntry("ImageId", copy);
    }

    @Test
    void aCopyNamesItsSource() {
        String source = available("gold/a");

        Image copy = image(dr, copy(source, "gold/a"));

        assertThat(copy.sourceImageId()).isEqualTo(source);
        assertThat(copy.sourceImageRegion()).isEqualTo(HOME);
        assertThat(copy.name()).isEqualTo("gold/a");
    }

    @Test
    void aPendingImageCannotBeCopied() {
        String pending = create(launch(), "gold/a");

        assertThat(refusal(() -> copy(pending, "gold/a"))).isEqualTo("InvalidRequest");
    }

    @Test
    void anImageThatDoesNotExistCannotBeCopied() {
        assertThat(refusal(() -> copy("ami-00000000000000000", "gold/a")))
                .isEqualTo("InvalidAMIID.NotFound");
    }

    @Test
    void theSameClientTokenAnswersTheSameCopy() {
        String source = available("gold/a");

        String first = copy(source, "gold/a", r -> r.clientToken("t-1"));
        String second = copy(source, "gold/a", r -> r.clientToken("t-1"));

        assertThat(second).isEqualTo(first);
        assertThat(images(dr, r -> {})).hasSize(1);
    }

    @Test
    void aClientTokenIsForOneRequestOnly() {
        String source = available("gold/a");
        copy(source, "gold/a", r -> r.clientToken("t-1"));

        assertThat(refusal(() -> copy(source, "gold/b", r -> r.clientToken("t-1"))))
                .isEqualTo("IdempotentParameterMismatch");
    }

    @Test
    void withoutClientTokenASecondCopyOfTheSameNameIsRefused() {
        String source = available("gold/a");
        copy(source, "gold/a");

        assertThat(refusal(() -> copy(source, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
    }

    @Test
    void aRegionTakesOnlySoManyCopiesAtATime() {
        world.copyQuota(2);
        String one = available("gold/one", 8);
        copy(one, "gold/one");
        copy(one, "gold/two");

        assertThat(refusal(() -> copy(one, "gold/another"))).isEqualTo("ResourceLimitExceeded");
        world.advance(COPY_TIME);
        assertThat(copy(one, "gold/another")).startsWith("ami-");
    }

    @Test
    void aCopyThatIsDeregisteredOnItsWayGivesItsPlacesBack() {
        world.copyQuota(1);
        String source = available("gold/a");
        String copy = copy(source, "gold/a");
        dr.deregisterImage(r -> r.imageId(copy));

        assertThat(copy(source, "gold/b")).startsWith("ami-");
    }

    @Test
    void aBadKeyShowsLate() {
        world.badKey("alias/gone");
        String source = available("gold/a");

        String copy = copy(source, "gold/a", r -> r.encrypted(true).kmsKeyId("alias/gone"));
        List<Map<String, Object>> events = world.advance(COPY_TIME);

        assertThat(stateOf(dr, copy)).isEqualTo(ImageState.FAILED);
        assertThat(detail(events.getFirst())).containsEntry("State", "failed");
    }

    @Test
    void aKeyIsForEncryptedCopiesOnly() {
        String source = available("gold/a");

        assertThat(refusal(() -> copy(source, "gold/a", r -> r.kmsKeyId("alias/dr"))))
                .isEqualTo("InvalidParameterCombination");
    }

    @Test
    void theSnapshotsOfAnEncryptedCopyAreEncrypted() {
        String copy =
                copy(available("gold/a"), "gold/a", r -> r.encrypted(true).kmsKeyId("alias/dr"));

        assertThat(snapshotsOf(dr, image(dr, copy)))
                .hasSize(1)
                .allSatisfy(snapshot -> {
                    assertThat(snapshot.encrypted()).isTrue();
                    assertThat(snapshot.kmsKeyId()).isEqualTo("alias/dr");
                });
    }

    @Test
    void copyImageTagsCopiesTheTagsOfTheImageButNotOfItsSnapshots() {
        Map<String, String> tags = Map.of("a", "b");
        String source =
                create(
                        launch(),
                        "gold/a",
                        r ->
                                r.tagSpecifications(
                                        tags(ResourceType.IMAGE, tags),
                                        tags(ResourceType.SNAPSHOT, tags)));
        world.advance(IMAGE_TIME);

        Image copy = image(dr, copy(source, "gold/a", r -> r.copyImageTags(true)));

        assertThat(map(copy.tags())).isEqualTo(tags);
        assertThat(snapshotsOf(dr, copy)).allSatisfy(s -> assertThat(s.tags()).isEmpty());
    }

    @Test
    void aCopyHasNoTagsUnlessTold() {
        String source =
                create(
                        launch(),
                        "gold/a",
                        r -> r.tagSpecifications(tags(ResourceType.IMAGE, Map.of("a", "b"))));
        world.advance(IMAGE_TIME);

        assertThat(image(dr, copy(source, "gold/a")).tags()).isEmpty();
    }

    @Test
    void theCallThatCopiesTagsImageAndSnapshots() {
        Map<String, String> tags = Map.of("a", "b");
        String copy =
                copy(
                        available("gold/a"),
                        "gold/a",
                        r ->
                                r.tagSpecifications(
                                        tags(ResourceType.IMAGE, tags),
                                        tags(ResourceType.SNAPSHOT, tags)));

        assertThat(map(image(dr, copy).tags())).isEqualTo(tags);
        assertThat(snapshotsOf(dr, image(dr, copy)))
                .allSatisfy(s -> assertThat(map(s.tags())).isEqualTo(tags));
    }

    @Test
    void aCopyMayFailWhereTheHomeImageDoesNot() {
        world.failCopiesTo(DR);
        String source = available("gold/a");
        String copy = copy(source, "gold/a");
        world.advance(COPY_TIME);

        assertThat(stateOf(home, source)).isEqualTo(ImageState.AVAILABLE);
        assertThat(stateOf(dr, copy)).isEqualTo(ImageState.FAILED);
    }

    @Test
    void aCopyLivesOnWhenItsSourceIsDeregistered() {
        String source = available("gold/a");
        String copy = copy(source, "gold/a");
        world.advance(COPY_TIME);

        home.deregisterImage(r -> r.imageId(source).deleteAssociatedSnapshots(true));

        assertThat(stateOf(dr, copy)).isEqualTo(ImageState.AVAILABLE);
        assertThat(snapshotsOf(dr, image(dr, copy))).hasSize(1);
    }

    // Deregistering

    @Test
    void deregisteringLeavesTheSnapshotsUnlessTold() {
        String image = available("gold/a", 8, 20);

        DeregisterImageResponse answer = home.deregisterImage(r -> r.imageId(image));

        assertThat(answer.deleteSnapshotResults()).isEmpty();
        assertThat(snapshots(home)).hasSize(2);
    }

    @Test
    void deregisteringDeletesTheSnapshotsAndAnswersForEach() {
        String id = available("gold/a", 8, 20);
        Image image = image(home, id);

        DeregisterImageResponse answer =
                home.deregisterImage(r -> r.imageId(id).deleteAssociatedSnapshots(true));

        assertThat(answer.deleteSnapshotResults())
                .extracting(DeleteSnapshotReturnCode::snapshotId)
                .containsExactlyInAnyOrderElementsOf(snapshotIds(image));
        assertThat(answer.deleteSnapshotResults())
                .extracting(DeleteSnapshotReturnCode::returnCode)
                .containsOnly(SnapshotReturnCodes.SUCCESS);
        assertThat(snapshots(home)).isEmpty();
    }

    @Test
    void aSnapshotThatAnotherImageUsesIsSkipped() {
        String first = available("gold/a");
        String snapshot = snapshotIds(image(home, first)).getFirst();
        register("other", snapshot);

        DeregisterImageResponse answer =
                home.deregisterImage(r -> r.imageId(first).deleteAssociatedSnapshots(true));

        assertThat(answer.deleteSnapshotResults())
                .extracting(DeleteSnapshotReturnCode::returnCode)
                .containsExactly(SnapshotReturnCodes.SKIPPED);
        assertThat(snapshots(home)).hasSize(1);
    }

    @Test
    void aLockedSnapshotIsNotDeletedWithItsImage() {
        String image = available("gold/a");
        String snapshot = snapshotIds(image(home, image)).getFirst();
        home.lockSnapshot(r -> r.snapshotId(snapshot).lockMode("governance").lockDuration(1));

        DeregisterImageResponse answer =
                home.deregisterImage(r -> r.imageId(image).deleteAssociatedSnapshots(true));

        assertThat(answer.deleteSnapshotResults())
                .extracting(DeleteSnapshotReturnCode::returnCode)
                .containsExactly(SnapshotReturnCodes.CLIENT_ERROR);
        assertThat(snapshots(home)).hasSize(1);
    }

    @Test
    void aProtectedImageIsNotDeregistered() {
        String image = available("gold/a");
        home.enableImageDeregistrationProtection(r -> r.imageId(image));

        assertThat(refusal(() -> home.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("OperationNotPermitted");
        home.disableImageDeregistrationProtection(r -> r.imageId(image));
        home.deregisterImage(r -> r.imageId(image));
        assertThat(images(home, r -> {})).isEmpty();
    }

    @Test
    void theProtectionOfAnImageIsDescribed() {
        String image = available("gold/a");
        home.enableImageDeregistrationProtection(r -> r.imageId(image).withCooldown(true));

        assertThat(image(home, image).deregistrationProtection())
                .isEqualTo("enabled-with-cooldown");
        assertThat(
                        home.describeImageAttribute(r ->
                                        r.imageId(image)
                                                .attribute(
                                                        ImageAttributeName
                                                                .DEREGISTRATION_PROTECTION))
                                .deregistrationProtection()
                                .value())
                .isEqualTo("enabled-with-cooldown");
    }

    @Test
    void aLiftedProtectionThatCoolsDownHoldsForADayAndSaysUntilWhen() {
        String image = available("gold/a");
        home.enableImageDeregistrationProtection(r -> r.imageId(image).withCooldown(true));
        home.disableImageDeregistrationProtection(r -> r.imageId(image));

        assertThat(image(home, image).deregistrationProtection()).startsWith("disabled after 20");
        assertThat(refusal(() -> home.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("OperationNotPermitted");

        world.advance(Duration.ofHours(25));
        assertThat(image(home, image).deregistrationProtection()).isEqualTo("disabled");
        home.deregisterImage(r -> r.imageId(image));
    }

    @Test
    void deprecationIsNeitherInThePastNorMoreThanTenYearsAhead() {
        String image = available("gold/a");

        assertThat(refusal(() -> deprecate(image, "2026-02-28T23:00:00Z")))
                .isEqualTo("InvalidParameterValue");
        assertThat(refusal(() -> deprecate(image, "2036-03-10T00:00:00Z")))
                .isEqualTo("InvalidParameterValue");
        deprecate(image, "2036-02-20T00:00:00Z");
        assertThat(image(home, image).deprecationTime()).isNotNull();
    }

    private void deprecate(String image, String at) {
        home.enableImageDeprecation(r -> r.imageId(image).deprecateAt(Instant.parse(at)));
    }

    @Test
    void aDeregisteredImageIsUnavailable() {
        String image = available("gold/a");
        home.deregisterImage(r -> r.imageId(image));

        assertThat(refusal(() -> image(home, image))).isEqualTo("InvalidAMIID.Unavailable");
        assertThat(refusal(() -> home.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("InvalidAMIID.Unavailable");
        assertThat(images(home, r -> r.filters(filter("name", "gold/a")))).isEmpty();
    }

    @Test
    void anImageThatNeverWasIsNotFound() {
        assertThat(refusal(() -> home.deregisterImage(r -> r.imageId("ami-00000000000000000"))))
                .isEqualTo("InvalidAMIID.NotFound");
    }

    @Test
    void somethingElseThanAnImageIdIsMalformed() {
        assertThat(refusal(() -> image(home, "image-1"))).isEqualTo("InvalidAMIID.Malformed");
    }

    @Test
    void anEventTellsOfADeregisteredImage() {
        String image = available("gold/a");
        home.deregisterImage(r -> r.imageId(image));

        List<Map<String, Object>> events = world.advance(Duration.ofSeconds(1));

        assertThat(events).hasSize(1);
        assertThat(detail(events.getFirst()))
                .containsEntry("ImageId", image)
                .containsEntry("State", "deregistered");
    }

    @Test
    void aPendingImageThatIsDeregisteredNeverBecomesAvailable() {
        String image = create(launch(), "gold/a");
        home.deregisterImage(r -> r.imageId(image));

        List<Map<String, Object>> events = world.advance(IMAGE_TIME);

        assertThat(events)
                .extracting(event -> detail(event).get("State"))
                .containsOnly("deregistered");
    }

    // Snapshots

    @Test
    void aSnapshotOfAnImageCannotBeDeleted() {
        String snapshot = snapshotIds(image(home, available("gold/a"))).getFirst();

        assertThat(refusal(() -> home.deleteSnapshot(r -> r.snapshotId(snapshot))))
                .isEqualTo("InvalidSnapshot.InUse");
    }

    @Test
    void aSnapshotOfADisabledImageCannotBeDeleted() {
        String image = available("gold/a");
        String snapshot = snapshotIds(image(home, image)).getFirst();
        home.disableImage(r -> r.imageId(image));

        assertThat(refusal(() -> home.deleteSnapshot(r -> r.snapshotId(snapshot))))
                .isEqualTo("InvalidSnapshot.InUse");
    }

    @Test
    void aSnapshotThatNoImageUsesIsDeletedOnce() {
        String image = available("gold/a");
        String snapshot = snapshotIds(image(home, image)).getFirst();
        home.deregisterImage(r -> r.imageId(image));

        home.deleteSnapshot(r -> r.snapshotId(snapshot));

        assertThat(refusal(() -> home.deleteSnapshot(r -> r.snapshotId(snapshot))))
                .isEqualTo("InvalidSnapshot.NotFound");
        assertThat(refusal(() -> home.describeSnapshots(r -> r.snapshotIds(snapshot))))
                .isEqualTo("InvalidSnapshot.NotFound");
    }

    @Test
    void snapshotsAreFoundByTheirTags() {
        create(
                launch(),
                "gold/a",
                r -> r.tagSpecifications(tags(ResourceType.SNAPSHOT, Map.of("policy", "gold"))));
        create(launch(), "gold/b");

        assertThat(
                        home.describeSnapshots(r ->
                                        r.ownerIds("self").filters(filter("tag:policy", "gold")))
                                .snapshots())
                .hasSize(1);
    }

    @Test
    void aSnapshotCanBeSharedWhileItExists() {
        String snapshot = snapshotIds(image(home, available("gold/a"))).getFirst();

        home.modifySnapshotAttribute(r ->
                r.snapshotId(snapshot).operationType(OperationType.ADD).userIds("111122223333"));

        assertThat(
                        refusal(() ->
                                home.modifySnapshotAttribute(r ->
                                        r.snapshotId("snap-00000000000000000")
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333"))))
                .isEqualTo("InvalidSnapshot.NotFound");
    }

    @Test
    void whoMayCreateVolumesFromASnapshotMayBeToldTwiceAndTakenBack() {
        String snapshot = snapshotIds(image(home, available("gold/a"))).getFirst();
        CreateVolumePermission other =
                CreateVolumePermission.builder().userId("111122223333").build();

        for (int i = 0; i < 2; i++) {
            home.modifySnapshotAttribute(
                    r -> r.snapshotId(snapshot).createVolumePermission(p -> p.add(other)));
        }
        assertThat(creators(snapshot)).containsExactly("111122223333");

        for (int i = 0; i < 2; i++) {
            home.modifySnapshotAttribute(
                    r -> r.snapshotId(snapshot).createVolumePermission(p -> p.remove(other)));
        }
        assertThat(creators(snapshot)).isEmpty();
    }

    @Test
    void aClosedAccountKeepsASnapshotFromTheOthers() {
        world.closeAccount("999988887777");
        String snapshot = snapshotIds(image(home, available("gold/a"))).getFirst();

        assertThat(
                        refusal(() ->
                                home.modifySnapshotAttribute(r ->
                                        r.snapshotId(snapshot)
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333", "999988887777"))))
                .isEqualTo("InvalidParameterValue");
        assertThat(creators(snapshot)).isEmpty();
    }

    // Retiring

    @Test
    void aDisabledImageShowsOnlyWhenAskedFor() {
        String image = available("gold/a");
        home.disableImage(r -> r.imageId(image));

        assertThat(images(home, r -> r.owners("self"))).isEmpty();
        assertThat(home.describeImages(r -> r.imageIds(image)).images()).isEmpty();
        assertThat(images(home, r -> r.owners("self").includeDisabled(true)))
                .extracting(Image::state)
                .containsExactly(ImageState.DISABLED);
    }

    @Test
    void aDisabledImageKeepsItsName() {
        String instance = launch();
        String image = create(instance, "gold/a");
        world.advance(IMAGE_TIME);
        home.disableImage(r -> r.imageId(image));

        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
    }

    @Test
    void disablingDropsEveryLaunchPermissionAndEnablingGivesNoneBack() {
        String image = available("gold/a");
        share(image, "111122223333");
        home.disableImage(r -> r.imageId(image));
        home.enableImage(r -> r.imageId(image));

        assertThat(stateOf(home, image)).isEqualTo(ImageState.AVAILABLE);
        assertThat(permissions(image)).isEmpty();
    }

    @Test
    void anEventTellsOfADisabledImage() {
        String image = available("gold/a");
        home.disableImage(r -> r.imageId(image));

        List<Map<String, Object>> events = world.advance(Duration.ofSeconds(1));

        assertThat(events).hasSize(1);
        assertThat(detail(events.getFirst()))
                .containsEntry("ImageId", image)
                .containsEntry("State", "disabled");
    }

    @Test
    void nothingIsLaunchedFromADisabledImage() {
        String image = available("gold/a");
        home.disableImage(r -> r.imageId(image));

        assertThat(refusal(() -> run(image, r -> {}))).isEqualTo("InvalidAMIID.Unavailable");
    }

    @Test
    void aDisabledImageIsDeregisteredLikeAnyOther() {
        String image = available("gold/a");
        home.disableImage(r -> r.imageId(image));

        home.deregisterImage(r -> r.imageId(image).deleteAssociatedSnapshots(true));

        assertThat(images(home, r -> r.includeDisabled(true))).isEmpty();
        assertThat(snapshots(home)).isEmpty();
    }

    @Test
    void deprecationIsADateThatCanBeTakenBack() {
        String image = available("gold/a");
        Instant date = Instant.parse("2026-03-08T00:00:00Z");

        home.enableImageDeprecation(r -> r.imageId(image).deprecateAt(date));
        assertThat(image(home, image).deprecationTime()).isEqualTo("2026-03-08T00:00:00.000Z");
        home.disableImageDeprecation(r -> r.imageId(image));
        assertThat(image(home, image).deprecationTime()).isNull();
    }

    @Test
    void deprecationMakesNoEventAndStillAllowsLaunching() {
        String image = available("gold/a");
        home.enableImageDeprecation(
                r -> r.imageId(image).deprecateAt(Instant.parse("2026-03-01T00:10:00Z")));

        assertThat(world.advance(Duration.ofHours(1))).isEmpty();
        assertThat(run(image, r -> {})).startsWith("i-");
    }

    @Test
    void aDisabledImageIsNoLongerPublic() {
        String image = available("gold/a");
        LaunchPermission everybody = LaunchPermission.builder().group("all").build();
        home.modifyImageAttribute(r -> r.imageId(image).launchPermission(p -> p.add(everybody)));

        home.disableImage(r -> r.imageId(image));
        home.enableImage(r -> r.imageId(image));

        assertThat(image(home, image).publicLaunchPermissions()).isFalse();
    }

    @Test
    void protectionIsFromDeregisteringOnly() {
        String image = available("gold/a");
        home.enableImageDeregistrationProtection(r -> r.imageId(image));

        home.disableImage(r -> r.imageId(image));

        assertThat(images(home, r -> r.imageIds(image).includeDisabled(true)))
                .extracting(Image::state, Image::deregistrationProtection)
                .containsExactly(tuple(ImageState.DISABLED, "enabled-without-cooldown"));
        assertThat(refusal(() -> home.deregisterImage(r -> r.imageId(image))))
                .isEqualTo("OperationNotPermitted");
    }

    @Test
    void aDisabledImageKeepsItsDeprecation() {
        String image = available("gold/a");
        home.enableImageDeprecation(
                r -> r.imageId(image).deprecateAt(Instant.parse("2026-03-08T00:00:00Z")));

        home.disableImage(r -> r.imageId(image));

        assertThat(images(home, r -> r.imageIds(image).includeDisabled(true)))
                .extracting(Image::deprecationTime)
                .containsExactly("2026-03-08T00:00:00.000Z");
    }

    // The Recycle Bin

    @Test
    void withoutTheRecycleBinADeregisteredImageIsGone() {
        String image = available("gold/a");
        home.deregisterImage(r -> r.imageId(image));

        assertThat(home.listImagesInRecycleBin(r -> {}).images()).isEmpty();
        assertThat(refusal(() -> home.restoreImageFromRecycleBin(r -> r.imageId(image))))
                .isEqualTo("InvalidAMIID.NotFound");
    }

    @Test
    void aDeregisteredImageAndItsSnapshotsAreInTheRecycleBin() {
        world.recycleBin();
        String image = available("gold/a", 8, 20);
        List<String> snapshots = snapshotIds(image(home, image));

        discard(image);

        assertThat(refusal(() -> image(home, image))).isEqualTo("InvalidAMIID.Unavailable");
        assertThat(snapshots(home)).isEmpty();
        assertThat(home.listImagesInRecycleBin(r -> {}).images())
                .extracting(ImageRecycleBinInfo::imageId, ImageRecycleBinInfo::name)
                .containsExactly(tuple(image, "gold/a"));
        assertThat(home.listSnapshotsInRecycleBin(r -> {}).snapshots())
                .extracting(SnapshotRecycleBinInfo::snapshotId)
                .containsExactlyInAnyOrderElementsOf(snapshots);
    }

    @Test
    void theRecycleBinIsListedByIdsAndInPages() {
        world.recycleBin();
        List<String> images = IntStream.range(0, 6).mapToObj(n -> available("gold/" + n)).toList();
        images.forEach(this::discard);

        var first = home.listImagesInRecycleBin(r -> r.maxResults(5));
        var second = home.listImagesInRecycleBin(r -> r.maxResults(5).nextToken(first.nextToken()));

        assertThat(first.images()).hasSize(5);
        assertThat(second.images()).hasSize(1);
        assertThat(second.nextToken()).isNull();
        assertThat(home.listImagesInRecycleBin(r -> r.imageIds(images.get(2))).images())
                .extracting(ImageRecycleBinInfo::imageId)
                .containsExactly(images.get(2));
        assertThat(home.listSnapshotsInRecycleBin(r -> r.maxResults(5)).snapshots()).hasSize(5);
    }

    @Test
    void anImageIsRestoredAfterItsSnapshotsOnly() {
        world.recycleBin();
        String image = available("gold/a", 8, 20);
        List<String> snapshots = snapshotIds(image(home, image));
        discard(image);

        home.restoreSnapshotFromRecycleBin(r -> r.snapshotId(snapshots.getFirst()));
        assertThat(refusal(() -> home.restoreImageFromRecycleBin(r -> r.imageId(image))))
                .isEqualTo("InvalidSnapshot.NotFound");
        home.restoreSnapshotFromRecycleBin(r -> r.snapshotId(snapshots.getLast()));
        home.restoreImageFromRecycleBin(r -> r.imageId(image));

        assertThat(stateOf(home, image)).isEqualTo(ImageState.AVAILABLE);
        assertThat(snapshotIds(image(home, image))).isEqualTo(snapshots);
        assertThat(run(image, r -> {})).startsWith("i-");
        assertThat(home.listImagesInRecycleBin(r -> {}).images()).isEmpty();
        assertThat(home.listSnapshotsInRecycleBin(r -> {}).snapshots()).isEmpty();
    }

    @Test
    void aRestoredImageHasItsTagsButNotItsLaunchPermissions() {
        world.recycleBin();
        String image = create(launch(), "gold/a", r -> r.tagSpecifications(policy("gold")));
        world.advance(IMAGE_TIME);
        share(image, "111122223333");

        discard(image);
        restore(image);

        assertThat(map(image(home, image).tags())).isEqualTo(Map.of("policy", "gold"));
        assertThat(permissions(image)).isEmpty();
    }

    @Test
    void aRestoredImageUsesItsSnapshotsAgain() {
        world.recycleBin();
        String image = available("gold/a");
        discard(image);
        restore(image);
        String snapshot = snapshotIds(image(home, image)).getFirst();

        assertThat(refusal(() -> home.deleteSnapshot(r -> r.snapshotId(snapshot))))
                .isEqualTo("InvalidSnapshot.InUse");
    }

    @Test
    void aDisabledImageIsRestoredDisabled() {
        world.recycleBin();
        String image = available("gold/a");
        home.disableImage(r -> r.imageId(image));
        discard(image);

        restore(image);

        assertThat(images(home, r -> r.imageIds(image).includeDisabled(true)))
                .extracting(Image::state)
                .containsExactly(ImageState.DISABLED);
    }

    @Test
    void restoringMakesNoEvent() {
        world.recycleBin();
        String image = available("gold/a");
        discard(image);
        world.advance(Duration.ofSeconds(1));

        restore(image);

        assertThat(world.advance(Duration.ofMinutes(1))).isEmpty();
    }

    @Test
    void theNameOfAnImageInTheRecycleBinIsFree() {
        world.recycleBin();
        String first = available("gold/a");
        discard(first);
        String second = available("gold/a");

        restore(first);

        assertThat(images(home, r -> r.filters(filter("name", "gold/a"))))
                .extracting(Image::imageId)
                .containsExactlyInAnyOrder(first, second);
    }

    @Test
    void aSnapshotThatWasDeletedByItselfIsRestored() {
        world.recycleBin();
        String image = available("gold/a");
        String snapshot = snapshotIds(image(home, image)).getFirst();
        home.deregisterImage(r -> r.imageId(image));
        home.deleteSnapshot(r -> r.snapshotId(snapshot));

        assertThat(home.restoreSnapshotFromRecycleBin(r -> r.snapshotId(snapshot)).state())
                .isEqualTo(SnapshotState.COMPLETED);

        assertThat(snapshots(home)).extracting(Snapshot::snapshotId).containsExactly(snapshot);
        assertThat(refusal(() -> home.restoreSnapshotFromRecycleBin(r -> r.snapshotId(snapshot))))
                .isEqualTo("InvalidSnapshot.NotFound");
    }

    // Sharing

    @Test
    void anImageIsSharedWithEveryKindOfPrincipalAtOnce() {
        String image = available("gold/a");
        String organization = "arn:aws:organizations::123456789012:organization/o-123example";
        String unit = "arn:aws:organizations::123456789012:ou/o-123example/ou-1234-5example";
        List<LaunchPermission> all =
                List.of(
                        account("111122223333"),
                        organization(organization),
                        LaunchPermission.builder().organizationalUnitArn(unit).build(),
                        LaunchPermission.builder().group("all").build());
        home.modifyImageAttribute(r ->
                r.imageId(image)
                        .attribute("launchPermission")
                        .operationType(OperationType.ADD)
                        .userIds("111122223333")
                        .organizationArns(organization)
                        .organizationalUnitArns(unit)
                        .userGroups("all"));
        assertThat(permissions(image)).containsExactlyInAnyOrderElementsOf(all);
        assertThat(image(home, image).publicLaunchPermissions()).isTrue();

        home.modifyImageAttribute(r -> r.imageId(image).launchPermission(p -> p.remove(all)));

        assertThat(permissions(image)).isEmpty();
        assertThat(image(home, image).publicLaunchPermissions()).isFalse();
    }

    @Test
    void anImageIsSharedWithAccountsAndOrganizations() {
        String image = available("gold/a");
        String organization = "arn:aws:organizations::123456789012:organization/o-123example";
        home.modifyImageAttribute(r ->
                r.imageId(image)
                        .launchPermission(
                                p -> p.add(account("111122223333"), organization(organization))));

        assertThat(permissions(image))
                .containsExactlyInAnyOrder(account("111122223333"), organization(organization));
    }

    @Test
    void sharingTwiceIsSharingOnceAndCanBeTakenBack() {
        String image = available("gold/a");
        share(image, "111122223333");
        share(image, "111122223333");
        assertThat(permissions(image)).hasSize(1);

        home.modifyImageAttribute(
                r -> r.imageId(image).launchPermission(p -> p.remove(account("111122223333"))));

        assertThat(permissions(image)).isEmpty();
    }

    @Test
    void anImageIsPublicWhenTheGroupAllMayLaunchIt() {
        String image = available("gold/a");
        LaunchPermission everybody = LaunchPermission.builder().group("all").build();
        home.modifyImageAttribute(r -> r.imageId(image).launchPermission(p -> p.add(everybody)));

        assertThat(image(home, image).publicLaunchPermissions()).isTrue();
    }

    @Test
    void somethingElseThanAnAccountCannotBeSharedWith() {
        String image = available("gold/a");

        assertThat(refusal(() -> share(image, "friends")))
                .isEqualTo("InvalidAMIAttributeItemValue");
    }

    @Test
    void aClosedAccountKeepsAnImageFromTheOthers() {
        world.closeAccount("999988887777");
        String image = available("gold/a");

        assertThat(
                        refusal(() ->
                                home.modifyImageAttribute(r ->
                                        r.imageId(image)
                                                .launchPermission(p ->
                                                        p.add(
                                                                account("111122223333"),
                                                                account("999988887777"))))))
                .isEqualTo("InvalidAMIAttributeItemValue");
        assertThat(permissions(image)).isEmpty();
        share(image, "111122223333");
        home.modifyImageAttribute(
                r -> r.imageId(image).launchPermission(p -> p.remove(account("999988887777"))));
        assertThat(permissions(image)).containsExactly(account("111122223333"));
    }

    @Test
    void whatIsUnderTheDefaultKeyIsSharedWithNobody() {
        world.encryptByDefault(HOME);
        String image = available("gold/a");
        String snapshot = snapshotIds(image(home, image)).getFirst();

        assertThat(refusal(() -> share(image, "111122223333"))).isEqualTo("InvalidParameter");
        assertThat(
                        refusal(() ->
                                home.modifySnapshotAttribute(r ->
                                        r.snapshotId(snapshot)
                                                .operationType(OperationType.ADD)
                                                .userIds("111122223333"))))
                .isEqualTo("InvalidParameter");
    }

    @Test
    void sharingMakesNoEvent() {
        String image = available("gold/a");
        share(image, "111122223333");

        assertThat(world.advance(Duration.ofMinutes(1))).isEmpty();
    }

    // Describing images

    @Test
    void imagesComeInPages() {
        IntStream.range(0, 7).forEach(n -> create(launch(), "gold/" + n));

        var first = home.describeImages(r -> r.owners("self").maxResults(5));
        var second =
                home.describeImages(
                        r -> r.owners("self").maxResults(5).nextToken(first.nextToken()));

        assertThat(first.images()).hasSize(5);
        assertThat(second.images()).hasSize(2);
        assertThat(second.nextToken()).isNull();
        assertThat(home.describeImagesPaginator(r -> r.owners("self").maxResults(5)).images())
                .extracting(Image::name)
                .containsExactlyInAnyOrder(
                        "gold/0", "gold/1", "gold/2", "gold/3", "gold/4", "gold/5", "gold/6");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 1001})
    void aPageHas5To1000Images(int size) {
        assertThat(refusal(() -> home.describeImages(r -> r.maxResults(size))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void filtersTakeWildcards() {
        String instance = launch();
        create(instance, "gold/a1");
        create(instance, "gold/b1");
        create(instance, "silver/a1");

        assertThat(names("name", "gold/*")).containsExactlyInAnyOrder("gold/a1", "gold/b1");
        assertThat(names("name", "gold/?1")).containsExactlyInAnyOrder("gold/a1", "gold/b1");
        assertThat(names("name", "gold/?")).isEmpty();
        assertThat(names("creation-date", "2026-03-01T*")).hasSize(3);
    }

    @Test
    void aFilterMatchesAnyOfItsValuesAndAnImageMatchesEveryFilter() {
        String instance = launch();
        create(instance, "gold/a", r -> r.tagSpecifications(policy("gold")));
        create(instance, "gold/b", r -> r.tagSpecifications(policy("silver")));
        create(instance, "gold/c", r -> r.tagSpecifications(policy("bronze")));

        assertThat(names("tag:policy", "gold", "silver"))
                .containsExactlyInAnyOrder("gold/a", "gold/b");
        assertThat(
                        images(
                                home,
                                r ->
                                        r.filters(
                                                filter("tag:policy", "gold", "silver"),
                                                filter("name", "*/b"))))
                .extracting(Image::name)
                .containsExactly("gold/b");
        assertThat(names("tag-key", "pol*")).hasSize(3);
    }

    @Test
    void imagesAreFoundByStateAndId() {
        String available = available("gold/a");
        create(launch(), "gold/b");

        assertThat(names("state", "available")).containsExactly("gold/a");
        assertThat(names("image-id", available)).containsExactly("gold/a");
    }

    @Test
    void anUnknownFilterIsRefused() {
        create(launch(), "gold/a");

        assertThat(refusal(() -> images(home, r -> r.filters(filter("no-such-filter", "x")))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void theImagesOfOthersAreNotOurs() {
        create(launch(), "gold/a");

        assertThat(images(home, r -> r.owners("999999999999"))).isEmpty();
        assertThat(images(home, r -> r.owners("123456789012"))).hasSize(1);
    }

    @Test
    void aNewImageMayNotBeFoundAtOnce() {
        world.hiddenCalls(2);
        String image = create(launch(), "gold/a");

        assertThat(refusal(() -> image(home, image))).isEqualTo("InvalidAMIID.NotFound");
        assertThat(refusal(() -> image(home, image))).isEqualTo("InvalidAMIID.NotFound");
        assertThat(image(home, image).name()).isEqualTo("gold/a");
    }

    @Test
    void aNewImageHoldsItsNameEvenWhileItCannotBeFound() {
        world.hiddenCalls(2);
        String instance = launch();
        create(instance, "gold/a");

        assertThat(images(home, r -> r.filters(filter("name", "gold/a")))).isEmpty();
        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
    }

    // Instances

    @Test
    void instancesAreFoundByTagsAndState() {
        String gold = world.launch(HOME, Map.of("backup", "gold"), 8);
        String stopped = world.launch(HOME, Map.of("backup", "gold"), 8);
        world.launch(HOME, Map.of("backup", "none"), 8);
        home.stopInstances(r -> r.instanceIds(stopped));
        world.advance(INSTANCE_TIME);

        assertThat(instances(filter("tag:backup", "gold", "platinum")))
                .extracting(Instance::instanceId)
                .containsExactlyInAnyOrder(gold, stopped);
        assertThat(instances(filter("tag:backup", "go*"), filter("instance-state-name", "running")))
                .extracting(Instance::instanceId)
                .containsExactly(gold);
    }

    @Test
    void instancesComeInPages() {
        for (int n = 0; n < 7; n++) {
            launch();
        }

        assertThat(
                        home
                                .describeInstancesPaginator(r -> r.maxResults(5))
                                .reservations()
                                .stream()
                                .flatMap(reservation -> reservation.instances().stream())
                                .map(Instance::instanceId)
                                .distinct())
                .hasSize(7);
        assertThat(world.calls("DescribeInstances")).isEqualTo(2);
    }

    @Test
    void anInstanceShowsItsDevices() {
        String id = world.launch(HOME, Map.of(), 8, 20);

        Instance instance = instance(id);

        assertThat(instance.rootDeviceName()).isEqualTo("/dev/xvda");
        assertThat(instance.blockDeviceMappings())
                .extracting(device -> device.deviceName())
                .containsExactly("/dev/xvda", "/dev/sdf");
    }

    @Test
    void stoppingTakesAWhileAndAnEventTellsOfIt() {
        String id = launch();
        home.stopInstances(r -> r.instanceIds(id));
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.STOPPING);

        List<Map<String, Object>> events = world.advance(INSTANCE_TIME);

        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.STOPPED);
        Map<String, Object> event = only(events, it -> "stopped".equals(detail(it).get("state")));
        assertThat(event)
                .containsEntry("detail-type", INSTANCE_EVENT)
                .containsEntry("source", "aws.ec2")
                .containsEntry("time", "2026-03-01T00:00:30Z")
                .containsEntry(
                        "resources", List.of("arn:aws:ec2:us-east-1:123456789012:instance/" + id));
        assertThat(detail(event)).containsOnlyKeys("instance-id", "state");
    }

    @Test
    void aStoppedInstanceStartsAgain() {
        String id = launch();
        home.stopInstances(r -> r.instanceIds(id));
        world.advance(INSTANCE_TIME);

        home.startInstances(r -> r.instanceIds(id));
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.PENDING);
        world.advance(INSTANCE_TIME);
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.RUNNING);
    }

    @Test
    void aTerminatedInstanceIsDescribedForAWhile() {
        String id = launch();
        home.terminateInstances(r -> r.instanceIds(id));
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.SHUTTING_DOWN);

        world.advance(INSTANCE_TIME);

        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.TERMINATED);
    }

    @Test
    void anInstanceThatNeverWasIsNotFound() {
        assertThat(refusal(() -> instance("i-00000000000000000")))
                .isEqualTo("InvalidInstanceID.NotFound");
    }

    @Test
    void launchingTwiceWithOneClientTokenLaunchesOnce() {
        String image = available("gold/a");

        String first = run(image, r -> r.clientToken("t-1"));
        String second = run(image, r -> r.clientToken("t-1"));

        assertThat(second).isEqualTo(first);
    }

    /** So it tells who launched an instance, which tags do not. */
    @Test
    void anInstanceShowsTheClientTokenOfItsLaunchWhateverItsTags() {
        String image = available("gold/a");

        String ours = run(image, r -> r.clientToken("t-1"));
        String others = run(image, r -> r.clientToken("t-2"));
        String none = run(image, r -> {});
        home.createTags(r ->
                r.resources(others, none)
                        .tags(Tag.builder().key("client-token").value("t-1").build()));

        assertThat(instance(ours).clientToken()).isEqualTo("t-1");
        assertThat(instance(others).clientToken()).isEqualTo("t-2");
        assertThat(instance(none).clientToken()).isNotEqualTo("t-1");
        assertThat(
                        home.describeInstances(r ->
                                        r.filters(
                                                Filter.builder()
                                                        .name("client-token")
                                                        .values("t-1")
                                                        .build()))
                                .reservations())
                .hasSize(1);
    }

    @Test
    void aLaunchedInstanceIsPendingThenRunningThenChecked() {
        String id = run(available("gold/a", 8, 20), r -> {});
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.PENDING);
        assertThat(instance(id).blockDeviceMappings()).hasSize(2);

        world.advance(INSTANCE_TIME);
        assertThat(instance(id).state().name()).isEqualTo(InstanceStateName.RUNNING);
        assertThat(checks(id)).isEqualTo(SummaryStatus.INITIALIZING);
        world.advance(Duration.ofMinutes(2));
        assertThat(checks(id)).isEqualTo(SummaryStatus.OK);
    }

    @Test
    void aLaunchShowsInTheImageADayLater() {
        String image = available("gold/a");
        run(image, r -> {});

        world.advance(Duration.ofHours(24));

        assertThat(image(home, image).lastLaunchedTime()).isEqualTo("2026-03-01T00:05:00.000Z");
    }

    // Tags

    @Test
    void anEventTellsOfATagThatWasSet() {
        String id = world.launch(HOME, Map.of("Name", "web-1"), 8);
        home.createTags(r -> r.resources(id).tags(tag("amikeeper:request", "now")));

        Map<String, Object> event =
                only(world.advance(Duration.ofSeconds(1)), Ec2Conformance::isTagChange);

        assertThat(event)
                .containsEntry("source", "aws.tag")
                .containsEntry("region", HOME)
                .containsEntry(
                        "resources", List.of("arn:aws:ec2:us-east-1:123456789012:instance/" + id));
        assertThat(detail(event))
                .containsEntry("changed-tag-keys", List.of("amikeeper:request"))
                .containsEntry("tags", Map.of("Name", "web-1", "amikeeper:request", "now"))
                .containsEntry("service", "ec2")
                .containsEntry("resource-type", "instance")
                .containsKey("version");
        assertThat(map(instance(id).tags())).containsEntry("amikeeper:request", "now");
    }

    @Test
    void aRemovedTagIsAmongTheChangedKeysOnly() {
        String id = world.launch(HOME, Map.of("Name", "web-1", "amikeeper:request", "now"), 8);
        home.deleteTags(r -> r.resources(id).tags(Tag.builder().key("amikeeper:request").build()));

        Map<String, Object> event =
                only(world.advance(Duration.ofSeconds(1)), Ec2Conformance::isTagChange);

        assertThat(detail(event))
                .containsEntry("changed-tag-keys", List.of("amikeeper:request"))
                .containsEntry("tags", Map.of("Name", "web-1"));
        assertThat(map(instance(id).tags())).isEqualTo(Map.of("Name", "web-1"));
    }

    @Test
    void aResourceCannotHaveMoreThan50Tags() {
        String image = available("gold/a");
        home.createTags(r -> r.resources(image).tags(list(numbered(50))));

        assertThat(refusal(() -> home.createTags(r -> r.resources(image).tags(tag("one", "more")))))
                .isEqualTo("TagLimitExceeded");
        assertThat(image(home, image).tags()).hasSize(50);
    }

    @Test
    void tagsAreListedByResource() {
        String image = available("gold/a");
        home.createTags(r -> r.resources(image).tags(tag("amikeeper:hold", "yes")));

        assertThat(home.describeTags(r -> r.filters(filter("key", "amikeeper:hold"))).tags())
                .singleElement()
                .satisfies(row -> {
                    assertThat(row.resourceId()).isEqualTo(image);
                    assertThat(row.resourceType()).isEqualTo(ResourceType.IMAGE);
                    assertThat(row.value()).isEqualTo("yes");
                });
    }

    // Usage

    @Test
    void aLaunchTemplateShowsTheImageOfItsVersion() {
        String image = available("gold/a");
        String template = template("web", image);

        assertThat(home.describeLaunchTemplates(r -> {}).launchTemplates())
                .extracting(it -> it.launchTemplateId())
                .containsExactly(template);
        assertThat(
                        home.describeLaunchTemplateVersions(r -> r.launchTemplateId(template))
                                .launchTemplateVersions())
                .singleElement()
                .satisfies(version -> {
                    assertThat(version.versionNumber()).isEqualTo(1);
                    assertThat(version.defaultVersion()).isTrue();
                    assertThat(version.launchTemplateData().imageId()).isEqualTo(image);
                });
    }

    @Test
    void theLatestVersionsOfAllLaunchTemplatesAreAskedForTogether() {
        String image = available("gold/a");
        template("web", image);
        template("app", image);

        assertThat(
                        home.describeLaunchTemplateVersions(r -> r.versions("$Latest"))
                                .launchTemplateVersions())
                .extracting(LaunchTemplateVersion::launchTemplateName)
                .containsExactlyInAnyOrder("web", "app");
    }

    @Test
    void referencesNameTheInstancesAndLaunchTemplatesOfAnImage() {
        String used = available("gold/a");
        String unused = available("gold/b");
        String instance = run(used, r -> {});
        String template = template("web", used);

        assertThat(
                        home.describeImageReferences(
                                        r -> r.imageIds(used, unused).includeAllResourceTypes(true))
                                .imageReferences())
                .extracting(ImageReference::imageId, ImageReference::arn)
                .containsExactlyInAnyOrder(
                        tuple(used, "arn:aws:ec2:us-east-1:123456789012:instance/" + instance),
                        tuple(
                                used,
                                "arn:aws:ec2:us-east-1:123456789012:launch-template/" + template));
    }

    @Test
    void aTerminatedInstanceUsesNoImage() {
        String image = available("gold/a");
        String instance = run(image, r -> {});
        home.terminateInstances(r -> r.instanceIds(instance));
        world.advance(INSTANCE_TIME);

        assertThat(
                        home.describeImageReferences(
                                        r -> r.imageIds(image).includeAllResourceTypes(true))
                                .imageReferences())
                .isEmpty();
    }

    @Test
    void aReportTellsWhichOtherAccountsUseAnImage() {
        String used = available("gold/a");
        String unused = available("gold/b");
        world.usedByOthers(HOME, used, "111122223333", 3);

        String report = report(used);
        String empty = report(unused);
        world.advance(Duration.ofHours(24));

        assertThat(
                        home.describeImageUsageReports(r -> r.imageIds(used, unused))
                                .imageUsageReports())
                .extracting(
                        ImageUsageReport::reportId,
                        ImageUsageReport::imageId,
                        ImageUsageReport::state)
                .containsExactlyInAnyOrder(
                        tuple(report, used, "available"), tuple(empty, unused, "available"));
        assertThat(
                        home.describeImageUsageReportEntries(r -> r.reportIds(report, empty))
                                .imageUsageReportEntries())
                .extracting(
                        ImageUsageReportEntry::reportId,
                        ImageUsageReportEntry::accountId,
                        ImageUsageReportEntry::resourceType,
                        ImageUsageReportEntry::usageCount)
                .containsExactly(tuple(report, "111122223333", "ec2:Instance", 3L));
    }

    @Test
    void aDeletedReportIsGone() {
        String image = available("gold/a");
        String report = report(image);

        home.deleteImageUsageReport(r -> r.reportId(report));

        assertThat(home.describeImageUsageReports(r -> r.imageIds(image)).imageUsageReports())
                .isEmpty();
    }

    // Trouble

    @Test
    void aThrottledCallDoesNothing() {
        String instance = launch();
        world.throttle("CreateImage", 2, 1);
        create(instance, "gold/a");

        Ec2Exception throttled =
                catchThrowableOfType(Ec2Exception.class, () -> create(instance, "gold/b"));

        assertThat(throttled.awsErrorDetails().errorCode()).isEqualTo("RequestLimitExceeded");
        assertThat(throttled.statusCode()).isEqualTo(503);
        assertThat(throttled.isThrottlingException()).isTrue();
        assertThat(images(home, r -> {})).extracting(Image::name).containsExactly("gold/a");
        assertThat(create(instance, "gold/b")).startsWith("ami-");
    }

    @Test
    void throttlingMayLastForSeveralCalls() {
        String instance = launch();
        world.throttle("CreateImage", 1, 2);

        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("RequestLimitExceeded");
        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("RequestLimitExceeded");
        assertThat(create(instance, "gold/a")).startsWith("ami-");
    }

    @Test
    void anEmptyBucketThrottles() {
        world.bucket("CreateImage", 2);
        String instance = launch();
        create(instance, "gold/a");
        create(instance, "gold/b");

        assertThat(refusal(() -> create(instance, "gold/c"))).isEqualTo("RequestLimitExceeded");
    }

    @Test
    void aDeniedCallDoesNothing() {
        String image = available("gold/a");
        world.deny("DeregisterImage");

        Ec2Exception denied =
                catchThrowableOfType(
                        Ec2Exception.class, () -> home.deregisterImage(r -> r.imageId(image)));

        assertThat(denied.awsErrorDetails().errorCode()).isEqualTo("UnauthorizedOperation");
        assertThat(denied.statusCode()).isEqualTo(403);
        assertThat(stateOf(home, image)).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void anInternalErrorDoesNothing() {
        world.failInside("CopyImage");
        String source = available("gold/a");

        Ec2Exception broken =
                catchThrowableOfType(Ec2Exception.class, () -> copy(source, "gold/a"));

        assertThat(broken.awsErrorDetails().errorCode()).isEqualTo("InternalError");
        assertThat(broken.statusCode()).isEqualTo(500);
        assertThat(images(dr, r -> {})).isEmpty();
    }

    @Test
    void aCallWhoseReplyIsLostWasExecuted() {
        String instance = launch();
        world.loseReply("CreateImage");

        assertThat(catchThrowableOfType(SdkClientException.class, () -> create(instance, "gold/a")))
                .isNotNull();
        assertThat(names("name", "gold/a")).hasSize(1);
        assertThat(refusal(() -> create(instance, "gold/a"))).isEqualTo("InvalidAMIName.Duplicate");
    }

    @Test
    void aDryRunDoesNothing() {
        String instance = launch();

        Ec2Exception answer =
                catchThrowableOfType(
                        Ec2Exception.class, () -> create(instance, "gold/a", r -> r.dryRun(true)));

        assertThat(answer.awsErrorDetails().errorCode()).isEqualTo("DryRunOperation");
        assertThat(answer.statusCode()).isEqualTo(412);
        assertThat(images(home, r -> {})).isEmpty();
    }

    @Test
    void callsAreCountedByAction() {
        String instance = launch();
        create(instance, "gold/a");
        create(instance, "gold/b");

        assertThat(world.calls("CreateImage")).isEqualTo(2);
        assertThat(world.calls("CopyImage")).isZero();
    }

    // Words

    private String report(String image) {
        return home.createImageUsageReport(r ->
                        r.imageId(image)
                                .resourceTypes(
                                        ImageUsageResourceTypeRequest.builder()
                                                .resourceType("ec2:Instance")
                                                .build()))
                .reportId();
    }

    private String launch() {
        return world.launch(HOME, Map.of(), 8);
    }

    private String create(String instance, String name) {
        return create(instance, name, r -> {});
    }

    private String create(String instance, String name, Consumer<CreateImageRequest.Builder> more) {
        CreateImageRequest.Builder request =
                CreateImageRequest.builder().instanceId(instance).name(name);
        more.accept(request);
        return home.createImage(request.build()).imageId();
    }

    /** A home image of a new instance with volumes of these sizes, or one of 8 GiB. */
    private String available(String name, int... sizesGiB) {
        String instance = sizesGiB.length == 0 ? launch() : world.launch(HOME, Map.of(), sizesGiB);
        String image = create(instance, name);
        world.advance(IMAGE_TIME);
        return image;
    }

    private void discard(String image) {
        home.deregisterImage(r -> r.imageId(image).deleteAssociatedSnapshots(true));
    }

    /** Restores everything that is in the bin, and this image. */
    private void restore(String image) {
        home.listSnapshotsInRecycleBin(r -> {})
                .snapshots()
                .forEach(it ->
                        home.restoreSnapshotFromRecycleBin(r -> r.snapshotId(it.snapshotId())));
        home.restoreImageFromRecycleBin(r -> r.imageId(image));
    }

    private String copy(String source, String name) {
        return copy(source, name, r -> {});
    }

    private String copy(String source, String name, Consumer<CopyImageRequest.Builder> more) {
        CopyImageRequest.Builder request =
                CopyImageRequest.builder().sourceRegion(HOME).sourceImageId(source).name(name);
        more.accept(request);
        return dr.copyImage(request.build()).imageId();
    }

    private void register(String name, String snapshot) {
        BlockDeviceMapping root =
                BlockDeviceMapping.builder()
                        .deviceName("/dev/xvda")
                        .ebs(ebs -> ebs.snapshotId(snapshot))
                        .build();
        home.registerImage(r -> r.name(name).rootDeviceName("/dev/xvda").blockDeviceMappings(root));
    }

    private String run(String image, Consumer<RunInstancesRequest.Builder> more) {
        RunInstancesRequest.Builder request =
                RunInstancesRequest.builder()
                        .imageId(image)
                        .instanceType("t3.micro")
                        .minCount(1)
                        .maxCount(1);
        more.accept(request);
        return home.runInstances(request.build()).instances().getFirst().instanceId();
    }

    private String template(String name, String image) {
        return home.createLaunchTemplate(
                        r -> r.launchTemplateName(name).launchTemplateData(d -> d.imageId(image)))
                .launchTemplate()
                .launchTemplateId();
    }

    private List<String> creators(String snapshot) {
        return home
                .describeSnapshotAttribute(r ->
                        r.snapshotId(snapshot)
                                .attribute(SnapshotAttributeName.CREATE_VOLUME_PERMISSION))
                .createVolumePermissions()
                .stream()
                .map(CreateVolumePermission::userId)
                .toList();
    }

    private void share(String image, String account) {
        home.modifyImageAttribute(
                r -> r.imageId(image).launchPermission(p -> p.add(account(account))));
    }

    private static LaunchPermission account(String id) {
        return LaunchPermission.builder().userId(id).build();
    }

    private static LaunchPermission organization(String arn) {
        return LaunchPermission.builder().organizationArn(arn).build();
    }

    private List<LaunchPermission> permissions(String image) {
        return home.describeImageAttribute(
                        r -> r.imageId(image).attribute(ImageAttributeName.LAUNCH_PERMISSION))
                .launchPermissions();
    }

    private static Image image(Ec2Client ec2, String id) {
        return ec2.describeImages(r -> r.imageIds(id)).images().getFirst();
    }

    private static ImageState stateOf(Ec2Client ec2, String id) {
        return image(ec2, id).state();
    }

    private static List<Image> images(
            Ec2Client ec2, Consumer<DescribeImagesRequest.Builder> which) {
        return ec2.describeImages(which).images();
    }

    private List<String> names(String filter, String... values) {
        return images(home, r -> r.filters(filter(filter, values))).stream()
                .map(Image::name)
                .toList();
    }

    private static List<String> snapshotIds(Image image) {
        return image.blockDeviceMappings().stream().map(it -> it.ebs().snapshotId()).toList();
    }

    private static List<Snapshot> snapshotsOf(Ec2Client ec2, Image image) {
        return ec2.describeSnapshots(r -> r.snapshotIds(snapshotIds(image))).snapshots();
    }

    private static List<Snapshot> snapshots(Ec2Client ec2) {
        return ec2.describeSnapshots(r -> r.ownerIds("self")).snapshots();
    }

    private Instance instance(String id) {
        return home.describeInstances(r -> r.instanceIds(id))
                .reservations()
                .getFirst()
                .instances()
                .getFirst();
    }

    private List<Instance> instances(Filter... filters) {
        return home.describeInstances(r -> r.filters(filters)).reservations().stream()
                .flatMap(reservation -> reservation.instances().stream())
                .toList();
    }

    private SummaryStatus checks(String instance) {
        return home.describeInstanceStatus(r -> r.instanceIds(instance))
                .instanceStatuses()
                .getFirst()
                .instanceStatus()
                .status();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }

    private static boolean isTagChange(Map<String, Object> event) {
        return TAG_EVENT.equals(event.get("detail-type"));
    }

    private static Map<String, Object> only(
            List<Map<String, Object>> events, Predicate<Map<String, Object>> which) {
        List<Map<String, Object>> found = new ArrayList<>(events);
        found.removeIf(which.negate());
        assertThat(found).as("among " + events).hasSize(1);
        return found.getFirst();
    }

    private static Map<String, Object> detail(Map<String, Object> event) {
        Map<String, Object> detail = new TreeMap<>();
        ((Map<?, ?>) event.getOrDefault("detail", Map.of()))
                .forEach((key, value) -> detail.put(key.toString(), value));
        return detail;
    }

    private static BlockDeviceMapping without(String device) {
        return BlockDeviceMapping.builder().deviceName(device).noDevice("").build();
    }

    private static Filter filter(String name, String... values) {
        return Filter.builder().name(name).values(values).build();
    }

    private static TagSpecification policy(String name) {
        return tags(ResourceType.IMAGE, Map.of("policy", name));
    }

    private static TagSpecification tags(ResourceType kind, Map<String, String> tags) {
        return TagSpecification.builder().resourceType(kind).tags(list(tags)).build();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    private static List<Tag> list(Map<String, String> tags) {
        return tags.entrySet().stream().map(it -> tag(it.getKey(), it.getValue())).toList();
    }

    private static Map<String, String> map(List<Tag> tags) {
        Map<String, String> map = new TreeMap<>();
        tags.forEach(tag -> map.put(tag.key(), tag.value()));
        return map;
    }

    private static Map<String, String> numbered(int count) {
        Map<String, String> tags = new TreeMap<>();
        IntStream.range(0, count).forEach(n -> tags.put("key-" + n, "value"));
        return tags;
    }
}
