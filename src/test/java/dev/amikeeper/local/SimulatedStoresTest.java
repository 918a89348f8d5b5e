package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.RegisterImageRequest;
import software.amazon.awssdk.services.ec2.model.StoreImageTaskResult;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Images by other ways than CreateImage and CopyImage: S3 and snapshots; and paid ones. */
final class SimulatedStoresTest {
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2(HOME);
    private final Ec2Client dr = cloud.ec2(DR);

    SimulatedStoresTest() {
        cloud.addBucket(HOME, "vault");
        cloud.addBucket(DR, "dr-vault");
    }

    // To S3

    @Test
    void theObjectAppearsWhenTheTaskIsDone() {
        String image = image("gold/a", 8);
        String key = store(image, "vault");

        assertThat(key).isEqualTo(image + ".bin");
        cloud.advance(Duration.ofMinutes(5));
        assertThat(cloud.objects("vault")).isEmpty();
        assertThat(tasks())
                .extracting(
                        StoreImageTaskResult::amiId,
                        StoreImageTaskResult::bucket,
                        StoreImageTaskResult::storeTaskState,
                        StoreImageTaskResult::progressPercentage)
                .containsExactly(tuple(image, "vault", "InProgress", 25));
        cloud.advance(Duration.ofMinutes(15));
        assertThat(cloud.objects("vault")).containsExactly(key);
        assertThat(tasks())
                .extracting(
                        StoreImageTaskResult::storeTaskState,
                        StoreImageTaskResult::progressPercentage)
                .containsExactly(tuple("Completed", 100));
    }

    @Test
    void anImageIsOnceInABucket() {
        String image = image("gold/a", 8);
        cloud.faults().calls("CreateStoreImageTask").loseReply();
        assertThatThrownBy(() -> store(image, "vault")).isInstanceOf(SdkClientException.class);

        assertThat(refusal(() -> store(image, "vault"))).isEqualTo("InvalidRequest");
        cloud.advance(Duration.ofMinutes(20));
        assertThat(refusal(() -> store(image, "vault"))).isEqualTo("InvalidRequest");
        cloud.deleteObject("vault", image + ".bin");
        assertThat(store(image, "vault")).isEqualTo(image + ".bin");
    }

    @Test
    void aBucketOfAnotherRegionIsRefused() {
        String image = image("gold/a", 8);

        assertThat(refusal(() -> store(image, "dr-vault"))).isEqualTo("InvalidParameterValue");
        assertThat(refusal(() -> store(image, "nowhere"))).isEqualTo("InvalidParameterValue");
    }

    @Test
    void anImageIsNotLargerThan5000Gb() {
        String largest = image("gold/a", 4999, 1);
        String tooLarge = image("gold/b", 5000, 1);

        assertThat(refusal(() -> store(tooLarge, "vault"))).isEqualTo("InvalidRequest");
        assertThat(store(largest, "vault")).isEqualTo(largest + ".bin");
    }

    @Test
    void storingIsRefusedWhile1200GbAreOnTheirWay() {
        String first = image("gold/a", 1199);
        String second = image("gold/b", 1);
        String third = image("gold/c", 1);
        store(first, "vault");
        store(second, "vault");

        assertThat(refusal(() -> store(third, "vault"))).isEqualTo("ResourceLimitExceeded");
        cloud.advance(Duration.ofMinutes(20));
        assertThat(store(third, "vault")).isEqualTo(third + ".bin");
    }

    @Test
    void aTaskFailsIfItsSnapshotsGo() {
        String image = image("gold/a", 8);
        store(image, "vault");
        ec2.deregisterImage(r -> r.imageId(image).deleteAssociatedSnapshots(true));
        cloud.advance(Duration.ofMinutes(20));

        assertThat(tasks())
                .extracting(StoreImageTaskResult::storeTaskState)
                .containsExactly("Failed");
        assertThat(cloud.objects("vault")).isEmpty();
    }

    @Test
    void aTaskMayFailByItself() {
        String image = image("gold/a", 8);
        cloud.settings().failsToStore(image::equals);
        store(image, "vault");
        cloud.advance(Duration.ofMinutes(20));

        assertThat(tasks().getFirst().storeTaskFailureReason()).isEqualTo("Server.InternalError");
    }

