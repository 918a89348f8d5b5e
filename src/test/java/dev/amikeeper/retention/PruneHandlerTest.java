package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.AWAITING;
import static dev.amikeeper.retention.PruneReport.PruneCount.BLOCKED;
import static dev.amikeeper.retention.PruneReport.PruneCount.CALLED_OFF;
import static dev.amikeeper.retention.PruneReport.PruneCount.DEPRECATED;
import static dev.amikeeper.retention.PruneReport.PruneCount.DISABLED;
import static dev.amikeeper.retention.PruneReport.PruneCount.KEPT;
import static dev.amikeeper.retention.PruneReport.PruneCount.LEFT;
import static dev.amikeeper.retention.PruneReport.PruneCount.MALFORMED;
import static dev.amikeeper.retention.PruneReport.PruneCount.POSTPONED;
import static dev.amikeeper.retention.PruneReport.PruneCount.REFUSED;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;
import static dev.amikeeper.retention.PruneReport.PruneCount.UNLISTED;
import static dev.amikeeper.retention.PruneReport.PruneCount.UNREADABLE;
import static dev.amikeeper.retention.PruneReport.PruneCount.WAITING;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.ShortContext;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.UnfinishedPrune;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ImageAttributeName;
import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.LockMode;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Pruning on the cloud's end state; which image goes is shown with the decisions. */
final class PruneHandlerTest {
    private static final LaunchPermission EVERYBODY =
            LaunchPermission.builder().group("all").build();

    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");

