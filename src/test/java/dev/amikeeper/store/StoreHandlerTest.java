package dev.amikeeper.store;

import static dev.amikeeper.store.StoreReport.StoreCount.BEGUN;
import static dev.amikeeper.store.StoreReport.StoreCount.GIVEN_UP;
import static dev.amikeeper.store.StoreReport.StoreCount.MALFORMED;
import static dev.amikeeper.store.StoreReport.StoreCount.STORED;
import static dev.amikeeper.store.StoreReport.StoreCount.UNDER_WAY;
import static dev.amikeeper.store.StoreReport.StoreCount.UNREADABLE;
import static dev.amikeeper.store.StoreReport.StoreCount.WAITING;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Counts;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Stored;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** Long keeping in S3, on the embedded cloud. */
final class StoreHandlerTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String BUCKET = "archive-us-east-1";
    private static final String STORE = "\nstore: {bucket: \"archive-{region}\", after: 2d}";

    @Test
    void storesWhatIsOldEnoughAndNothingElse() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);

        assertThat(store(given)).isEqualTo(new StoreReport(Counts.once(BEGUN)));
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORING);
        assertThat(given.cloud.objects(BUCKET)).isEmpty();

        assertThat(anHourLater(given)).isEqualTo(new StoreReport(Counts.once(STORED)));
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORED);
        assertThat(given.cloud.objects(BUCKET)).containsExactly(id(given, 0) + ".bin");
        assertThat(given.records(TestDeployment.EAST).getLast().stored()).isEmpty();
        assertThat(anHourLater(given)).isEqualTo(nothing());
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aRunFindsAnotherOnesWorkUnderWay() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.cloud.settings().storeTime(Duration.ofHours(5));
        store(given);

        assertThat(store(given)).isEqualTo(new StoreReport(Counts.once(UNDER_WAY)));
        assertThat(anHourLater(given).count(UNDER_WAY)).isEqualTo(1);
        assertThat(given.cloud.calls(TestDeployment.EAST)).containsEntry("CreateStoreImageTask", 1);
    }

    @Test
    void whereThereIsNothingToDoEc2IsAskedNothing() {
        TestDeployment given = threeNights("keep: {last: 9}");

        assertThat(store(given)).isEqualTo(nothing());
        assertThat(given.cloud.calls(TestDeployment.EAST))
                .doesNotContainKey("DescribeStoreImageTasks");
    }

    @Test
    void copiesAreNotStored() {
        TestDeployment given = threeNights("keep: {last: 9}\nreplicate: {us-west-2: {}}" + STORE);
        given.cloud.addBucket(TestDeployment.WEST, "archive-us-west-2");
        given.cloud.advance(Duration.ofDays(9));

        assertThat(store(given).count(BEGUN)).isEqualTo(3);
        assertThat(given.records(TestDeployment.WEST))
                .hasSize(3)
                .allMatch(it -> it.stored().isEmpty());
    }

    @Test
    void aTaskThatFailsIsTriedAgainLaterAndLaterThenGivenUpAndToldOnce() {
        TestDeployment given = big(List.of(8));
        given.cloud.settings().failsToStore(_ -> true);
        Instant begin = given.cloud.now();
        given.deployment.withoutSchedules();
        for (int hour = 0; hour < 40; hour++) {
            given.cloud.advanceTo(begin.plus(Duration.ofHours(hour)));
            store(given);
        }

        assertThat(given.cloud.calls(TestDeployment.EAST)).containsEntry("CreateStoreImageTask", 4);
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.GIVEN_UP);
        assertThat(stored(given, 0).note()).isEqualTo("Server.InternalError");
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "is not stored as s3://" + BUCKET + "/" + id(given, 0) + ".bin: Server.Int",
                        "Tried: 4 tries",
                        "./keeper store " + id(given, 0));
    }

    @Test
    void itsTroubleIsOverWhenItIsStoredAfterAll() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.cloud.faults().calls("CreateStoreImageTask").times(4).error("Odd", 400);
        Instant begin = given.cloud.now();
        for (int hour : List.of(0, 1, 7, 31)) {
            given.cloud.advanceTo(begin.plus(Duration.ofHours(hour)));
            store(given);
        }
        assertThat(given.catalog().open()).extracting(Notice::key).contains(key(given));

        given.deployment.deliver(order(given, 0));
        given.cloud.advance(Duration.ofHours(1));
        store(given);
        given.deployment.sweep(given.cloud.now());

        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORED);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aLostReplyIsMadeUpForByTheListOfTasks() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.cloud.faults().calls("CreateStoreImageTask").loseReply();

        assertThat(store(given).count(WAITING)).isEqualTo(1);
        assertThat(anHourLater(given).count(STORED)).isEqualTo(1);
        assertThat(given.cloud.calls(TestDeployment.EAST)).containsEntry("CreateStoreImageTask", 1);
    }

    @Test
    void whatWasInTheBucketLongBeforeCountsAsStoredOnceNoTaskCanBeTooNewToBeShown() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        store(given);
        given.deployment.loseTable();
        given.cloud.advance(Duration.ofDays(33));
        given.deployment.sweep(given.cloud.now());

        assertThat(store(given).count(WAITING)).isEqualTo(1);
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORING);
        given.cloud.advance(Duration.ofMinutes(59));
        store(given);
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORING);
        given.cloud.advance(Duration.ofMinutes(1));
        store(given);
        assertThat(stored(given, 0).state()).isEqualTo(Stored.StoredState.STORED);
    }

    @Test
    void beginsNoMoreThanEc2HasRoomFor() {
        TestDeployment given = big(List.of(700, 700, 700));

        assertThat(store(given)).isEqualTo(new StoreReport(Counts.once(BEGUN, BEGUN, WAITING)));
        assertThat(store(given))
                .isEqualTo(new StoreReport(Counts.once(UNDER_WAY, UNDER_WAY, WAITING)));
        assertThat(anHourLater(given))
                .isEqualTo(new StoreReport(Counts.once(BEGUN, STORED, STORED)));
        assertThat(given.cloud.calls(TestDeployment.EAST)).containsEntry("CreateStoreImageTask", 3);
    }

    @Test
    void noRunSleepsForEc2sPaceAndTheNextOneGoesOn() {
        TestDeployment given = big(Collections.nCopies(60, 8));
        Instant begun = given.cloud.now();

        StoreReport first = store(given);

        assertThat(first.count(BEGUN)).isEqualTo(50);
        assertThat(first.count(WAITING)).isEqualTo(10);
        assertThat(given.cloud.now()).isEqualTo(begun);
        assertThat(anHourLater(given).count(BEGUN)).isEqualTo(10);
    }

    @Test
    void nobodyIsAskedAgainWhereEc2Throttles() {
        TestDeployment given = big(Collections.nCopies(3, 8));
        given.cloud.faults().calls("CreateStoreImageTask").throttle();

        assertThat(store(given).count(WAITING)).isEqualTo(3);
        assertThat(given.cloud.calls(TestDeployment.EAST)).containsEntry("CreateStoreImageTask", 1);
        assertThat(anHourLater(given).count(BEGUN)).isEqualTo(3);
    }

    @Test
    void whatEc2HasNoRoomForWaitsAndLosesNoTry() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.cloud.faults().calls("CreateStoreImageTask").error("ResourceLimitExceeded", 400);

        assertThat(store(given).count(WAITING)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST).getFirst().stored()).isEmpty();
        assertThat(store(given).count(BEGUN)).isEqualTo(1);
        assertThat(stored(given, 0).attempt()).isEqualTo(1);
    }

    @Test
    void anImageThatIsTooLargeIsRefusedBeforeItIsTriedAndToldOnce() {
        TestDeployment given = big(List.of(5001));

        assertThat(store(given).count(GIVEN_UP)).isEqualTo(1);
        assertThat(store(given)).isEqualTo(nothing());
        assertThat(given.cloud.calls(TestDeployment.EAST))
                .doesNotContainKey("CreateStoreImageTask");
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("it has 5,001 GB, and EC2 stores images of up to 5,000 GB");
    }

    @Test
    void whereTheRoleMayNotStoreNothingIsGivenUpAndItIsToldOnce() {
        TestDeployment given = threeNights("keep: {last: 1}" + STORE);
        given.cloud.faults().calls("CreateStoreImageTask").times(100).deny();
        for (int hour = 0; hour < 50; hour++) {
            anHourLater(given);
        }
        given.deployment.prune(given.cloud.now(), false);

        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.told()).singleElement().asString().contains("StoreBucketArns");
        given.cloud.faults().clear();
        assertThat(anHourLater(given).count(BEGUN)).isEqualTo(3);
        assertThat(given.catalog().open()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "PendingVerification, 403, PendingVerification, AWS verifies the account",
        "ExpiredToken, 403, ExpiredToken, AWS does not accept the caller's credentials",
        "AuthFailure, 401, AuthFailure, is the Region us-east-1 enabled for this account?",
        "SnapshotLimitExceeded, 400, SnapshotLimitExceeded, raise the quota",
        "InvalidAction, 400, ec2:CreateStoreImageTask, EC2 stores no images in us-east-1"
    })
    void whatBlocksAllStoringIsToldOnceForTheRegionAndCauseAndGivesNothingUp(
            String code, int status, String cause, String remedy) {
        TestDeployment given = threeNights("keep: {last: 1}" + STORE);
        given.cloud.faults().calls("CreateStoreImageTask").times(1_000).error(code, status);
        for (int hour = 0; hour < 50; hour++) {
            assertThat(anHourLater(given).count(WAITING)).isPositive();
            given.deployment.sweep(given.cloud.now());
        }
        given.deployment.prune(given.cloud.now(), false);

        assertThat(given.cloud.calls(TestDeployment.EAST))
                .containsEntry("CreateStoreImageTask", 50);
        assertThat(given.images(TestDeployment.EAST)).as("one more by the sweep").hasSize(4);
        assertThat(given.told())
                .filteredOn(text -> text.contains("nothing is stored"))
                .singleElement()
                .asString()
                .contains(code, remedy);
        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .containsExactly("unstored/us-east-1/" + cause);

        given.cloud.faults().clear();
        assertThat(anHourLater(given).count(BEGUN)).isEqualTo(3);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aRegionThatDoesNotAnswerIsTriedAgainByTheNextRun() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.cloud.faults().calls("DescribeStoreImageTasks").error("InternalError", 500);

        assertThat(store(given).count(UNREADABLE)).isEqualTo(1);
        assertThat(given.told()).isEmpty();
        assertThat(store(given).count(BEGUN)).isEqualTo(1);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void whatHasOthersTagsIsNotStored() {
        TestDeployment given = threeNights("keep: {last: 9}" + STORE);
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(id(given, 0).value())
                                .tags(
                                        Tag.builder()
                                                .key("amikeeper:policy")
                                                .value("silver")
                                                .build()));

        assertThat(store(given).count(WAITING)).isEqualTo(1);
        assertThat(given.cloud.calls(TestDeployment.EAST))
                .doesNotContainKey("CreateStoreImageTask");
    }

    @Test
    void nothingThatIsDueIsRemovedBeforeItIsStored() {
        TestDeployment given = inMemory("keep: {last: 3}\nlimits: {maxRemovePercent: 100}" + STORE);
        given.instance("web-1");
        given.cloud.settings().failsToStore(id -> id.hashCode() % 3 == 0);
        given.cloud.settings().storeTime(Duration.ofHours(30));
        given.cloud.faults().calls("CreateStoreImageTask").times(30).deny();
        given.playDays(20);

        List<Tombstone> removed = given.catalog().removed("gold", EAST);
        assertThat(removed).hasSizeGreaterThan(8);
        assertThat(removed)
                .allSatisfy(gone -> {
                    Instant slot = gone.name().slot().time();
                    boolean wasDue = !slot.plus(Duration.ofDays(2)).isAfter(gone.removedAt());
                    boolean isThere =
                            given.cloud.objects(BUCKET).contains(gone.id().orElseThrow() + ".bin");
                    boolean wasToldOf =
                            given.catalog().notices().stream()
                                    .anyMatch(notice ->
                                            notice.key().equals("store/us-east-1/" + gone.name()));
                    assertThat(!wasDue || isThere || wasToldOf).as("%s", gone).isTrue();
                });
        assertThat(given.cloud.objects(BUCKET)).isNotEmpty();
    }

    @Test
    void whatIsStoredWhileARunOfPruningIsUnderWayStays() {
        TestDeployment given = threeNights("keep: {last: 2}\nlimits: {maxRemovePercent: 100}");
        Map<String, Object> order = order(given, 0);
        order.put("detail", Map.of("image", id(given, 0).value(), "bucket", BUCKET));
        AtomicBoolean ordered = new AtomicBoolean();
        given.cloud.watch((action, _) -> {
            if (action.equals("DescribeImageReferences") && !ordered.getAndSet(true)) {
                given.deployment.deliver(order);
            }
        });

        given.deployment.prune(given.cloud.now(), false);

        assertThat(ordered).isTrue();
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(anHourLater(given).count(STORED)).isEqualTo(1);
        given.deployment.prune(given.cloud.now(), false);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void anEventThatIsWrongIsTold() {
        TestDeployment given = threeNights("");
        StoreReport report =
                new StoreHandler(given.deployment.application())
                        .handleRequest(Map.of("time", "soon"), given.context("StoreFunction"));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
    }

    private static StoreReport nothing() {
        return new StoreReport(Counts.none(StoreReport.StoreCount.class));
    }

    private static StoreReport store(TestDeployment given) {
        Map<String, Object> event = Samples.read("store.json");
        event.put("time", given.cloud.now().toString());
        return new StoreHandler(given.deployment.application())
                .handleRequest(event, given.context("StoreFunction"));
    }

    private static StoreReport anHourLater(TestDeployment given) {
        given.cloud.advance(Duration.ofHours(1));
        return store(given);
    }

    private static Map<String, Object> order(TestDeployment given, int number) {
        Map<String, Object> event = Samples.read("operate-store.json");
        event.put("time", given.cloud.now().toString());
        event.put("detail", Map.of("image", id(given, number).value()));
        return event;
    }

    private static String key(TestDeployment given) {
        return "store/us-east-1/" + given.records(TestDeployment.EAST).getFirst().name();
    }

    private static ImageId id(TestDeployment given, int number) {
        return given.records(TestDeployment.EAST).get(number).id().orElseThrow();
    }

    private static Stored stored(TestDeployment given, int number) {
        Image image = given.records(TestDeployment.EAST).get(number);
        return image.stored().orElseThrow();
    }

    /** Three nights of one instance; the oldest image is two days old. */
    private static TestDeployment threeNights(String policy) {
        TestDeployment given = inMemory(policy);
        given.instance("web-1");
        given.nights(3);
        return given;
    }

    /** One night of instances with a volume each of that size, two days later. */
    private static TestDeployment big(List<Integer> sizes) {
        TestDeployment given = inMemory("keep: {last: 9}" + STORE);
        sizes.forEach(size ->
                given.cloud.launch(TestDeployment.EAST, Map.of("backup", "gold"), List.of(size)));
        given.nights(1);
        given.cloud.advance(Duration.ofDays(2));
        return given;
    }

    private static TestDeployment inMemory(String policy) {
        TestDeployment given = TestDeployment.nightlyInMemory(policy);
        given.cloud.addBucket(TestDeployment.EAST, BUCKET);
        return given;
    }
}
