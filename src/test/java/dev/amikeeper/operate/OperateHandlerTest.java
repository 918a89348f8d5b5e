package dev.amikeeper.operate;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.operate.OperateReport.OperateCount.MALFORMED;
import static dev.amikeeper.operate.OperateReport.OperateCount.REFUSED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Orders by events, on the embedded cloud. */
final class OperateHandlerTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");
    private static final String KEEP_ALL = "keep: {last: 9}";
    private static final String PARTNER = "111122223333";
    private static final String STRANGER = "999988887777";

    @Test
    void deregistersWhatOnlyARuleKeepsWithItsSnapshotsAndSaysWhoWantedIt() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);

        OperateReport report = deregister(given, oldest, Map.of("by", "alice"));

        assertThat(report.count(DONE)).isEqualTo(1);
        assertThat(report.text())
                .startsWith("deregistered " + oldest)
                .endsWith("though kept by: number 3 of the newest images (last: 9)");
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(2);
        Tombstone tombstone = given.catalog().removed("gold", EAST).getFirst();
        assertThat(tombstone.by())
                .startsWith("an order (event 0b1c7b5a-6c3d-4a0e-9f2b-8d3e5f6a7b8c, request ")
                .endsWith(", which claims to be by \"alice\")");
        assertThat(tombstone.why())
                .startsWith("by hand, ordered by an order (event ")
                .contains(", though kept by: ");
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aRepeatedOrderFindsItDone() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);
        deregister(given, oldest, Map.of("by", "alice"));

        OperateReport again = deregister(given, oldest, Map.of("by", "alice"));

        assertThat(again.count(DONE)).isEqualTo(1);
        assertThat(again.text())
                .startsWith(oldest + " was removed at ")
                .contains("claims to be by \"alice\"): ");
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void anOrderThatDiedAfterItsCallIsDoneWhenItComesAgain() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").killAfter();
        assertThatThrownBy(() -> deregister(given, oldest, Map.of()))
                .isInstanceOf(CallerKilled.class);

        OperateReport again = deregister(given, oldest, Map.of());

        assertThat(again.text()).startsWith(oldest + " gold/").contains("is deregistered");
        assertThat(again.count(DONE)).isEqualTo(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aDryRunShowsWhatWouldGoAndChangesNothing() {
        TestDeployment given = threeDays(KEEP_ALL);

        OperateReport report = deregister(given, oldest(given), Map.of("dryRun", true));

        assertThat(report.text()).startsWith("would deregister " + oldest(given));
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::isGood);
    }

    @Test
    void neverGoesBelowAtLeast() {
        TestDeployment given = threeDays("keep: {last: 9, atLeast: 2}");

        refused(given, newest(given), "atLeast: number 1 of the newest good images (atLeast: 2)");
        refused(given, second(given), "atLeast: number 2 of the newest good images (atLeast: 2)");
        assertThat(deregister(given, oldest(given), Map.of()).count(DONE)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void withoutRulesTheNewestStaysAndTheOthersMayGo() {
        TestDeployment given = threeDays("");

        refused(given, newest(given), "atLeast: the newest good image (atLeast: 1)");
        assertThat(deregister(given, oldest(given), Map.of()).count(DONE)).isEqualTo(1);
    }

    @Test
    void whatIsInUseStays() {
        TestDeployment given = threeDays(KEEP_ALL);
        given.ec2(TestDeployment.EAST)
                .runInstances(run ->
                        run.imageId(oldest(given).value())
                                .minCount(1)
                                .maxCount(1)
                                .instanceType("t3.micro"));

        refused(given, oldest(given), "in use: used by ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DescribeInstances",
                "DescribeLaunchTemplates",
                "DescribeFleets",
                "DescribeImageReferences",
                "DescribeParameters"
            })
    void whereUseCannotBeKnownItStays(String probe) {
        TestDeployment given = threeDays(KEEP_ALL);
        given.cloud.faults().calls(probe).times(100).deny();

        refused(given, oldest(given), "use unknown: whether it is used is not known: ");
    }

    @Test
    void whatIsHeldStays() {
        TestDeployment given = threeDays(KEEP_ALL);
        tag(given, oldest(given), ImageTags.HOLD, "audit");

        refused(given, oldest(given), "held: held by its tag amikeeper:hold");
    }

    @Test
    void whatACopyIsToBeMadeFromStays() {
        TestDeployment given =
                TestDeployment.nightlyInMemory(KEEP_ALL + "\nreplicate: {us-west-2: {}}");
        given.instance("web-1");
        given.cloud.faults().calls("CopyImage").times(1000).error("ResourceLimitExceeded", 400);
        given.nights(3);

        refused(given, oldest(given), "copy source: a copy of it is being made or waits");
    }

    @Test
    void whatOthersMayLaunchGoesOnlyOnceItIsUnshared() {
        TestDeployment given = sharing("", PARTNER);
        order(given, "share", oldest(given), Map.of("with", List.of(PARTNER)));

        refused(given, oldest(given), "shared: other accounts may launch it");
        assertThat(unshare(given, oldest(given), PARTNER).count(DONE)).isEqualTo(1);
        assertThat(deregister(given, oldest(given), Map.of()).count(DONE)).isEqualTo(1);
    }

    @Test
    void whatIsNotOursStays() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId theirs = byHand(given);

        assertThat(deregister(given, theirs, Map.of()).text()).contains("it is none of ours");
        tag(given, oldest(given), ImageTags.POLICY, "silver");
        refused(given, oldest(given), "other tags: ");
        assertThat(given.images(TestDeployment.EAST)).hasSize(4);
    }

    @Test
    void aRecordMadeFromTagsIsOneKeyOnlyUntilAPersonApproves() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);
        given.deployment.loseTable();
        given.deployment.sweep(DAY_4);
        assertThat(given.records(TestDeployment.EAST)).hasSize(3).allMatch(Image::adopted);

        refused(given, oldest, "its record was made from its tags");
        assertThat(deregister(given, oldest, Map.of("approve", true)).count(DONE)).isEqualTo(1);
    }

    @Test
    void whatSomebodyDisabledMayGo() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);
        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(oldest.value()));
        given.deployment.deliverEvents();

        assertThat(deregister(given, oldest, Map.of()).count(DONE)).isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void whatEc2RefusesIsLeftToThePrunerWhichTakesItBack() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);
        given.cloud.faults().calls("DeregisterImage").deny();

        assertThat(deregister(given, oldest, Map.of()).count(REFUSED)).isEqualTo(1);
        assertThat(record(given, oldest).state()).isEqualTo(ImageState.RETIRING);
        Instant later = DAY_4.plus(Image.LEASE).plusSeconds(3600);
        given.cloud.advanceTo(later);
        given.deployment.prune(later, false);
        assertThat(record(given, oldest).isGood()).isTrue();
    }

    @Test
    void aRegionThatDoesNotAnswerRemovesNothing() {
        TestDeployment given = threeDays(KEEP_ALL);
        given.cloud.faults().calls("DescribeImages").times(100).error("InternalError", 500);

        refused(given, oldest(given), "us-east-1 cannot be read");
    }

    @Test
    void sharesAnImageOfOursAndTellsOfNothing() {
        TestDeployment given = sharing("", PARTNER);
        ImageId oldest = oldest(given);

        OperateReport report = order(given, "share", oldest, Map.of("with", List.of(PARTNER)));

        assertThat(report.text()).startsWith(oldest + " may be launched by " + PARTNER);
        assertThat(report.text()).contains("beyond its policy");
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER);
        assertThat(unshare(given, oldest, PARTNER).count(DONE)).isEqualTo(1);
        assertThat(unshare(given, oldest, PARTNER).count(DONE)).as("again").isEqualTo(1);
        assertThat(sharedWith(given, oldest)).isEmpty();
    }

    @Test
    void whatAPolicySharesIsNotUnsharedByHand() {
        TestDeployment given = sharing("share: {accounts: [\"" + PARTNER + "\"]}", STRANGER);
        ImageId oldest = oldest(given);
        order(given, "share", oldest, Map.of("with", List.of(STRANGER)));

        OperateReport report =
                order(given, "unshare", oldest, Map.of("with", List.of(STRANGER, PARTNER)));

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text())
                .contains("its policy shares it with " + PARTNER + " and would do so again");
        assertThat(sharedWith(given, oldest)).containsExactly(PARTNER, STRANGER);
    }

    @Test
    void anOrderSharesWithNobodyWhomThePolicyFileDoesNotName() {
        TestDeployment given = sharing("share: {accounts: [\"444455556666\"]}", PARTNER);
        ImageId oldest = oldest(given);

        OperateReport report =
                order(given, "share", oldest, Map.of("with", List.of(PARTNER, STRANGER)));

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text())
                .contains("names " + STRANGER + ": write orders: {shareWith: [\"" + STRANGER);
        assertThat(sharedWith(given, oldest)).containsExactly("444455556666");
        assertThat(
                        order(
                                        given,
                                        "share",
                                        oldest,
                                        Map.of("with", List.of(PARTNER, "444455556666")))
                                .count(DONE))
                .isEqualTo(1);
    }

    @Test
    void withoutAnAllowListAnOrderSharesOnlyWithWhomThePolicyDoes() {
        TestDeployment given = threeDays(KEEP_ALL);
        ImageId oldest = oldest(given);

        assertThat(order(given, "share", oldest, Map.of("with", List.of(PARTNER))).count(REFUSED))
                .isEqualTo(1);
        assertThat(sharedWith(given, oldest)).isEmpty();
    }

    @Test
    void whatIsNotOursIsNotShared() {
        TestDeployment given = sharing("", PARTNER);
        ImageId theirs = byHand(given);
        tag(given, oldest(given), ImageTags.POLICY, "silver");

        for (ImageId image : List.of(theirs, oldest(given))) {
            assertThat(
                            order(given, "share", image, Map.of("with", List.of(PARTNER)))
                                    .count(REFUSED))
                    .isEqualTo(1);
            assertThat(sharedWith(given, image)).isEmpty();
        }
    }

    @Test
    void whatIsDisabledIsNotShared() {
        TestDeployment given = sharing("", PARTNER);
        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(oldest(given).value()));

        assertThat(order(given, "share", oldest(given), Map.of("with", List.of(PARTNER))).text())
                .endsWith("it is not available");
    }

    @Test
    void aRefusedOrderIsAnnouncedWithItsReasons() {
        TestDeployment given = threeDays(KEEP_ALL);

        deregister(given, newest(given), Map.of());

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("Deregister Requested: " + newest(given), "stays: atLeast: number 1");
    }

    @ParameterizedTest
    @CsvSource({
        "share, with, all, not an account id",
        "share, with, '', must name at least one",
        "unshare, with, arn:aws:iam::1:root, not an organization",
        "unshare, policy, gold, 'cannot go with \"image\"'",
        "unshare, all, yes, must be true or false",
        "deregister, image, i-123, not an image",
        "deregister, region, mars, not a Region",
        "deregister, dryRun, yes, must be true or false"
    })
    void anEventThatIsWrongIsTold(String kind, String field, String value, String why) {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        Object wrong = value;
        if (field.equals("with")) {
            wrong = value.isEmpty() ? List.of() : List.of(value);
        }

        assertThat(order(given, kind, new ImageId("ami-1"), Map.of(field, wrong)).count(MALFORMED))
                .isEqualTo(1);

        assertThat(given.told()).singleElement().asString().contains("detail." + field, why);
    }

    @ParameterizedTest
    @ValueSource(strings = {STRANGER, ""})
    void anOrderOfAnotherAccountIsRefusedAndToldOnceADay(String account) {
        TestDeployment given = threeDays(KEEP_ALL);
        Map<String, Object> event = event("deregister", oldest(given), Map.of());
        event.put("account", account);

        OperateReport report = handle(given, event);
        event.put("id", "another");
        handle(given, event);

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text())
                .startsWith("account: ")
                .contains("this stack is account 123456789012's");
        assertThat(given.told()).singleElement().asString().contains(report.text());
        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
    }

    /** What the sweep takes for removed by us goes with all its snapshots. */
    @Test
    void anOrderCannotPassItselfOffAsOneOfOurFunctions() {
        TestDeployment given = threeDays(KEEP_ALL);

        deregister(given, oldest(given), Map.of("by", "PruneFunction"));

        assertThat(given.catalog().removed("gold", EAST).getFirst().by()).startsWith("an order (");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-02-01T00:00:00Z", "2027-03-04T04:00:00Z"})
    void anOrderIsOfNowWhateverItsTextSays(String time) {
        TestDeployment given = threeDays(KEEP_ALL);
        Map<String, Object> event = event("deregister", oldest(given), Map.of());
        event.put("time", time);

        assertThat(handle(given, event).count(DONE)).isEqualTo(1);

        assertThat(given.catalog().removed("gold", EAST).getFirst().removedAt())
                .isEqualTo(given.cloud.now());
    }

    @Test
    void anOrderThatNamesNoRegionIsAboutTheHomeRegion() {
        TestDeployment given = threeDays(KEEP_ALL);
        Map<String, Object> event = event("deregister", oldest(given), Map.of());
        event.put("region", TestDeployment.WEST);
        if (event.get("detail") instanceof Map<?, ?> detail) {
            detail.remove("region");
        }

        assertThat(handle(given, event).count(DONE)).isEqualTo(1);
    }

    /** As {@code aws lambda invoke} sends it, who need not think of an id. */
    @Test
    void anOrderByADirectCallHasTheSameShape() {
        TestDeployment given = threeDays(KEEP_ALL);
        Map<String, Object> event = event("deregister", oldest(given), Map.of());
        event.remove("id");

        assertThat(handle(given, event).count(DONE)).isEqualTo(1);

        assertThat(given.catalog().removed("gold", EAST).getFirst().by())
                .startsWith("an order (request request-");
    }

    @Test
    void theTemplatesRuleBringsTheOrder() {
        TestDeployment given = threeDays(KEEP_ALL);

        given.deployment.deliver(event("deregister", oldest(given), Map.of()));

        assertThat(given.deployment.metrics()).containsEntry("OperateFunction.done", 1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    private static void refused(TestDeployment given, ImageId id, String why) {
        int before = given.images(TestDeployment.EAST).size();
        OperateReport report = deregister(given, id, Map.of());
        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text()).contains(id.value()).contains(why);
        assertThat(given.images(TestDeployment.EAST)).hasSize(before);
    }

    private static OperateReport deregister(
            TestDeployment given, ImageId id, Map<String, Object> more) {
        return order(given, "deregister", id, more);
    }

    private static OperateReport unshare(TestDeployment given, ImageId id, String who) {
        return order(given, "unshare", id, Map.of("with", List.of(who)));
    }

    private static OperateReport order(
            TestDeployment given, String kind, ImageId id, Map<String, Object> more) {
        return handle(given, event(kind, id, more));
    }

    private static OperateReport handle(TestDeployment given, Map<String, Object> event) {
        given.deployment.reach(event);
        return new OperateHandler(given.deployment.application())
                .handleRequest(event, given.context("OperateFunction"));
    }

    /** The sample, of the morning after the third night, about this image of the home Region. */
    private static Map<String, Object> event(String kind, ImageId id, Map<String, Object> more) {
        Map<String, Object> event = Samples.read("operate-" + kind + ".json");
        Map<String, Object> detail = new HashMap<>();
        if (event.get("detail") instanceof Map<?, ?> fields) {
            fields.forEach((key, value) -> detail.put(String.valueOf(key), value));
        }
        // The sample shows only what it would do.
        detail.remove("dryRun");
        detail.put("image", id.value());
        detail.put("region", TestDeployment.EAST);
        detail.putAll(more);
        event.put("detail", detail);
        event.put("time", DAY_4.toString());
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

    private static List<String> sharedWith(TestDeployment given, ImageId id) {
        return given.images(TestDeployment.EAST).stream()
                .filter(image -> image.image().imageId().equals(id.value()))
                .map(LocalImage::launchPermissions)
                .flatMap(List::stream)
                .map(LaunchPermission::userId)
                .sorted()
                .toList();
    }

    private static Image record(TestDeployment given, ImageId id) {
        return given.catalog().find(EAST, id).orElseThrow();
    }

    private static ImageId oldest(TestDeployment given) {
        return id(given, 0);
    }

    private static ImageId second(TestDeployment given) {
        return id(given, 1);
    }

    private static ImageId newest(TestDeployment given) {
        return id(given, 2);
    }

    private static ImageId id(TestDeployment given, int number) {
        return given.records(TestDeployment.EAST).get(number).id().orElseThrow();
    }

    /** Three nights of one instance, and the morning after. */
    private static TestDeployment threeDays(String policy) {
        return played(TestDeployment.nightlyInMemory(policy));
    }

    /** Orders may share with these. */
    private static TestDeployment sharing(String policy, String... with) {
        return played(
                TestDeployment.inMemory(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: 9}
                        %s
                        orders: {shareWith: ["%s"]}
                        """
                                .formatted(policy.indent(4), String.join("\", \"", with)),
                        1));
    }

    private static TestDeployment played(TestDeployment given) {
        given.instance("web-1");
        given.nights(3);
        return given;
    }
}
