package dev.amikeeper.sweep;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNREADABLE;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.OperateReport;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.retention.PruneReport;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Regions that are taken out of the file, with images of ours and without. */
final class FormerRegionsTest {
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final String NIGHTLY =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                keep: {last: 2, atLeast: 1}
                limits: {maxRemovePercent: 100}
            """;
    private static final String TO_WEST = NIGHTLY + "    replicate: {us-west-2: {}}\n";

    @Test
    void aRegionThatIsTakenOutOfTheFileIsToldOnceWithTheNumberOfItsImages() {
        TestDeployment before = given(TO_WEST);
        before.nights(3);
        TestDeployment given = before.redeployed(NIGHTLY);

        sweep(given);
        sweep(given);

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "us-west-2: 3 images of policy gold are in a Region that it no longer"
                                + " names",
                        "write formerRegions: prune in policy gold");
        assertThat(plan(given).policies())
                .flatExtracting(PruneReport.Summary::former)
                .containsExactly(
                        "us-west-2: 3 images of policy gold are in a Region that it no longer"
                                + " names: they are kept forever");
        given.nights(3, 3);
        prune(given);
        assertThat(given.images(TestDeployment.WEST)).hasSize(3);

        TestDeployment named = given.redeployed(TO_WEST);
        sweep(named);
        assertThat(named.catalog().open()).isEmpty();
    }

    @Test
    void imagesOfAFormerRegionGoByTheRulesAsThoseAtHomeOvertakeThem() {
        TestDeployment before = given(TO_WEST);
        before.nights(3);
        TestDeployment given = before.redeployed(NIGHTLY + "    formerRegions: prune\n");

        prune(given);
        assertThat(given.images(TestDeployment.WEST)).hasSize(2);
        given.nights(3, 1);
        prune(given);
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        given.nights(4, 1);
        prune(given);

        assertThat(given.images(TestDeployment.WEST)).isEmpty();
        assertThat(given.cloud.snapshots(TestDeployment.WEST)).isEmpty();
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(given.told()).isEmpty();
        sweep(given);
        assertThat(given.catalog().bookmarks().regions()).doesNotContain(WEST);
    }

    @Test
    void aClosedRegionThatNoPolicyNamesAndThatHoldsNothingIsForgottenWithItsTroubles() {
        TestDeployment before = given(TO_WEST);
        before.deployment.tick(before.cloud.now());
        assertThat(before.catalog().bookmarks().regions()).contains(WEST);
        close(before);
        sweep(before);
        assertThat(before.catalog().open()).isNotEmpty();

        TestDeployment given = before.redeployed(NIGHTLY);
        sweep(given);

        assertThat(given.catalog().bookmarks().regions()).doesNotContain(WEST);
        assertThat(given.catalog().open()).isEmpty();
        assertThat(sweep(given).count(UNREADABLE)).isZero();
    }

    @Test
    void aClosedRegionWithImagesIsNotForgotten() {
        TestDeployment before = given(TO_WEST);
        before.nights(1);
        TestDeployment given = before.redeployed(NIGHTLY);
        close(given);

        sweep(given);

        assertThat(given.catalog().bookmarks().regions()).contains(WEST);
        assertThat(given.catalog().open()).extracting(Notice::key).contains("unswept/us-west-2");
    }

    @Test
    void aRegionThatMerelyDoesNotAnswerIsNotForgotten() {
        TestDeployment before = given(TO_WEST);
        before.deployment.tick(before.cloud.now());
        TestDeployment given = before.redeployed(NIGHTLY);
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, given.cloud.now().plus(Duration.ofHours(1)));

        sweep(given);

        assertThat(given.catalog().bookmarks().regions()).contains(WEST);
    }

    @Test
    void aRegionToWhichAnImageIsFetchedIsNotForgottenBeforeTheImageIsSeen() {
        TestDeployment given = given(NIGHTLY);
        given.cloud.addBucket(TestDeployment.WEST, "archive-2");
        String copy = ours(given);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        given.ec2(TestDeployment.WEST)
                .createStoreImageTask(it -> it.bucket("archive-2").imageId(copy));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(5)));
        remove(given, copy);
        given.cloud.settings().hiddenCalls(7);

        OperateReport report = fetch(given, copy);
        assertThat(report.count(DONE)).as(report.text()).isEqualTo(1);
        for (int i = 0; i < 8; i++) {
            sweep(given);
            assertThat(given.catalog().bookmarks().regions()).contains(WEST);
        }
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(5)));
        sweep(given);

        assertThat(given.catalog().ofPolicy("gold", WEST)).singleElement().matches(Image::isGood);
    }

    @Test
    void aRegionInWhichNothingCameIsForgottenAfterDays() {
        TestDeployment given = given(NIGHTLY);
        OperateReport report = fetch(given, "ami-0none");

        assertThat(report.count(DONE)).isZero();
        sweep(given);
        assertThat(given.catalog().bookmarks().regions()).contains(WEST);
        given.cloud.advance(Duration.ofDays(3));
        sweep(given);
        assertThat(given.catalog().bookmarks().regions()).doesNotContain(WEST);
    }

    @Test
    void aForgottenRegionIsKnownAgainWhenAnImageComesBackThere() {
        TestDeployment before = given(TO_WEST);
        before.nights(1);
        before.cloud.addBucket(TestDeployment.WEST, "archive-2");
        String copy = before.images(TestDeployment.WEST).getFirst().image().imageId();
        before.ec2(TestDeployment.WEST)
                .createStoreImageTask(it -> it.bucket("archive-2").imageId(copy));
        before.deployment.runUntil(before.cloud.now().plus(Duration.ofHours(5)));
        TestDeployment given = before.redeployed(NIGHTLY);
        given.deployment.withoutSchedules();
        remove(given, copy);
        for (int i = 0; i < 60; i++) {
            sweep(given);
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        }
        assertThat(given.catalog().bookmarks().regions()).doesNotContain(WEST);

        OperateReport report = fetch(given, copy);

        assertThat(report.count(DONE)).as(report.text()).isEqualTo(1);
        assertThat(given.catalog().bookmarks().regions()).contains(WEST);
    }

    /** An image in the West with tags of ours of which no record tells. */
    private static String ours(TestDeployment given) {
        String instance = given.instance(TestDeployment.WEST, "web-2", 1);
        Slot slot = new Slot(given.cloud.now());
        ImageName name = new ImageName("gold", new InstanceId(instance), slot);
        return given.ec2(TestDeployment.WEST)
                .createImage(create ->
                        create.instanceId(instance)
                                .name(name.toString())
                                .tagSpecifications(
                                        TagSpecification.builder()
                                                .resourceType("image")
                                                .tags(
                                                        tag(ImageTags.POLICY, "gold"),
                                                        tag(ImageTags.INSTANCE, instance),
                                                        tag(ImageTags.SLOT, slot.toString()))
                                                .build()))
                .imageId();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    private static void remove(TestDeployment given, String id) {
        given.ec2(TestDeployment.WEST)
                .deregisterImage(it -> it.imageId(id).deleteAssociatedSnapshots(true));
    }

    private static OperateReport fetch(TestDeployment given, String id) {
        Map<String, Object> order = Samples.read("operate-fetch.json");
        order.put(
                "detail",
                Map.of("bucket", "archive-2", "key", id + ".bin", "region", TestDeployment.WEST));
        order.put("time", given.cloud.now().toString());
        return new OperateHandler(given.deployment.application())
                .handleRequest(order, given.context("OperateFunction"));
    }

    private static TestDeployment given(String policies) {
        TestDeployment given = TestDeployment.inMemory(policies, 1);
        given.deployment.withoutSchedules();
        given.instance("web-1");
        return given;
    }

    private static void close(TestDeployment given) {
        for (String call : List.of("DescribeImages", "DescribeInstances", "DescribeSnapshots")) {
            given.cloud.faults().calls(call).in(TestDeployment.WEST).times(1000).deny();
        }
    }

    private static SweepReport sweep(TestDeployment given) {
        return given.deployment.sweep(given.cloud.now());
    }

    private static PruneReport plan(TestDeployment given) {
        return new PruneHandler(given.deployment.application())
                .handleRequest(Map.of("dryRun", true), given.context("PruneFunction"));
    }

    private static void prune(TestDeployment given) {
        given.deployment.prune(given.cloud.now(), false);
    }
}
