package dev.amikeeper.operate;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.operate.OperateReport.OperateCount.MALFORMED;
import static dev.amikeeper.operate.OperateReport.OperateCount.REFUSED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.FOREIGN;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.sweep.Drift;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Images are registered from snapshots: of ours whose image is gone, and of others'. */
final class RegistrationTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final String POLICY = "keep: {last: 9}\nreplicate: {us-west-2: {}}";

    // Ours whose image is gone

    @Test
    void anImageThatSomebodyDeregisteredIsMadeAgainOfItsSnapshotsAndHeld() {
        TestDeployment given = night(2);
        Image lost = deregistered(given);
        Set<String> snapshots = snapshots(given);

        OperateReport report = again(given, any(given), Map.of());

        assertThat(report.text())
                .startsWith("registers " + lost.name() + " of snap-")
                .contains("(/dev/sdf)", "(/dev/xvda)", ": ami-", "it is held");
        LocalImage made = only(given);
        assertThat(made.image().name()).isEqualTo(lost.name().toString());
        assertThat(Set.copyOf(snapshots(made))).isEqualTo(snapshots);
        assertThat(made.image().rootDeviceName()).isEqualTo("/dev/xvda");
        assertThat(made.image().architectureAsString()).isEqualTo("x86_64");
        assertThat(made.image().enaSupport()).isTrue();
        assertThat(tags(made))
                .containsKeys(ImageTags.CAPSULE, ImageTags.HOLD, ImageTags.REGISTERED, "Name")
                .containsEntry(ImageTags.SLOT, lost.name().slot().toString());
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(record -> {
                    assertThat(record.name()).isEqualTo(lost.name());
                    assertThat(record.isGood()).isTrue();
                    assertThat(record.adopted()).isTrue();
                    assertThat(record.capsule()).isPresent();
                });
        assertThat(given.catalog().removed("gold", EAST)).isEmpty();
    }

    @Test
    void aRepeatedOrderFindsItDoneAndTheOrphansAreNoTroubleAnyMore() {
        TestDeployment given = night(1);
        deregistered(given);
        Instant later = given.cloud.now().plus(Duration.ofHours(30));
        given.cloud.advanceTo(later);
        given.deployment.sweep(later);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("./keeper register " + any(given) + " --region us-east-1");

        again(given, any(given), Map.of());
        assertThat(again(given, any(given), Map.of()).text()).contains(" already exists as ami-");
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.catalog().open()).isEmpty();
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void theEventOfTheDeregistrationMayBeLost() {
        TestDeployment given = night(1);
        Image image = given.records(TestDeployment.EAST).getFirst();
        deregister(given, image);
        given.cloud.takeEvents();

        assertThat(again(given, any(given), Map.of("dryRun", true)).text())
                .startsWith("would register " + image.name() + " of ");
        assertThat(given.records(TestDeployment.EAST)).containsExactly(image);
        assertThat(again(given, any(given), Map.of()).count(DONE)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(Image::isGood)
                .isNotEqualTo(image);
    }

    @Test
    void theNextSweepMakesTheCopiesThatItsPolicyWants() {
        TestDeployment given = night(1);
        deregistered(given);
        again(given, any(given), Map.of());

        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.records(TestDeployment.WEST)).singleElement().matches(Image::isGood);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aServerThatIsGoneIsKnownByItsOtherImages() {
        TestDeployment given = TestDeployment.nightlyInMemory(POLICY);
        given.instance(TestDeployment.EAST, "web-1", 2);
        given.nights(2);
        given.ec2(TestDeployment.EAST).terminateInstances(it -> it.instanceIds(instance(given)));
        given.cloud.advance(Duration.ofHours(3));
        Image lost = given.records(TestDeployment.EAST).getFirst();
        Set<String> snapshots =
                given.snapshotsOf(lost.id().orElseThrow()).stream()
                        .map(it -> it.value())
                        .collect(Collectors.toSet());
        deregister(given, lost);
        given.deployment.deliverEvents();

        OperateReport report = again(given, snapshots.iterator().next(), Map.of());

        assertThat(report.text()).contains("(/dev/xvda)", "(/dev/sdf)");
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void whatNothingTellsAnyMoreIsAskedFor() {
        TestDeployment given = night(1);
        Image lost = deregistered(given);
        given.ec2(TestDeployment.EAST).terminateInstances(it -> it.instanceIds(instance(given)));
        given.cloud.advance(Duration.ofHours(3));
        given.cloud
                .images(TestDeployment.WEST)
                .forEach(it ->
                        given.ec2(TestDeployment.WEST)
                                .deregisterImage(image -> image.imageId(it.image().imageId())));

        assertThat(again(given, any(given), Map.of()).text())
                .contains(
                        "its root device is no longer known: name it (--root-device)",
                        "its architecture is no longer known: name it (--architecture)");
        assertThat(
                        again(
                                        given,
                                        any(given),
                                        Map.of("rootDevice", "/dev/sda1", "architecture", "arm64"))
                                .text())
                .startsWith("registers " + lost.name());
        assertThat(only(given).image().rootDeviceName()).isEqualTo("/dev/sda1");
        assertThat(only(given).image().architectureAsString()).isEqualTo("arm64");
    }

    @Test
    void anImageThatLacksAVolumeIsNotMadeUnlessAPersonSaysSo() {
        TestDeployment given = night(2);
        Image lost = deregistered(given);
        List<String> roots = ofDevice(given, "/dev/xvda");
        given.ec2(TestDeployment.EAST)
                .deleteSnapshot(it -> it.snapshotId(ofDevice(given, "/dev/sdf").getFirst()));

        OperateReport report = again(given, roots.getFirst(), Map.of());

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text())
                .contains(
                        lost.name() + " had 2 volumes; these snapshots exist: " + any(given),
                        "say it: ./keeper register --region us-east-1 --policy gold --instance "
                                + instance(given));
        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(register(given, roots.getFirst(), List.of(), Map.of()).text())
                .startsWith("registers " + lost.name());
        assertThat(snapshots(only(given))).hasSize(1);
    }

    @Test
    void withTheCatalogueLostNothingTellsWhetherTheyAreAll() {
        TestDeployment given = night(1);
        deregistered(given);
        given.deployment.loseTable();

        assertThat(again(given, any(given), Map.of()).text())
                .contains("nothing tells how many volumes ");
        assertThat(register(given, any(given), List.of(), Map.of()).count(DONE)).isEqualTo(1);
        assertThat(tags(only(given))).doesNotContainKey(ImageTags.HOLD);
    }

    @Test
    void whatIsThereIsNotMadeAgain() {
        TestDeployment given = night(1);
        Image image = given.records(TestDeployment.EAST).getFirst();

        assertThat(again(given, any(given), Map.of()).text())
                .isEqualTo(image.name() + " already exists as " + image.id().orElseThrow());
        assertThat(again(given, "snap-0nothing", Map.of()).text())
                .contains("there is no snapshot snap-0nothing of this account in us-east-1");
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void aNameThatIsTakenIsLeftToItsImage() {
        TestDeployment given = night(1);
        Image lost = deregistered(given);
        String other =
                given.ec2(TestDeployment.EAST)
                        .createImage(
                                it -> it.instanceId(instance(given)).name(lost.name().toString()))
                        .imageId();

        assertThat(again(given, snapshotsBut(given, other).getFirst(), Map.of()).text())
                .endsWith(other + " has its name, " + lost.name());
    }

    @Test
    void aCopyIsMadeAgainAsACopy() {
        TestDeployment given = night(1);
        Image copy = given.records(TestDeployment.WEST).getFirst();
        given.ec2(TestDeployment.WEST)
                .deregisterImage(it -> it.imageId(copy.id().orElseThrow().value()));
        given.deployment.deliverEvents();
        String snapshot =
                given.cloud.snapshots(TestDeployment.WEST).getFirst().snapshot().snapshotId();

        assertThat(again(given, snapshot, Map.of("region", TestDeployment.WEST)).count(DONE))
                .isEqualTo(1);

        assertThat(given.records(TestDeployment.WEST))
                .singleElement()
                .satisfies(it -> assertThat(it.home()).isEqualTo(copy.home()));
        assertThat(given.deployment.sweep(given.cloud.now().plus(Drift.EVERY)).count(FOREIGN))
                .isZero();
    }

    @Test
    void aCopyIsMadeAgainWhileTheHomeRegionDoesNotAnswer() {
        TestDeployment given = TestDeployment.nightlyInMemory(POLICY);
        given.instance(TestDeployment.EAST, "web-1", 1);
        given.nights(2);
        Image copy = given.records(TestDeployment.WEST).getFirst();
        String snapshot =
                given.images(TestDeployment.WEST).stream()
                        .filter(it -> it.image().name().equals(copy.name().toString()))
                        .flatMap(it -> snapshots(it).stream())
                        .findFirst()
                        .orElseThrow();
        given.ec2(TestDeployment.WEST)
                .deregisterImage(it -> it.imageId(copy.id().orElseThrow().value()));
        given.deployment.deliverEvents();
        given.cloud.faults().calls("DescribeInstances").times(9).error("InternalError", 500);

        assertThat(again(given, snapshot, Map.of("region", TestDeployment.WEST)).text())
                .startsWith("registers " + copy.name())
                .contains("(/dev/xvda)");
    }

    // Those of others

    @Test
    void snapshotsThatOthersMadeBecomeAnImageOfTheirTime() {
        TestDeployment given = server(2);
        String instance = instance(given);
        Instant made = given.cloud.now();
        List<String> theirs = theirs(given);

        OperateReport report =
                register(given, theirs.getFirst(), List.of(theirs.getLast()), Map.of());

        ImageName name = new ImageName("gold", new InstanceId(instance), new Slot(made));
        assertThat(report.text())
                .startsWith(
                        "registers "
                                + name
                                + " of "
                                + "%s (/dev/sdf), %s (/dev/xvda)"
                                        .formatted(theirs.getLast(), theirs.getFirst()))
                .contains("from then on these snapshots are deleted with it");
        assertThat(tags(only(given)))
                .containsEntry(ImageTags.SLOT, name.slot().toString())
                .containsEntry("Name", "web-1")
                .containsKey(ImageTags.CAPSULE)
                .doesNotContainKey(ImageTags.HOLD);
        assertThat(given.cloud.snapshots(TestDeployment.EAST))
                .hasSize(2)
                .allSatisfy(it ->
                        assertThat(tags(it))
                                .containsEntry(ImageTags.INSTANCE, instance)
                                .containsEntry("by", "hand")
                                .containsKey(ImageTags.CAPSULE));
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted)
                .matches(image -> image.capsule().isPresent());
    }

    @Test
    void theyGoWithTheImageOnceThatIsApproved() {
        TestDeployment given = TestDeployment.nightlyInMemory(POLICY);
        given.deployment.withoutSchedules();
        given.instance(TestDeployment.EAST, "web-1", 2);
        List<String> theirs = theirs(given);
        register(given, theirs.getFirst(), List.of(theirs.getLast()), Map.of());
        ImageId image = given.records(TestDeployment.EAST).getFirst().id().orElseThrow();
        given.nights(1);
        OperateHandler operations = new OperateHandler(given.deployment.application());
        Instant now = given.cloud.now();

        assertThat(
                        operations.carryOut(
                                new Order.Deregister(EAST, image, false, false, "alice"), now))
                .isInstanceOf(OrderResult.Declined.class);
        assertThat(
                        operations.carryOut(
                                new Order.Deregister(EAST, image, false, true, "alice"), now))
                .isInstanceOf(OrderResult.Done.class);
        assertThat(snapshots(given)).hasSize(2).doesNotContainAnyElementsOf(theirs);
    }

    @Test
    void aDryRunTagsAndRegistersNothing() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        List<LocalSnapshot> before = given.cloud.snapshots(TestDeployment.EAST);

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("dryRun", true)).text())
                .startsWith("would register gold/")
                .endsWith("these snapshots are deleted with it, which waits for an approval");

        assertThat(given.cloud.snapshots(TestDeployment.EAST)).isEqualTo(before);
        assertThat(given.images(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void whoDiesAfterTheTaggingIsMadeUpForByTheSameOrder() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.faults().calls("RegisterImage").deny();

        OperateReport refused = register(given, theirs.getFirst(), List.of(), Map.of());
        given.cloud.advance(Duration.ofHours(30));
        given.deployment.sweep(given.cloud.now());

        assertThat(refused.text()).contains("its snapshots carry our tags by now: try again");
        assertThat(given.told()).anyMatch(it -> it.contains("belong to no image"));
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).count(DONE))
                .isEqualTo(1);
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST)).singleElement().matches(Image::isGood);
    }

    @Test
    void anImageWhoseReplyWasLostIsRecordedByTheSweep() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.faults().calls("RegisterImage").loseReply();

        register(given, theirs.getFirst(), List.of(), Map.of());
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted);
    }

    @Test
    void anImageThatEc2FailsAtTakesNoSnapshotsWithIt() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.settings().failing(attempt -> attempt.number() == 1);
        given.cloud.settings().hiddenCalls(1);

        register(given, theirs.getFirst(), List.of(), Map.of());
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(it -> it.state() == ImageState.CREATING);
        given.deployment.deliverEvents();
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(3)));

        assertThat(snapshots(given)).containsExactlyElementsOf(theirs);
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(it -> it.state() == ImageState.FAILED);
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).text())
                .contains("deregister it, without its snapshots");
        String failed = only(given).image().imageId();
        given.ec2(TestDeployment.EAST).deregisterImage(it -> it.imageId(failed));
        assertThat(again(given, theirs.getFirst(), Map.of()).text()).contains("was given up");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).count(DONE))
                .isEqualTo(1);
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        assertThat(given.records(TestDeployment.EAST)).singleElement().matches(Image::isGood);
    }

    @Test
    void whatHasACaretakerIsLeftAloneAndNamed() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        given.ec2(TestDeployment.EAST)
                .createTags(it ->
                        it.resources(theirs)
                                .tags(Tag.builder().key("dlm:managed").value("true").build()));

        refused(
                given,
                theirs,
                Map.of(),
                "Data Lifecycle Manager made %s and manages it".formatted(theirs.getFirst()));
        assertThat(ForeignOrigin.caretaker(Map.of("aws:backup:source-resource", "arn"), ""))
                .contains("AWS Backup");
    }

    @Test
    void onlyCompletedSnapshotsOfThisServerThatAreNobodyElses() {
        TestDeployment given = server(1);
        String pending = snapshot(given, 0);
        refused(given, List.of(pending), Map.of(), pending + " is pending, not completed");

        given.cloud.advance(Duration.ofHours(1));
        BlockDeviceMapping root =
                BlockDeviceMapping.builder()
                        .deviceName("/dev/xvda")
                        .ebs(ebs -> ebs.snapshotId(pending))
                        .build();
        String used =
                given.ec2(TestDeployment.EAST)
                        .registerImage(it ->
                                it.name("theirs")
                                        .rootDeviceName("/dev/xvda")
                                        .blockDeviceMappings(root))
                        .imageId();
        refused(
                given,
                List.of(pending),
                Map.of(),
                "they belong to " + used + ", and are deleted with it");
        refused(given, List.of(pending), Map.of("policy", "silver"), "there is no policy silver");
        refused(
                given,
                List.of(pending),
                Map.of("region", TestDeployment.WEST),
                "there is no snapshot " + pending + " of this account in us-west-2");
        refused(given, List.of(pending, pending), Map.of(), pending + " is named twice");
    }

    @Test
    void aSnapshotThatHasNoRoomForOurTagsIsRefused() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        List<Tag> many =
                IntStream.range(0, 48)
                        .mapToObj(i -> Tag.builder().key("tag-" + i).value("x").build())
                        .toList();
        given.ec2(TestDeployment.EAST).createTags(it -> it.resources(theirs).tags(many));

        refused(given, theirs, Map.of(), "has so many tags that there is no room for ours");
    }

    @Test
    void snapshotsOfAnotherImageOfOursAreRefused() {
        TestDeployment given = night(1);
        Image lost = deregistered(given);
        String other = given.instance("web-2");

        refused(
                given,
                List.of(any(given)),
                Map.of("instance", other),
                "by their tags they belong to %s, not to one image of gold/%s"
                        .formatted(lost.name(), other));
    }

    @Test
    void aDeviceThatNothingTellsIsAskedFor() {
        TestDeployment given = server(2);
        List<String> theirs = theirs(given);
        Instance server = shown(given);
        given.ec2(TestDeployment.EAST)
                .terminateInstances(it -> it.instanceIds(server.instanceId()));
        given.cloud.advance(Duration.ofHours(3));
        Map<String, Object> said = Map.of("rootDevice", "/dev/xvda", "architecture", "arm64");

        refused(
                given,
                theirs,
                withInstance(server.instanceId(), said),
                "nothing tells which device %s was attached as".formatted(theirs.getLast()));
        OperateReport report =
                register(
                        given,
                        theirs.getFirst(),
                        List.of("/dev/sdf=" + theirs.getLast()),
                        withInstance(server.instanceId(), said));
        assertThat(report.text()).contains("registers gold/" + server.instanceId());
    }

    @Test
    void whatComesWithProductCodesIsSaidBefore() {
        TestDeployment given = server(1);
        given.cloud.productCode(TestDeployment.EAST, instance(given), "code-1");
        List<String> theirs = theirs(given);

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("dryRun", true)).text())
                .contains("it carries the product codes code-1", "cannot be made public");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).count(DONE))
                .isEqualTo(1);
    }

    @Test
    void whatAwsBillsIsRegisteredOnlyIfAPersonKnows() {
        TestDeployment given = server(1);
        given.cloud.platform(TestDeployment.EAST, instance(given), "Windows");
        List<String> theirs = theirs(given);

        refused(given, theirs, Map.of(), "AWS bills Windows on it");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("approve", true)).text())
                .contains(", for which EC2 bills Windows");
    }

    @Test
    void whereTheBillIsLostThatIsSaid() {
        TestDeployment given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.platform(TestDeployment.EAST, instance(given), "Windows");

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("approve", true)).text())
                .contains("which EC2 takes for \"Linux/UNIX\", not Windows");
    }

    @Test
    void aRefusedOrderIsAnnouncedWithItsReasons() {
        TestDeployment given = server(1);

        register(given, "snap-0nothing", List.of(), Map.of());

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "Register Requested: no image is made from snap-0nothing",
                        "there is no snapshot snap-0nothing");
    }

    @ParameterizedTest
    @CsvSource({
        "register-again, snapshot, ami-1, not a snapshot id",
        "register-again, root, snap-1, cannot go with",
        "register-again, dryRun, yes, must be true or false",
        "register, root, vol-1, not a snapshot id",
        "register, root, '', must be there",
        "register, policy, '', must be there",
        "register, instance, web-1, not an instance id",
        "register, architecture, amd64, not an architecture",
        "register, bootMode, bios, not a boot mode",
        "register, rootDevice, /dev/$, not a device name",
        "register, region, mars, not a Region"
    })
    void anEventThatIsWrongIsTold(String sample, String field, String value, String why) {
        TestDeployment given = server(1);

        OperateReport report = order(given, sample, Map.of(field, value));

        assertThat(report.count(MALFORMED)).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("detail." + field, why);
    }

    @ParameterizedTest
    @CsvSource({"/dev/sdf, not a snapshot id", "/x y=snap-1, not a device name"})
    void aVolumeThatIsWrongIsTold(String volume, String why) {
        TestDeployment given = server(1);

        order(given, "register", Map.of("volumes", List.of(volume)));

        assertThat(given.told()).singleElement().asString().contains("detail.volumes", why);
    }

    private static void refused(
            TestDeployment given, List<String> snapshots, Map<String, Object> more, String why) {
        int before = given.images(TestDeployment.EAST).size();
        Map<String, Object> detail = new HashMap<>(more);
        OperateReport report =
                register(
                        given,
                        snapshots.getFirst(),
                        snapshots.subList(1, snapshots.size()),
                        detail);
        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text())
                .startsWith("no image is made from " + snapshots.getFirst())
                .contains(why);
        assertThat(given.images(TestDeployment.EAST)).hasSize(before);
        assertThat(given.records(TestDeployment.EAST))
                .noneMatch(it -> it.state() == ImageState.CREATING);
    }

    @Test
    void anImageOverARecordThatWasGivenUpIsOneKeyOnly() {
        TestDeployment given = given("schedule: {cron: \"0 2 1 3 *\"}\n");
        given.instance(TestDeployment.EAST, "web-1", 1);
        given.cloud.settings().failing(_ -> true);
        given.nights(1);
        for (int i = 0; i < 3; i++) {
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
            given.deployment.sweep(given.cloud.now());
        }
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        Image givenUp = given.records(TestDeployment.EAST).getFirst();
        assertThat(givenUp.state()).isEqualTo(ImageState.FAILED);
        given.cloud.settings().failing(_ -> false);
        String theirs = theirs(given).getFirst();
        ImageTags.of(givenUp.name(), Optional.empty(), Map.of(), List.of())
                .forEach((key, value) ->
                        given.ec2(TestDeployment.EAST)
                                .createTags(it ->
                                        it.resources(theirs)
                                                .tags(
                                                        Tag.builder()
                                                                .key(key)
                                                                .value(value)
                                                                .build())));

        assertThat(register(given, theirs, List.of(), Map.of()).count(DONE)).isEqualTo(1);
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted);
    }

    @Test
    void anImageThatWasStoredIsStillKnownToBeInS3() {
        TestDeployment given = night(1);
        ImageId old = given.records(TestDeployment.EAST).getFirst().id().orElseThrow();
        given.cloud.addBucket(TestDeployment.EAST, "archive");
        new OperateHandler(given.deployment.application())
                .carryOut(
                        new Order.Store(EAST, old, Optional.of("archive"), false),
                        given.cloud.now());
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.store(given.cloud.now());
        deregistered(given);

        again(given, any(given), Map.of());

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(Image::isGood)
                .extracting(image -> image.stored().orElseThrow().object().image())
                .isEqualTo(old);
    }

    private static OperateReport again(
            TestDeployment given, String snapshot, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(more);
        detail.put("snapshot", snapshot);
        return order(given, "register-again", detail);
    }

    private static OperateReport register(
            TestDeployment given, String root, List<String> volumes, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(Map.of("root", root, "volumes", volumes));
        detail.put("policy", "gold");
        if (!more.containsKey("instance")) {
            detail.put("instance", instance(given));
        }
        detail.putAll(more);
        Map<String, Object> event = event(given, "register");
        event.put("detail", detail);
        return handle(given, event);
    }

    private static Map<String, Object> withInstance(String id, Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("instance", id);
        return all;
    }

    /** The sample with these fields of its detail changed. */
    private static OperateReport order(
            TestDeployment given, String sample, Map<String, Object> more) {
        Map<String, Object> event = event(given, sample);
        Map<String, Object> detail = new HashMap<>();
        if (event.get("detail") instanceof Map<?, ?> fields) {
            fields.forEach((key, value) -> detail.put(String.valueOf(key), value));
        }
        // The sample itself only shows what it would do.
        detail.put("dryRun", false);
        detail.putAll(more);
        event.put("detail", detail);
        return handle(given, event);
    }

    private static Map<String, Object> event(TestDeployment given, String sample) {
        Map<String, Object> event = Samples.read("operate-" + sample + ".json");
        event.put("time", given.cloud.now().toString());
        return event;
    }

    private static OperateReport handle(TestDeployment given, Map<String, Object> event) {
        return new OperateHandler(given.deployment.application())
                .handleRequest(event, given.context("OperateFunction"));
    }

    /** An instance of which there is an image of one night. */
    private static TestDeployment night(int volumes) {
        TestDeployment given = given("schedule: {cron: \"0 2 1 3 *\"}\n");
        given.instance(TestDeployment.EAST, "web-1", volumes);
        given.nights(1);
        return given;
    }

    /** An instance of which there is no image. */
    private static TestDeployment server(int volumes) {
        TestDeployment given = given("");
        given.instance(TestDeployment.EAST, "web-1", volumes);
        return given;
    }

    private static TestDeployment given(String schedule) {
        TestDeployment given =
                TestDeployment.inMemory(
                        "policies:\n  gold:\n"
                                + ("select: {tags: {backup: gold}}\n" + schedule + POLICY)
                                        .indent(4),
                        1);
        given.deployment.withoutSchedules();
        return given;
    }

    private static Image deregistered(TestDeployment given) {
        Image image = given.records(TestDeployment.EAST).getFirst();
        deregister(given, image);
        given.deployment.deliverEvents();
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        return image;
    }

    private static void deregister(TestDeployment given, Image image) {
        given.ec2(TestDeployment.EAST)
                .deregisterImage(it -> it.imageId(image.id().orElseThrow().value()));
    }

    /** Snapshots that somebody made of each volume, the root's first; completed by now. */
    private static List<String> theirs(TestDeployment given) {
        List<String> made =
                IntStream.range(0, shown(given).blockDeviceMappings().size())
                        .mapToObj(i -> snapshot(given, i))
                        .toList();
        given.cloud.advance(Duration.ofHours(1));
        return made;
    }

    private static String snapshot(TestDeployment given, int device) {
        String volume = shown(given).blockDeviceMappings().get(device).ebs().volumeId();
        String id =
                given.ec2(TestDeployment.EAST)
                        .createSnapshot(it -> it.volumeId(volume))
                        .snapshotId();
        given.ec2(TestDeployment.EAST)
                .createTags(
                        it -> it.resources(id).tags(Tag.builder().key("by").value("hand").build()));
        return id;
    }

    private static Instance shown(TestDeployment given) {
        return given.cloud.instances(TestDeployment.EAST).getFirst().instance();
    }

    private static String instance(TestDeployment given) {
        return given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
    }

    private static List<String> ofDevice(TestDeployment given, String device) {
        Set<String> volumes =
                shown(given).blockDeviceMappings().stream()
                        .filter(it -> it.deviceName().equals(device))
                        .map(InstanceBlockDeviceMapping::ebs)
                        .map(ebs -> ebs.volumeId())
                        .collect(Collectors.toSet());
        return given.cloud.snapshots(TestDeployment.EAST).stream()
                .map(LocalSnapshot::snapshot)
                .filter(it -> volumes.contains(it.volumeId()))
                .map(it -> it.snapshotId())
                .toList();
    }

    private static List<String> snapshotsBut(TestDeployment given, String image) {
        Set<String> its =
                given.images(TestDeployment.EAST).stream()
                        .filter(it -> it.image().imageId().equals(new ImageId(image).value()))
                        .flatMap(it -> snapshots(it).stream())
                        .collect(Collectors.toSet());
        return snapshots(given).stream().filter(it -> !its.contains(it)).toList();
    }

    private static List<String> snapshots(LocalImage image) {
        return image.image().blockDeviceMappings().stream()
                .map(device -> device.ebs().snapshotId())
                .toList();
    }

    private static Set<String> snapshots(TestDeployment given) {
        return given.cloud.snapshots(TestDeployment.EAST).stream()
                .map(it -> it.snapshot().snapshotId())
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static String any(TestDeployment given) {
        return given.cloud.snapshots(TestDeployment.EAST).getFirst().snapshot().snapshotId();
    }

    private static LocalImage only(TestDeployment given) {
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        return given.images(TestDeployment.EAST).getFirst();
    }

    private static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }

    private static Map<String, String> tags(LocalSnapshot snapshot) {
        return snapshot.snapshot().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