    @Test
    void removesImagesWithTheirSnapshotsAndLeavesATombstone() {
        TestDeployment given = threeDays("keep: {last: 1}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(REMOVED)).isEqualTo(2);
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST)))
                .extracting(Tombstone::by)
                .containsExactly("PruneFunction", "PruneFunction");
        assertThat(
                        given.catalog()
                                .removed("gold", new Region(TestDeployment.EAST))
                                .getFirst()
                                .why())
                .contains("no rule keeps it");
    }

    @Test
    void aDryRunShowsThePlanAndChangesNothing() {
        TestDeployment given = threeDays("keep: {last: 1}");

        PruneReport report = given.deployment.prune(DAY_4, true);

        assertThat(report.plan())
                .extracting(PruneReport.PruneLine::verdict)
                .containsExactly("remove", "remove", "keep");
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.cloud.calls()).doesNotContainKey("DeregisterImage");
        assertThat(given.records(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void removesNothingWithoutKeep() {
        TestDeployment given = threeDays("");

        given.deployment.prune(DAY_4, false);

        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void disablesFirstAndRemovesAfterTheDwell() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");

        PruneReport first = given.deployment.prune(DAY_4, false);
        assertThat(first.count(DISABLED)).isEqualTo(2);
        assertThat(states(given)).containsExactlyInAnyOrder("available", "disabled", "disabled");

        PruneReport early = prune(given, day(6));
        assertThat(early.count(WAITING)).isEqualTo(2);
        assertThat(early.count(REMOVED)).isZero();

        PruneReport last = prune(given, day(7));
        assertThat(last.count(REMOVED)).isEqualTo(2);
        assertThat(states(given)).containsExactly("available");
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST))).hasSize(2);
    }

    @Test
    void whatIsHeldWhileDisabledComesBackWithItsLaunchPermissions() {
        TestDeployment given =
                threeDays(
                        "keep: {last: 1}\nretire: {disableFor: 3d}\nshare: {accounts:"
                                + " [\"111122223333\"]}");
        // The first run asks for the reports on use by the other account, which take a day.
        assertThat(given.deployment.prune(DAY_4, false).count(DISABLED)).isZero();
        assertThat(prune(given, day(6)).count(DISABLED)).isEqualTo(2);
        String oldest = oldest(given);
        assertThat(permissions(given, oldest)).isEmpty();

        hold(given, oldest);
        PruneReport report = prune(given, day(7));

        assertThat(report.count(CALLED_OFF)).isEqualTo(1);
        assertThat(permissions(given, oldest)).containsExactly("111122223333");
        assertThat(states(given)).containsExactlyInAnyOrder("available", "available", "disabled");
        assertThat(given.records(TestDeployment.EAST))
                .filteredOn(record -> record.isGood())
                .hasSize(2)
                .allMatch(record -> record.leaving().permissions().isEmpty());
    }

    @Test
    void whatAnotherAccountUsesStays() {
        TestDeployment given = threeDays("keep: {last: 1}\nshare: {accounts: [\"111122223333\"]}");
        given.cloud.usedByOthers(TestDeployment.EAST, oldest(given), "111122223333", 2);
        given.deployment.prune(DAY_4, false);

        prune(given, day(6));
        prune(given, day(14));
        prune(given, day(16));

        assertThat(ids(given)).contains(oldest(given)).hasSize(2);
    }

    @Test
    void aDisablingThatWasCutOffIsFinishedWithItsJournal() {
        TestDeployment given =
                threeDays(
                        "keep: {last: 2}\nretire: {disableFor: 3d}\nshare: {accounts:"
                                + " [\"111122223333\"]}");
        String oldest = oldest(given);
        given.deployment.prune(DAY_4, false);
        given.cloud.faults().calls("DisableImage").loseReply();
        assertThat(prune(given, day(6)).count(REFUSED)).isEqualTo(1);

        assertThat(prune(given, day(7)).count(DISABLED)).isEqualTo(1);
        hold(given, oldest);
        assertThat(prune(given, day(8)).count(CALLED_OFF)).isEqualTo(1);

        assertThat(permissions(given, oldest)).containsExactly("111122223333");
    }

    @Test
    void imagesAreDeprecatedOnceFromTheirCreation() {
        TestDeployment given = threeDays("keep: {last: 3}\nretire: {deprecateAfter: 7d}");

        assertThat(given.deployment.prune(DAY_4, false).count(DEPRECATED)).isEqualTo(3);
        assertThat(prune(given, day(5)).count(DEPRECATED)).isZero();

        assertThat(given.images(TestDeployment.EAST))
                .allSatisfy(image ->
                        assertThat(Instant.parse(image.image().deprecationTime()))
                                .isBetween(
                                        Instant.parse(image.image().creationDate())
                                                .plus(Duration.ofDays(7))
                                                .minusSeconds(60),
                                        Instant.parse(image.image().creationDate())
                                                .plus(Duration.ofDays(7))
                                                .plusSeconds(60)));
    }

    @Test
    void theNewestAreProtectedAndTheOthersFreedBeforeTheyGo() {
        TestDeployment given = threeDays("keep: {last: 1, atLeast: 1}\nprotect: true");
        given.deployment.prune(DAY_4, false);
        String newest = oldest(given);
        assertThat(given.images(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> assertThat(protection(image)).startsWith("enabled"));

        String second = given.instance("web-2");
        assertThat(second).isNotEmpty();
        given.nights(4, 2);
        prune(given, day(6));
        assertThat(ids(given)).contains(newest);
        prune(given, day(7));
        prune(given, day(8));

        assertThat(ids(given)).doesNotContain(newest).hasSize(2);
        assertThat(given.images(TestDeployment.EAST))
                .allSatisfy(image -> assertThat(protection(image)).startsWith("enabled"));
    }

    @Test
    void anApprovalCarriesOutThePlanThatItNames() {
        TestDeployment given = threeDays("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");
        given.deployment.prune(DAY_4, false);
        String digest = given.deployment.prune(DAY_4, true).policies().getFirst().digest();
        assertThat(given.told()).singleElement().asString().contains(digest);

        PruneReport wrong = approve(given, "0123456789abcdef");
        assertThat(wrong.problem()).contains("0123456789abcdef", "changed since");
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);

        hold(given, oldest(given));
        assertThat(approve(given, digest).problem()).contains("changed since");
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        given.ec2(TestDeployment.EAST)
                .deleteTags(tags ->
                        tags.resources(oldest(given))
                                .tags(Tag.builder().key(ImageTags.HOLD).build()));

        assertThat(approve(given, digest).count(REMOVED)).isEqualTo(2);
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void anApprovalMustBeADigest() {
        TestDeployment given = threeDays("keep: {last: 1}");

        PruneReport report = approve(given, "yes");

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void nothingGoesWhileThePolicySelectsNothingAnyMore() {
        TestDeployment given = threeDays("keep: {last: 1}");
        String instance =
                given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(instance)
                                .tags(Tag.builder().key("backup").value("glod").build()));

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(BLOCKED)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("no longer selects any instance");
    }

    @Test
    void nothingGoesWhereMoreThanHalfOfTheImagesIsNotListedAnyMore() {
        TestDeployment given = threeDays("keep: {last: 2}");
        given.deployment.prune(DAY_4, false);
        given.nights(4, 5);
        prune(given, day(10));
        given.instance("web-2");
        TestDeployment more = given.redeployed(NIGHTLY + "    keep: {last: 9}");
        more.nights(10, 10);
        prune(more, day(21));
        List<String> all = ids(more);
        all.subList(0, all.size() - 4)
                .forEach(id ->
                        more.ec2(TestDeployment.EAST).deregisterImage(image -> image.imageId(id)));

        PruneReport report = prune(given.redeployed(NIGHTLY + "    keep: {last: 1}"), day(22));

        assertThat(report.count(BLOCKED)).isEqualTo(1);
        assertThat(ids(given)).hasSize(4);
    }

    @Test
    void aPublicImageIsToldAndStays() {
        TestDeployment given = threeDays("keep: {last: 2}");
        String oldest = oldest(given);
        publish(given, oldest);

        given.deployment.prune(DAY_4, false);
        prune(given, day(5));

        assertThat(ids(given)).contains(oldest).hasSize(3);
        assertThat(given.told()).singleElement().asString().contains("is public");
    }

    @Test
    void aPublicImageIsToldOfUntilItIsPublicNoMore() {
        TestDeployment given = threeDays("keep: {last: 2}");
        String oldest = oldest(given);
        publish(given, oldest);
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).containsExactly("public/us-east-1");

        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(oldest)
                                .launchPermission(remove -> remove.remove(EVERYBODY)));
        prune(given, day(5));

        assertThat(troubles(given)).isEmpty();
    }

    @Test
    void anImageThatIsSharedByHandIsToldAndDisabledFirst() {
        TestDeployment given = threeDays("keep: {last: 2}");
        String oldest = oldest(given);
        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(oldest)
                                .launchPermission(add ->
                                        add.add(
                                                LaunchPermission.builder()
                                                        .userId("999988887777")
                                                        .build())));

        given.deployment.prune(DAY_4, false);
        prune(given, day(6));

        assertThat(states(given)).containsExactlyInAnyOrder("disabled", "available", "available");
        assertThat(given.told()).singleElement().asString().contains("999988887777");
    }

    @Test
    void disabledImagesOfAPolicyThatLeftTheFileComeBack() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        given.deployment.prune(DAY_4, false);

        prune(
                given.redeployed(
                        """
                        policies:
                          platinum:
                            select: {tags: {backup: gold}}
                            schedule: {every: 24h}
                        """),
                day(5));

        assertThat(states(given)).containsOnly("available").hasSize(3);
    }

    @Test
    void keepsTheLastOnesOfAnInstanceThatIsGone() {
        TestDeployment given = threeDays("keep: {within: 1h, atLeast: 2}");
        String id = given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        given.ec2(TestDeployment.EAST).terminateInstances(terminate -> terminate.instanceIds(id));

        PruneReport report = prune(given, Instant.parse("2027-03-01T04:30:00Z"));
        assertThat(report.count(BLOCKED)).isEqualTo(1);
        approve(given, report.policies().getFirst().digest());

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void keepsWhatIsOnHold() {
        TestDeployment given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(oldest)
                                .tags(Tag.builder().key(ImageTags.HOLD).value("").build()));

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void keepsWhatAStoppedInstanceIsMadeOf() {
        TestDeployment given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        String user =
                given.ec2(TestDeployment.EAST)
                        .runInstances(run ->
                                run.imageId(oldest)
                                        .minCount(1)
                                        .maxCount(1)
                                        .instanceType(InstanceType.T3_MICRO))
                        .instances()
                        .getFirst()
                        .instanceId();
        given.cloud.advance(java.time.Duration.ofMinutes(5));
        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(user));
        given.cloud.advance(java.time.Duration.ofMinutes(5));

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void keepsWhatAnyVersionOfALaunchTemplateNames() {
        TestDeployment given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        String template =
                given.ec2(TestDeployment.EAST)
                        .createLaunchTemplate(create ->
                                create.launchTemplateName("web")
                                        .launchTemplateData(version -> version.imageId(oldest)))
                        .launchTemplate()
                        .launchTemplateId();
        for (int i = 0; i < 12; i++) {
            given.ec2(TestDeployment.EAST)
                    .createLaunchTemplateVersion(create ->
                            create.launchTemplateId(template)
                                    .launchTemplateData(
                                            version -> version.imageId("ami-0another0000000")));
        }

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void keepsEverythingWhileATemplateNamesItsImageByAnythingButAnId() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.ec2(TestDeployment.EAST)
                .createLaunchTemplate(create ->
                        create.launchTemplateName("web")
                                .launchTemplateData(version -> version.imageId("ami-PLACEHOLDER")));

        assertThat(given.deployment.prune(DAY_4, false).count(REMOVED)).isZero();
        assertThat(given.told()).singleElement().asString().contains("ami-PLACEHOLDER");
    }

    @Test
    void theBreakerCountsThePolicysWholeRun() {
        TestDeployment given =
                threeDays(
                        "keep: {last: 1}\nreplicate: {us-west-2: {}}\nlimits: {maxRemoveCount: 3}");

        assertThat(given.deployment.prune(DAY_4, false).count(BLOCKED)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.images(TestDeployment.WEST)).hasSize(3);
    }

    @Test
    void keepsEverythingWhereAProbeIsDenied() {
        for (String probe : List.of("DescribeLaunchTemplates", "DescribeInstances")) {
            TestDeployment given = threeDays("keep: {last: 1}");
            given.cloud.faults().calls(probe).times(10).deny();

            PruneReport report = given.deployment.prune(DAY_4, false);

            assertThat(report.count(REMOVED)).isZero();
            assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        }
    }

    @Test
    void aRegionThatCannotBeReadHoldsUpNoOther() {
        TestDeployment given = threeDays("keep: {last: 1}\nreplicate: {us-west-2: {}}");
        given.cloud
                .faults()
                .calls("DescribeImages")
                .in(TestDeployment.EAST)
                .times(100)
                .internalError();

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(UNREADABLE)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.catalog().notices())
                .singleElement()
                .satisfies(
                        notice -> assertThat(notice.text()).contains("us-east-1", "nothing was"));
    }

    @Test
    void aTroubleThatTheNextRunDoesNotFindIsOver() {
        TestDeployment given = threeDays("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");
        given.cloud.faults().calls("DescribeFleets").times(100).deny();
        given.deployment.prune(DAY_4, false);
        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .containsExactly("blind/us-east-1/EC2 fleets");

        given.deployment.prune(DAY_4.plusSeconds(60), false);
        given.deployment.prune(DAY_4.plusSeconds(60), true);
        assertThat(given.catalog().open()).hasSize(1);
        assertThat(given.told()).hasSize(1);

        given.cloud.faults().clear();
        PruneReport report = given.deployment.prune(DAY_4.plusSeconds(120), false);
        assertThat(given.catalog().open())
                .singleElement()
                .satisfies(notice -> assertThat(notice.key()).startsWith("approve/gold/"));
        assertThat(String.join("\n", given.told())).contains("resolved: us-east-1: nothing is");

        approve(given, report.policies().getFirst().digest());
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aTroubleOfARegionThatCannotBeReadIsNotOver() {
        TestDeployment given =
                inMemory(
                        """
                        keep: {last: 9}
                        replicate: {us-west-2: {}}
                        retire: {deprecateAfter: 7d}
                        """);
        given.cloud.faults().calls("DescribeFleets").in(TestDeployment.WEST).deny();
        given.cloud.faults().calls("EnableImageDeprecation").in(TestDeployment.WEST).deny();
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).containsExactly("blind/us-west-2", "upkeep/us-west-2");

        given.cloud.faults().unreachable(TestDeployment.WEST, day(6));
        prune(given, day(5));
        assertThat(troubles(given))
                .containsExactly("blind/us-west-2", "unpruned/us-west-2", "upkeep/us-west-2");

        prune(given, day(6));
        assertThat(troubles(given)).isEmpty();
    }

    @Test
    void onlyAWholeRunTellsThatRefusedUpkeepIsOver() {
        TestDeployment given = inMemory("keep: {last: 9}\nretire: {deprecateAfter: 7d}");
        given.cloud.faults().calls("EnableImageDeprecation").deny();
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).containsExactly("upkeep/us-east-1");

        given.cloud.faults().calls("EnableImageDeprecation").deny();
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).as("refused again").containsExactly("upkeep/us-east-1");

        prune(given, ShortContext.of(context(given), () -> 0));
        assertThat(troubles(given))
                .as("no time")
                .containsExactly("slow/PruneFunction", "upkeep/us-east-1");

        approve(given, "0123456789abcdef");
        assertThat(troubles(given)).as("not tried").containsExactly("upkeep/us-east-1");

        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).isEmpty();
    }

    @Test
    void aPlanWaitsForItsApprovalUntilThatOrAnotherPlanComes() {
        TestDeployment given = inMemory("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).containsExactly("approve/gold");

        approve(given, "0123456789abcdef");
        assertThat(troubles(given)).as("no such plan").containsExactly("approve/gold");

        hold(given, oldest(given));
        String other = given.deployment.prune(DAY_4, true).policies().getFirst().digest();
        assertThat(approve(given, other).count(REMOVED)).isEqualTo(1);
        assertThat(troubles(given)).as("another plan").containsExactly("approve/gold");

        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).isEmpty();
    }

    @Test
    void aPlanWaitsForItsApprovalWhileNotEveryRegionCanBeRead() {
        TestDeployment given =
                inMemory(
                        "keep: {last: 1}\nreplicate: {us-west-2: {}}\nlimits: {maxRemoveCount: 3}");
        given.deployment.prune(DAY_4, false);
        assertThat(troubles(given)).containsExactly("approve/gold");

        given.cloud.faults().unreachable(TestDeployment.WEST, day(6));
        assertThat(prune(given, day(5)).count(BLOCKED)).isZero();

        assertThat(troubles(given)).containsExactly("approve/gold", "unpruned/us-west-2");
    }

    @Test
    void aTroubleThatIsNotOfPruningStaysOpen() {
        TestDeployment given = inMemory("keep: {last: 1}");
        given.catalog()
                .note(
                        new Notice(
                                NoticeKey.parse("unread/us-east-1"),
                                DAY_4,
                                "text",
                                "remedy",
                                true));

        given.deployment.prune(DAY_4, false);

        assertThat(troubles(given)).containsExactly("unread/us-east-1");
    }

    @Test
    void takesNothingWhoseTagsDoNotFitTheRecord() {
        TestDeployment given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        claimForOther(given, oldest);

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void finishesARemovalThatWasCutOffAfterDeregistration() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.faults().calls("DeregisterImage").loseReply();

        assertThat(given.deployment.prune(DAY_4, false).count(REFUSED)).isEqualTo(1);
        PruneReport second = given.deployment.prune(DAY_4.plusSeconds(60), false);

        assertThat(second.count(REMOVED)).isEqualTo(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(1);
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST))).hasSize(2);
    }

    @Test
    void aDeniedRemovalIsToldAndTriedAgain() {
        TestDeployment given = threeDays("keep: {last: 2}");
        given.cloud.faults().calls("DeregisterImage").deny();

        assertThat(given.deployment.prune(DAY_4, false).count(REFUSED)).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("could not be removed");

        assertThat(prune(given, day(5)).count(REMOVED)).isEqualTo(1);
    }

    @Test
    void callsOffARemovalWhenTheImageIsPutOnHoldMeanwhile() {
        TestDeployment given = threeDays("keep: {last: 2}");
        String oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").deny();
        given.deployment.prune(DAY_4, false);
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(oldest)
                                .tags(Tag.builder().key(ImageTags.HOLD).value("yes").build()));

        PruneReport report = prune(given, day(5));

        assertThat(report.count(CALLED_OFF)).isEqualTo(1);
        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void theBreakerStopsAPolicyThatWouldRemoveTooMuch() {
        TestDeployment given = threeDays("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(BLOCKED)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.told()).singleElement().asString().contains("maxRemoveCount: 1");
    }

    @Test
    void keepsAHomeImageWhileACopyOfItWaits() {
        TestDeployment given = threeDays("keep: {last: 1}");
        TestDeployment waiting =
                TestDeployment.nightly("keep: {last: 1}\nreplicate: {us-west-2: {}}");
        waiting.instance("web-1");
        waiting.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-09T00:00:00Z"));
        waiting.nights(4);

        given.deployment.prune(DAY_4, false);
        waiting.deployment.prune(DAY_4, false);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(waiting.images(TestDeployment.EAST)).hasSize(4);
    }

    @Test
    void imagesOfAPolicyThatIsNoLongerInTheFileStay() {
        TestDeployment given = threeDays("keep: {last: 1}");
        TestDeployment other =
                given.redeployed(
                        """
                        policies:
                          platinum:
                            select: {tags: {backup: gold}}
                            schedule: {every: 24h}
                            keep: {last: 1}
                        """);

        other.deployment.prune(DAY_4, false);

        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void recordsAMalformedEvent() {
        TestDeployment given = TestDeployment.nightly("keep: {last: 1}");

        PruneReport report =
                new PruneHandler(given.deployment.application())
                        .handleRequest(Map.of("time", "tomorrow"), given.context("PruneFunction"));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("source: must be present");
    }

    @Test
    void aPersonMayAskForThePlanWithoutATime() throws Exception {
        TestDeployment given = threeDays("keep: {last: 1}");

        PruneReport report =
                new PruneHandler(given.deployment.application())
                        .handleRequest(
                                Samples.read("prune-dry-run.json"), given.context("PruneFunction"));

        assertThat(report.dryRun()).isTrue();
        assertThat(report.count(REMOVED)).isEqualTo(2);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void everyImageIsCounted() {
        PruneReport report = inMemory("keep: {last: 1}").deployment.prune(DAY_4, false);

        assertThat(report.count(KEPT)).isEqualTo(1);
        assertThat(report.count(REMOVED)).isEqualTo(2);
    }

    @Test
    void aDryRunCountsWhatARunWouldDo() {
        TestDeployment removing = inMemory("keep: {last: 1}");
        PruneReport remove = removing.deployment.prune(DAY_4, true);
        assertThat(remove.count(KEPT)).isEqualTo(1);
        assertThat(remove.count(REMOVED)).isEqualTo(2);
        assertThat(remove.count(UNLISTED)).isZero();

        TestDeployment disabling = inMemory("keep: {last: 1}\nretire: {disableFor: 3d}");
        assertThat(disabling.deployment.prune(DAY_4, true).count(DISABLED)).isEqualTo(2);
        disabling.deployment.prune(DAY_4, false);
        assertThat(disabling.deployment.prune(DAY_4, true).count(WAITING)).isEqualTo(2);
        hold(disabling, oldest(disabling));
        assertThat(disabling.deployment.prune(DAY_4, true).count(CALLED_OFF)).isEqualTo(1);

        TestDeployment blocked = inMemory("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");
        assertThat(blocked.deployment.prune(DAY_4, true).count(AWAITING)).isEqualTo(2);
    }

    @Test
    void aDryRunCountsARemovalThatWasCutOffAsLeft() {
        TestDeployment given = inMemory("keep: {last: 2}");
        given.cloud.faults().calls("DeregisterImage").loseReply();
        given.deployment.prune(DAY_4, false);

        assertThat(given.deployment.prune(DAY_4, true).count(LEFT)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void whatWaitsForAnApprovalIsCounted() {
        TestDeployment given = inMemory("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(AWAITING)).isEqualTo(2);
        assertThat(report.count(KEPT)).isEqualTo(1);
    }

    @Test
    void aRunThatWasStoppedDoesNotCountAsWhatWasBefore() {
        TestDeployment given = inMemory("keep: {last: 2}");
        given.deployment.prune(DAY_4, false);
        String instance =
                given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(instance)
                                .tags(Tag.builder().key("backup").value("glod").build()));

        assertThat(prune(given, day(5)).count(BLOCKED)).isEqualTo(1);
        assertThat(prune(given, day(6)).count(BLOCKED)).isEqualTo(1);
    }

    @Test
    void whatGoesIsNotDeprecatedFirst() {
        TestDeployment given = inMemory("keep: {last: 1}\nretire: {deprecateAfter: 7d}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(DEPRECATED)).isEqualTo(1);
        assertThat(given.cloud.calls()).containsEntry("EnableImageDeprecation", 1);
    }

    @Test
    void aRunStopsHalfAMinuteBeforeItsTimeIsOver() {
        TestDeployment given = inMemory("keep: {last: 1}");

        PruneReport late = prune(given, ShortContext.of(context(given), () -> 30_000));
        assertThat(late.count(POSTPONED)).isEqualTo(2);
        assertThat(late.count(REMOVED)).isZero();
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);

        PruneReport early = prune(given, ShortContext.of(context(given), () -> 30_001));
        assertThat(early.count(REMOVED)).isEqualTo(2);
        assertThat(early.count(POSTPONED)).isZero();
    }

    @Test
    void whatThereIsNoTimeForIsPostponedImageByImage() {
        TestDeployment given = inMemory("keep: {last: 1}");

        PruneReport report =
                prune(
                        given,
                        ShortContext.of(
                                context(given),
                                () ->
                                        given.cloud.calls().containsKey("DeregisterImage")
                                                ? 0
                                                : 300_000));

        assertThat(report.count(REMOVED)).isEqualTo(1);
        assertThat(report.count(POSTPONED)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void whatCannotBeReadAgainIsPostponed() {
        TestDeployment given = inMemory("keep: {last: 1}");
        given.cloud.faults().calls("DescribeImages").nth(2).internalError();

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(POSTPONED)).isEqualTo(2);
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.deployment.prune(DAY_4, false).count(REMOVED)).isEqualTo(2);
    }

    @Test
    void aRemovalIsNotFinishedWhileItsImageCannotBeRead() {
        TestDeployment given = inMemory("keep: {last: 2}");
        given.cloud.faults().calls("DeregisterImage").loseReply();
        given.deployment.prune(DAY_4, false);
        given.cloud.faults().calls("DescribeImages").nth(2).internalError();

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(POSTPONED)).isEqualTo(1);
        assertThat(report.count(REMOVED)).isZero();
    }

    @Test
    void anImageThatIsHeldWhileTheRunIsAtItStays() {
        TestDeployment given = inMemory("keep: {last: 1}");
        String oldest = oldest(given);

        PruneReport report = prune(given, meanwhile(given, 1, () -> hold(given, oldest)));

        assertThat(report.count(REMOVED)).isEqualTo(1);
        assertThat(report.count(KEPT)).isEqualTo(2);
        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void anImageThatIsMadePublicWhileTheRunIsAtItStays() {
        TestDeployment given = inMemory("keep: {last: 1}");
        String oldest = oldest(given);

        prune(given, meanwhile(given, 1, () -> publish(given, oldest)));

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void anImageThatGetsOtherTagsWhileTheRunIsAtItStays() {
        TestDeployment given = inMemory("keep: {last: 1}");
        String oldest = oldest(given);

        prune(given, meanwhile(given, 1, () -> claimForOther(given, oldest)));

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void anImageWhoseRecordChangesWhileTheRunIsAtItStays() {
        TestDeployment given = inMemory("keep: {last: 1}");
        Image oldest = given.records(TestDeployment.EAST).getFirst();

        PruneReport report =
                prune(
                        given,
                        meanwhile(
                                given,
                                1,
                                () ->
                                        given.catalog()
                                                .save(Change.of(oldest, oldest.proven(DAY_4)))));

        assertThat(report.count(REMOVED)).isEqualTo(1);
        assertThat(report.count(KEPT)).isEqualTo(2);
        assertThat(ids(given)).contains(oldest.id().orElseThrow().value());
    }

    @Test
    void snapshotsThatAreLeftAreDeletedByALaterRun() {
        TestDeployment given = inMemory("keep: {last: 2}");
        String snapshot = given.snapshotsOf(new ImageId(oldest(given))).getFirst().value();
        Runnable lock = () -> lock(given, snapshot, 30);

        // Locked after it was seen not to be.
        PruneReport first = prune(given, meanwhile(given, 1, lock));
        assertThat(first.count(LEFT)).isEqualTo(1);
        assertThat(first.count(REMOVED)).isZero();

        given.ec2(TestDeployment.EAST).unlockSnapshot(unlock -> unlock.snapshotId(snapshot));
        assertThat(prune(given, day(5)).count(REMOVED)).isEqualTo(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void aLockedSnapshotKeepsItsImageUntilTheLockEnds() {
        TestDeployment given = inMemory("keep: {last: 2}");
        String oldest = oldest(given);
        lock(given, given.snapshotsOf(new ImageId(oldest)).getFirst().value(), 4);

        assertThat(given.deployment.prune(DAY_4, true).plan())
                .filteredOn(line -> line.image().equals(oldest))
                .singleElement()
                .satisfies(line ->
                        assertThat(line.reasons())
                                .singleElement()
                                .asString()
                                .contains("the lock on snap-", "governance until 2026-03-0"));
        assertThat(prune(given, DAY_4).count(REMOVED)).isZero();
        assertThat(prune(given, day(6)).count(REMOVED)).isZero();
        assertThat(prune(given, day(8)).count(REMOVED)).isEqualTo(1);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void nothingGoesWhileLocksCannotBeRead() {
        TestDeployment given = inMemory("keep: {last: 1}");
        given.cloud.faults().calls("DescribeLockedSnapshots").deny();

        assertThat(given.deployment.prune(DAY_4, false).count(REMOVED)).isZero();
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("snapshot locks", "the role may not call ec2:DescribeLockedSnapshots");
        assertThat(prune(given, day(5)).count(REMOVED)).isEqualTo(2);
        assertThat(troubles(given)).isEmpty();
    }

    private static void lock(TestDeployment given, String snapshot, int days) {
        given.ec2(TestDeployment.EAST)
                .lockSnapshot(lock ->
                        lock.snapshotId(snapshot).lockMode(LockMode.GOVERNANCE).lockDuration(days));
    }

    @Test
    void anotherDateOfDeprecationReachesImagesThatHaveTheOldOne() {
        TestDeployment given = threeDays("keep: {last: 3}\nretire: {deprecateAfter: 7d}");
        given.deployment.prune(DAY_4, false);

        TestDeployment later =
                given.redeployed(
                        NIGHTLY + "    keep: {last: 3}\n    retire: {deprecateAfter: 30d}");
        assertThat(prune(later, day(5)).count(DEPRECATED)).isEqualTo(3);
        assertThat(prune(later, day(6)).count(DEPRECATED)).isZero();
        assertThat(deprecatedAfter(later)).containsOnly(Duration.ofDays(30));

        TestDeployment never = given.redeployed(NIGHTLY + "    keep: {last: 3}");
        prune(never, day(7));
        assertThat(never.images(TestDeployment.EAST))
                .allMatch(image -> image.image().deprecationTime() == null);
    }

    @Test
    void aShorterAgeOfDeprecationThatIsPastIsSetOnce() {
        TestDeployment given = threeDays("keep: {last: 3}\nretire: {deprecateAfter: 300d}");
        given.deployment.prune(DAY_4, false);

        TestDeployment sooner =
                given.redeployed(NIGHTLY + "    keep: {last: 3}\n    retire: {deprecateAfter: 1h}");
        assertThat(prune(sooner, day(5)).count(DEPRECATED)).isEqualTo(3);
        assertThat(prune(sooner, day(6)).count(DEPRECATED)).isZero();
        TestDeployment never = given.redeployed(NIGHTLY + "    keep: {last: 3}");
        prune(never, day(7));
        assertThat(never.images(TestDeployment.EAST))
                .as("such a date is known as ours, too")
                .allMatch(image -> image.image().deprecationTime() == null);
    }

    @Test
    void aDateOfDeprecationThatAPersonSetStays() {
        TestDeployment given = threeDays("keep: {last: 3}\nretire: {deprecateAfter: 7d}");
        String image = oldest(given);
        Instant theirs = given.cloud.now().plus(Duration.ofDays(90)).plus(Duration.ofMinutes(20));
        given.ec2(TestDeployment.EAST)
                .enableImageDeprecation(date -> date.imageId(image).deprecateAt(theirs));

        assertThat(given.deployment.prune(DAY_4, false).count(DEPRECATED)).isEqualTo(2);
        prune(given.redeployed(NIGHTLY + "    keep: {last: 3}"), day(5));
        assertThat(given.images(TestDeployment.EAST))
                .filteredOn(it -> it.image().deprecationTime() != null)
                .singleElement()
                .satisfies(it -> assertThat(it.image().imageId()).isEqualTo(image));
    }

    @Test
    void thePolicyThatLeftTheFileTakesNoDateAway() {
        TestDeployment given = threeDays("keep: {last: 3}\nretire: {deprecateAfter: 7d}");
        given.deployment.prune(DAY_4, false);

        prune(given.redeployed(NIGHTLY.replace("gold:", "other:")), day(5));

        assertThat(deprecatedAfter(given)).containsOnly(Duration.ofDays(7));
    }

    @Test
    void theImagesOfAnInstanceThatIsGoneGoWhenThatIsLongEnoughAgo() {
        TestDeployment given =
                threeDays("keep: {last: 1, atLeast: 2, goneAfter: 10d}\nprotect: true");
        terminateAll(given);
        assertThat(prune(given, DAY_4).count(REMOVED)).isEqualTo(1);

        assertThat(prune(given, day(13)).count(REMOVED)).isZero();
        assertThat(given.deployment.prune(day(13), true).plan())
                .allSatisfy(line ->
                        assertThat(line.reasons())
                                .first()
                                .asString()
                                .contains(
                                        ", until 2026-03-14T04:00:00Z, because its instance has"
                                                + " been gone since 2026-03-04T04:00:00Z"));
        // The protection is lifted first, and holds for a day.
        prune(given, day(14));
        prune(given, day(16));
        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isEmpty();
        assertThat(given.catalog().removed("gold", new Region(TestDeployment.EAST)))
                .extracting(Tombstone::why)
                .anyMatch(why ->
                        why.contains("its instance has been gone since 2026-03-04T04:00:00Z"));
    }

    @Test
    void withoutThatTheLastOnesOfAnInstanceThatIsGoneStay() {
        TestDeployment given = threeDays("keep: {last: 1, atLeast: 2}");
        terminateAll(given);

        prune(given, DAY_4);
        prune(given, day(4000));

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void aListingThatFailsProvesNoInstanceGone() {
        TestDeployment given = threeDays("keep: {last: 1, goneAfter: 1h}");
        given.cloud.faults().calls("DescribeInstances").times(20).deny();
        prune(given, DAY_4);
        assertThat(given.catalog().gone(new Region(TestDeployment.EAST))).isEmpty();
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    @Test
    void anInstanceThatIsSeenAgainWasNotGone() {
        TestDeployment given = threeDays("keep: {last: 1, goneAfter: 1d}");
        Region east = new Region(TestDeployment.EAST);
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.catalog().gone(east, image.name().instance(), Instant.EPOCH);

        prune(given, DAY_4);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.catalog().gone(east)).isEmpty();
    }

    @Test
    void aDryRunRemembersNothingOfWhoIsGone() {
        TestDeployment given = threeDays("keep: {last: 1, goneAfter: 1d}");
        terminateAll(given);

        given.deployment.prune(DAY_4, true);

        assertThat(given.catalog().gone(new Region(TestDeployment.EAST))).isEmpty();
    }

    private static void terminateAll(TestDeployment given) {
        given.records(TestDeployment.EAST).stream()
                .map(image -> image.name().instance().value())
                .distinct()
                .forEach(id ->
                        given.ec2(TestDeployment.EAST)
                                .terminateInstances(terminate -> terminate.instanceIds(id)));
        // Without any the breaker would speak first.
        given.instance("web-2");
        given.cloud.advance(Duration.ofHours(2));
    }

    @Test
    void aPolicyThatLeftTheFileIsToldOfOnceWithItsImagesUntilItIsBack() {
        TestDeployment given = threeDays("keep: {last: 1}");
        TestDeployment without = given.redeployed(NIGHTLY.replace("gold:", "other:"));

        prune(without, DAY_4);
        prune(without, day(5));

        assertThat(without.told())
                .singleElement()
                .asString()
                .contains(
                        "policy gold is no longer in the policy file: its 3 images in us-east-1"
                                + " stay, and no rule removes them");
        assertThat(without.images(TestDeployment.EAST)).hasSize(3);

        prune(given.redeployed(NIGHTLY + "    keep: {last: 1}"), day(6));
        assertThat(troubles(given)).isEmpty();
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void whatWasRemovedUnderAPolicyThatLeftTheFileIsStillFound() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.settings().recycleBin(Duration.ofDays(7), Duration.ofDays(7));
        String oldest = oldest(given);
        prune(given, DAY_4);
        TestDeployment without = given.redeployed(NIGHTLY.replace("gold:", "other:"));

        Undo.UndoResult end =
                without.deployment
                        .application()
                        .undo(day(4))
                        .of(new Region(TestDeployment.EAST), new ImageId(oldest));

        assertThat(end).isInstanceOf(Undo.UndoResult.Back.class);
        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void theLastOneUnderAnOldNameMayGoByHandOnceANewOneHasItsPlace() {
        TestDeployment given = threeDays("keep: {last: 1}");
        prune(given, DAY_4);
        ImageId last = new ImageId(oldest(given));
        TestDeployment renamed = given.redeployed(NIGHTLY.replace("gold:", "other:"));
        assertThat(byHand(renamed, last).against())
                .extracting(Reason::kind)
                .containsExactly(Reason.ReasonKind.AT_LEAST);

        renamed.nights(4, 1);

        assertThat(byHand(renamed, last).against()).isEmpty();
    }

    private static ManualRemoval byHand(TestDeployment given, ImageId image) {
        return given.deployment
                .application()
                .planner(new Planner.PlannerRun(given.cloud.now(), false, _ -> {}))
                .byHand(new Region(TestDeployment.EAST), image)
                .orElseThrow();
    }

    private static List<Duration> deprecatedAfter(TestDeployment given) {
        return given.images(TestDeployment.EAST).stream()
                .map(LocalImage::image)
                .map(image ->
                        Duration.between(
                                        Instant.parse(image.creationDate()),
                                        Instant.parse(image.deprecationTime()).plusSeconds(60))
                                .truncatedTo(ChronoUnit.HOURS))
                .toList();
    }

    /**
     * 500 candidates, 150 ms a call, eight reads side by side, and 40 s left: 10 above the reserve.
     */
    @Test
    void whatWasReadInTimeIsActedOnAndTheRestIsForTheNextRun() {
        TestDeployment given = TestDeployment.nightlyInMemory("keep: {last: 1}");
        for (int server = 0; server < 25; server++) {
            given.instance("web-" + server);
        }
        given.nights(21);
        Instant morning = given.cloud.now();

        PruneReport first = shortRun(given, morning);

        assertThat(first.count(REMOVED)).isBetween(10, 200);
        assertThat(first.count(REMOVED) + first.count(POSTPONED)).isEqualTo(500);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("pruning ran out of time", "were not looked at");
        int runs = 1;
        while (given.images(TestDeployment.EAST).size() > 25 && runs < 60) {
            shortRun(given, morning.plus(Duration.ofDays(runs++)));
        }
        assertThat(given.images(TestDeployment.EAST)).hasSize(25);
        shortRun(given, morning.plus(Duration.ofDays(runs)));
        assertThat(troubles(given)).isEmpty();
    }

    private static PruneReport shortRun(TestDeployment given, Instant at) {
        return shortRun(given, at, 40_000);
    }

    private static PruneReport shortRun(TestDeployment given, Instant at, int millis) {
        given.cloud.advanceTo(at);
        Map<String, Integer> before = Map.copyOf(given.cloud.calls(TestDeployment.EAST));
        Set<String> sideBySide = Set.of("DescribeImageAttribute", "DescribeImageReferences");
        Context context =
                ShortContext.of(
                        context(given),
                        () -> {
                            double spent = 0;
                            for (var call : given.cloud.calls(TestDeployment.EAST).entrySet()) {
                                int made = call.getValue() - before.getOrDefault(call.getKey(), 0);
                                spent += sideBySide.contains(call.getKey()) ? made / 8.0 : made;
                            }
                            return (int) (millis - 150 * spent);
                        });
        return prune(given, context);
    }

    @Test
    void noPlaceInAListIsAlwaysAfterTheEndOfTheTime() {
        List<Integer> all = IntStream.range(0, 500).boxed().toList();
        Set<Integer> looked = new HashSet<>();
        for (int day = 0; day < 13; day++) {
            looked.addAll(Planner.turned(all, day(day)).subList(0, 100));
        }
        assertThat(looked).hasSize(500);
    }

    @Test
    void theFirstGoBeforeTheLastAreLookedAt() {
        List<String> calls = callsToPrune(manyNights("keep: {last: 1}"), Map.of());

        assertThat(calls.indexOf("DeregisterImage"))
                .isLessThan(calls.lastIndexOf("DescribeImageAttribute"));
        assertThat(Collections.frequency(calls, "DeregisterImage")).isEqualTo(200);
        assertThat(Collections.frequency(calls, "DescribeImageAttribute")).isEqualTo(200);
    }

    @Test
    void allAreLookedAtFirstWhereTheBreakerMightStopThem() {
        TestDeployment given = manyNights("keep: {last: 1}\nlimits: {maxRemoveCount: 199}");

        assertThat(callsToPrune(given, Map.of())).doesNotContain("DeregisterImage");

        given.cloud.faults().calls("DescribeImageAttribute").deny();
        List<String> calls = callsToPrune(given, Map.of());
        assertThat(Collections.frequency(calls, "DeregisterImage")).isEqualTo(199);
        assertThat(calls.indexOf("DeregisterImage"))
                .isGreaterThan(calls.lastIndexOf("DescribeImageAttribute"));
    }

    @Test
    void aRunThatHadNoTimeIsGoneOnWithUntilAllIsDone() {
        TestDeployment given = manyNights("keep: {last: 1}");
        Instant began = given.cloud.now();
        int removed = shortRun(given, began).count(REMOVED);
        assertThat(removed).isBetween(10, 150);

        assertThat(goOn(given, began.plusSeconds(899)).count(REMOVED)).isZero();
        assertThat(given.images(TestDeployment.EAST)).hasSize(210 - removed);

        PruneReport second = goOn(given, began.plusSeconds(900));
        assertThat(second.count(REMOVED)).isEqualTo(200 - removed);
        assertThat(given.catalog().unfinishedPrune()).isEmpty();
        assertThat(troubles(given)).isEmpty();
    }

    @Test
    void withoutAMarkARunThatOnlyGoesOnReadsItAndNothingElse() {
        TestDeployment given = manyNights("keep: {last: 1}");
        List<String> calls = new ArrayList<>();
        given.cloud.watch((action, _) -> calls.add(action));

        PruneReport report = goOn(given, given.cloud.now());

        assertThat(calls).containsExactly("GetItem");
        assertThat(report.count(REMOVED)).isZero();
    }

    @Test
    void noThirdRunGoesOnBesideOneThatGoesOn() {
        TestDeployment given = manyNights("keep: {last: 1}");
        Instant began = given.cloud.now();
        given.catalog().unfinished(new UnfinishedPrune(began, Map.of()));
        Instant next = began.plus(Duration.ofMinutes(16));
        List<PruneReport> third = new ArrayList<>();

        given.cloud.advanceTo(next);
        goOn(
                given,
                next,
                meanwhile(
                        given, 1, () -> third.add(goOn(given, next.plus(Duration.ofMinutes(14))))));

        assertThat(third).singleElement().satisfies(it -> assertThat(it.count(KEPT)).isZero());
        assertThat(given.images(TestDeployment.EAST)).hasSize(10);
    }

    @Test
    void anImageThatIsToBeCopiedMeanwhileStays() {
        TestDeployment given = threeDays("keep: {last: 1}");
        Region west = new Region(TestDeployment.WEST);
        given.catalog().remember(west);
        Image copied = given.records(TestDeployment.EAST).getFirst();
        given.cloud.watch((action, _) -> {
            if (action.equals("DescribeImageReferences")) {
                given.catalog().request(List.of(copied.copyTo(west, given.cloud.now())));
            }
        });

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.count(REMOVED)).isEqualTo(1);
        assertThat(ids(given)).contains(copied.id().orElseThrow().value());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "limits: {maxRemoveCount: 1}"})
    void nothingGoesIfSomebodyTakesTheImageAwayMeanwhileThatThePlanReliesOn(String limits) {
        TestDeployment given = threeDays("keep: {last: 1}\n" + limits);
        String newest = given.records(TestDeployment.EAST).getLast().id().orElseThrow().value();
        Ec2Client somebody = given.cloud.ec2(TestDeployment.EAST);
        String digest = given.deployment.prune(DAY_4, true).policies().getFirst().digest();
        AtomicBoolean done = new AtomicBoolean();
        given.cloud.watch((action, _) -> {
            if (action.equals("DescribeImageReferences") && !done.getAndSet(true)) {
                somebody.disableImage(image -> image.imageId(newest));
            }
        });

        PruneReport report =
                limits.isEmpty() ? given.deployment.prune(DAY_4, false) : approve(given, digest);

        assertThat(done).isTrue();
        assertThat(report.count(REMOVED)).isZero();
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    /** What is left then is as much as one run may take. */
    @Test
    void theBreakerCountsAllRunsThatGoOnWithEachOtherAsOne() {
        TestDeployment given = manyNights("keep: {last: 6}\nlimits: {maxRemoveCount: 195}");
        Instant began = given.cloud.now();
        int removed = shortRun(given, began).count(REMOVED);
        assertThat(removed).isBetween(10, 149);
        TestDeployment changed =
                given.redeployed(
                        NIGHTLY + "    keep: {last: 1}\n    limits: {maxRemoveCount: 195}\n");

        PruneReport goneOn = goOn(changed, began.plus(Duration.ofMinutes(15)));
        assertThat(goneOn.count(BLOCKED)).isEqualTo(1);
        assertThat(goneOn.count(REMOVED)).isZero();
        assertThat(given.told())
                .last()
                .asString()
                .contains("would take 200 of 210 images away, more than maxRemoveCount: 195");

        assertThat(prune(changed, began.plus(Duration.ofDays(1))).count(REMOVED))
                .isEqualTo(200 - removed);
    }

    @Test
    void nobodyGoesOnWithAPlanThatWaitsForAnApproval() {
        TestDeployment given = manyNights("keep: {last: 1}\nlimits: {maxRemoveCount: 100}");

        PruneReport report = shortRun(given, given.cloud.now(), 33_000);

        assertThat(report.count(BLOCKED)).isEqualTo(1);
        assertThat(report.count(POSTPONED)).isPositive();
        assertThat(given.catalog().unfinishedPrune()).isEmpty();
    }

    @Test
    void aDryRunAndAnApprovalLeaveNoMarkAndTakeNoneAway() {
        TestDeployment given = manyNights("keep: {last: 1}");
        Context none = ShortContext.of(context(given), () -> 0);
        PruneHandler handler = new PruneHandler(given.deployment.application());

        handler.handleRequest(Map.of("dryRun", true), none);
        handler.handleRequest(Map.of("approve", "0123456789abcdef"), none);
        assertThat(given.catalog().unfinishedPrune()).isEmpty();

        UnfinishedPrune mark = new UnfinishedPrune(given.cloud.now(), Map.of());
        given.catalog().unfinished(mark);
        handler.handleRequest(Map.of("dryRun", true), context(given));
        handler.handleRequest(Map.of("approve", "0123456789abcdef"), context(given));
        assertThat(given.catalog().unfinishedPrune()).contains(mark);
    }

    @Test
    void whoGoesOnAndGetsNowhereIsTheLast() {
        TestDeployment given = manyNights("keep: {last: 1}");
        Instant began = given.cloud.now();
        Context none = ShortContext.of(context(given), () -> 20_000);
        prune(given, none);
        assertThat(given.catalog().unfinishedPrune()).isPresent();

        goOn(given, began.plus(Duration.ofMinutes(15)), none);

        assertThat(given.catalog().unfinishedPrune()).isEmpty();
        assertThat(troubles(given)).containsExactly("slow/PruneFunction");
    }

    private static PruneReport goOn(TestDeployment given, Instant at) {
        given.cloud.advanceTo(at);
        return given.deployment.goOnPruning(at);
    }

    private static PruneReport goOn(TestDeployment given, Instant at, Context context) {
        if (at.isAfter(given.cloud.now())) {
            given.cloud.advanceTo(at);
        }
        return new PruneHandler(given.deployment.application())
                .handleRequest(Map.of("goOn", true), context);
    }

    /** Ten servers with 21 images each. */
    private static TestDeployment manyNights(String policy) {
        TestDeployment given = TestDeployment.nightlyInMemory(policy);
        for (int server = 0; server < 10; server++) {
            given.instance("web-" + server);
        }
        given.nights(21);
        return given;
    }

    private static List<String> callsToPrune(TestDeployment given, Map<String, Object> event) {
        List<String> calls = new ArrayList<>();
        given.cloud.watch((action, _) -> calls.add(action));
        new PruneHandler(given.deployment.application()).handleRequest(event, context(given));
        given.cloud.watch((_, _) -> {});
        return calls;
    }

    @Test
    void theBreakerCountsWhatThereWasNoTimeToLookAt() {
        TestDeployment given =
                TestDeployment.nightlyInMemory("keep: {last: 1}\nlimits: {maxRemoveCount: 300}");
        for (int server = 0; server < 25; server++) {
            given.instance("web-" + server);
        }
        given.nights(21);

        PruneReport report = shortRun(given, given.cloud.now());

        assertThat(report.count(REMOVED)).isZero();
        assertThat(report.count(BLOCKED)).isEqualTo(1);
    }

    /** Three nights of one instance, and the morning after; the pruner has not run yet. */
    private static TestDeployment threeDays(String policy) {
        return threeDays(TestDeployment.nightly(policy));
    }

    /** The same, with the catalogue in memory. */
    private static TestDeployment inMemory(String policy) {
        return threeDays(TestDeployment.nightlyInMemory(policy));
    }

    private static TestDeployment threeDays(TestDeployment given) {
        given.instance("web-1");
        given.nights(3);
        return given;
    }

    @Test
    void theSampleOfAnApprovalIsUnderstood() throws Exception {
        TestDeployment given = threeDays("keep: {last: 1}");

        PruneReport report =
                new PruneHandler(given.deployment.application())
                        .handleRequest(
                                Samples.read("prune-approve.json"), given.context("PruneFunction"));

        assertThat(report.count(MALFORMED)).isZero();
        assertThat(report.problem()).contains("no plan has the digest");
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    private static final String NIGHTLY =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
            """;

    private static Instant day(int number) {
        return DAY_4.plus(Duration.ofDays(number - 4L));
    }

    private static PruneReport prune(TestDeployment given, Instant at) {
        given.cloud.advanceTo(at);
        return given.deployment.prune(at, false);
    }

    /** Runs with this context, without a time of its own. */
    private static PruneReport prune(TestDeployment given, Context context) {
        return new PruneHandler(given.deployment.application()).handleRequest(Map.of(), context);
    }

    private static Context context(TestDeployment given) {
        return given.context("PruneFunction");
    }

    /** Something that happens when the run asks for its time the n-th time after it has read. */
    private static Context meanwhile(TestDeployment given, int n, Runnable happens) {
        AtomicInteger asked = new AtomicInteger();
        return ShortContext.of(
                context(given),
                () -> {
                    if (given.cloud.calls().containsKey("DescribeImageReferences")
                            && asked.incrementAndGet() == n) {
                        happens.run();
                    }
                    return 300_000;
                });
    }

    private static PruneReport approve(TestDeployment given, String digest) {
        return new PruneHandler(given.deployment.application())
                .handleRequest(Map.of("approve", digest), given.context("PruneFunction"));
    }

    private static void hold(TestDeployment given, String image) {
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(image)
                                .tags(Tag.builder().key(ImageTags.HOLD).value("yes").build()));
    }

    /** What is open, of which kind and where. */
    private static List<String> troubles(TestDeployment given) {
        return given.catalog().open().stream()
                .map(notice -> notice.key().split("/", -1))
                .map(parts -> parts[0] + "/" + parts[1])
                .sorted()
                .toList();
    }

    private static void publish(TestDeployment given, String image) {
        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(image).launchPermission(add -> add.add(EVERYBODY)));
    }

    private static void claimForOther(TestDeployment given, String image) {
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(image)
                                .tags(
                                        Tag.builder()
                                                .key(ImageTags.INSTANCE)
                                                .value("i-0other")
                                                .build()));
    }

    private static List<String> states(TestDeployment given) {
        return given.images(TestDeployment.EAST).stream()
                .map(i -> i.image().stateAsString())
                .toList();
    }

    private static String protection(LocalImage image) {
        return image.image().deregistrationProtection();
    }

    private static List<String> permissions(TestDeployment given, String image) {
        return given
                .ec2(TestDeployment.EAST)
                .describeImageAttribute(
                        ask -> ask.imageId(image).attribute(ImageAttributeName.LAUNCH_PERMISSION))
                .launchPermissions()
                .stream()
                .map(permission -> permission.userId())
                .toList();
    }

    private static String oldest(TestDeployment given) {
        return given.records(TestDeployment.EAST).getFirst().id().orElseThrow().value();
    }

    private static List<String> ids(TestDeployment given) {
        return given.images(TestDeployment.EAST).stream()
                .map(LocalImage::image)
                .map(i -> i.imageId())
                .toList();
    }
}
