package dev.amikeeper.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** State events and copies, from an available image to its copies. */
final class ReplicationTest {
    private static final String TO_WEST = "replicate: {us-west-2: {}}";
    private static final String FIRST = "111122223333";
    private static final String SECOND = "222233334444";
    private static final String THIRD = "333344445555";
    private static final String SHARED_WITH_THREE =
            "share: {accounts: [\"111122223333\", \"222233334444\", \"333344445555\"]}";
    private static final String LATER = "2026-03-01T03:00:00Z";

    @Test
    void copiesKeepNameAndTagsAndSayWhereTheyAreFrom() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        String id = given.instance("web-1");

        given.playUntil(LATER);

        LocalImage home = given.images(TestDeployment.EAST).getFirst();
        LocalImage copy = given.images(TestDeployment.WEST).getFirst();
        assertThat(copy.image().name()).isEqualTo(home.image().name());
        Map<String, String> tags = tags(copy);
        assertThat(tags)
                .containsEntry("amikeeper:home", "us-east-1/" + home.image().imageId())
                .containsEntry("amikeeper:instance", id)
                .containsEntry("Name", "web-1");
        assertThat(given.cloud.snapshots(TestDeployment.WEST).getFirst().snapshot().tags())
                .hasSameElementsAs(copy.image().tags());
    }

    @Test
    void sharesHomeImagesAndCopies() {
        TestDeployment given =
                TestDeployment.nightly(TO_WEST + "\nshare: {accounts: [\"111122223333\"]}");
        given.instance("web-1");

        given.playUntil(LATER);

        for (String region : new String[] {TestDeployment.EAST, TestDeployment.WEST}) {
            assertThat(given.images(region).getFirst().launchPermissions())
                    .singleElement()
                    .satisfies(p -> assertThat(p.userId()).isEqualTo("111122223333"));
        }
        assertThat(given.records(TestDeployment.WEST).getFirst().shared()).isTrue();
    }

    @Test
    void lettingOthersCopyTheImagesIsGivenAndTakenBackWithThePolicy() {
        String nightly =
                """
                policies:
                  gold:
                    select: {tags: {backup: gold}}
                    schedule: {cron: "0 2 * * *"}
                    replicate: {us-west-2: {}}
                    share: {accounts: ["111122223333", "222233334444", "333344445555"]%s}
                """;
        TestDeployment given = new TestDeployment(nightly.formatted(""));
        given.cloud.settings().closeAccount(SECOND);
        given.instance(TestDeployment.EAST, "db-1", 2);
        given.playUntil(LATER);
        assertThat(copiers(given)).hasSize(4).containsOnly(Set.of());

        TestDeployment more = given.redeployed(nightly.formatted(", snapshots: true"));
        more.playUntil("2026-03-02T03:00:00Z");
        assertThat(copiers(more)).hasSize(8).containsOnly(Set.of(FIRST, THIRD));
        given.cloud.settings().openAccount(SECOND);
        more.playUntil("2026-03-03T12:00:00Z");
        assertThat(copiers(more)).hasSize(12).containsOnly(Set.of(FIRST, SECOND, THIRD));

        TestDeployment less = more.redeployed(nightly.formatted(""));
        less.playUntil("2026-03-03T14:00:00Z");
        assertThat(copiers(less)).hasSize(12).containsOnly(Set.of());
        assertThat(everyImageIsSharedWith(less)).containsOnly(Set.of(FIRST, SECOND, THIRD));
    }

    @Test
    void troubleWithSharingIsToldAndStopsNoCopy() {
        TestDeployment given =
                TestDeployment.nightly(TO_WEST + "\nshare: {accounts: [\"111122223333\"]}");
        given.instance("web-1");
        given.cloud.faults().calls("ModifyImageAttribute").in(TestDeployment.EAST).times(10).deny();

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST).getFirst().shared()).isFalse();
        assertThat(given.told()).singleElement().asString().contains("could not be shared");
    }

    @Test
    void oneBadAccountKeepsNothingFromTheOthersAndIsToldOnceForItsPolicy() {
        TestDeployment given = TestDeployment.nightly(TO_WEST + "\n" + SHARED_WITH_THREE);
        given.cloud.settings().closeAccount("222233334444");
        given.instance("web-1");
        given.instance("web-2");

        given.playDays(3);

        assertThat(everyImageIsSharedWith(given)).containsOnly(Set.of(FIRST, THIRD));
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "policy gold cannot be shared with 222233334444",
                        "InvalidAMIAttributeItemValue",
                        "under \"share\" of policy gold");
        // 12 images with a call each, the first one's halves, and once a day one that asks again.
        assertThat(given.cloud.calls().get("ModifyImageAttribute")).isBetween(12, 30);

        given.cloud.settings().openAccount("222233334444");
        given.playDays(5);

        assertThat(everyImageIsSharedWith(given)).containsOnly(Set.of(FIRST, SECOND, THIRD));
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: ");
    }

    @Test
    void aBadAccountThatIsTakenOutOfTheFileIsNoTroubleAnyMore() {
        TestDeployment given = TestDeployment.nightly(SHARED_WITH_THREE);
        given.cloud.settings().closeAccount(SECOND);
        given.instance("web-1");
        given.playUntil(LATER);
        assertThat(given.catalog().open()).hasSize(1);

        TestDeployment mended =
                given.redeployed(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            share: {accounts: ["111122223333", "333344445555"]}
                        """);
        mended.playUntil("2026-03-01T04:00:00Z");

        assertThat(mended.catalog().open()).isEmpty();
    }

    @Test
    void troubleWithSharingIsToldOnceForAllImagesOfItsRegionAndPolicy() {
        TestDeployment given = TestDeployment.nightly(SHARED_WITH_THREE);
        given.cloud.settings().encryptByDefault(TestDeployment.EAST);
        given.instance("web-1");
        given.instance("web-2");

        given.playDays(3);

        assertThat(given.records(TestDeployment.EAST)).hasSize(6).allMatch(Image::isGood);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "us-east-1: images of policy gold could not be shared",
                        "AWS's default key can be shared with nobody");
    }

    @Test
    void aRegionThatIsNotEnabledIsToldOnceWithinTwoHoursAndTheCopiesAreMadeOnceItIs() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.instance("web-2");
        given.cloud
                .faults()
                .calls()
                .in(TestDeployment.WEST)
                .times(100_000)
                .error("AuthFailure", 401);

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("AuthFailure", "is the Region us-west-2 enabled for this account?");
        given.playUntil("2026-03-02T12:00:00Z");
        assertThat(given.told()).hasSize(1);
        given.cloud.faults().clear();
        given.playUntil("2026-03-02T14:00:00Z");

        assertThat(given.images(TestDeployment.WEST)).hasSize(4);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aHomeImageThatEc2CallsUnavailableIsLookedAtBeforeItsCopyIsGivenUp() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").times(2).error("InvalidAMIID.Unavailable", 400);

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void encryptsWithTheKeyOfTheRegion() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
        given.instance("web-1");

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.WEST).getFirst().kmsKey()).contains("alias/dr");
    }

    @Test
    void neverExceedsTheSnapshotCopiesThatARegionAllows() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        for (int i = 0; i < 30; i++) {
            given.instance(TestDeployment.EAST, "db-" + i, 3);
        }

        given.playUntil("2026-03-01T05:00:00Z");

        assertThat(given.images(TestDeployment.WEST)).hasSize(30);
        assertThat(given.cloud.calls()).containsEntry("CopyImage", 30);
        assertThat(given.records(TestDeployment.WEST)).extracting(Image::attempt).containsOnly(1);
    }

    @Test
    void aCopyThatWasFinishedBeforeItWasKnownIsSettled() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").killAfter();
        given.cloud.settings().copyTime(java.time.Duration.ofSeconds(30));

        given.playUntil(LATER);

        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.catalog().copiesInFlight(new Region(TestDeployment.WEST))).isZero();
    }

    @Test
    void aCopyThatAlwaysFailsAtTheCallHoldsUpNoOther() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        for (int i = 0; i < 4; i++) {
            given.instance("web-" + i);
        }
        given.cloud.faults().calls("CopyImage").nth(1).error("InternalError", 500);

        given.playUntil("2026-03-01T02:25:00Z");

        assertThat(given.images(TestDeployment.WEST)).hasSize(4);
    }

    @Test
    void whatWaitsForARegionThatIsNoLongerInTheFileIsGivenUpAndTold() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-01T02:30:00Z"));
        given.playUntil("2026-03-01T02:29:00Z");

        TestDeployment other =
                given.redeployed(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                        """);
        other.playUntil("2026-03-01T02:45:00Z");

        assertThat(other.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);
        assertThat(other.told()).singleElement().asString().contains("no longer replicates to");
    }

    @Test
    void aFailedImageIsRemovedAndTriedOnceMore() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.settings().failing(attempt -> !attempt.copy() && attempt.number() == 1);

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.attempt()).isEqualTo(2);
                });
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aCopyThatFailsFiveTimesIsGivenUpAndTold() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud
                .settings()
                .failing(attempt -> attempt.copy() && attempt.name().contains("2026-03-01"));

        given.playUntil("2026-03-01T02:50:00Z");
        assertThat(given.cloud.calls()).containsEntry("CopyImage", 2);
        given.playUntil("2026-03-01T05:00:00Z");
        assertThat(given.cloud.calls()).containsEntry("CopyImage", 3);
        given.playUntil("2026-03-02T01:55:00Z");
        assertThat(given.cloud.calls()).containsEntry("CopyImage", 4);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("us-west-2: copies fail: Server.InternalError");

        given.playUntil("2026-03-02T13:00:00Z");

        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.cloud.snapshots(TestDeployment.WEST)).hasSize(1);
        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state, Image::attempt)
                .containsExactly(tuple(ImageState.FAILED, 5), tuple(ImageState.AVAILABLE, 1));
        assertThat(given.told())
                .hasSize(3)
                .last()
                .asString()
                .contains("us-west-2", "there is no copy", "Tried: 5 tries since its slot");
        assertThat(given.told().get(1)).contains("resolved: us-west-2: copies fail");

        given.playUntil("2026-03-03T13:00:00Z");
        assertThat(given.told())
                .hasSize(4)
                .last()
                .asString()
                .contains("resolved: us-west-2: there is no copy");
        assertThat(
                        given.catalog()
                                .work(
                                        new Region(TestDeployment.WEST),
                                        Work.GIVEN_UP,
                                        Instant.MAX,
                                        10))
                .hasSize(1);
    }

    @Test
    void aKeyThatCannotBeUsedIsToldOnceForItsRegionAndEndsWhenACopySucceeds() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
        given.cloud.settings().badKey("alias/dr");
        for (int i = 0; i < 4; i++) {
            given.instance("web-" + i);
        }

        given.playUntil(LATER);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "us-west-2: copies fail (key alias/dr): Client.InvalidKMSKey.InvalidState",
                        "check that the key alias/dr is enabled in us-west-2");
        given.playUntil("2026-03-03T20:00:00Z");
        assertThat(given.records(TestDeployment.WEST))
                .filteredOn(image -> image.state() == ImageState.FAILED)
                .hasSizeGreaterThan(3);
        assertThat(given.told()).hasSize(1);

        given.cloud.settings().goodKey("alias/dr");
        given.playUntil("2026-03-04T06:00:00Z");
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: us-west-2");
    }

    @Test
    void aCopyThatFailedOnceAndDoesNotArriveIsToldWhenItIsTwoHoursLate() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
        given.cloud.settings().badKey("alias/dr");
        given.instance("web-1");
        given.playUntil("2026-03-01T02:30:00Z");
        assertThat(given.told()).isEmpty();
        given.cloud.settings().goodKey("alias/dr").copyTime(Duration.ofHours(5));

        given.playUntil("2026-03-01T05:00:00Z");
        assertThat(given.told()).singleElement().asString().contains("copies fail (key alias/dr)");
        given.playUntil("2026-03-01T09:00:00Z");
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: us-west-2");
    }

    @Test
    void oneRegionsTroubleStopsNoOther() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {}, eu-west-1: {}}");
        given.instance("web-1");
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-02T12:00:00Z"));

        given.playUntil("2026-03-02T06:00:00Z");
        assertThat(given.images(TestDeployment.IRELAND)).hasSize(2);

        given.playUntil("2026-03-02T18:00:00Z");
        assertThat(given.images(TestDeployment.WEST)).hasSize(2);
        assertThat(given.cloud.calls(TestDeployment.WEST)).containsEntry("CopyImage", 2);
    }

    @Test
    void adoptsTheCopyOfACallWhoseReplyWasLost() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").loseReply();

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void eventsInAnyOrderRepeatedAndLateChangeNothing() {
        TestDeployment given = TestDeployment.nightly(TO_WEST + "\nkeep: {last: 1}");
        given.instance("web-1");
        given.instance("web-2");
        given.cloud.faults().events().times(1000).repeat(2);
        given.cloud.faults().events().times(1000).reorder(java.time.Duration.ofMinutes(20));

        given.playDays(5);

        assertThat(given.cloud.calls())
                .containsEntry("CreateImage", 10)
                .containsEntry("CopyImage", 10);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsOnly(ImageState.AVAILABLE)
                .hasSize(2);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void ignoresImagesThatAreNotOurs() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        String id = given.cloud.launch(TestDeployment.EAST, Map.of(), java.util.List.of(8));
        given.ec2(TestDeployment.EAST).createImage(image -> image.instanceId(id).name("by hand"));

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.WEST)).isEmpty();
        assertThat(given.told()).isEmpty();
    }

    @Test
    void buriesAnImageThatSomebodyElseDeregistered() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.playUntil(LATER);
        String ami = given.images(TestDeployment.EAST).getFirst().image().imageId();

        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST)))
                .singleElement()
                .satisfies(tombstone -> {
                    assertThat(tombstone.by()).isEqualTo("somebody else");
                    assertThat(tombstone.id().orElseThrow().value()).isEqualTo(ami);
                });
    }

    @Test
    void anImageThatSomebodyElseDisabledIsNoGoodImage() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.playUntil(LATER);
        String ami = given.images(TestDeployment.EAST).getFirst().image().imageId();

        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(ami));
        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::isGood)
                .containsExactly(false);
    }

    @Test
    void waitsForAHomeImageThatEc2DoesNotShowYet() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.cloud.settings().hiddenCalls(6);
        given.instance("web-1");

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aHomeImageThatIsGoneBeforeItsCopyIsAFailureOfTheCopy() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-01T02:30:00Z"));
        given.playUntil("2026-03-01T02:20:00Z");
        String ami = given.images(TestDeployment.EAST).getFirst().image().imageId();

        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil(LATER);

        assertThat(given.records(TestDeployment.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);
        assertThat(given.told()).singleElement().asString().contains("is gone");
    }

    @Test
    void aDeregisteredImageThatWasNotAvailableYetIsTriedAgain() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.playUntil("2026-03-01T02:02:00Z");
        String ami = given.images(TestDeployment.EAST).getFirst().image().imageId();

        given.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::attempt)
                .containsExactly(2);
    }

    @Test
    void recordsAStateEventWithoutAnImage() {
        TestDeployment given = TestDeployment.nightly("");

        given.deployment.deliver(
                Map.of(
                        "source", "aws.ec2",
                        "detail-type", "EC2 AMI State Change",
                        "account", "123456789012",
                        "time", "2026-03-01T00:00:00Z",
                        "region", "us-east-1",
                        "detail", Map.of("State", "available")));

        assertThat(given.told()).singleElement().asString().contains("detail.ImageId");
    }

    private static List<Set<String>> everyImageIsSharedWith(TestDeployment given) {
        return Stream.of(TestDeployment.EAST, TestDeployment.WEST)
                .flatMap(region -> given.images(region).stream())
                .map(image ->
                        image.launchPermissions().stream()
                                .map(LaunchPermission::userId)
                                .collect(Collectors.toSet()))
                .toList();
    }

    private static List<Set<String>> copiers(TestDeployment given) {
        return Stream.of(TestDeployment.EAST, TestDeployment.WEST)
                .flatMap(region -> given.cloud.snapshots(region).stream())
                .<Set<String>>map(LocalSnapshot::sharedWith)
                .toList();
    }

    private static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
