package dev.amikeeper.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.amikeeper.Given;
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
        Given given = Given.nightly(TO_WEST);
        String id = given.instance("web-1");

        given.playUntil(LATER);

        LocalImage home = given.images(Given.EAST).getFirst();
        LocalImage copy = given.images(Given.WEST).getFirst();
        assertThat(copy.image().name()).isEqualTo(home.image().name());
        Map<String, String> tags = tags(copy);
        assertThat(tags)
                .containsEntry("amikeeper:home", "us-east-1/" + home.image().imageId())
                .containsEntry("amikeeper:instance", id)
                .containsEntry("Name", "web-1");
        assertThat(given.cloud.snapshots(Given.WEST).getFirst().snapshot().tags())
                .hasSameElementsAs(copy.image().tags());
    }

    @Test
    void sharesHomeImagesAndCopies() {
        Given given = Given.nightly(TO_WEST + "\nshare: {accounts: [\"111122223333\"]}");
        given.instance("web-1");

        given.playUntil(LATER);

        for (String region : new String[] {Given.EAST, Given.WEST}) {
            assertThat(given.images(region).getFirst().launchPermissions())
                    .singleElement()
                    .satisfies(p -> assertThat(p.userId()).isEqualTo("111122223333"));
        }
        assertThat(given.records(Given.WEST).getFirst().shared()).isTrue();
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
        Given given = new Given(nightly.formatted(""));
        given.cloud.settings().closeAccount(SECOND);
        given.instance(Given.EAST, "db-1", 2);
        given.playUntil(LATER);
        assertThat(copiers(given)).hasSize(4).containsOnly(Set.of());

        Given more = given.redeployed(nightly.formatted(", snapshots: true"));
        more.playUntil("2026-03-02T03:00:00Z");
        assertThat(copiers(more)).hasSize(8).containsOnly(Set.of(FIRST, THIRD));
        given.cloud.settings().openAccount(SECOND);
        more.playUntil("2026-03-03T12:00:00Z");
        assertThat(copiers(more)).hasSize(12).containsOnly(Set.of(FIRST, SECOND, THIRD));

        Given less = more.redeployed(nightly.formatted(""));
        less.playUntil("2026-03-03T14:00:00Z");
        assertThat(copiers(less)).hasSize(12).containsOnly(Set.of());
        assertThat(everyImageIsSharedWith(less)).containsOnly(Set.of(FIRST, SECOND, THIRD));
    }

    @Test
    void troubleWithSharingIsToldAndStopsNoCopy() {
        Given given = Given.nightly(TO_WEST + "\nshare: {accounts: [\"111122223333\"]}");
        given.instance("web-1");
        given.cloud.faults().calls("ModifyImageAttribute").in(Given.EAST).times(10).deny();

        given.playUntil(LATER);

        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.records(Given.EAST).getFirst().shared()).isFalse();
        assertThat(given.told()).singleElement().asString().contains("could not be shared");
    }

    @Test
    void oneBadAccountKeepsNothingFromTheOthersAndIsToldOnceForItsPolicy() {
        Given given = Given.nightly(TO_WEST + "\n" + SHARED_WITH_THREE);
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
        Given given = Given.nightly(SHARED_WITH_THREE);
        given.cloud.settings().closeAccount(SECOND);
        given.instance("web-1");
        given.playUntil(LATER);
        assertThat(given.catalog().open()).hasSize(1);

        Given mended =
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
        Given given = Given.nightly(SHARED_WITH_THREE);
        given.cloud.settings().encryptByDefault(Given.EAST);
        given.instance("web-1");
        given.instance("web-2");

        given.playDays(3);

        assertThat(given.records(Given.EAST)).hasSize(6).allMatch(Image::isGood);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "us-east-1: images of policy gold could not be shared",
                        "AWS's default key can be shared with nobody");
    }

    @Test
    void aRegionThatIsNotEnabledIsToldOnceWithinTwoHoursAndTheCopiesAreMadeOnceItIs() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.instance("web-2");
        given.cloud.faults().calls().in(Given.WEST).times(100_000).error("AuthFailure", 401);

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("AuthFailure", "is the Region us-west-2 enabled for this account?");
        given.playUntil("2026-03-02T12:00:00Z");
        assertThat(given.told()).hasSize(1);
        given.cloud.faults().clear();
        given.playUntil("2026-03-02T14:00:00Z");

        assertThat(given.images(Given.WEST)).hasSize(4);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aHomeImageThatEc2CallsUnavailableIsLookedAtBeforeItsCopyIsGivenUp() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").times(2).error("InvalidAMIID.Unavailable", 400);

        given.playUntil(LATER);

        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void encryptsWithTheKeyOfTheRegion() {
        Given given = Given.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
        given.instance("web-1");

        given.playUntil(LATER);

        assertThat(given.images(Given.WEST).getFirst().kmsKey()).contains("alias/dr");
    }

    @Test
    void neverExceedsTheSnapshotCopiesThatARegionAllows() {
        Given given = Given.nightly(TO_WEST);
        for (int i = 0; i < 30; i++) {
            given.instance(Given.EAST, "db-" + i, 3);
        }

        given.playUntil("2026-03-01T05:00:00Z");

        assertThat(given.images(Given.WEST)).hasSize(30);
        assertThat(given.cloud.calls()).containsEntry("CopyImage", 30);
        assertThat(given.records(Given.WEST)).extracting(Image::attempt).containsOnly(1);
    }

    @Test
    void aCopyThatWasFinishedBeforeItWasKnownIsSettled() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").killAfter();
        given.cloud.settings().copyTime(java.time.Duration.ofSeconds(30));

        given.playUntil(LATER);

        assertThat(given.records(Given.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.catalog().copiesInFlight(new Region(Given.WEST))).isZero();
    }

    @Test
    void aCopyThatAlwaysFailsAtTheCallHoldsUpNoOther() {
        Given given = Given.nightly(TO_WEST);
        for (int i = 0; i < 4; i++) {
            given.instance("web-" + i);
        }
        given.cloud.faults().calls("CopyImage").nth(1).error("InternalError", 500);

        given.playUntil("2026-03-01T02:25:00Z");

        assertThat(given.images(Given.WEST)).hasSize(4);
    }

    @Test
    void whatWaitsForARegionThatIsNoLongerInTheFileIsGivenUpAndTold() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().unreachable(Given.WEST, Instant.parse("2026-03-01T02:30:00Z"));
        given.playUntil("2026-03-01T02:29:00Z");

        Given other =
                given.redeployed(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                        """);
        other.playUntil("2026-03-01T02:45:00Z");

        assertThat(other.records(Given.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);
        assertThat(other.told()).singleElement().asString().contains("no longer replicates to");
    }

    @Test
    void aFailedImageIsRemovedAndTriedOnceMore() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.settings().failing(attempt -> !attempt.copy() && attempt.number() == 1);

        given.playUntil(LATER);

        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(given.cloud.snapshots(Given.EAST)).hasSize(1);
        assertThat(given.records(Given.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.attempt()).isEqualTo(2);
                });
        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aCopyThatFailsFiveTimesIsGivenUpAndTold() {
        Given given = Given.nightly(TO_WEST);
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

        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.cloud.snapshots(Given.WEST)).hasSize(1);
        assertThat(given.records(Given.WEST))
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
        assertThat(given.catalog().work(new Region(Given.WEST), Work.GIVEN_UP, Instant.MAX, 10))
                .hasSize(1);
    }

    @Test
    void aKeyThatCannotBeUsedIsToldOnceForItsRegionAndEndsWhenACopySucceeds() {
        Given given = Given.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
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
                        "see that the key alias/dr is enabled in us-west-2");
        given.playUntil("2026-03-03T20:00:00Z");
        assertThat(given.records(Given.WEST))
                .filteredOn(image -> image.state() == ImageState.FAILED)
                .hasSizeGreaterThan(3);
        assertThat(given.told()).hasSize(1);

        given.cloud.settings().goodKey("alias/dr");
        given.playUntil("2026-03-04T06:00:00Z");
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: us-west-2");
    }

    @Test
    void aCopyThatFailedOnceAndDoesNotArriveIsToldWhenItIsTwoHoursLate() {
        Given given = Given.nightly("replicate: {us-west-2: {kmsKey: alias/dr}}");
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
        Given given = Given.nightly("replicate: {us-west-2: {}, eu-west-1: {}}");
        given.instance("web-1");
        given.cloud.faults().unreachable(Given.WEST, Instant.parse("2026-03-02T12:00:00Z"));

        given.playUntil("2026-03-02T06:00:00Z");
        assertThat(given.images(Given.IRELAND)).hasSize(2);

        given.playUntil("2026-03-02T18:00:00Z");
        assertThat(given.images(Given.WEST)).hasSize(2);
        assertThat(given.cloud.calls(Given.WEST)).containsEntry("CopyImage", 2);
    }

    @Test
    void adoptsTheCopyOfACallWhoseReplyWasLost() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").loseReply();

        given.playUntil(LATER);

        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.records(Given.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void eventsInAnyOrderRepeatedAndLateChangeNothing() {
        Given given = Given.nightly(TO_WEST + "\nkeep: {last: 1}");
        given.instance("web-1");
        given.instance("web-2");
        given.cloud.faults().events().times(1000).repeat(2);
        given.cloud.faults().events().times(1000).reorder(java.time.Duration.ofMinutes(20));

        given.playDays(5);

        assertThat(given.cloud.calls())
                .containsEntry("CreateImage", 10)
                .containsEntry("CopyImage", 10);
        assertThat(given.records(Given.EAST))
                .extracting(Image::state)
                .containsOnly(ImageState.AVAILABLE)
                .hasSize(2);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void ignoresImagesThatAreNotOurs() {
        Given given = Given.nightly(TO_WEST);
        String id = given.cloud.launch(Given.EAST, Map.of(), java.util.List.of(8));
        given.ec2(Given.EAST).createImage(image -> image.instanceId(id).name("by hand"));

        given.playUntil(LATER);

        assertThat(given.images(Given.WEST)).isEmpty();
        assertThat(given.told()).isEmpty();
    }

    @Test
    void buriesAnImageThatSomebodyElseDeregistered() {
        Given given = Given.nightly("");
        given.instance("web-1");
        given.playUntil(LATER);
        String ami = given.images(Given.EAST).getFirst().image().imageId();

        given.ec2(Given.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(Given.EAST)).isEmpty();
        assertThat(given.catalog().removed("gold", new Region(Given.EAST)))
                .singleElement()
                .satisfies(tombstone -> {
                    assertThat(tombstone.by()).isEqualTo("somebody else");
                    assertThat(tombstone.id().orElseThrow().value()).isEqualTo(ami);
                });
    }

    @Test
    void anImageThatSomebodyElseDisabledIsNoGoodImage() {
        Given given = Given.nightly("");
        given.instance("web-1");
        given.playUntil(LATER);
        String ami = given.images(Given.EAST).getFirst().image().imageId();

        given.ec2(Given.EAST).disableImage(image -> image.imageId(ami));
        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(Given.EAST)).extracting(Image::isGood).containsExactly(false);
    }

    @Test
    void waitsForAHomeImageThatEc2DoesNotShowYet() {
        Given given = Given.nightly(TO_WEST);
        given.cloud.settings().hiddenCalls(6);
        given.instance("web-1");

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.records(Given.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aHomeImageThatIsGoneBeforeItsCopyIsAFailureOfTheCopy() {
        Given given = Given.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.faults().unreachable(Given.WEST, Instant.parse("2026-03-01T02:30:00Z"));
        given.playUntil("2026-03-01T02:20:00Z");
        String ami = given.images(Given.EAST).getFirst().image().imageId();

        given.ec2(Given.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil(LATER);

        assertThat(given.records(Given.WEST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);
        assertThat(given.told()).singleElement().asString().contains("is gone");
    }

    @Test
    void aDeregisteredImageThatWasNotAvailableYetIsTriedAgain() {
        Given given = Given.nightly("");
        given.instance("web-1");
        given.playUntil("2026-03-01T02:02:00Z");
        String ami = given.images(Given.EAST).getFirst().image().imageId();

        given.ec2(Given.EAST).deregisterImage(image -> image.imageId(ami));
        given.playUntil(LATER);

        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(given.records(Given.EAST)).extracting(Image::attempt).containsExactly(2);
    }

    @Test
    void recordsAStateEventWithoutAnImage() {
        Given given = Given.nightly("");

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

    private static List<Set<String>> everyImageIsSharedWith(Given given) {
        return Stream.of(Given.EAST, Given.WEST)
                .flatMap(region -> given.images(region).stream())
                .map(image ->
                        image.launchPermissions().stream()
                                .map(LaunchPermission::userId)
                                .collect(Collectors.toSet()))
                .toList();
    }

    private static List<Set<String>> copiers(Given given) {
        return Stream.of(Given.EAST, Given.WEST)
                .flatMap(region -> given.cloud.snapshots(region).stream())
                .<Set<String>>map(LocalSnapshot::sharedWith)
                .toList();
    }

    private static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
