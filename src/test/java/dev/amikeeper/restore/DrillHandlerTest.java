package dev.amikeeper.restore;

import static dev.amikeeper.restore.DrillReport.DrillCount.MALFORMED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalInstance;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class DrillHandlerTest {
    /** A subnet of the default VPC: every simulated cloud has the same. */
    private static TestDeployment drilling(String more, String... names) {
        TestDeployment plain = TestDeployment.nightlyInMemory("");
        var east = plain.cloud.networks(TestDeployment.EAST);
        String subnet = east.defaultSubnet("us-east-1a");
        String group = east.defaultGroup(east.defaultVpc());
        TestDeployment given =
                TestDeployment.nightlyInMemory(
                        "drill: {every: 1d, region: us-east-1, subnet: %s, securityGroups: [%s]%s}"
                                .formatted(subnet, group, more));
        assertThat(given.cloud.networks(TestDeployment.EAST).defaultSubnet("us-east-1a"))
                .isEqualTo(subnet);
        for (String name : names) {
            given.instance(name);
        }
        return given;
    }

    @Test
    void drillsTheServersInTurnAndLeavesNothingRunning() {
        TestDeployment given = drilling("", "web-1", "web-2", "db-1");

        given.playDays(4);

        List<Restore> drills = given.catalog().restores("gold");
        assertThat(drills).hasSize(4).allMatch(it -> it.state() == Restore.RestoreState.PASSED);
        assertThat(drills.stream().map(it -> it.of().instance()).distinct()).hasSize(3);
        assertThat(drills).allMatch(it -> it.reached() == Restore.ProofLevel.STATUS_CHECKS);
        assertThat(drills).allMatch(it -> it.took().orElseThrow().toMinutes() <= 15);
        assertThat(alive(given)).isEmpty();
        assertThat(
                        given.records(TestDeployment.EAST).stream()
                                .map(Image::proven)
                                .flatMap(Optional::stream))
                .hasSize(4);
        assertThat(given.records(TestDeployment.EAST)).as("drills are not imaged").hasSize(12);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void tellsOfAnImageThatDoesNotBootUntilALaterOneDoes() {
        TestDeployment given = drilling("", "web-1");
        Instant mended = TestDeployment.START.plus(Duration.ofDays(1));
        given.cloud.settings().failsToBoot(_ -> given.cloud.now().isBefore(mended));

        given.playDays(1);
        assertThat(alive(given)).isEmpty();
        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.state()).isEqualTo(Restore.RestoreState.FAILED);
                    assertThat(it.reached()).isEqualTo(Restore.ProofLevel.LAUNCHED);
                    assertThat(it.note()).isEqualTo("its status checks fail");
                });
        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .singleElement()
                .asString()
                .startsWith("drill/us-east-1/gold/");

        given.playDays(2);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aDrillThatPassesSaysWhichVolumesItsImageLacks() {
        TestDeployment plain = TestDeployment.nightlyInMemory("");
        var east = plain.cloud.networks(TestDeployment.EAST);
        TestDeployment given =
                TestDeployment.nightlyInMemory(
                        """
                        drill: {every: 1d, region: us-east-1, subnet: %s, securityGroups: [%s]}
                        image: {excludeDevices: [/dev/sdf]}
                        """
                                .formatted(
                                        east.defaultSubnet("us-east-1a"),
                                        east.defaultGroup(east.defaultVpc())));
        given.instance(TestDeployment.EAST, "web-1", 2);

        given.playDays(1);

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .extracting(Restore::note)
                .isEqualTo("without /dev/sdf (8 GiB), which its image lacks");
        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .extracting(Restore::state)
                .isEqualTo(Restore.RestoreState.PASSED);
        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void runsTheCommandToo() {
        TestDeployment given = drilling(", checks: [status, ssm: {document: AppCheck}]", "web-1");

        given.playDays(1);

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.state()).isEqualTo(Restore.RestoreState.PASSED);
                    assertThat(it.reached()).isEqualTo(Restore.ProofLevel.COMMAND);
                });
        assertThat(given.cloud.calls()).containsEntry("SendCommand", 1);
    }

    @Test
    void aFailedCommandFailsTheDrill() {
        TestDeployment given = drilling(", checks: [ssm: {document: AppCheck}]", "web-1");
        given.cloud.settings().failingCommands((_, _) -> true);

        given.playDays(1);

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> assertThat(it.note()).isEqualTo("the command AppCheck failed"));
        assertThat(alive(given)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RunInstances", "TransactWriteItems", "TerminateInstances"})
    void nothingOutlivesItsLeaseWhoeverDies(String call) {
        for (int nth = 1; nth <= 3; nth++) {
            TestDeployment given = drilling("", "web-1");
            given.playUntil("2026-03-01T02:11:00Z");
            given.cloud.faults().calls(call).nth(nth).killAfter();
            given.playDays(1);
            given.cloud.faults().clear();

            assertThat(alive(given)).as("%s %d", call, nth).isEmpty();
            assertThat(given.catalog().restoring()).isEmpty();
        }
    }

    @Test
    void aDrillWhoseRecordIsLostEndsWithItsLease() {
        TestDeployment given = drilling("", "web-1");
        given.playUntil("2026-03-01T02:16:00Z");
        assertThat(alive(given)).hasSize(1);
        given.deployment.loseTable();

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(alive(given)).isEmpty();
    }

    /** While its instance runs, has just ended, and is not shown any more. */
    @ParameterizedTest
    @ValueSource(strings = {"2026-03-01T02:16:00Z", "2026-03-01T02:50:00Z", "2026-03-01T04:50:00Z"})
    void aDrillWhoseRecordIsLostIsDoneAnewAndNobodyIsAlarmed(String lost) {
        TestDeployment given = drilling("", "web-1");
        given.playUntil(lost);
        loseRestores(given);

        int most = 0;
        for (int minute = 0; minute < 180; minute++) {
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(1)));
            most = Math.max(most, alive(given).size());
        }

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.state()).isEqualTo(Restore.RestoreState.PASSED);
                    assertThat(it.attempt()).isEqualTo(2);
                });
        assertThat(most).as("one instance at a time").isEqualTo(1);
        assertThat(alive(given)).isEmpty();
        assertThat(given.told()).isEmpty();
    }

    @Test
    void whatADrillBeganIsEndedBeforeItBeginsAnew() {
        TestDeployment given = drilling(", timeout: 3h", "web-1");
        given.cloud.settings().failsToBoot(_ -> given.cloud.now().isBefore(BOOTS_AGAIN));
        given.playUntil("2026-03-01T02:40:00Z");
        String first = alive(given).getFirst().instance().instanceId();
        loseRestores(given);

        given.playUntil("2026-03-01T03:21:00Z");
        assertThat(alive(given)).noneMatch(it -> it.instance().instanceId().equals(first));

        given.playUntil("2026-03-01T03:40:00Z");
        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> assertThat(it.state()).isEqualTo(Restore.RestoreState.PASSED));
        assertThat(alive(given)).isEmpty();
    }

    private static final Instant BOOTS_AGAIN = Instant.parse("2026-03-01T03:00:00Z");

    private static void loseRestores(TestDeployment given) {
        DynamoDbClient tables = given.cloud.tables(TestDeployment.EAST);
        String table = given.deployment.application().settings().table();
        for (String partition : List.of("restoring", "restores/gold")) {
            AttributeValue key = AttributeValue.fromS("123456789012/" + partition);
            tables.query(ask ->
                            ask.tableName(table)
                                    .keyConditionExpression("pk = :pk")
                                    .expressionAttributeValues(Map.of(":pk", key)))
                    .items()
                    .forEach(item ->
                            tables.deleteItem(it ->
                                    it.tableName(table)
                                            .key(
                                                    Map.of(
                                                            "pk", item.get("pk"),
                                                            "sk", item.get("sk")))));
        }
    }

    @Test
    void leavesNoVolumeThoughTheOriginalsDataVolumesOutliveIt() {
        TestDeployment given = drilling("");
        given.cloud.launch(
                TestDeployment.EAST,
                Map.of("Name", "db-1", "backup", "gold"),
                List.of(8, 100),
                run ->
                        run.blockDeviceMappings(
                                BlockDeviceMapping.builder()
                                        .deviceName("/dev/sdf")
                                        .ebs(ebs -> ebs.deleteOnTermination(false))
                                        .build()));
        int before = given.ec2(TestDeployment.EAST).describeVolumes().volumes().size();

        given.playDays(1);

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> assertThat(it.state()).isEqualTo(Restore.RestoreState.PASSED));
        assertThat(given.ec2(TestDeployment.EAST).describeVolumes().volumes()).hasSize(before);
    }

    @Test
    void whatCannotBeTerminatedIsToldThoughNoRecordIsLeft() {
        TestDeployment given = drilling("", "web-1");
        given.playUntil("2026-03-01T02:16:00Z");
        loseRestores(given);
        given.cloud
                .faults()
                .calls("TerminateInstances")
                .times(1000)
                .error("OperationNotPermitted", 400);

        given.playUntil("2026-03-01T05:00:00Z");
        assertThat(given.told())
                .filteredOn(text -> text.contains("of a drill could not be terminated"))
                .hasSize(1);

        given.cloud.faults().clear();
        given.playUntil("2026-03-01T05:30:00Z");
        assertThat(alive(given)).isEmpty();
    }

    @Test
    void aLeaseEndsInARegionThatNoPolicyNamesAnyMore() {
        TestDeployment given = drilling("", "web-1");
        var west = given.cloud.networks(TestDeployment.WEST);
        TestDeployment there =
                given.redeployed(
                        policies(
                                "replicate: {us-west-2: {}}",
                                "drill: {every: 1d, region: us-west-2, subnet: %s,"
                                                .formatted(west.defaultSubnet("us-west-2a"))
                                        + " securityGroups: [%s]}"
                                                .formatted(west.defaultGroup(west.defaultVpc()))));
        there.playUntil("2026-03-01T03:16:00Z");
        assertThat(alive(there, TestDeployment.WEST)).hasSize(1);

        TestDeployment without = there.redeployed(policies("", ""));
        loseRestores(without);
        without.playUntil("2026-03-01T05:20:00Z");

        assertThat(alive(without, TestDeployment.WEST)).isEmpty();
    }

    private static String policies(String replicate, String drill) {
        return """
        policies:
          gold:
            select: {tags: {backup: gold}}
            schedule: {cron: "0 2 * * *"}
        """
                + (replicate + "\n" + drill).indent(4);
    }

    @Test
    void keepsToTheBudgetOfTheMonth() {
        TestDeployment given = drilling(", timeout: 30m, budget: 1", "web-1");

        given.playDays(20);

        List<Restore> drills = given.catalog().restores("gold");
        Duration used =
                drills.stream()
                        .map(it -> Duration.between(it.launched().orElseThrow(), it.since()))
                        .reduce(Duration.ZERO, Duration::plus);
        assertThat(used).isLessThanOrEqualTo(Duration.ofHours(1));
        assertThat(drills).hasSizeBetween(2, 19);
        assertThat(given.told().stream().filter(text -> text.contains("budget"))).hasSize(1);
    }

    @Test
    void theSampleIsUnderstood() throws Exception {
        TestDeployment given = drilling("", "web-1");
        Map<String, Object> sample = Samples.read("drill.json");
        given.deployment.reach(sample);

        assertThat(
                        new DrillHandler(given.deployment.application())
                                .handleRequest(sample, given.context("DrillFunction"))
                                .count(MALFORMED))
                .isZero();
    }

    private static List<LocalInstance> alive(TestDeployment given) {
        return alive(given, TestDeployment.EAST);
    }

    private static List<LocalInstance> alive(TestDeployment given, String region) {
        return given.cloud.instances(region).stream()
                .filter(it ->
                        RestoreHandlerTest.tags(it.instance()).containsKey("amikeeper:restore"))
                .filter(it ->
                        !List.of("terminated", "shutting-down")
                                .contains(it.instance().state().nameAsString()))
                .toList();
    }
}
