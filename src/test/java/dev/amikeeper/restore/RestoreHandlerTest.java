package dev.amikeeper.restore;

import static dev.amikeeper.restore.RestoreReport.RestoreCount.FOLLOWED;
import static dev.amikeeper.restore.RestoreReport.RestoreCount.MALFORMED;
import static dev.amikeeper.restore.RestoreReport.RestoreCount.PASSED;
import static dev.amikeeper.restore.RestoreReport.RestoreCount.REFUSED;
import static dev.amikeeper.restore.RestoreReport.RestoreCount.REQUESTED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalInstance;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.EbsBlockDevice;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

final class RestoreHandlerTest {
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final Instant MORNING = Instant.parse("2026-03-01T08:00:00Z");
    private static final String REPLICATED = "replicate: {us-west-2: {}}";

    /** A server that was imaged and copied, and what stands for its network in the West. */
    private static final class Night {
        final TestDeployment given =
                TestDeployment.nightlyInMemory(REPLICATED + "\nimage: {userData: keep}");
        final String server;
        final String subnet;
        final String group;

        Night() {
            server =
                    given.cloud.launch(
                            TestDeployment.EAST,
                            Map.of("Name", "web-1", "backup", "gold"),
                            List.of(8, 20),
                            run ->
                                    run.instanceType("m5.large")
                                            .keyName("ops")
                                            .userData("IyEvYmluL3No")
                                            .metadataOptions(it -> it.httpTokens("required")));
            var west = given.cloud.networks(TestDeployment.WEST);
            String vpc = west.addVpc();
            subnet = west.addSubnet(vpc, "us-west-2b", Map.of());
            group = west.addGroup(vpc, "web", Map.of());
            west.addKeyPair("ops-west");
            given.playUntil(MORNING.toString());
        }

        Map<String, Object> inTheWest() {
            return new HashMap<>(
                    Map.of(
                            "instance",
                            server,
                            "region",
                            TestDeployment.WEST,
                            "subnet",
                            subnet,
                            "groups",
                            List.of(group),
                            "mapping",
                            Map.of("keyPairs", Map.of("ops", "ops-west"))));
        }

        Map<String, Object> request(Map<String, Object> detail) {
            return RestoreHandlerTest.request(given, detail);
        }

        RestoreReport ask(Map<String, Object> detail) {
            return given.deployment.restore(request(detail));
        }

        void play(Duration time) {
            given.deployment.runUntil(given.cloud.now().plus(time));
        }

        List<LocalInstance> restored(String region) {
            return given.cloud.instances(region).stream()
                    .filter(it -> tags(it.instance()).containsKey("amikeeper:restore"))
                    .toList();
        }

        Restore record() {
            return given.catalog().restores("gold").getFirst();
        }

        Image image(Region region) {
            return given.catalog().ofInstance(new InstanceId(server)).stream()
                    .filter(image -> image.region().equals(region))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Map<String, Object> request(TestDeployment given, Map<String, Object> detail) {
        return Map.of(
                "id", "11112222-3333",
                "source", "amikeeper",
                "detail-type", "Restore Requested",
                "time", given.cloud.now().toString(),
                "region", TestDeployment.EAST,
                "account", "123456789012",
                "detail", detail);
    }

    @Test
    void theVolumesOfARestoredServerHaveTheirOwnTagsAgain() {
        Night night = new Night();
        String data = volume(night.given, TestDeployment.EAST, night.server, "/dev/sdf").volumeId();
        night.given
                .cloud
                .ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(data)
                                .tags(
                                        Tag.builder().key("cost").value("17").build(),
                                        Tag.builder().key("Name").value("data").build()));
        night.play(Duration.ofDays(1));

        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(30));

        LocalInstance back = night.restored(TestDeployment.WEST).getFirst();
        assertThat(night.record().outcome()).isEqualTo(Restore.Outcome.PASSED);
        assertThat(volumeTags(night.given, back.instance().instanceId(), "/dev/sdf"))
                .containsEntry("cost", "17")
                .containsEntry("Name", "data")
                .containsEntry("amikeeper:restore", night.record().tag());
        assertThat(volumeTags(night.given, back.instance().instanceId(), "/dev/xvda"))
                .doesNotContainKey("cost")
                .containsEntry("Name", "web-1");
    }

