package dev.amikeeper.operate;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.operate.OperateReport.OperateCount.REFUSED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.retention.Undo;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.LaunchPermission;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Access that is taken back from all images at once. */
final class UnsharingTest {
    private static final String PARTNER = "111122223333";
    private static final String ORGANIZATION =
            "arn:aws:organizations::222233334444:organization/o-abcdefghij";
    private static final String OTHER = "222233334444";
    private static final String SHARED =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                keep: {last: 2, atLeast: 1}
                retire: {disableFor: 30d}
                limits: {maxRemovePercent: 100}
                replicate: {us-west-2: {}}
                share: {accounts: ["111122223333", "222233334444"], snapshots: true}
            """;
    private static final String NO_LONGER = SHARED.replace("\"111122223333\", ", "");

    @Test
    void whomAPolicyNamesKeepsItsAccess() {
        TestDeployment given = given(2);

        assertThat(unshare(given, Optional.empty()))
                .isInstanceOfSatisfying(
                        OrderResult.Declined.class,
                        refused ->
                                assertThat(refused.because().toString())
                                        .contains("\"share\" of policy gold names " + PARTNER));
        assertThat(launchers(given)).containsOnly(Set.of(PARTNER, OTHER));
    }

    @Test
    void launchingAndCopyingOfAllImagesIsTakenBackInEveryRegionAndStaysSo() {
        TestDeployment before = given(2);
        TestDeployment given = before.redeployed(NO_LONGER);
        given.deployment.withoutSchedules();

        assertThat(unshare(given, Optional.of("gold")))
                .isEqualTo(
                        new OrderResult.Done(
                                PARTNER
                                        + ": access to 4 images and 4 snapshots is taken back, and"
                                        + " 4 records forget it"));

        assertThat(launchers(given)).hasSize(4).containsOnly(Set.of(OTHER));
        assertThat(copiers(given)).hasSize(4).containsOnly(Set.of(OTHER));
        for (int i = 1; i < 4; i++) {
            given.deployment.sweep(given.cloud.now().plus(Duration.ofMinutes(15L * i)));
        }
        assertThat(launchers(given)).containsOnly(Set.of(OTHER));
        assertThat(unshare(given, Optional.empty()).text()).contains("access to 0 images");
        assertThat(given.told()).isEmpty();
    }

    @Test
    void whatIsEnabledAgainComesBackWithoutThem() {
        TestDeployment before = given(3);
        pruneDays(before, 4);
        TestDeployment given = before.redeployed(NO_LONGER);
        Image disabled =
                given.records(TestDeployment.EAST).stream()
                        .filter(image -> !image.leaving().permissions().isEmpty())
                        .findFirst()
                        .orElseThrow();
        assertThat(disabled.leaving().permissions()).containsExactly(PARTNER, OTHER);

        unshare(given, Optional.empty());

        assertThat(given.catalog().find(new Region(TestDeployment.EAST), disabled.name()))
                .get()
                .extracting(image -> image.leaving().permissions())
                .isEqualTo(List.of(OTHER));
    }

    @Test
    void snapshotsOfADisabledImageMayNotBeCopiedEither() {
        TestDeployment before = given(3);
        pruneDays(before, 4);
        assertThat(before.images(TestDeployment.EAST)).anyMatch(UnsharingTest::isDisabled);
        TestDeployment given = before.redeployed(NO_LONGER);

        assertThat(unshare(given, Optional.empty())).isInstanceOf(OrderResult.Done.class);

        assertThat(copiers(given)).hasSize(6).containsOnly(Set.of(OTHER));
    }

    @Test
    void aRegionThatRefusesStopsNoOtherAndIsNamedWithItsRemedy() {
        TestDeployment given = given(2).redeployed(NO_LONGER);
        given.cloud
                .faults()
                .calls("DescribeImages")
                .in(TestDeployment.EAST)
                .times(100)
                .error("AuthFailure", 401);

        assertThat(unshare(given, Optional.empty()))
                .isInstanceOfSatisfying(
                        OrderResult.Declined.class,
                        refused ->
                                assertThat(refused.because())
                                        .singleElement()
                                        .asString()
                                        .startsWith("us-east-1: AuthFailure")
                                        .contains("is the Region us-east-1 enabled"));
        assertThat(given.images(TestDeployment.WEST))
                .hasSize(2)
                .allMatch(image -> launchers(image).equals(Set.of(OTHER)));

        given.cloud.faults().clear();
        assertThat(unshare(given, Optional.empty())).isInstanceOf(OrderResult.Done.class);
        assertThat(launchers(given)).containsOnly(Set.of(OTHER));
    }

    @Test
    void manyRefusalsOfARegionAreAFewLines() {
        TestDeployment given = given(5).redeployed(NO_LONGER);
        given.cloud
                .faults()
                .calls("ModifyImageAttribute")
                .in(TestDeployment.EAST)
                .times(100)
                .deny();

        assertThat(unshare(given, Optional.empty()))
                .isInstanceOfSatisfying(
                        OrderResult.Declined.class,
                        refused ->
                                assertThat(refused.because())
                                        .hasSize(4)
                                        .last()
                                        .isEqualTo("us-east-1: and 2 more were refused"));
        assertThat(copiers(given)).containsOnly(Set.of(OTHER));
    }

    @Test
    void whatIsLeftIsSaidAndTheSameOrderGoesOnThere() {
        TestDeployment given = given(2).redeployed(NO_LONGER);
        Order.UnshareAll order =
                new Order.UnshareAll(
                        new Region(TestDeployment.EAST), List.of(PARTNER), Optional.of("gold"));
        Application app = given.deployment.application();
        int turns = 0;
        OrderResult outcome;
        do {
            outcome =
                    new Unsharing(
                                    app.catalog(),
                                    app.images().reads(),
                                    app.images().changes(),
                                    app.policies(),
                                    order,
                                    () -> true,
                                    3)
                            .outcome();
            turns++;
            if (turns == 1) {
                assertThat(outcome.toString()).contains("3 changes are left", "us-west-2");
            }
        } while (outcome instanceof OrderResult.Declined && turns < 9);

        assertThat(turns).isEqualTo(5);
        assertThat(launchers(given)).hasSize(4).containsOnly(Set.of(OTHER));
        assertThat(copiers(given)).containsOnly(Set.of(OTHER));
    }

    @Test
    void withoutTimeNothingIsChangedAndThatIsSaid() {
        TestDeployment given = given(1).redeployed(NO_LONGER);
        OperateHandler orders = new OperateHandler(given.deployment.application());

        assertThat(
                        orders.carryOut(
                                new Order.UnshareAll(
                                        new Region(TestDeployment.EAST),
                                        List.of(PARTNER),
                                        Optional.empty()),
                                given.cloud.now(),
                                () -> false))
                .isInstanceOfSatisfying(
                        OrderResult.Declined.class,
                        refused ->
                                assertThat(refused.because().toString())
                                        .contains(
                                                "not everything was looked at in us-east-1,"
                                                        + " us-west-2"));
        assertThat(launchers(given)).containsOnly(Set.of(PARTNER, OTHER));
    }

    @Test
    void whatAnOrganizationMayLaunchIsFoundImageByImage() {
        TestDeployment given = given(2).redeployed(NO_LONGER);
        List<String> images =
                given.images(TestDeployment.EAST).stream()
                        .map(image -> image.image().imageId())
                        .toList();
        given.ec2(TestDeployment.EAST)
                .modifyImageAttribute(modify ->
                        modify.imageId(images.getLast())
                                .launchPermission(add ->
                                        add.add(
                                                LaunchPermission.builder()
                                                        .organizationArn(ORGANIZATION)
                                                        .build())));

        assertThat(unshare(given, ORGANIZATION).text())
                .contains("access to 1 images and 0 snapshots");
        assertThat(unshare(given, ORGANIZATION).text())
                .contains("access to 0 images and 0 snapshots");
        assertThat(launchers(given)).containsOnly(Set.of(PARTNER, OTHER));
    }

    @Test
    void anImageWithoutARecordLosesItsAccessToo() {
        TestDeployment given = given(1).redeployed(NO_LONGER);
        Image image = given.records(TestDeployment.EAST).getFirst();
        given.catalog().bury(image, new Tombstone(image, given.cloud.now(), "a test", "none"));

        assertThat(unshare(given, Optional.of("gold"))).isInstanceOf(OrderResult.Done.class);

        assertThat(launchers(given)).containsOnly(Set.of(OTHER));
    }

    @Test
    void whatComesBackFromTheRecycleBinComesBackWithoutThem() {
        TestDeployment before = given(3);
        before.cloud.settings().recycleBin(Duration.ofDays(365), Duration.ofDays(365));
        pruneDays(before, 40);
        Region east = new Region(TestDeployment.EAST);
        Tombstone removed = before.catalog().removed("gold", east).getFirst();
        assertThat(removed.image().leaving().permissions()).contains(PARTNER);
        TestDeployment given = before.redeployed(NO_LONGER);

        unshare(given, Optional.empty());

        ImageId id = removed.id().orElseThrow();
        assertThat(given.deployment.application().undo(given.cloud.now()).of(east, id))
                .isInstanceOf(Undo.UndoResult.Back.class);
        assertThat(launchers(given)).hasSize(5).containsOnly(Set.of(OTHER));
        assertThat(given.catalog().find(east, id)).get().matches(Image::shared);
    }

    @Test
    void whatIsDeregisteredMeanwhileIsNoTrouble() {
        TestDeployment given = given(1).redeployed(NO_LONGER);
        given.cloud.faults().calls("ModifyImageAttribute").error("InvalidAMIID.NotFound", 400);
        given.cloud
                .faults()
                .calls("ModifySnapshotAttribute")
                .error("InvalidSnapshot.NotFound", 400);

        assertThat(unshare(given, Optional.empty())).isInstanceOf(OrderResult.Done.class);
    }

    @Test
    void anEventSaysThatAllAreMeant() {
        TestDeployment given = given(1).redeployed(NO_LONGER);
        Map<String, Object> event = new HashMap<>(Samples.read("operate-unshare-all.json"));
        OperateHandler handler = new OperateHandler(given.deployment.application());

        event.put("detail", Map.of("with", List.of(PARTNER)));
        assertThat(handler.handleRequest(event, given.context("OperateFunction")).text())
                .contains("detail.image: must be there");
        assertThat(launchers(given)).containsOnly(Set.of(PARTNER, OTHER));

        event.put("detail", Map.of("with", List.of(PARTNER), "all", true));
        assertThat(handler.handleRequest(event, given.context("OperateFunction")).count(DONE))
                .isOne();
        assertThat(launchers(given)).containsOnly(Set.of(OTHER));
    }

    @Test
    void anOrderOfAnotherAccountTakesNothingBack() {
        TestDeployment given = given(1).redeployed(NO_LONGER);
        Map<String, Object> event = new HashMap<>(Samples.read("operate-unshare-all.json"));
        event.put("account", OTHER);

        assertThat(
                        new OperateHandler(given.deployment.application())
                                .handleRequest(event, given.context("OperateFunction"))
                                .count(REFUSED))
                .isOne();
        assertThat(launchers(given)).containsOnly(Set.of(PARTNER, OTHER));
    }

    @Test
    void aPolicyThatThereNeverWasIsNamed() {
        assertThat(unshare(given(1), Optional.of("silver")).toString())
                .contains("stays as it is", "there is no policy silver");
    }

    @Test
    void anEventWithAPolicyMeansAllOfItsImages() {
        TestDeployment before = given(1);
        TestDeployment given = before.redeployed(NO_LONGER);
        Map<String, Object> event = Samples.read("operate-unshare-all.json");

        OperateReport report =
                new OperateHandler(given.deployment.application())
                        .handleRequest(event, given.context("OperateFunction"));

        assertThat(report.count(DONE)).as(report.text()).isEqualTo(1);
        assertThat(launchers(given)).containsOnly(Set.of(OTHER));
    }

    private static void pruneDays(TestDeployment given, int days) {
        for (int day = 0; day < days; day++) {
            given.cloud.advanceTo(given.cloud.now().plus(Duration.ofDays(1)));
            given.deployment.prune(given.cloud.now(), false);
        }
    }

    private static TestDeployment given(int nights) {
        TestDeployment given = TestDeployment.inMemory(SHARED, 1);
        given.instance("web-1");
        given.nights(nights);
        return given;
    }

    private static OrderResult unshare(TestDeployment given, Optional<String> policy) {
        return new OperateHandler(given.deployment.application())
                .carryOut(
                        new Order.UnshareAll(
                                new Region(TestDeployment.EAST), List.of(PARTNER), policy),
                        given.cloud.now());
    }

    private static OrderResult unshare(TestDeployment given, String who) {
        return new OperateHandler(given.deployment.application())
                .carryOut(
                        new Order.UnshareAll(
                                new Region(TestDeployment.EAST), List.of(who), Optional.empty()),
                        given.cloud.now());
    }

    private static List<Set<String>> launchers(TestDeployment given) {
        return Stream.of(TestDeployment.EAST, TestDeployment.WEST)
                .flatMap(region -> given.images(region).stream())
                .filter(image -> !isDisabled(image))
                .map(UnsharingTest::launchers)
                .toList();
    }

    private static Set<String> launchers(LocalImage image) {
        return image.launchPermissions().stream()
                .map(LaunchPermission::userId)
                .collect(Collectors.toSet());
    }

    private static boolean isDisabled(LocalImage image) {
        return image.image().stateAsString().equals("disabled");
    }

    private static List<Set<String>> copiers(TestDeployment given) {
        return Stream.of(TestDeployment.EAST, TestDeployment.WEST)
                .flatMap(region -> given.cloud.snapshots(region).stream())
                .<Set<String>>map(LocalSnapshot::sharedWith)
                .toList();
    }
}
