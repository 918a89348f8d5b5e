package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Given;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Pruning on the cloud's end state; which image goes is shown with the decisions. */
final class PruneHandlerTest {
    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");

    @Test
    void removesImagesWithTheirSnapshotsAndLeavesATombstone() {
        Given given = threeDays("keep: {last: 1}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.removed()).isEqualTo(2);
        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(given.cloud.snapshots(Given.EAST)).hasSize(1);
        assertThat(given.catalog().removed("gold", new Region(Given.EAST)))
                .extracting(Tombstone::by)
                .containsExactly("PruneFunction", "PruneFunction");
        assertThat(given.catalog().removed("gold", new Region(Given.EAST)).getFirst().why())
                .contains("no rule keeps it");
    }

    @Test
    void aDryRunShowsThePlanAndChangesNothing() {
        Given given = threeDays("keep: {last: 1}");

        PruneReport report = given.deployment.prune(DAY_4, true);

        assertThat(report.plan())
                .extracting(PruneReport.Line::verdict)
                .containsExactly("remove", "remove", "keep");
        assertThat(given.images(Given.EAST)).hasSize(3);
        assertThat(given.cloud.calls()).doesNotContainKey("DeregisterImage");
        assertThat(given.records(Given.EAST)).hasSize(3);
    }

    @Test
    void removesNothingWithoutKeep() {
        Given given = threeDays("");

        given.deployment.prune(DAY_4, false);

        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    @Test
    void removesNothingAtOnceThatIsToBeDisabledFirst() {
        Given given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");

        given.deployment.prune(DAY_4, false);

        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    @Test
    void keepsTheLastOnesOfAnInstanceThatIsGone() {
        Given given = threeDays("keep: {within: 1h, atLeast: 2}");
        String id = given.cloud.instances(Given.EAST).getFirst().instance().instanceId();
        given.ec2(Given.EAST).terminateInstances(terminate -> terminate.instanceIds(id));

        given.deployment.prune(Instant.parse("2027-03-01T04:30:00Z"), false);

        assertThat(given.images(Given.EAST)).hasSize(2);
    }

    @Test
    void keepsWhatIsOnHold() {
        Given given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        given.ec2(Given.EAST)
                .createTags(tags ->
                        tags.resources(oldest)
                                .tags(Tag.builder().key(ImageTags.HOLD).value("").build()));

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void keepsWhatAStoppedInstanceIsMadeOf() {
        Given given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        String user =
                given.ec2(Given.EAST)
                        .runInstances(run ->
                                run.imageId(oldest)
                                        .minCount(1)
                                        .maxCount(1)
                                        .instanceType(InstanceType.T3_MICRO))
                        .instances()
                        .getFirst()
                        .instanceId();
        given.cloud.advance(java.time.Duration.ofMinutes(5));
        given.ec2(Given.EAST).stopInstances(stop -> stop.instanceIds(user));
        given.cloud.advance(java.time.Duration.ofMinutes(5));

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest).hasSize(2);
    }

    @Test
    void keepsWhatAnyVersionOfALaunchTemplateNames() {
        Given given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        String template =
                given.ec2(Given.EAST)
                        .createLaunchTemplate(create ->
                                create.launchTemplateName("web")
                                        .launchTemplateData(version -> version.imageId(oldest)))
                        .launchTemplate()
                        .launchTemplateId();
        for (int i = 0; i < 12; i++) {
            given.ec2(Given.EAST)
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
        Given given = threeDays("keep: {last: 1}");
        given.ec2(Given.EAST)
                .createLaunchTemplate(create ->
                        create.launchTemplateName("web")
                                .launchTemplateData(version -> version.imageId("ami-PLACEHOLDER")));

        assertThat(given.deployment.prune(DAY_4, false).removed()).isZero();
        assertThat(given.told()).singleElement().asString().contains("ami-PLACEHOLDER");
    }

    @Test
    void theBreakerCountsThePolicysWholeRun() {
        Given given =
                threeDays(
                        "keep: {last: 1}\nreplicate: {us-west-2: {}}\nlimits: {maxRemoveCount: 3}");

        assertThat(given.deployment.prune(DAY_4, false).blocked()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(3);
        assertThat(given.images(Given.WEST)).hasSize(3);
    }

    @Test
    void keepsEverythingWhereAProbeIsDenied() {
        for (String probe : List.of("DescribeLaunchTemplates", "DescribeInstances")) {
            Given given = threeDays("keep: {last: 1}");
            given.cloud.faults().calls(probe).times(10).deny();

            PruneReport report = given.deployment.prune(DAY_4, false);

            assertThat(report.removed()).isZero();
            assertThat(given.images(Given.EAST)).hasSize(3);
        }
    }

    @Test
    void aRegionThatCannotBeReadHoldsUpNoOther() {
        Given given = threeDays("keep: {last: 1}\nreplicate: {us-west-2: {}}");
        given.cloud.faults().unreachable(Given.EAST, DAY_4.plusSeconds(3600));

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.unreadable()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(3);
        assertThat(given.images(Given.WEST)).hasSize(1);
        assertThat(given.catalog().notices())
                .singleElement()
                .satisfies(
                        notice -> assertThat(notice.text()).contains("us-east-1", "nothing was"));
    }

    @Test
    void takesNothingWhoseTagsDoNotFitTheRecord() {
        Given given = threeDays("keep: {last: 1}");
        String oldest = oldest(given);
        given.ec2(Given.EAST)
                .createTags(tags ->
                        tags.resources(oldest)
                                .tags(
                                        Tag.builder()
                                                .key(ImageTags.INSTANCE)
                                                .value("i-0other")
                                                .build()));

        given.deployment.prune(DAY_4, false);

        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void finishesARemovalThatWasCutOffAfterDeregistration() {
        Given given = threeDays("keep: {last: 1}");
        given.cloud.faults().calls("DeregisterImage").loseReply();

        assertThat(given.deployment.prune(DAY_4, false).refused()).isEqualTo(1);
        PruneReport second = given.deployment.prune(DAY_4.plusSeconds(60), false);

        assertThat(second.removed()).isEqualTo(1);
        assertThat(given.cloud.snapshots(Given.EAST)).hasSize(1);
        assertThat(given.catalog().removed("gold", new Region(Given.EAST))).hasSize(2);
    }

    @Test
    void aDeniedRemovalIsToldAndTriedAgain() {
        Given given = threeDays("keep: {last: 2}");
        given.cloud.faults().calls("DeregisterImage").deny();

        assertThat(given.deployment.prune(DAY_4, false).refused()).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("could not be removed");

        assertThat(given.deployment.prune(DAY_4.plusSeconds(60), false).removed()).isEqualTo(1);
    }

    @Test
    void callsOffARemovalWhenTheImageIsPutOnHoldMeanwhile() {
        Given given = threeDays("keep: {last: 2}");
        String oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").deny();
        given.deployment.prune(DAY_4, false);
        given.ec2(Given.EAST)
                .createTags(tags ->
                        tags.resources(oldest)
                                .tags(Tag.builder().key(ImageTags.HOLD).value("yes").build()));

        PruneReport report = given.deployment.prune(DAY_4.plusSeconds(60), false);

        assertThat(report.calledOff()).isEqualTo(1);
        assertThat(ids(given)).contains(oldest);
    }

    @Test
    void theBreakerStopsAPolicyThatWouldRemoveTooMuch() {
        Given given = threeDays("keep: {last: 1}\nlimits: {maxRemoveCount: 1}");

        PruneReport report = given.deployment.prune(DAY_4, false);

        assertThat(report.blocked()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(3);
        assertThat(given.told()).singleElement().asString().contains("maxRemoveCount: 1");
    }

    @Test
    void keepsAHomeImageWhileACopyOfItWaits() {
        Given given = threeDays("keep: {last: 1}");
        Given waiting = Given.nightly("keep: {last: 1}\nreplicate: {us-west-2: {}}");
        waiting.instance("web-1");
        waiting.cloud.faults().unreachable(Given.WEST, Instant.parse("2026-03-09T00:00:00Z"));
        waiting.nights(4);

        given.deployment.prune(DAY_4, false);
        waiting.deployment.prune(DAY_4, false);

        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(waiting.images(Given.EAST)).hasSize(4);
    }

    @Test
    void imagesOfAPolicyThatIsNoLongerInTheFileStay() {
        Given given = threeDays("keep: {last: 1}");
        Given other =
                given.redeployed(
                        """
                        policies:
                          platinum:
                            select: {tags: {backup: gold}}
                            schedule: {every: 24h}
                            keep: {last: 1}
                        """);

        other.deployment.prune(DAY_4, false);

        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    @Test
    void recordsAMalformedEvent() {
        Given given = Given.nightly("keep: {last: 1}");

        PruneReport report =
                new PruneHandler(given.deployment.application())
                        .handleRequest(Map.of("time", "tomorrow"), given.context("PruneFunction"));

        assertThat(report.malformed()).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("source: must be there");
    }

    @Test
    void aPersonMayAskForThePlanWithoutATime() throws Exception {
        Given given = threeDays("keep: {last: 1}");

        PruneReport report =
                new PruneHandler(given.deployment.application())
                        .handleRequest(
                                Samples.read("prune-dry-run.json"), given.context("PruneFunction"));

        assertThat(report.dryRun()).isTrue();
        assertThat(report.removed()).isEqualTo(2);
        assertThat(given.images(Given.EAST)).hasSize(3);
    }

    /** Three nights of one instance, and the morning after; the pruner has not run yet. */
    private static Given threeDays(String policy) {
        Given given = Given.nightly(policy);
        given.instance("web-1");
        given.nights(3);
        return given;
    }

    private static String oldest(Given given) {
        return given.records(Given.EAST).getFirst().id().orElseThrow().value();
    }

    private static List<String> ids(Given given) {
        return given.images(Given.EAST).stream()
                .map(LocalImage::image)
                .map(i -> i.imageId())
                .toList();
    }
}