    @Test
    void tasksAreShownNewestFirstFor31Days() {
        String older = image("gold/a", 8);
        String newer = image("gold/b", 8);
        store(older, "vault");
        cloud.advance(Duration.ofDays(1));
        store(newer, "vault");

        assertThat(tasks()).extracting(StoreImageTaskResult::amiId).containsExactly(newer, older);
        assertThat(
                        ec2.describeStoreImageTasksPaginator(r -> r.maxResults(1))
                                .storeImageTaskResults())
                .extracting(StoreImageTaskResult::amiId)
                .containsExactly(newer, older);
        assertThat(ec2.describeStoreImageTasks(r -> r.imageIds(older)).storeImageTaskResults())
                .hasSize(1);
        cloud.advance(Duration.ofDays(30).plusHours(1));
        assertThat(tasks()).extracting(StoreImageTaskResult::amiId).containsExactly(newer);
    }

    @Test
    void storingHasABucketOfItsOwn() {
        assertThat(Bucket.of("CreateStoreImageTask", false)).isEqualTo(new Bucket(50, 0.1));
        assertThat(Bucket.of("CreateRestoreImageTask", false)).isEqualTo(new Bucket(50, 0.1));
    }

    // And back

    @Test
    void aRestoredImageHasAnotherIdAndTheTagsOfTheStoredOne() {
        String image = image("gold/a", 8, 20);
        ec2.createTags(r -> r.resources(image).tags(tag("policy", "gold")));
        String key = store(image, "vault");
        cloud.advance(Duration.ofMinutes(20));
        cloud.copyObject("vault", key, "dr-vault");
        String restored =
                dr.createRestoreImageTask(r ->
                                r.bucket("dr-vault")
                                        .objectKey(key)
                                        .tagSpecifications(
                                                TagSpecification.builder()
                                                        .resourceType("image")
                                                        .tags(tag("restored", "yes"))
                                                        .build()))
                        .imageId();

        assertThat(restored).isNotEqualTo(image);
        assertThat(describe(dr, restored).state()).isEqualTo(ImageState.PENDING);
        cloud.advance(Duration.ofMinutes(5));
        Image there = describe(dr, restored);
        assertThat(there.state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(there.name()).isEqualTo("gold/a");
        assertThat(there.tags()).containsExactly(tag("policy", "gold"), tag("restored", "yes"));
        assertThat(there.blockDeviceMappings())
                .extracting(BlockDeviceMapping::deviceName, it -> it.ebs().volumeSize())
                .containsExactly(tuple("/dev/xvda", 8), tuple("/dev/sdf", 20));
        assertThat(
                        dr.runInstances(r ->
                                        r.imageId(restored)
                                                .instanceType("t3.micro")
                                                .minCount(1)
                                                .maxCount(1))
                                .instances())
                .hasSize(1);
    }

    @Test
    void aRestoredImageNeedsAFreeName() {
        String image = image("gold/a", 8);
        String key = store(image, "vault");
        cloud.advance(Duration.ofMinutes(20));

        assertThat(refusal(() -> restore(key, null))).isEqualTo("InvalidAMIName.Duplicate");
        assertThat(describe(ec2, restore(key, "gold/b")).name()).isEqualTo("gold/b");
    }

    @Test
    void whatIsNotStoredCannotBeRestored() {
        assertThat(refusal(() -> restore("ami-0.bin", null))).isEqualTo("InvalidParameterValue");
    }

    @Test
    void restoringIsRefusedWhile600GbAreOnTheirWay() {
        String image = image("gold/a", 600);
        String key = store(image, "vault");
        cloud.advance(Duration.ofMinutes(20));
        restore(key, "gold/b");

        assertThat(refusal(() -> restore(key, "gold/c"))).isEqualTo("ResourceLimitExceeded");
        cloud.advance(Duration.ofMinutes(5));
        assertThat(restore(key, "gold/c")).startsWith("ami-");
    }

    // From snapshots

    @Test
    void aRegisteredImageLaunchesWithWhatItWasRegisteredWith() {
        String snapshot = rootSnapshot(image("gold/a", 8));
        String image =
                register(
                        "gold/b",
                        snapshot,
                        r -> r.architecture("x86_64").virtualizationType("hvm").enaSupport(true));
        String instance =
                ec2.runInstances(r ->
                                r.imageId(image).instanceType("t3.micro").minCount(1).maxCount(1))
                        .instances()
                        .getFirst()
                        .instanceId();

        assertThat(instance).startsWith("i-");
        assertThat(describe(ec2, image).state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(describe(ec2, image).enaSupport()).isTrue();
    }

    @Test
    void whatIsNotSaidOfARegisteredImageIsOld() {
        String image = register("gold/b", rootSnapshot(image("gold/a", 8)), _ -> {});

        assertThat(describe(ec2, image).architectureAsString()).isEqualTo("i386");
        assertThat(describe(ec2, image).virtualizationTypeAsString()).isEqualTo("paravirtual");
        assertThat(describe(ec2, image).enaSupport()).isFalse();
        assertThat(
                        refusal(() ->
                                ec2.runInstances(r ->
                                        r.imageId(image)
                                                .instanceType("t3.micro")
                                                .minCount(1)
                                                .maxCount(1))))
                .isEqualTo("InvalidParameterValue");
        assertThat(refusal(() -> store(image, "vault"))).isEqualTo("InvalidRequest");
    }

    @Test
    void aRegistrationNeedsASnapshotARootAndAFreeName() {
        String snapshot = rootSnapshot(image("gold/a", 8));

        assertThat(refusal(() -> register("gold/b", "snap-0", _ -> {})))
                .isEqualTo("InvalidSnapshot.NotFound");
        assertThat(refusal(() -> register("gold/a", snapshot, _ -> {})))
                .isEqualTo("InvalidAMIName.Duplicate");
        assertThat(refusal(() -> register("gold/b", snapshot, r -> r.rootDeviceName("/dev/sda1"))))
                .isEqualTo("InvalidBlockDeviceMapping");
    }

    // Paid images

    @Test
    void aProductCodeGoesWithAllThatIsMadeOfTheImage() {
        String server = cloud.launch(HOME, Map.of(), List.of(8));
        cloud.productCode(HOME, server, "abc");
        String image = ec2.createImage(r -> r.instanceId(server).name("gold/a")).imageId();
        cloud.advance(Duration.ofMinutes(5));
        String copy =
                dr.copyImage(r -> r.sourceRegion(HOME).sourceImageId(image).name("gold/a"))
                        .imageId();
        String registered = register("gold/b", rootSnapshot(image), _ -> {});

        assertThat(describe(ec2, image).productCodes())
                .extracting(ProductCode::productCodeId, ProductCode::productCodeTypeAsString)
                .containsExactly(tuple("abc", "marketplace"));
        assertThat(describe(dr, copy).productCodes())
                .isEqualTo(describe(ec2, image).productCodes());
        assertThat(describe(ec2, registered).productCodes())
                .isEqualTo(describe(ec2, image).productCodes());
        assertThat(
                        ec2.describeImages(r ->
                                        r.filters(
                                                Filter.builder()
                                                        .name("product-code")
                                                        .values("abc")
                                                        .build()))
                                .images())
                .hasSize(2);
    }

    @Test
    void aPaidImageIsSharedWithAccountsButNotWithAll() {
        String image = image("gold/a", 8);
        cloud.productCode(HOME, image, "abc");

        assertThat(
                        refusal(() ->
                                ec2.modifyImageAttribute(r ->
                                        r.imageId(image)
                                                .launchPermission(p ->
                                                        p.add(
                                                                LaunchPermission.builder()
                                                                        .group("all")
                                                                        .build())))))
                .isEqualTo("OperationNotPermitted");
        ec2.modifyImageAttribute(r ->
                r.imageId(image)
                        .launchPermission(p ->
                                p.add(LaunchPermission.builder().userId("210987654321").build())));
        assertThat(describe(ec2, image).publicLaunchPermissions()).isFalse();
    }

    private String image(String name, Integer... sizes) {
        String server = cloud.launch(HOME, Map.of(), List.of(sizes));
        String image = ec2.createImage(r -> r.instanceId(server).name(name)).imageId();
        cloud.advance(Duration.ofMinutes(5));
        return image;
    }

    private String store(String image, String bucket) {
        return ec2.createStoreImageTask(r -> r.imageId(image).bucket(bucket)).objectKey();
    }

    private String restore(String key, @Nullable String name) {
        return ec2.createRestoreImageTask(r -> r.bucket("vault").objectKey(key).name(name))
                .imageId();
    }

    private List<StoreImageTaskResult> tasks() {
        return ec2.describeStoreImageTasks(r -> {}).storeImageTaskResults();
    }

    private String rootSnapshot(String image) {
        return describe(ec2, image).blockDeviceMappings().getFirst().ebs().snapshotId();
    }

    private String register(
            String name, String snapshot, Consumer<RegisterImageRequest.Builder> more) {
        RegisterImageRequest.Builder request =
                RegisterImageRequest.builder()
                        .name(name)
                        .rootDeviceName("/dev/xvda")
                        .blockDeviceMappings(
                                BlockDeviceMapping.builder()
                                        .deviceName("/dev/xvda")
                                        .ebs(ebs -> ebs.snapshotId(snapshot))
                                        .build());
        more.accept(request);
        return ec2.registerImage(request.build()).imageId();
    }

    private static Image describe(Ec2Client region, String id) {
        return region.describeImages(r -> r.imageIds(id)).images().getFirst();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
