package dev.amikeeper.operate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Given;
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
    private static final Region EAST = new Region(Given.EAST);
    private static final Region WEST = new Region(Given.WEST);
    private static final String BUCKET = "archive-us-east-1";
    private static final String OTHER = "elsewhere";

    // To S3

    @Test
    void storesAnImageWhereItsPolicySays() {
        Given given = threeNights("store: {bucket: \"archive-{region}\", after: 900d}");
        ImageId oldest = id(given, 0);

        OperateReport report = store(given, oldest, Map.of());

        assertThat(report.text())
                .isEqualTo(
                        "stores %s %s as s3://%s/%s.bin, 8 GB before compression"
                                .formatted(oldest, name(given, 0), BUCKET, oldest));
        assertThat(stored(given, oldest).state()).isEqualTo(Stored.State.STORING);
        assertThat(store(given, oldest, Map.of()).text()).contains("is being stored as s3://");
        anHourLater(given);
        assertThat(given.cloud.objects(BUCKET)).containsExactly(oldest + ".bin");
        assertThat(store(given, oldest, Map.of()).text()).contains("is stored as s3://");
    }

    @Test
    void itsPolicyNeedNotStoreAnythingIfABucketIsNamed() {
        Given given = threeNights("");

        assertThat(store(given, id(given, 0), Map.of()).text())
                .contains("policy gold has no \"store\": name a bucket of us-east-1");
        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET)).done()).isEqualTo(1);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.State.STORED);
        assertThat(store(given, id(given, 0), Map.of("bucket", OTHER)).text())
                .contains("it goes to S3 once, and that is s3://" + BUCKET);
    }

    @Test
    void aDryRunOfStoringChangesNothing() {
        Given given = threeNights("");

        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET, "dryRun", true)).text())
                .startsWith("would store " + id(given, 0));
        assertThat(given.records(Given.EAST)).allMatch(image -> image.stored().isEmpty());
    }

    @Test
    void productCodesAreNamed() {
        Given given = threeNights("");
        given.cloud.productCode(Given.EAST, id(given, 0).value(), "abc123");

        assertThat(store(given, id(given, 0), Map.of("bucket", BUCKET)).text())
                .contains("it carries the product codes abc123");
    }

    @Test
    void whatIsNotOursOrNotGoodIsNotStored() {
        Given given = threeNights("");
        tag(given, id(given, 0), ImageTags.POLICY, "silver");
        given.ec2(Given.EAST).disableImage(image -> image.imageId(id(given, 1).value()));
        ImageId theirs = byHand(given);

        assertThat(storeIn(given, theirs, BUCKET)).contains("the catalogue knows no such image");
        assertThat(storeIn(given, id(given, 0), BUCKET)).contains("its tags in EC2 do not say");
        assertThat(storeIn(given, id(given, 1), BUCKET)).contains("it is not available");
        assertThat(given.cloud.calls(Given.EAST)).doesNotContainKey("CreateStoreImageTask");
    }

    @Test
    void whatEc2RefusesLeavesNoTraceAndIsTold() {
        Given given = threeNights("");

        assertThat(storeIn(given, id(given, 0), "of-somebody-else"))
                .contains("is not in us-east-1");
        assertThat(record(given, id(given, 0)).stored()).isEmpty();
        assertThat(given.told()).singleElement().asString().contains("Store Requested");
    }

    @Test
    void whatEc2HasNoRoomForIsStoredByTheNextRun() {
        Given given = threeNights("");
        given.cloud.faults().calls("CreateStoreImageTask").error("ResourceLimitExceeded", 400);

        assertThat(storeIn(given, id(given, 0), BUCKET)).startsWith("will store ");
        anHourLater(given);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.State.STORED);
    }

    @Test
    void whatTheAccountsTroubleKeepsOutOfS3IsStoredWhenItIsOverAndTheOrderSaysWhatHelps() {
        Given given = threeNights("");
        given.cloud.faults().calls("CreateStoreImageTask").error("PendingVerification", 403);

        assertThat(storeIn(given, id(given, 0), BUCKET))
                .startsWith("will store ")
                .contains("AWS verifies the account");
        anHourLater(given);
        anHourLater(given);
        assertThat(stored(given, id(given, 0)).state()).isEqualTo(Stored.State.STORED);
    }

    @Test
    void whatIsBeingStoredIsNotRemovedByHand() {
        Given given = threeNights("keep: {last: 9}");
        storeIn(given, id(given, 0), BUCKET);

        OperateReport report = order(given, "deregister", Map.of("image", id(given, 0).value()));

        assertThat(report.text()).contains("being stored: being stored as s3://" + BUCKET);
        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    // And back

    @Test
    void bringsARemovedImageBackUnderItsNameWithItsRecordAndHoldsIt() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);

        OperateReport report = fetch(given, Map.of("image", old.value()));

        Image back = given.records(Given.EAST).getFirst();
        assertThat(report.text())
                .startsWith(
                        "makes %s of s3://%s/%s.bin again: %s; it is held"
                                .formatted(back.name(), BUCKET, old, back.id().orElseThrow()));
        assertThat(back.state()).isEqualTo(ImageState.CREATING);
        assertThat(back.id()).isNotEqualTo(Optional.of(old));
        assertThat(given.catalog().removed("gold", EAST)).isEmpty();
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(given.records(Given.EAST)).hasSize(3).allMatch(Image::isGood);
        LocalImage ami = ami(given, back.id().orElseThrow());
        assertThat(ami.image().name()).isEqualTo(back.name().toString());
        assertThat(ami.image().tags())
                .extracting(Tag::key)
                .contains(ImageTags.POLICY, ImageTags.HOLD, "Name");
        given.deployment.prune(given.cloud.now(), false);
        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    @Test
    void aRepeatedOrderFindsItFetched() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        fetch(given, Map.of("image", old.value()));
        ImageId back = id(given, 0);

        assertThat(fetch(given, Map.of("image", old.value())).text())
                .isEqualTo(old + " was fetched: " + name(given, 0) + " is " + back);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(fetch(given, Map.of("bucket", BUCKET, "key", old + ".bin")).done()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(3);
        assertThat(given.cloud.calls(Given.EAST)).containsEntry("CreateRestoreImageTask", 1);
    }

    @Test
    void anOrderWhoseReplyWasLostFindsTheImageByItsName() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.faults().calls("CreateRestoreImageTask").loseReply();

        assertThat(fetch(given, Map.of("image", old.value())).refused()).isEqualTo(1);
        assertThat(fetch(given, Map.of("image", old.value())).done()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(3);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(10)));
        assertThat(given.records(Given.EAST)).hasSize(3).allMatch(Image::isGood);
    }

    @Test
    void whatNobodyRepeatsTheSweepRecordsAsStored() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.faults().calls("CreateRestoreImageTask").loseReply();
        fetch(given, Map.of("image", old.value()));
        given.cloud.advance(Duration.ofHours(2));

        given.deployment.sweep(given.cloud.now());

        Image back = given.records(Given.EAST).getFirst();
        assertThat(back.isGood()).isTrue();
        assertThat(back.stored().orElseThrow().object().image()).isEqualTo(old);
    }

    @Test
    void whatFailsIsBuriedAgainAndNeverImagedAnew() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.settings().failing(_ -> true);
        fetch(given, Map.of("image", old.value()));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.images(Given.EAST)).hasSize(2);
        assertThat(given.records(Given.EAST)).hasSize(2);
        Tombstone again = given.catalog().removed("gold", EAST).getFirst();
        assertThat(again.image().stored().orElseThrow().object().image()).isEqualTo(old);
        assertThat(given.told()).singleElement().asString().contains("could not be made again of");
        given.cloud.settings().failing(_ -> false);
        assertThat(fetch(given, Map.of("image", old.value())).done()).isEqualTo(1);
    }

    /** Tags that it had when it was stored come with the object. */
    @Test
    void whatFailsIsBuriedAgainAlsoIfItWasRegisteredOnce() {
        Given given = threeNights("keep: {last: 2}");
        tag(given, id(given, 0), ImageTags.REGISTERED, "yes");
        ImageId old = storedAndRemoved(given);
        given.cloud.settings().failing(_ -> true);
        fetch(given, Map.of("image", old.value()));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.images(Given.EAST)).hasSize(2);
        given.cloud.settings().failing(_ -> false);
        assertThat(fetch(given, Map.of("image", old.value())).text()).startsWith("makes gold/");
    }

    @Test
    void whatIsFetchedFromAnotherPlaceIsKnownToBeThere() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.addBucket(Given.EAST, "archive-2");
        given.cloud.copyObject(BUCKET, old + ".bin", "archive-2");

        fetch(given, Map.of("bucket", "archive-2", "key", old + ".bin"));

        assertThat(given.records(Given.EAST).getFirst().stored().orElseThrow().object().bucket())
                .isEqualTo("archive-2");
    }

    @Test
    void whatIsStillThereIsNotFetched() {
        Given given = threeNights("");
        storeIn(given, id(given, 0), BUCKET);
        anHourLater(given);

        assertThat(fetch(given, Map.of("image", id(given, 0).value())).text())
                .contains("is still there as " + id(given, 0));
        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    @Test
    void whatWasNeverStoredCannotBeFetched() {
        Given given = threeNights("keep: {last: 2}");
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
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);

        assertThat(fetch(given, Map.of("image", old.value(), "dryRun", true)).text())
                .startsWith("would make gold/");
        assertThat(
                        fetch(given, Map.of("bucket", BUCKET, "key", "ami-0.bin", "dryRun", true))
                                .text())
                .startsWith("would make an image of s3://" + BUCKET + "/ami-0.bin");
        assertThat(given.images(Given.EAST)).hasSize(2);
    }

    @Test
    void anObjectInAnotherRegionsBucketIsAdoptedThereByItsTags() {
        Given given = threeNights("keep: {last: 2}");
        ImageId old = storedAndRemoved(given);
        given.cloud.addBucket(Given.WEST, "archive-us-west-2");
        given.cloud.copyObject(BUCKET, old + ".bin", "archive-us-west-2");
        Map<String, Object> there =
                Map.of("bucket", "archive-us-west-2", "key", old + ".bin", "region", Given.WEST);

        assertThat(fetch(given, there).text()).contains("the next sweep records it by its tags");
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.sweep(given.cloud.now());

        Image adopted = given.catalog().ofPolicy("gold", WEST).getFirst();
        assertThat(adopted.isGood()).isTrue();
        assertThat(adopted.adopted()).isTrue();
        assertThat(fetch(given, there).text())
                .isEqualTo(adopted.name() + " is there as " + adopted.id().orElseThrow());
    }

    @Test
    void whatIsNotOursIsLeftToWhoeverFetchedIt() {
        Given given = threeNights("");
        ImageId theirs = byHand(given);
        given.cloud.advance(Duration.ofMinutes(10));
        given.ec2(Given.EAST)
                .createStoreImageTask(task -> task.imageId(theirs.value()).bucket(BUCKET));
        given.cloud.advance(Duration.ofHours(1));
        Map<String, Object> object = Map.of("bucket", BUCKET, "key", theirs + ".bin");

        assertThat(fetch(given, object).refused()).as("its name is taken").isEqualTo(1);
        given.ec2(Given.EAST).deregisterImage(image -> image.imageId(theirs.value()));
        assertThat(fetch(given, object).text()).contains("it is yours to look after");
    }

    @ParameterizedTest
    @CsvSource({
        "store, bucket, My_Bucket, detail.bucket: not a bucket",
        "fetch, key, web.vmdk, detail.key: not a stored image",
        "fetch, key, '', detail.key: must be there"
    })
    void anEventThatIsWrongIsTold(String kind, String field, String value, String why) {
        Given given = Given.nightlyInMemory("");
        Map<String, Object> detail = new HashMap<>(Map.of("image", "ami-1", "bucket", BUCKET));
        detail.put(field, value);

        assertThat(order(given, kind, detail).malformed()).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains(why);
    }

    @Test
    void theTemplatesRuleBringsBothOrders() {
        Given given = threeNights("");

        given.deployment.deliver(
                event(given, "store", Map.of("image", id(given, 0).value(), "bucket", BUCKET)));
        given.deployment.deliver(event(given, "fetch", Map.of("image", id(given, 0).value())));

        assertThat(given.deployment.metrics())
                .containsEntry("OperateFunction.done", 1)
                .containsEntry("OperateFunction.refused", 1);
    }

    /** The oldest image is in S3 only. */
    private static ImageId storedAndRemoved(Given given) {
        ImageId oldest = id(given, 0);
        storeIn(given, oldest, BUCKET);
        anHourLater(given);
        given.deployment.prune(given.cloud.now(), false);
        given.cloud.takeEvents();
        assertThat(given.images(Given.EAST)).hasSize(2);
        return oldest;
    }

    private static void anHourLater(Given given) {
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.store(given.cloud.now());
    }

    private static String storeIn(Given given, ImageId id, String bucket) {
        return store(given, id, Map.of("bucket", bucket)).text();
    }

    private static OperateReport store(Given given, ImageId id, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(Map.of("image", id.value()));
        detail.putAll(more);
        return order(given, "store", detail);
    }

    private static OperateReport fetch(Given given, Map<String, Object> detail) {
        return order(given, "fetch", detail);
    }

    private static OperateReport order(Given given, String kind, Map<String, Object> detail) {
        return new OperateHandler(given.deployment.application())
                .handleRequest(event(given, kind, detail), given.context("OperateFunction"));
    }

    private static Map<String, Object> event(Given given, String kind, Map<String, Object> detail) {
        Map<String, Object> event = Samples.read("operate-" + kind + ".json");
        event.put("detail", detail);
        event.put("time", given.cloud.now().toString());
        return event;
    }

    private static ImageId byHand(Given given) {
        String instance = given.records(Given.EAST).getFirst().name().instance().value();
        return new ImageId(
                given.ec2(Given.EAST)
                        .createImage(image -> image.instanceId(instance).name("golden 2026"))
                        .imageId());
    }

    private static void tag(Given given, ImageId id, String key, String value) {
        given.ec2(Given.EAST)
                .createTags(create ->
                        create.resources(id.value())
                                .tags(Tag.builder().key(key).value(value).build()));
    }

    private static LocalImage ami(Given given, ImageId id) {
        return given.images(Given.EAST).stream()
                .filter(image -> image.image().imageId().equals(id.value()))
                .findFirst()
                .orElseThrow();
    }

    private static Image record(Given given, ImageId id) {
        return given.catalog().find(EAST, id).orElseThrow();
    }

    private static Stored stored(Given given, ImageId id) {
        return record(given, id).stored().orElseThrow();
    }

    private static ImageId id(Given given, int number) {
        return given.records(Given.EAST).get(number).id().orElseThrow();
    }

    private static String name(Given given, int number) {
        return given.records(Given.EAST).get(number).name().toString();
    }

    private static Given threeNights(String policy) {
        Given given = Given.nightlyInMemory(policy + "\nlimits: {maxRemovePercent: 100}");
        given.cloud.addBucket(Given.EAST, BUCKET);
        given.cloud.addBucket(Given.EAST, OTHER);
        given.instance("web-1");
        given.nights(3);
        return given;
    }
}
