package dev.amikeeper.operate;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.operate.OperateReport.OperateCount.MALFORMED;
import static dev.amikeeper.operate.OperateReport.OperateCount.REFUSED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Stored;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Orders to store images in S3 and to fetch them back, on the embedded cloud. */
final class LongKeepingTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final String BUCKET = "archive-us-east-1";
    private static final String OTHER = "elsewhere";

    // To S3

    @Test
    void storesAnImageWhereItsPolicySays() {
        TestDeployment given = threeNights("store: {bucket: \"archive-{region}\", after: 900d}");
        ImageId oldest = id(given, 0);

        OperateReport report = store(given, oldest, Map.of());

        assertThat(report.text())
                .isEqualTo(
                        "stores %s %s as s3://%s/%s.bin, 8 GB before compression"
                                .formatted(oldest, name(given, 0), BUCKET, oldest));
        assertThat(stored(given, oldest).state()).isEqualTo(Stored.StoredState.STORING);
        assertThat(store(given, oldest, Map.of()).text()).contains("is being stored as s3://");
        anHourLater(given);
        assertThat(given.cloud.objects(BUCKET)).containsExactly(oldest + ".bin");
        assertThat(store(given, oldest, Map.of()).text()).contains("is stored as s3://");
    }

    @Test
    void itsPolicyNeedNotStoreAnythingIfABucketIsNamed() {
        TestDeployment given = threeNights("");

        assertThat(store(given, id(given, 0), Map.of()).text())
                .contains("policy gold has no \"store\": name a bucket of us-east-1");
        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET)).count(DONE)).isEqualTo(1);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.StoredState.STORED);
        assertThat(store(given, id(given, 0), Map.of("bucket", OTHER)).text())
                .contains("it is stored in S3 only once, and that is s3://" + BUCKET);
    }

    @Test
    void aDryRunOfStoringChangesNothing() {
        TestDeployment given = threeNights("");

        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET, "dryRun", true)).text())
                .startsWith("would store " + id(given, 0));
        assertThat(given.records(TestDeployment.EAST)).allMatch(image -> image.stored().isEmpty());
    }

    @Test
    void productCodesAreNamed() {
        TestDeployment given = threeNights("");
        given.cloud.productCode(TestDeployment.EAST, id(given, 0).value(), "abc123");

        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET)).text())
                .contains("it carries the product codes abc123");
    }

    @Test
    void whatIsNotOursOrNotGoodIsNotStored() {
        TestDeployment given = threeNights("");
        tag(given, id(given, 0), ImageTags.POLICY, "silver");
        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(id(given, 1).value()));
        ImageId theirs = byHand(given);

        assertThat(storeIn(given, theirs, BUCKET)).contains("the catalogue knows no such image");
        assertThat(storeIn(given, id(given, 0), BUCKET)).contains("its tags in EC2 do not say");
        assertThat(storeIn(given, id(given, 1), BUCKET)).contains("it is not available");
        assertThat(given.cloud.calls(TestDeployment.EAST))
                .doesNotContainKey("CreateStoreImageTask");
    }

    @Test
    void whatEc2RefusesLeavesNoTraceAndIsTold() {
        TestDeployment given = threeNights("");

        assertThat(storeIn(given, id(given, 0), "of-somebody-else"))
                .contains("is not in us-east-1");
        assertThat(record(given, id(given, 0)).stored()).isEmpty();
        assertThat(given.told()).singleElement().asString().contains("Store Requested");
    }

    @Test
    void whatEc2HasNoRoomForIsStoredByTheNextRun() {
        TestDeployment given = threeNights("");
        given.cloud.faults().calls("CreateStoreImageTask").error("ResourceLimitExceeded", 400);

        assertThat(storeIn(given, id(given, 0), BUCKET)).startsWith("will store ");
        anHourLater(given);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.StoredState.STORED);
    }

    @Test
    void whatTheAccountsTroubleKeepsOutOfS3IsStoredWhenItIsOverAndTheOrderSaysWhatHelps() {
        TestDeployment given = threeNights("");
        given.cloud.faults().calls("CreateStoreImageTask").error("PendingVerification", 403);

        assertThat(storeIn(given, id(given, 0), BUCKET))
                .startsWith("will store ")
                .contains("AWS verifies the account");
        anHourLater(given);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.StoredState.STORED);
    }

    @Test
    void whatIsBeingStoredIsNotRemovedByHand() {
        TestDeployment given = threeNights("keep: {last: 9}");
        storeIn(given, id(given, 0), BUCKET);

        OperateReport report = order(given, "deregister", Map.of("image", id(given, 0).value()));

        assertThat(report.text()).contains("being stored: being stored as s3://" + BUCKET);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    // And back

    @Test
    void bringsARemovedImageBackUnderItsNameWithItsRecordAndHoldsIt() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);

        OperateReport report = fetch(given, Map.of("image", old.value()));

        Image back = given.records(TestDeployment.EAST).getFirst();
        assertThat(report.text())
                .startsWith(
                        "makes %s of s3://%s/%s.bin again: %s; it is held"
                                .formatted(back.name(), BUCKET, old, back.id().orElseThrow()));
        assertThat(back.state()).isEqualTo(ImageState.CREATING);
        assertThat(back.id()).isNotEqualTo(Optional.of(old));
        assertThat(given.catalog().removed("gold", EAST)).isEmpty();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(given.records(TestDeployment.EAST)).hasSize(3).allMatch(Image::isGood);
        LocalImage ami = ami(given, back.id().orElseThrow());
        assertThat(ami.image().name()).isEqualTo(back.name().toString());
        assertThat(ami.image().tags())
                .extracting(Tag::key)
                .contains(ImageTags.POLICY, ImageTags.HOLD, "Name");
        given.deployment.prune(given.cloud.now(), false);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void aRepeatedOrderFindsItFetched() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        fetch(given, Map.of("image", old.value()));
        ImageId back = id(given, 0);

        assertThat(fetch(given, Map.of("image", old.value())).text())
                .isEqualTo(old + " was fetched: " + name(given, 0) + " is " + back);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(fetch(given, Map.of("bucket", BUCKET, "key", old + ".bin")).count(DONE))
                .isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.cloud.calls(TestDeployment.EAST))
                .containsEntry("CreateRestoreImageTask", 1);
    }

    @Test
    void anOrderWhoseReplyWasLostFindsTheImageByItsName() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.faults().calls("CreateRestoreImageTask").loseReply();

        assertThat(fetch(given, Map.of("image", old.value())).count(REFUSED)).isEqualTo(1);
        assertThat(fetch(given, Map.of("image", old.value())).count(DONE)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(given.records(TestDeployment.EAST)).hasSize(3).allMatch(Image::isGood);
    }

    @Test
    void whatNobodyRepeatsTheSweepRecordsAsStored() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.faults().calls("CreateRestoreImageTask").loseReply();
        fetch(given, Map.of("image", old.value()));
        given.cloud.advance(Duration.ofHours(2));

        given.deployment.sweep(given.cloud.now());

        Image back = given.records(TestDeployment.EAST).getFirst();
        assertThat(back.isGood()).isTrue();
        assertThat(back.stored().orElseThrow().object().image()).isEqualTo(old);
    }

    @Test
    void whatFailsIsBuriedAgainAndNeverImagedAnew() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.settings().failing(_ -> true);
        fetch(given, Map.of("image", old.value()));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(given.records(TestDeployment.EAST)).hasSize(2);
        Tombstone again = given.catalog().removed("gold", EAST).getFirst();
        assertThat(again.image().stored().orElseThrow().object().image()).isEqualTo(old);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("could not be made again from");
        given.cloud.settings().failing(_ -> false);
        assertThat(fetch(given, Map.of("image", old.value())).count(DONE)).isEqualTo(1);
    }

    /** Tags that it had when it was stored come with the object. */
    @Test
    void whatFailsIsBuriedAgainAlsoIfItWasRegisteredOnce() {
        TestDeployment given = threeNights("keep: {last: 2}");
        tag(given, id(given, 0), ImageTags.REGISTERED, "yes");
        ImageId old = storedAndRemoved(given);
        given.cloud.settings().failing(_ -> true);
        fetch(given, Map.of("image", old.value()));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        given.cloud.settings().failing(_ -> false);
        assertThat(fetch(given, Map.of("image", old.value())).text()).startsWith("makes gold/");
    }

    @Test
    void whatIsFetchedFromAnotherPlaceIsKnownToBeThere() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.addBucket(TestDeployment.EAST, "archive-2");
        given.cloud.copyObject(BUCKET, old + ".bin", "archive-2");

        fetch(given, Map.of("bucket", "archive-2", "key", old + ".bin"));

        assertThat(
                        given.records(TestDeployment.EAST)
                                .getFirst()
                                .stored()
                                .orElseThrow()
                                .object()
                                .bucket())
                .isEqualTo("archive-2");
    }

    @Test
    void whatIsStillThereIsNotFetched() {
        TestDeployment given = threeNights("");
        storeIn(given, id(given, 0), BUCKET);
        anHourLater(given);

        assertThat(fetch(given, Map.of("image", id(given, 0).value())).text())
                .contains("is still there as " + id(given, 0));
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void whatWasNeverStoredCannotBeFetched() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = id(given, 0);
        given.deployment.prune(given.cloud.now(), false);

        assertThat(fetch(given, Map.of("image", old.value())).text()).contains("and never stored");
        assertThat(fetch(given, Map.of("image", "ami-0")).text())
                .contains("the catalogue knows no such image", "s3://bucket/ami-0.bin");
        assertThat(fetch(given, Map.of("bucket", BUCKET, "key", "ami-0.bin")).text())
                .contains("No object ami-0.bin");
    }

    @Test
    void aDryRunOfFetchingChangesNothing() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);

        assertThat(fetch(given, Map.of("image", old.value(), "dryRun", true)).text())
                .startsWith("would make gold/");
        assertThat(
                        fetch(given, Map.of("bucket", BUCKET, "key", "ami-0.bin", "dryRun", true))
                                .text())
                .startsWith("would make an image of s3://" + BUCKET + "/ami-0.bin");
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void anObjectInAnotherRegionsBucketIsAdoptedThereByItsTags() {
        TestDeployment given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.addBucket(TestDeployment.WEST, "archive-us-west-2");
        given.cloud.copyObject(BUCKET, old + ".bin", "archive-us-west-2");
        Map<String, Object> there =
                Map.of(
                        "bucket",
                        "archive-us-west-2",
                        "key",
                        old + ".bin",
                        "region",
                        TestDeployment.WEST);

        assertThat(fetch(given, there).text()).contains("the next sweep records it by its tags");
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.sweep(given.cloud.now());

        Image adopted = given.catalog().ofPolicy("gold", WEST).getFirst();
        assertThat(adopted.isGood()).isTrue();
        assertThat(adopted.adopted()).isTrue();
        assertThat(fetch(given, there).text())
                .isEqualTo(adopted.name() + " exists as " + adopted.id().orElseThrow());
    }

    @Test
    void whatIsNotOursIsLeftToWhoeverFetchedIt() {
        TestDeployment given = threeNights("");
        ImageId theirs = byHand(given);
        given.cloud.advance(Duration.ofMinutes(10));
        given.ec2(TestDeployment.EAST)
                .createStoreImageTask(task -> task.imageId(theirs.value()).bucket(BUCKET));
        given.cloud.advance(Duration.ofHours(1));
        Map<String, Object> object = Map.of("bucket", BUCKET, "key", theirs + ".bin");

        assertThat(fetch(given, object).count(REFUSED)).as("its name is taken").isEqualTo(1);
        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(theirs.value()));
        assertThat(fetch(given, object).text()).contains("it is yours to look after");
    }

    @ParameterizedTest
    @CsvSource({
        "store, bucket, My_Bucket, detail.bucket: not a bucket",
        "fetch, key, web.vmdk, detail.key: not a stored image",
        "fetch, key, '', detail.key: must be there"
    })
    void anEventThatIsWrongIsTold(String kind, String field, String value, String why) {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Map<String, Object> detail = new HashMap<>(Map.of("image", "ami-1", "bucket", BUCKET));
        detail.put(field, value);

        assertThat(order(given, kind, detail).count(MALFORMED)).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains(why);
    }

    @Test
    void theTemplatesRuleBringsBothOrders() {
        TestDeployment given = threeNights("");

        given.deployment.deliver(
                event(given, "store", Map.of("image", id(given, 0).value(), "bucket", BUCKET)));
        given.deployment.deliver(event(given, "fetch", Map.of("image", id(given, 0).value())));

        assertThat(given.deployment.metrics())
                .containsEntry("OperateFunction.done", 1)
                .containsEntry("OperateFunction.refused", 1);
    }

    /** The oldest image is in S3 only. */
    private static ImageId storedAndRemoved(TestDeployment given) {
        ImageId oldest = id(given, 0);
        storeIn(given, oldest, BUCKET);
        anHourLater(given);
        given.deployment.prune(given.cloud.now(), false);
        given.cloud.takeEvents();
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        return oldest;
    }

    private static void anHourLater(TestDeployment given) {
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.store(given.cloud.now());
    }

    private static String storeIn(TestDeployment given, ImageId id, String bucket) {
        return store(given, id, Map.of("bucket", bucket)).text();
    }

    private static OperateReport store(TestDeployment given, ImageId id, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(Map.of("image", id.value()));
        detail.putAll(more);
        return order(given, "store", detail);
    }

    private static OperateReport fetch(TestDeployment given, Map<String, Object> detail) {
        return order(given, "fetch", detail);
    }

    private static OperateReport order(
            TestDeployment given, String kind, Map<String, Object> detail) {
        return new OperateHandler(given.deployment.application())
                .handleRequest(event(given, kind, detail), given.context("OperateFunction"));
    }

    private static Map<String, Object> event(
            TestDeployment given, String kind, Map<String, Object> detail) {
        Map<String, Object> event = Samples.read("operate-" + kind + ".json");
        event.put("detail", detail);
        event.put("time", given.cloud.now().toString());
        return event;
    }

    private static ImageId byHand(TestDeployment given) {
        String instance = given.records(TestDeployment.EAST).getFirst().name().instance().value();
        return new ImageId(
                given.ec2(TestDeployment.EAST)
                        .createImage(image -> image.instanceId(instance).name("golden 2026"))
                        .imageId());
    }

    private static void tag(TestDeployment given, ImageId id, String key, String value) {
        given.ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(id.value())
                                .tags(Tag.builder().key(key).value(value).build()));
    }

    private static LocalImage ami(TestDeployment given, ImageId id) {
        return given.images(TestDeployment.EAST).stream()
                .filter(image -> image.image().imageId().equals(id.value()))
                .findFirst()
                .orElseThrow();
    }

    private static Image record(TestDeployment given, ImageId id) {
        return given.catalog().find(EAST, id).orElseThrow();
    }

    private static Stored stored(TestDeployment given, ImageId id) {
        return record(given, id).stored().orElseThrow();
    }

    private static ImageId id(TestDeployment given, int number) {
        return given.records(TestDeployment.EAST).get(number).id().orElseThrow();
    }

    private static String name(TestDeployment given, int number) {
        return given.records(TestDeployment.EAST).get(number).name().toString();
    }

    private static TestDeployment threeNights(String policy) {
        TestDeployment given =
                TestDeployment.nightlyInMemory(policy + "\nlimits: {maxRemovePercent: 100}");
        given.cloud.addBucket(TestDeployment.EAST, BUCKET);
        given.cloud.addBucket(TestDeployment.EAST, OTHER);
        given.instance("web-1");
        given.nights(3);
        return given;
    }
}