    private static Map<String, String> volumeTags(
            TestDeployment given, String instance, String device) {
        return volume(given, TestDeployment.WEST, instance, device).tags().stream()
                .collect(Collectors.toMap(Tag::key, Tag::value));
    }

    private static software.amazon.awssdk.services.ec2.model.Volume volume(
            TestDeployment given, String region, String instance, String device) {
        return given.ec2(region)
                .describeVolumes(ask ->
                        ask.filters(
                                Filter.builder()
                                        .name("attachment.instance-id")
                                        .values(instance)
                                        .build(),
                                Filter.builder().name("attachment.device").values(device).build()))
                .volumes()
                .getFirst();
    }

    @Test
    void bringsAServerBackInAnotherRegion() {
        Night night = new Night();

        RestoreReport report = night.ask(night.inTheWest());

        assertThat(report.count(REQUESTED)).isEqualTo(1);
        assertThat(report.plan()).anyMatch(line -> line.contains("key pair"));
        night.play(Duration.ofMinutes(10));
        Restore restore = night.record();
        assertThat(restore.state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(restore.reached()).isEqualTo(Restore.ProofLevel.STATUS_CHECKS);
        assertThat(restore.took().orElseThrow())
                .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(10));
        Instance back = night.restored(TestDeployment.WEST).getFirst().instance();
        assertThat(night.restored(TestDeployment.WEST)).hasSize(1);
        assertThat(back.instanceId()).isEqualTo(restore.instance().orElseThrow().value());
        assertThat(back.instanceTypeAsString()).isEqualTo("m5.large");
        assertThat(back.subnetId()).isEqualTo(night.subnet);
        assertThat(back.keyName()).isEqualTo("ops-west");
        assertThat(back.metadataOptions().httpTokensAsString()).isEqualTo("required");
        assertThat(back.blockDeviceMappings()).hasSize(2);
        assertThat(night.restored(TestDeployment.WEST).getFirst().hidden().userData())
                .contains("IyEvYmluL3No");
        assertThat(tags(back))
                .containsEntry("Name", "web-1")
                .containsEntry("backup", "gold")
                .containsKey("amikeeper:restored-from");
        assertThat(night.image(WEST).proven()).isPresent();
        assertThat(night.given.catalog().restoring()).isEmpty();
        assertThat(night.given.catalog().open()).isEmpty();
    }

    @Test
    void whatTheLaunchCanAskForComesBackAsItWas() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        String server =
                given.cloud.launch(
                        TestDeployment.EAST,
                        Map.of("Name", "db-1", "backup", "gold"),
                        List.of(8, 100, 200),
                        run ->
                                run.hibernationOptions(it -> it.configured(true))
                                        .enclaveOptions(it -> it.enabled(true))
                                        .maintenanceOptions(it -> it.autoRecovery("disabled"))
                                        .metadataOptions(it -> it.httpProtocolIpv6("enabled"))
                                        .blockDeviceMappings(
                                                device(
                                                        "/dev/xvda",
                                                        ebs -> ebs.deleteOnTermination(false)),
                                                device(
                                                        "/dev/sdf",
                                                        ebs ->
                                                                ebs.volumeType("io2")
                                                                        .iops(4000)
                                                                        .encrypted(true)
                                                                        .kmsKeyId("k-1")
                                                                        .deleteOnTermination(
                                                                                false)),
                                                device(
                                                        "/dev/sdg",
                                                        ebs ->
                                                                ebs.volumeType("gp3")
                                                                        .throughput(500))));
        given.playUntil(MORNING.toString());
        List<List<Object>> before = volumes(given, server);

        given.deployment.restore(request(given, Map.of("instance", server)));
        given.deployment.runUntil(MORNING.plus(Duration.ofMinutes(10)));
        String back = given.catalog().restores("gold").getFirst().instance().orElseThrow().value();
        Instance is = instance(given, back);

