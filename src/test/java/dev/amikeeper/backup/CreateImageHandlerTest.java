package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.Counts;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.lifecycle.SliceReport;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class CreateImageHandlerTest {
    private static final String SLOT = "2026-03-01T02:00:00Z";
    private static final String LATER = "2026-03-01T02:30:00Z";

    @Test
    void namesAndTagsImageAndSnapshotsInTheOneCall() {
        TestDeployment given = TestDeployment.nightly("image: {copyTags: [\"N*\"]}");
        String id = given.instance("web-1");

        given.playUntil(LATER);

        LocalImage image = given.images(TestDeployment.EAST).getFirst();
        assertThat(image.image().name()).isEqualTo("gold/" + id + "/2026-03-01T02.00.00Z");
        Map<String, String> tags =
                Map.of(
                        "Name",
                        "web-1",
                        "amikeeper:policy",
                        "gold",
                        "amikeeper:instance",
                        id,
                        "amikeeper:slot",
                        SLOT);
        assertThat(withoutCapsule(image)).isEqualTo(tags);
        assertThat(given.cloud.snapshots(TestDeployment.EAST))
                .singleElement()
                .satisfies(snapshot ->
                        assertThat(tags(snapshot.snapshot().tags()))
                                .isEqualTo(tags(image.image().tags())));
        assertThat(given.cloud.calls()).doesNotContainKey("CreateTags");
    }

    @Test
    void leavesVolumesOutAndDoesNotReboot() {
        TestDeployment given =
                TestDeployment.nightly("image: {excludeDevices: [/dev/sdf, /dev/xvda]}");
        given.instance(TestDeployment.EAST, "db-1", 3);

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST).getFirst().image().blockDeviceMappings())
                .extracting(device -> device.deviceName())
                .containsExactlyInAnyOrder("/dev/xvda", "/dev/sdg");
        assertThat(given.cloud.instances(TestDeployment.EAST).getFirst().reboots()).isZero();
        assertThat(given.records(TestDeployment.EAST).getFirst().volumes()).isEqualTo(2);
    }

    @Test
    void leavesVolumesOutByTheirOwnTagsAndRemembersThem() {
        TestDeployment given =
                TestDeployment.nightly(
                        "image: {excludeVolumes: {tags: {backup: [\"no\", never]}}}");
        String db = given.instance(TestDeployment.EAST, "db-1", 3);
        String web = given.instance(TestDeployment.EAST, "web-1", 2);
        tagVolume(given, db, "/dev/sdf", "backup", "never");
        tagVolume(given, db, "/dev/sdg", "backup", "yes");

        given.playUntil(LATER);

        Image image = record(given, db);
        assertThat(image.volumes()).isEqualTo(2);
        assertThat(shown(given, image).image().blockDeviceMappings())
                .extracting(device -> device.deviceName())
                .containsExactlyInAnyOrder("/dev/xvda", "/dev/sdg");
        assertThat(image.capsule().orElseThrow().disks())
                .containsExactly(
                        new Capsule.Disk("/dev/sdf", 8, true, Map.of("backup", "never")),
                        new Capsule.Disk("/dev/sdg", 0, false, Map.of("backup", "yes")));
        assertThat(CapsuleTags.read(tags(shown(given, image).image().tags())).orElseThrow().disks())
                .isEqualTo(image.capsule().orElseThrow().disks());
        assertThat(record(given, web).volumes()).isEqualTo(2);
        // One read for all that is imaged together.
        assertThat(given.cloud.calls()).containsEntry("DescribeVolumes", 1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void remembersAVolumeThatIsLeftOutByItsDevice() {
        TestDeployment given = TestDeployment.nightly("image: {excludeDevices: [/dev/sdf]}");
        String id = given.instance(TestDeployment.EAST, "db-1", 3);

        given.playUntil(LATER);

        assertThat(record(given, id).capsule().orElseThrow().leftOut())
                .containsExactly(new Capsule.Disk("/dev/sdf", 8, true, Map.of()));
    }

    @Test
    void imagesTheRootVolumeWhateverItsTagsAndSaysSoOnce() {
        TestDeployment given =
                TestDeployment.nightly("image: {excludeVolumes: {tags: {backup: \"no\"}}}");
        for (String name : List.of("db-1", "db-2")) {
            String id = given.instance(TestDeployment.EAST, name, 2);
            tagVolume(given, id, "/dev/xvda", "backup", "no");
        }

        given.playUntil("2026-03-02T04:00:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(4)
                .allMatch(image -> image.volumes() == 2)
                .allMatch(image -> image.capsule().orElseThrow().leftOut().isEmpty());
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("policy gold leaves out the root volume", "EC2 cannot", "/dev/xvda");
    }

    @Test
    void waitsForTheTagsOfVolumesOnlyWhereTheyDecide() {
        TestDeployment plain = TestDeployment.nightly("");
        TestDeployment choosy =
                TestDeployment.nightly("image: {excludeVolumes: {tags: {backup: \"no\"}}}");
        for (TestDeployment given : List.of(plain, choosy)) {
            given.instance("web-1");
            given.cloud.faults().calls("DescribeVolumes").times(1).deny();
            given.playUntil("2026-03-01T02:04:00Z");
        }
        assertThat(plain.records(TestDeployment.EAST).getFirst().state())
                .isNotEqualTo(ImageState.REQUESTED);
        assertThat(choosy.records(TestDeployment.EAST).getFirst())
                .matches(image -> image.state() == ImageState.REQUESTED && image.attempt() == 1);

        choosy.playUntil(LATER);
        assertThat(choosy.records(TestDeployment.EAST).getFirst().state())
                .isEqualTo(ImageState.AVAILABLE);
    }

    private static void tagVolume(
            TestDeployment given, String instance, String device, String key, String value) {
        String volume =
                given
                        .cloud
                        .ec2(TestDeployment.EAST)
                        .describeInstances(ask -> ask.instanceIds(instance))
                        .reservations()
                        .getFirst()
                        .instances()
                        .getFirst()
                        .blockDeviceMappings()
                        .stream()
                        .filter(it -> it.deviceName().equals(device))
                        .findFirst()
                        .orElseThrow()
                        .ebs()
                        .volumeId();
        given.cloud
                .ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(volume).tags(Tag.builder().key(key).value(value).build()));
    }

    private static Image record(TestDeployment given, String instance) {
        return given.records(TestDeployment.EAST).stream()
                .filter(image -> image.name().instance().value().equals(instance))
                .findFirst()
                .orElseThrow();
    }

    private static LocalImage shown(TestDeployment given, Image image) {
        return given.images(TestDeployment.EAST).stream()
                .filter(it -> it.image().imageId().equals(image.id().orElseThrow().value()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void rebootsWhereThePolicySaysSo() {
        TestDeployment given = TestDeployment.nightly("image: {reboot: true}");
        given.instance("web-1");

        given.playUntil(LATER);

        assertThat(given.cloud.instances(TestDeployment.EAST).getFirst().reboots()).isEqualTo(1);
    }

    @Test
    void adoptsTheImageOfACallWhoseReplyWasLost() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").loseReply();

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void adoptsAnImageThatEc2NamesButDoesNotListYet() {
        TestDeployment given = TestDeployment.nightly("");
        given.cloud.settings().hiddenCalls(4);
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").loseReply();

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void adoptsAnImageThatWasAvailableBeforeAnybodyKnewIt() {
        TestDeployment given = TestDeployment.nightly("replicate: {us-west-2: {}}");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").killAfter();

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.images(TestDeployment.WEST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.AVAILABLE);
    }

    @Test
    void leavesAForeignImageOfThatNameAlone() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.ec2(TestDeployment.EAST)
                .createImage(
                        image -> image.instanceId(id).name("gold/" + id + "/2026-03-01T02.00.00Z"));

        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactly(ImageState.FAILED);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("does not have AMI Keeper's tags");
    }

    @Test
    void recordsAnInstanceThatIsGoneAsAFailureAtOnce() {
        TestDeployment given = TestDeployment.nightly("");
        String gone = given.instance("web-1");
        given.instance("web-2");
        given.tick("2026-03-01T01:59:00Z");
        given.cloud.faults().calls("SendMessage").error("InternalError", 500);
        given.tick(SLOT);
        given.ec2(TestDeployment.EAST).terminateInstances(terminate -> terminate.instanceIds(gone));

        given.playUntil(LATER);

        assertThat(given.cloud.calls()).containsEntry("CreateImage", 1);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsExactlyInAnyOrder(ImageState.FAILED, ImageState.AVAILABLE);
        assertThat(given.told()).singleElement().asString().contains("the instance is gone");
    }

    @Test
    void oneImagesTroubleStopsNoOther() {
        TestDeployment given = TestDeployment.nightly("");
        for (int i = 0; i < 5; i++) {
            given.instance("web-" + i);
        }
        given.cloud.faults().calls("CreateImage").nth(2).error("InvalidParameterValue", 400);

        given.playUntil("2026-03-01T02:05:00Z");
        assertThat(given.images(TestDeployment.EAST)).hasSize(4);

        given.playUntil("2026-03-01T03:00:00Z");
        assertThat(given.images(TestDeployment.EAST)).hasSize(5);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aCallThatEc2RefusesIsTriedThreeTimesThenTold() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").times(100).error("InvalidParameterValue", 400);

        given.playUntil("2026-03-01T04:00:00Z");

        assertThat(given.cloud.calls()).containsEntry("CreateImage", 3);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("Tried: 3 tries since its slot", "InvalidParameterValue");
        assertThat(given.catalog().open()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "PendingVerification, 403, PendingVerification, AWS verifies the account",
        "ExpiredToken, 403, ExpiredToken, AWS does not accept the caller's credentials",
        "RequestExpired, 400, RequestExpired, AWS does not accept the caller's credentials",
        "InvalidClientTokenId, 403, InvalidClientTokenId, AWS does not accept the caller's",
        "Blocked, 403, Blocked, AWS has blocked the account",
        "AuthFailure, 401, AuthFailure, is the Region us-east-1 enabled for this account?",
        "SnapshotLimitExceeded, 400, SnapshotLimitExceeded, raise the quota \"Snapshots per"
                + " Region\"",
        "UnauthorizedOperation, 403, ec2:CreateImage, let the function's role make this call"
    })
    void whatIsTheAccountsTroubleIsToldOnceAndAllIsMadeWhenItIsOver(
            String code, int status, String cause, String remedy) {
        TestDeployment given = TestDeployment.nightly("");
        for (int i = 0; i < 3; i++) {
            given.instance("web-" + i);
        }
        given.cloud.faults().calls("CreateImage").times(10_000).error(code, status);

        given.playUntil("2026-03-01T03:00:00Z");
        assertThat(given.told()).singleElement().asString().contains(code, remedy);
        given.playUntil("2026-03-01T14:00:00Z");

        assertThat(given.told()).hasSize(1);
        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .containsExactly("blocked/us-east-1/" + cause);
        assertThat(given.records(TestDeployment.EAST))
                .extracting(Image::state)
                .containsOnly(ImageState.REQUESTED);

        given.cloud.faults().clear();
        given.playUntil("2026-03-01T15:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(3);
        assertThat(given.catalog().open()).isEmpty();
        assertThat(given.told()).hasSize(2).last().asString().startsWith("resolved: ");
    }

    @Test
    void aPermissionThatSomeImagesLackHoldsUpNoOther() {
        TestDeployment given = TestDeployment.nightly("");
        for (int i = 0; i < 5; i++) {
            given.instance("web-" + i);
        }
        given.cloud.faults().calls("CreateImage").times(4).deny();

        given.playUntil("2026-03-01T02:04:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void aTickTriesAnImageAgainAfterTenAndAfterThirtyMinutes() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").times(100).error("InvalidParameterValue", 400);

        given.playUntil("2026-03-01T02:09:00Z");
        assertThat(given.cloud.calls()).containsEntry("CreateImage", 1);
        given.playUntil("2026-03-01T02:11:00Z");
        assertThat(given.cloud.calls()).containsEntry("CreateImage", 2);
        given.playUntil("2026-03-01T02:39:00Z");
        assertThat(given.cloud.calls()).containsEntry("CreateImage", 2);
        assertThat(given.told()).isEmpty();
        given.playUntil("2026-03-01T02:41:00Z");
        assertThat(given.cloud.calls()).containsEntry("CreateImage", 3);
    }

    @Test
    void aThrottledCallCostsNoTry() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").times(5).throttle();

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.state()).isEqualTo(ImageState.AVAILABLE);
                    assertThat(image.attempt()).isEqualTo(1);
                });
    }

    @Test
    void keepsToTheTokenBucketOfTheCall() {
        TestDeployment given = TestDeployment.nightly("");
        given.cloud.settings().throttling(true);
        for (int i = 0; i < 120; i++) {
            given.instance("web-" + i);
        }

        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(given.images(TestDeployment.EAST)).hasSize(120);
        assertThat(given.cloud.calls()).containsEntry("CreateImage", 120);
    }

    @Test
    void imagesAnInstanceByEachPolicyThatSelectsIt() {
        TestDeployment given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                          hourly:
                            select: {tags: {Name: "web-*"}}
                            schedule: {every: 1h}
                        """);
        given.instance("web-1");

        given.playUntil("2026-03-01T02:30:00Z");

        assertThat(given.images(TestDeployment.EAST))
                .extracting(image -> ImageName.parse(image.image().name()).orElseThrow().policy())
                .containsExactlyInAnyOrder("gold", "hourly", "hourly", "hourly");
    }

    @Test
    void aKickForARegionOfNoPolicyDoesNothing() {
        TestDeployment given = TestDeployment.nightly("");

        SliceReport report =
                new CreateImageHandler(given.deployment.application())
                        .handleRequest(
                                kick("{\"region\":\"mars-north-1\"}"),
                                given.context("CreateImageFunction"));

        assertThat(report)
                .isEqualTo(new SliceReport(Counts.none(SliceReport.SliceCount.class), List.of()));
    }

    @Test
    void aCallWithoutAnEventIsRecorded() {
        TestDeployment given = TestDeployment.nightly("");

        SliceReport report =
                new CreateImageHandler(given.deployment.application())
                        .handleRequest(null, given.context("CreateImageFunction"));

        assertThat(report)
                .isEqualTo(
                        new SliceReport(Counts.once(SliceReport.SliceCount.MALFORMED), List.of()));
        assertThat(given.told()).singleElement().asString().contains("as SQS delivers them");
    }

    @Test
    void aMessageThatIsNoKickIsRecordedAndNotRepeated() {
        TestDeployment given = TestDeployment.nightly("");

        SliceReport report =
                new CreateImageHandler(given.deployment.application())
                        .handleRequest(kick("<xml/>"), given.context("CreateImageFunction"));

        assertThat(report)
                .isEqualTo(
                        new SliceReport(Counts.once(SliceReport.SliceCount.MALFORMED), List.of()));
        assertThat(given.told()).singleElement().asString().contains("a kick must look like");
    }

    @Test
    void aRegionWhoseSliceBreaksIsKickedAgainByTheQueue() {
        TestDeployment given = TestDeployment.nightly("");
        given.instance("web-1");
        given.cloud.faults().calls("CreateImage").killBefore();

        given.playUntil("2026-03-01T02:04:00Z");
        assertThat(given.images(TestDeployment.EAST)).isEmpty();

        given.playUntil("2026-03-01T02:20:00Z");
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    private static SQSEvent kick(String body) {
        return Samples.delivery(
                Map.of("Records", List.of(Map.of("messageId", "m-1", "body", body))));
    }

    @Test
    void recordsWithImageAndCopyWhatTheServerNeedsBesidesIt() {
        TestDeployment given =
                TestDeployment.nightly("image: {userData: keep}\nreplicate: {us-west-2: {}}");
        String id =
                given.cloud.launch(
                        TestDeployment.EAST,
                        Map.of("Name", "web-1", "backup", "gold"),
                        List.of(8),
                        run ->
                                run.instanceType("m5.large")
                                        .keyName("ops")
                                        .userData("IyEvYmluL3No")
                                        .ebsOptimized(true)
                                        .metadataOptions(options ->
                                                options.httpTokens("required")
                                                        .httpPutResponseHopLimit(2)));

        given.playUntil(LATER);

        Capsule capsule = image(given, id, TestDeployment.EAST).capsule().orElseThrow();
        assertThat(capsule.type()).isEqualTo("m5.large");
        assertThat(capsule.keyPair()).contains("ops");
        assertThat(capsule.ebsOptimized()).isTrue();
        assertThat(capsule.subnet()).startsWith("subnet-");
        assertThat(capsule.groups()).singleElement().asString().startsWith("sg-");
        assertThat(capsule.metadata())
                .contains(new Capsule.Metadata("required", "enabled", 2, "disabled", "disabled"));
        assertThat(capsule.userData()).contains("IyEvYmluL3No");
        // printf '#!/bin/sh' | sha256sum
        assertThat(capsule.userDataHash())
                .contains("3af71adb278ad4af33c144b78fa1ae708da03b773d98324ae991a7daedb53ca2");
        assertThat(capsule.tags()).containsEntry("Name", "web-1");
        assertThat(image(given, id, TestDeployment.WEST).capsule()).contains(capsule);
        for (String region : List.of(TestDeployment.EAST, TestDeployment.WEST)) {
            Capsule onTheImage =
                    CapsuleTags.read(tags(given.images(region).getFirst().image().tags()))
                            .orElseThrow();
            assertThat(onTheImage.withUserData(Optional.empty(), Optional.empty()))
                    .usingRecursiveComparison()
                    .ignoringFields("tags")
                    .isEqualTo(capsule.withUserData(Optional.empty(), Optional.empty()));
            assertThat(onTheImage.userDataHash()).isEqualTo(capsule.userDataHash());
            assertThat(onTheImage.userData()).isEmpty();
        }
    }

    @Test
    void recordsNoUserDataUnlessThePolicySaysSo() {
        TestDeployment given = TestDeployment.nightly("");
        String id =
                given.cloud.launch(
                        TestDeployment.EAST,
                        Map.of("backup", "gold"),
                        List.of(8),
                        run -> run.userData("IyEvYmluL3No"));

        given.playUntil(LATER);

        Capsule capsule = image(given, id, TestDeployment.EAST).capsule().orElseThrow();
        assertThat(capsule.userData()).isEmpty();
        assertThat(capsule.userDataHash()).isPresent();
    }

    @Test
    void readsUserDataOnceAsLongAsTheServerRuns() {
        for (String kept : List.of("hash", "keep")) {
            TestDeployment given = TestDeployment.nightly("image: {userData: " + kept + "}");
            String scripted =
                    given.cloud.launch(
                            TestDeployment.EAST,
                            Map.of("backup", "gold"),
                            List.of(8),
                            run -> run.userData("IyEvYmluL3No"));
            String plain = given.instance("web-1");

            given.playDays(4);
            assertThat(given.cloud.calls()).containsEntry("DescribeInstanceAttribute", 2);

            given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(scripted));
            given.playUntil("2026-03-05T00:05:00Z");
            given.ec2(TestDeployment.EAST).startInstances(start -> start.instanceIds(scripted));
            given.playDays(7);
            assertThat(given.cloud.calls()).containsEntry("DescribeInstanceAttribute", 3);
            assertThat(given.records(TestDeployment.EAST))
                    .hasSize(14)
                    .allSatisfy(image -> {
                        Capsule capsule = image.capsule().orElseThrow();
                        boolean has = !image.name().instance().value().equals(plain);
                        assertThat(capsule.userDataHash().isPresent()).isEqualTo(has);
                        assertThat(capsule.userData().isPresent())
                                .isEqualTo(has && kept.equals("keep"));
                    });
        }
    }

    @Test
    void readsTheUserDataOfAStoppedServerEachTimeBecauseItMayChange() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id));

        given.playDays(3);

        assertThat(given.cloud.calls()).containsEntry("DescribeInstanceAttribute", 3);
    }

    @Test
    void readsUserDataAgainIfThePolicyKeepsItFromNowOn() {
        TestDeployment given = TestDeployment.nightly("");
        given.cloud.launch(
                TestDeployment.EAST,
                Map.of("backup", "gold"),
                List.of(8),
                run -> run.userData("IyEvYmluL3No"));
        given.playDays(1);

        TestDeployment keeping =
                given.redeployed(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            image: {userData: keep}
                        """);
        keeping.playDays(3);

        assertThat(keeping.records(TestDeployment.EAST).getLast().capsule().orElseThrow())
                .satisfies(it -> assertThat(it.userData()).contains("IyEvYmluL3No"));
        assertThat(given.cloud.calls()).containsEntry("DescribeInstanceAttribute", 2);
    }

    @Test
    void imagesAnInstanceWhoseUserDataCannotBeRead() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.cloud.faults().calls("DescribeInstanceAttribute").times(100).deny();

        given.playUntil(LATER);

        Capsule capsule = image(given, id, TestDeployment.EAST).capsule().orElseThrow();
        assertThat(capsule.userDataHash()).isEmpty();
        assertThat(capsule.type()).isNotEmpty();
    }

    private static Image image(TestDeployment given, String instance, String region) {
        return given.catalog().ofInstance(new InstanceId(instance)).stream()
                .filter(image -> image.region().name().equals(region))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, String> withoutCapsule(LocalImage image) {
        Map<String, String> tags = new HashMap<>(tags(image.image().tags()));
        assertThat(CapsuleTags.read(tags)).isPresent();
        tags.keySet().removeIf(key -> key.startsWith("amikeeper:capsule"));
        return tags;
    }

    private static Map<String, String> tags(List<Tag> tags) {
        return tags.stream().collect(java.util.stream.Collectors.toMap(Tag::key, Tag::value));
    }
}