        assertThat(is.hibernationOptions().configured()).isTrue();
        assertThat(is.enclaveOptions().enabled()).isTrue();
        assertThat(is.maintenanceOptions().autoRecoveryAsString()).isEqualTo("disabled");
        assertThat(is.metadataOptions().httpProtocolIpv6AsString()).isEqualTo("enabled");
        assertThat(volumes(given, back))
                .as("type, IOPS, throughput, encryption, key, and whether they outlive the server")
                .isEqualTo(before)
                .hasSize(3);
        given.ec2(TestDeployment.EAST).terminateInstances(it -> it.instanceIds(back));
        int volumes = given.ec2(TestDeployment.EAST).describeVolumes().volumes().size();
        given.deployment.runUntil(MORNING.plus(Duration.ofMinutes(20)));
        assertThat(given.ec2(TestDeployment.EAST).describeVolumes().volumes())
                .as("of the three, two outlive it")
                .hasSize(volumes - 1);
    }

    private static BlockDeviceMapping device(String name, Consumer<EbsBlockDevice.Builder> ebs) {
        return BlockDeviceMapping.builder().deviceName(name).ebs(ebs).build();
    }

    private static Instance instance(TestDeployment given, String id) {
        return given.cloud.instances(TestDeployment.EAST).stream()
                .map(LocalInstance::instance)
                .filter(it -> it.instanceId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static List<List<Object>> volumes(TestDeployment given, String instance) {
        return given
                .ec2(TestDeployment.EAST)
                .describeVolumes(ask ->
                        ask.filters(
                                Filter.builder()
                                        .name("attachment.instance-id")
                                        .values(instance)
                                        .build()))
                .volumes()
                .stream()
                .map(it ->
                        Arrays.<Object>asList(
                                it.attachments().getFirst().device(),
                                it.size(),
                                it.volumeTypeAsString(),
                                it.iops(),
                                it.throughput(),
                                it.encrypted(),
                                it.kmsKeyId(),
                                it.attachments().getFirst().deleteOnTermination()))
                .sorted(Comparator.comparing(it -> String.valueOf(it.getFirst())))
                .toList();
    }

    @Test
    void aRepeatedEventIsTheSameRestore() {
        Night night = new Night();

        night.ask(night.inTheWest());
        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(10));
        RestoreReport again = night.ask(night.inTheWest());

        assertThat(again.count(REQUESTED)).isZero();
        assertThat(night.restored(TestDeployment.WEST)).hasSize(1);
    }

    @Test
    void aLostReplyLaunchesNothingTwice() {
        Night night = new Night();
        night.given.cloud.faults().calls("RunInstances").loseReply();

        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(15));

        assertThat(night.restored(TestDeployment.WEST)).hasSize(1);
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "RunInstances",
                "TransactWriteItems",
                "DescribeInstances",
                "DescribeInstanceStatus"
            })
    void whoeverDiesAtACallLeavesOneServerInTheEnd(String call) {
        for (int nth = 1; nth <= 4; nth++) {
            Night night = new Night();
            night.given.cloud.faults().calls(call).nth(nth).killAfter();
            night.given.deployment.deliver(night.request(night.inTheWest()));
            night.play(Duration.ofMinutes(30));

            assertThat(night.restored(TestDeployment.WEST)).as("%s %d", call, nth).hasSize(1);
            assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        }
    }

    @Test
    void saysWhatIsMissingAndLaunchesNothing() {
        Night night = new Night();

        RestoreReport report =
                night.ask(Map.of("instance", night.server, "region", TestDeployment.WEST));

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.problem()).contains("subnet", "is not in us-west-2");
        assertThat(report.plan()).anyMatch(line -> line.contains("missing: key pair ops"));
        assertThat(night.given.catalog().restores("gold")).isEmpty();
        assertThat(night.restored(TestDeployment.WEST)).isEmpty();
        assertThat(night.given.told()).anyMatch(text -> text.contains("is not restored"));
    }

    @Test
    void aDryRunShowsThePlanAndDoesNothing() {
        Night night = new Night();
        Map<String, Object> detail = night.inTheWest();
        detail.put("dryRun", true);

        RestoreReport report = night.ask(detail);

        assertThat(report.plan()).anyMatch(line -> line.contains("subnet"));
        assertThat(night.given.catalog().restores("gold")).isEmpty();
        assertThat(night.given.cloud.calls()).doesNotContainKey("RunInstances");
    }

    @Test
    void saysWhatThereIsWhereNoImageIsOldEnough() {
        Night night = new Night();
        Map<String, Object> detail = night.inTheWest();
        detail.put("at", "2026-02-27T12:00:00Z");

        RestoreReport report = night.ask(detail);

        assertThat(report.problem())
                .contains("2026-02-27T12:00:00Z or before")
                .contains("1 in us-west-2, 2026-03-01T02:00:00Z to 2026-03-01T02:00:00Z");
    }

    @Test
    void neverRestoresFromAnImageThatIsNotGood() {
        Night night = new Night();
        String image = night.image(WEST).id().orElseThrow().value();
        Map<String, Object> detail = night.inTheWest();
        // Asked for and planned, but not launched yet when somebody disables the image.
        night.given.cloud.faults().calls("RunInstances").times(1).throttle();
        night.ask(detail);
        night.given.ec2(TestDeployment.WEST).disableImage(it -> it.imageId(image));
        night.play(Duration.ofMinutes(15));

        assertThat(night.restored(TestDeployment.WEST)).isEmpty();
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note()).endsWith("is disabled");
    }

    @Test
    void waitsForAnImageThatEc2DoesNotShowYet() {
        Night night = new Night();
        night.given.playUntil("2026-03-02T02:04:00Z");
        night.given.cloud.settings().hiddenCalls(12);
        night.given.playUntil("2026-03-02T02:25:00Z");
        assertThat(night.image(WEST).isGood()).isTrue();
        night.given.deployment.withoutSchedules();

        night.ask(night.inTheWest());
        Restore waiting = night.record();
        assertThat(waiting.state()).isEqualTo(Restore.RestoreState.REQUESTED);
        assertThat(waiting.note()).isEqualTo(waiting.image() + " is not shown by EC2");
        assertThat(night.restored(TestDeployment.WEST)).isEmpty();

        night.given.cloud.settings().hiddenCalls(0);
        for (int tick = 1; tick <= 8; tick++) {
            night.play(Duration.ofMinutes(5));
            night.given.deployment.restore(night.given.cloud.now());
        }
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(night.restored(TestDeployment.WEST)).hasSize(1);
    }

    @Test
    void waitsWhileTheRecordOfTheImageIsBetweenTwoSteps() {
        Night night = new Night();
        Image good = night.image(WEST);
        Image disabling = good.disabling("no rule", List.of(), List.of(), night.given.cloud.now());
        night.given.cloud.faults().calls("RunInstances").throttle();
        night.ask(night.inTheWest());
        night.given.catalog().save(Change.of(good, disabling));

        night.play(Duration.ofMinutes(6));
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.REQUESTED);
        assertThat(night.record().note()).endsWith("is DISABLING according to the catalogue");

        night.given
                .catalog()
                .save(Change.of(disabling, disabling.keptAfterAll(night.given.cloud.now())));
        night.play(Duration.ofMinutes(15));
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
    }

    @Test
    void saysWhyItWaitedWhenItsTimeIsOver() {
        Night night = new Night();
        night.given.cloud.faults().calls("RunInstances").throttle();
        night.ask(night.inTheWest());
        Image good = night.image(WEST);
        night.given
                .catalog()
                .save(
                        Change.of(
                                good,
                                good.disabling(
                                        "no rule", List.of(), List.of(), night.given.cloud.now())));

        night.play(Duration.ofMinutes(70));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note())
                .startsWith("it could not be launched: ")
                .endsWith("is DISABLING according to the catalogue");
        assertThat(night.restored(TestDeployment.WEST)).isEmpty();
    }

    @Test
    void doesNotWaitForAnImageThatIsDeregistered() {
        Night night = new Night();
        String image = night.image(WEST).id().orElseThrow().value();
        night.given.cloud.faults().calls("RunInstances").throttle();
        night.ask(night.inTheWest());
        night.given.cloud.faults().events("EC2 AMI State Change").lose();
        night.given.ec2(TestDeployment.WEST).deregisterImage(it -> it.imageId(image));

        night.play(Duration.ofMinutes(6));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note()).isEqualTo(image + " is deregistered");
    }

    @Test
    void launchesNothingTwiceWhereTheFirstReadsDoNotShowIt() {
        Night night = new Night();
        night.given.cloud.settings().hiddenCalls(3);
        night.given.cloud.faults().calls("RunInstances").loseReply();

        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(30));

        assertThat(night.given.cloud.calls().get("RunInstances")).isGreaterThan(1);
        assertThat(night.restored(TestDeployment.WEST)).hasSize(1);
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
    }

    @Test
    void isToldOnceIfItsRegionNeverAnswers() {
        Night night = new Night();
        night.ask(night.inTheWest());
        night.given
                .cloud
                .faults()
                .unreachable(
                        TestDeployment.WEST, night.given.cloud.now().plus(Duration.ofHours(5)));

        night.play(Duration.ofHours(3));
        assertThat(night.given.told())
                .filteredOn(text -> text.contains("stands is not known"))
                .hasSize(1);

        night.play(Duration.ofHours(3));
        assertThat(night.given.catalog().restoring()).isEmpty();
    }

    /** As "launch more like this" does. */
    @Test
    void itsOwnInstanceIsFollowedWhoeverCopiesItsTags() {
        Night night = new Night();
        night.ask(night.inTheWest());
        Restore launching = night.record();
        List<Tag> tags = night.restored(TestDeployment.WEST).getFirst().instance().tags();
        // Listed before it, or after it.
        for (int i = 0; i < 3; i++) {
            String copy = night.given.cloud.launch(TestDeployment.WEST, Map.of(), List.of(8));
            night.given.ec2(TestDeployment.WEST).createTags(it -> it.resources(copy).tags(tags));
            night.given.ec2(TestDeployment.WEST).stopInstances(it -> it.instanceIds(copy));
        }

        night.play(Duration.ofMinutes(15));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(night.record().instance()).isEqualTo(launching.instance());
    }

    @Test
    void waitsForCapacityAndGivesUpInTime() {
        Night night = new Night();
        Instant from = night.given.cloud.now().plus(Duration.ofMinutes(20));
        night.given.cloud.settings().lacksCapacity(_ -> night.given.cloud.now().isBefore(from));

        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(10));
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.REQUESTED);
        assertThat(night.record().note()).contains("InsufficientInstanceCapacity");

        night.play(Duration.ofMinutes(30));
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
    }

    @Test
    void tellsOfAServerThatDoesNotComeUp() {
        Night night = new Night();
        night.given.cloud.settings().failsToBoot(_ -> true);

        night.ask(night.inTheWest());
        night.play(Duration.ofMinutes(90));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note()).isEqualTo("its status checks fail");
        assertThat(night.restored(TestDeployment.WEST)).as("stays for a look").hasSize(1);
        assertThat(night.image(WEST).proven()).isEmpty();
        assertThat(night.given.catalog().notices())
                .extracting(Notice::key)
                .singleElement()
                .asString()
                .startsWith("restore/us-west-2/gold/");
        assertThat(night.given.catalog().open()).as("it happened, and does not last").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void tellsThatItFailedWhoeverDiesMeanwhile(int nth) {
        Night night = new Night();
        night.given.cloud.settings().failsToLaunch(_ -> true);
        night.ask(night.inTheWest());
        night.given.cloud.faults().calls("TransactWriteItems").nth(nth).killAfter();

        night.play(Duration.ofMinutes(90));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.given.told())
                .filteredOn(text -> text.contains("the restore of " + night.server))
                .hasSize(1);
    }

    @Test
    void replacesTheRootVolumeOfTheLivingServer() {
        Night night = new Night();

        night.ask(Map.of("instance", night.server, "replaceRoot", true));
        night.play(Duration.ofMinutes(40));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(night.record().instance()).contains(new InstanceId(night.server));
        assertThat(night.given.cloud.calls()).containsEntry("CreateReplaceRootVolumeTask", 1);
        assertThat(night.restored(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void aRequestThatIsDeliveredAgainLeavesAReplacementThatPassedAsItIs() {
        Night night = new Night();
        Map<String, Object> wish = Map.of("instance", night.server, "replaceRoot", true);
        night.ask(wish);
        night.play(Duration.ofMinutes(40));
        Restore passed = night.record();
        assertThat(passed.state()).isEqualTo(Restore.RestoreState.PASSED);

        RestoreReport again = night.ask(wish);

        assertThat(night.record()).isEqualTo(passed);
        assertThat(again.problem()).isEmpty();
        assertThat(again.count(REQUESTED)).isZero();
        assertThat(again.count(FOLLOWED)).isZero();
        assertThat(again.count(PASSED)).isZero();
        assertThat(night.given.catalog().restoring()).isEmpty();
    }

    @Test
    void aReplacementThatIsNotShownAtFirstIsNoneThatFailed() {
        Night night = new Night();
        night.given.cloud.settings().hiddenCalls(3);

        night.ask(Map.of("instance", night.server, "replaceRoot", true));
        night.play(Duration.ofMinutes(40));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(night.given.cloud.calls()).containsEntry("CreateReplaceRootVolumeTask", 1);
    }

    @Test
    void aReplacementThatDoesNotEndIsTold() {
        Night night = new Night();
        night.given.cloud.settings().instanceTime(Duration.ofHours(4));

        night.ask(Map.of("instance", night.server, "replaceRoot", true));
        night.play(Duration.ofMinutes(70));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note()).isEqualTo("EC2 did not end the replacement in time");
    }

    @Test
    void aServerThatALostReplacementLeavesWithoutARootVolumeIsToldAsUrgent() {
        Night night = new Night();
        night.given.cloud.settings().leavesNoRoot(_ -> true);

        night.ask(Map.of("instance", night.server, "replaceRoot", true));
        night.play(Duration.ofMinutes(40));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.record().note()).contains(night.server + " has no root volume now");
        assertThat(night.given.told().toString())
                .contains(
                        "URGENT: us-east-1: " + night.server + " has no root volume",
                        "attach its old root volume",
                        "./keeper restore --instance " + night.server + " --region us-east-1");
    }

    @ParameterizedTest
    @CsvSource({
        "VcpuLimitExceeded, Running On-Demand instances (vCPUs)",
        "InstanceLimitExceeded, Running On-Demand instances of its type",
        "VolumeLimitExceeded, Storage of volumes of this type",
        "AddressLimitExceeded, EC2-VPC Elastic IPs",
        "PendingVerification, AWS verifies the account"
    })
    void aRestoreWaitsForAQuotaThatIsToldAtOnceHoweverLongPeopleTake(String code, String named) {
        Night night = new Night();
        night.given.cloud.faults().calls("RunInstances").times(100_000).error(code, 400);

        night.ask(night.inTheWest());
        assertThat(night.given.told()).singleElement().asString().contains(code, named);
        night.play(Duration.ofHours(30));
        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.REQUESTED);
        assertThat(night.given.catalog().open())
                .extracting(Notice::key)
                .containsExactly("blocked/us-west-2/" + code);

        night.given.cloud.faults().clear();
        night.play(Duration.ofMinutes(40));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(night.given.catalog().open()).isEmpty();
    }

    /** What no other image gets past either is not to be tried with one. */
    @Test
    void theEndOfARestoreThatWaitedForAQuotaNamesTheQuotaAndNoOtherImage() {
        Night night = new Night();
        night.given
                .cloud
                .faults()
                .calls("RunInstances")
                .times(1_000_000)
                .error("VcpuLimitExceeded", 400);

        night.ask(night.inTheWest());
        night.play(Duration.ofDays(8));

        assertThat(night.record().state()).isEqualTo(Restore.RestoreState.FAILED);
        assertThat(night.given.catalog().notices())
                .filteredOn(notice -> notice.key().startsWith("restore/"))
                .singleElement()
                .extracting(Notice::remedy)
                .asString()
                .startsWith("raise the quota \"Running On-Demand instances (vCPUs)")
                .endsWith("; then try again")
                .doesNotContain("older image");
    }

    @Test
    void aLaunchThatDiesOfAKeyNamesTheKeyAndTheParameter() {
        TestDeployment given =
                TestDeployment.nightlyInMemory("replicate: {us-west-2: {kmsKey: alias/dr}}");
        String server = given.instance("web-1");
        given.playUntil(MORNING.toString());
        Region west = new Region(TestDeployment.WEST);
        given.cloud.settings().badKey("alias/dr").failsToLaunch(_ -> true);
        var network = given.cloud.networks(TestDeployment.WEST);
        String vpc = network.addVpc();
        String subnet = network.addSubnet(vpc, "us-west-2b", Map.of());
        String group = network.addGroup(vpc, "web", Map.of());

        given.deployment.restore(
                request(
                        given,
                        Map.of(
                                "instance",
                                server,
                                "region",
                                west.name(),
                                "subnet",
                                subnet,
                                "groups",
                                List.of(group))));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(30)));

        assertThat(given.told())
                .anySatisfy(text ->
                        assertThat(text)
                                .contains(
                                        "Client.InternalError",
                                        "encrypted with alias/dr",
                                        "parameter KmsKeyArns"));
    }

    @Test
    void aServerWhoseMetadataCannotBeReachedComesBackAsSuch() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        String server =
                given.cloud.launch(
                        TestDeployment.EAST,
                        Map.of("backup", "gold"),
                        List.of(8),
                        run -> run.metadataOptions(it -> it.httpEndpoint("disabled")));
        given.playUntil(MORNING.toString());

        given.deployment.restore(request(given, Map.of("instance", server)));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(30)));

        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .extracting(Restore::state)
                .isEqualTo(Restore.RestoreState.PASSED);
    }

    @Test
    void refusesToReplaceTheRootOfAServerThatIsGone() {
        Night night = new Night();
        night.given.ec2(TestDeployment.EAST).terminateInstances(it -> it.instanceIds(night.server));
        night.play(Duration.ofMinutes(10));

        RestoreReport report = night.ask(Map.of("instance", night.server, "replaceRoot", true));

        assertThat(report.problem()).contains("the instance must be running");
    }

    @Test
    void theSamplesAreUnderstood() throws Exception {
        Night night = new Night();
        night.given.playUntil("2026-03-01T12:15:00Z");

        RestoreReport asked = night.given.deployment.restore(Samples.read("restore.json"));
        RestoreReport tick = night.given.deployment.restore(Samples.read("restore-tick.json"));
        RestoreReport running =
                night.given.deployment.restore(Samples.read("restore-running.json"));

        assertThat(asked.problem()).contains("no images of i-0abc1234def567890");
        assertThat(List.of(tick.count(MALFORMED), running.count(MALFORMED), asked.count(MALFORMED)))
                .containsOnly(0);
    }

    /** A rule sends an object, Scheduler without an input of its own a text. */
    @Test
    void aScheduledEventOfARuleIsATickToo() {
        Night night = new Night();
        for (Object detail : List.of(Map.of(), "{}")) {
            for (String source : List.of("aws.events", "aws.scheduler")) {
                Map<String, Object> tick = Samples.read("restore-tick.json");
                tick.put("source", source);
                tick.put("detail", detail);

                assertThat(night.given.deployment.restore(tick).count(MALFORMED)).isZero();
            }
        }
    }

    @Test
    void anOrderOfAnotherAccountIsRefusedAndTold() {
        Night night = new Night();
        Map<String, Object> order = new HashMap<>(night.request(night.inTheWest()));
        order.put("account", "999999999999");

        RestoreReport report = night.given.deployment.restore(order);

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.problem()).contains("this stack is account 123456789012's");
        assertThat(night.given.told()).anyMatch(text -> text.contains(report.problem()));
        night.play(Duration.ofMinutes(10));
        assertThat(night.restored(TestDeployment.WEST)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-02-01T00:00:00Z", "2027-03-01T00:00:00Z"})
    void anOrderIsOfNowWhateverItsTextSays(String time) {
        Night night = new Night();
        Map<String, Object> order = new HashMap<>(night.request(night.inTheWest()));
        order.put("time", time);

        assertThat(night.given.deployment.restore(order).count(REQUESTED)).isEqualTo(1);

        assertThat(night.record().asked()).isEqualTo(night.given.cloud.now());
    }

    /** Who calls the function need not think of an id, and means another restore each time. */
    @Test
    void directCallsWithoutAnIdAreRestoresOfTheirOwn() {
        Night night = new Night();
        Map<String, Object> order = new HashMap<>(night.request(night.inTheWest()));
        order.remove("id");

        night.given.deployment.restore(order);
        night.given.deployment.restore(order);

        assertThat(night.given.catalog().restores("gold")).hasSize(2);
    }

    @Test
    void aRequestThatCannotBeReadIsTold() {
        Night night = new Night();

        RestoreReport report = night.ask(Map.of("instance", "web-1"));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(night.given.told()).anyMatch(text -> text.contains("detail.instance"));
    }

    static Map<String, String> tags(Instance instance) {
        return instance.tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
