package dev.amikeeper.operate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Given;
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
    private static final Region EAST = new Region(Given.EAST);
    private static final String POLICY = "keep: {last: 9}\nreplicate: {us-west-2: {}}";

    // Ours whose image is gone

    @Test
    void anImageThatSomebodyDeregisteredIsMadeAgainOfItsSnapshotsAndHeld() {
        Given given = night(2);
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
        assertThat(given.records(Given.EAST))
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
        Given given = night(1);
        deregistered(given);
        Instant later = given.cloud.now().plus(Duration.ofHours(30));
        given.cloud.advanceTo(later);
        given.deployment.sweep(later);
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("./keeper register " + any(given) + " --region us-east-1");

        again(given, any(given), Map.of());
        assertThat(again(given, any(given), Map.of()).text())
                .contains(" is there as ami-", " already");
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.catalog().open()).isEmpty();
        assertThat(given.images(Given.EAST)).hasSize(1);
    }

    @Test
    void theEventOfTheDeregistrationMayBeLost() {
        Given given = night(1);
        Image image = given.records(Given.EAST).getFirst();
        deregister(given, image);
        given.cloud.takeEvents();

        assertThat(again(given, any(given), Map.of("dryRun", true)).text())
                .startsWith("would register " + image.name() + " of ");
        assertThat(given.records(Given.EAST)).containsExactly(image);
        assertThat(again(given, any(given), Map.of()).done()).isEqualTo(1);
        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(Image::isGood)
                .isNotEqualTo(image);
    }

    @Test
    void theNextSweepMakesTheCopiesThatItsPolicyWants() {
        Given given = night(1);
        deregistered(given);
        again(given, any(given), Map.of());

        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        assertThat(given.records(Given.WEST)).singleElement().matches(Image::isGood);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aServerThatIsGoneIsKnownByItsOtherImages() {
        Given given = Given.nightlyInMemory(POLICY);
        given.instance(Given.EAST, "web-1", 2);
        given.nights(2);
        given.ec2(Given.EAST).terminateInstances(it -> it.instanceIds(instance(given)));
        given.cloud.advance(Duration.ofHours(3));
        Image lost = given.records(Given.EAST).getFirst();
        Set<String> snapshots =
                given.snapshotsOf(lost.id().orElseThrow()).stream()
                        .map(it -> it.value())
                        .collect(Collectors.toSet());
        deregister(given, lost);
        given.deployment.deliverEvents();

        OperateReport report = again(given, snapshots.iterator().next(), Map.of());

        assertThat(report.text()).contains("(/dev/xvda)", "(/dev/sdf)");
        assertThat(given.images(Given.EAST)).hasSize(2);
    }

    @Test
    void whatNothingTellsAnyMoreIsAskedFor() {
        Given given = night(1);
        Image lost = deregistered(given);
        given.ec2(Given.EAST).terminateInstances(it -> it.instanceIds(instance(given)));
        given.cloud.advance(Duration.ofHours(3));
        given.cloud
                .images(Given.WEST)
                .forEach(it ->
                        given.ec2(Given.WEST)
                                .deregisterImage(image -> image.imageId(it.image().imageId())));

        assertThat(again(given, any(given), Map.of()).text())
                .contains(
                        "nothing tells its root device any more: name it (--root-device)",
                        "nothing tells its architecture any more: name it (--architecture)");
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
        Given given = night(2);
        Image lost = deregistered(given);
        List<String> roots = ofDevice(given, "/dev/xvda");
        given.ec2(Given.EAST)
                .deleteSnapshot(it -> it.snapshotId(ofDevice(given, "/dev/sdf").getFirst()));

        OperateReport report = again(given, roots.getFirst(), Map.of());

        assertThat(report.refused()).isEqualTo(1);
        assertThat(report.text())
                .contains(
                        lost.name() + " had 2 volumes; these snapshots are there: " + any(given),
                        "say it: ./keeper register --region us-east-1 --policy gold --instance "
                                + instance(given));
        assertThat(given.images(Given.EAST)).isEmpty();
        assertThat(register(given, roots.getFirst(), List.of(), Map.of()).text())
                .startsWith("registers " + lost.name());
        assertThat(snapshots(only(given))).hasSize(1);
    }

    @Test
    void withTheCatalogueLostNothingTellsWhetherTheyAreAll() {
        Given given = night(1);
        deregistered(given);
        given.deployment.loseTable();

        assertThat(again(given, any(given), Map.of()).text())
                .contains("nothing tells how many volumes ");
        assertThat(register(given, any(given), List.of(), Map.of()).done()).isEqualTo(1);
        assertThat(tags(only(given))).doesNotContainKey(ImageTags.HOLD);
    }

    @Test
    void whatIsThereIsNotMadeAgain() {
        Given given = night(1);
        Image image = given.records(Given.EAST).getFirst();

        assertThat(again(given, any(given), Map.of()).text())
                .isEqualTo(image.name() + " is there as " + image.id().orElseThrow() + " already");
        assertThat(again(given, "snap-0nothing", Map.of()).text())
                .contains("there is no snapshot snap-0nothing of this account in us-east-1");
        assertThat(given.images(Given.EAST)).hasSize(1);
    }

    @Test
    void aNameThatIsTakenIsLeftToItsImage() {
        Given given = night(1);
        Image lost = deregistered(given);
        String other =
                given.ec2(Given.EAST)
                        .createImage(
                                it -> it.instanceId(instance(given)).name(lost.name().toString()))
                        .imageId();

        assertThat(again(given, snapshotsBut(given, other).getFirst(), Map.of()).text())
                .endsWith(other + " has its name, " + lost.name());
    }

    @Test
    void aCopyIsMadeAgainAsACopy() {
        Given given = night(1);
        Image copy = given.records(Given.WEST).getFirst();
        given.ec2(Given.WEST).deregisterImage(it -> it.imageId(copy.id().orElseThrow().value()));
        given.deployment.deliverEvents();
        String snapshot = given.cloud.snapshots(Given.WEST).getFirst().snapshot().snapshotId();

        assertThat(again(given, snapshot, Map.of("region", Given.WEST)).done()).isEqualTo(1);

        assertThat(given.records(Given.WEST))
                .singleElement()
                .satisfies(it -> assertThat(it.home()).isEqualTo(copy.home()));
        assertThat(given.deployment.sweep(given.cloud.now().plus(Drift.EVERY)).foreign()).isZero();
    }

    @Test
    void aCopyIsMadeAgainWhileTheHomeRegionDoesNotAnswer() {
        Given given = Given.nightlyInMemory(POLICY);
        given.instance(Given.EAST, "web-1", 1);
        given.nights(2);
        Image copy = given.records(Given.WEST).getFirst();
        String snapshot =
                given.images(Given.WEST).stream()
                        .filter(it -> it.image().name().equals(copy.name().toString()))
                        .flatMap(it -> snapshots(it).stream())
                        .findFirst()
                        .orElseThrow();
        given.ec2(Given.WEST).deregisterImage(it -> it.imageId(copy.id().orElseThrow().value()));
        given.deployment.deliverEvents();
        given.cloud.faults().calls("DescribeInstances").times(9).error("InternalError", 500);

        assertThat(again(given, snapshot, Map.of("region", Given.WEST)).text())
                .startsWith("registers " + copy.name())
                .contains("(/dev/xvda)");
    }

    // Those of others

    @Test
    void snapshotsThatOthersMadeBecomeAnImageOfTheirTime() {
        Given given = server(2);
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
                .contains("from then on these snapshots go when it goes");
        assertThat(tags(only(given)))
                .containsEntry(ImageTags.SLOT, name.slot().toString())
                .containsEntry("Name", "web-1")
                .containsKey(ImageTags.CAPSULE)
                .doesNotContainKey(ImageTags.HOLD);
        assertThat(given.cloud.snapshots(Given.EAST))
                .hasSize(2)
                .allSatisfy(it ->
                        assertThat(tags(it))
                                .containsEntry(ImageTags.INSTANCE, instance)
                                .containsEntry("by", "hand")
                                .containsKey(ImageTags.CAPSULE));
        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted)
                .matches(image -> image.capsule().isPresent());
    }

    @Test
    void theyGoWithTheImageOnceThatIsApproved() {
        Given given = Given.nightlyInMemory(POLICY);
        given.deployment.withoutSchedules();
        given.instance(Given.EAST, "web-1", 2);
        List<String> theirs = theirs(given);
        register(given, theirs.getFirst(), List.of(theirs.getLast()), Map.of());
        ImageId image = given.records(Given.EAST).getFirst().id().orElseThrow();
        given.nights(1);
        Operations operations = new Operations(given.deployment.application(), given.cloud.now());

        assertThat(operations.carryOut(new Order.Deregister(EAST, image, false, false, "alice")))
                .isInstanceOf(Outcome.Refused.class);
        assertThat(operations.carryOut(new Order.Deregister(EAST, image, false, true, "alice")))
                .isInstanceOf(Outcome.Done.class);
        assertThat(snapshots(given)).hasSize(2).doesNotContainAnyElementsOf(theirs);
    }

    @Test
    void aDryRunTagsAndRegistersNothing() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        List<LocalSnapshot> before = given.cloud.snapshots(Given.EAST);

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("dryRun", true)).text())
                .startsWith("would register gold/")
                .endsWith("these snapshots go when it goes, which waits for an approval");

        assertThat(given.cloud.snapshots(Given.EAST)).isEqualTo(before);
        assertThat(given.images(Given.EAST)).isEmpty();
    }

    @Test
    void whoDiesAfterTheTaggingIsMadeUpForByTheSameOrder() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.faults().calls("RegisterImage").deny();

        OperateReport refused = register(given, theirs.getFirst(), List.of(), Map.of());
        given.cloud.advance(Duration.ofHours(30));
        given.deployment.sweep(given.cloud.now());

        assertThat(refused.text()).contains("its snapshots carry our tags by now: try again");
        assertThat(given.told()).anyMatch(it -> it.contains("belong to no image"));
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).done()).isEqualTo(1);
        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(given.records(Given.EAST)).singleElement().matches(Image::isGood);
    }

    @Test
    void anImageWhoseReplyWasLostIsRecordedByTheSweep() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.faults().calls("RegisterImage").loseReply();

        register(given, theirs.getFirst(), List.of(), Map.of());
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.images(Given.EAST)).hasSize(1);
        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted);
    }

    @Test
    void anImageThatEc2FailsAtTakesNoSnapshotsWithIt() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.settings().failing(attempt -> attempt.number() == 1);
        given.cloud.settings().hiddenCalls(1);

        register(given, theirs.getFirst(), List.of(), Map.of());
        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(it -> it.state() == ImageState.CREATING);
        given.deployment.deliverEvents();
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(3)));

        assertThat(snapshots(given)).containsExactlyElementsOf(theirs);
        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(it -> it.state() == ImageState.FAILED);
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).text())
                .contains("deregister it, without its snapshots");
        String failed = only(given).image().imageId();
        given.ec2(Given.EAST).deregisterImage(it -> it.imageId(failed));
        assertThat(again(given, theirs.getFirst(), Map.of()).text()).contains("was given up");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).done()).isEqualTo(1);
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));
        assertThat(given.records(Given.EAST)).singleElement().matches(Image::isGood);
    }

    @Test
    void whatHasACaretakerIsLeftAloneAndNamed() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        given.ec2(Given.EAST)
                .createTags(it ->
                        it.resources(theirs)
                                .tags(Tag.builder().key("dlm:managed").value("true").build()));

        refused(
                given,
                theirs,
                Map.of(),
                "Data Lifecycle Manager made %s and looks after it".formatted(theirs.getFirst()));
        assertThat(Provenance.caretaker(Map.of("aws:backup:source-resource", "arn"), ""))
                .contains("AWS Backup");
    }

    @Test
    void onlyCompletedSnapshotsOfThisServerThatAreNobodyElses() {
        Given given = server(1);
        String pending = snapshot(given, 0);
        refused(given, List.of(pending), Map.of(), pending + " is pending, not completed");

        given.cloud.advance(Duration.ofHours(1));
        BlockDeviceMapping root =
                BlockDeviceMapping.builder()
                        .deviceName("/dev/xvda")
                        .ebs(ebs -> ebs.snapshotId(pending))
                        .build();
        String used =
                given.ec2(Given.EAST)
                        .registerImage(it ->
                                it.name("theirs")
                                        .rootDeviceName("/dev/xvda")
                                        .blockDeviceMappings(root))
                        .imageId();
        refused(given, List.of(pending), Map.of(), "they are of " + used + ", and go when it goes");
        refused(given, List.of(pending), Map.of("policy", "silver"), "there is no policy silver");
        refused(
                given,
                List.of(pending),
                Map.of("region", Given.WEST),
                "there is no snapshot " + pending + " of this account in us-west-2");
        refused(given, List.of(pending, pending), Map.of(), pending + " is named twice");
    }

    @Test
    void aSnapshotThatHasNoRoomForOurTagsIsRefused() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        List<Tag> many =
                IntStream.range(0, 48)
                        .mapToObj(i -> Tag.builder().key("tag-" + i).value("x").build())
                        .toList();
        given.ec2(Given.EAST).createTags(it -> it.resources(theirs).tags(many));

        refused(given, theirs, Map.of(), "has so many tags that ours find no room");
    }

    @Test
    void snapshotsOfAnotherImageOfOursAreRefused() {
        Given given = night(1);
        Image lost = deregistered(given);
        String other = given.instance("web-2");

        refused(
                given,
                List.of(any(given)),
                Map.of("instance", other),
                "by their tags they are of %s, not of one image of gold/%s"
                        .formatted(lost.name(), other));
    }

    @Test
    void aDeviceThatNothingTellsIsAskedFor() {
        Given given = server(2);
        List<String> theirs = theirs(given);
        Instance server = shown(given);
        given.ec2(Given.EAST).terminateInstances(it -> it.instanceIds(server.instanceId()));
        given.cloud.advance(Duration.ofHours(3));
        Map<String, Object> said = Map.of("rootDevice", "/dev/xvda", "architecture", "arm64");

        refused(
                given,
                theirs,
                withInstance(server.instanceId(), said),
                "nothing tells as which device %s was attached".formatted(theirs.getLast()));
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
        Given given = server(1);
        given.cloud.productCode(Given.EAST, instance(given), "code-1");
        List<String> theirs = theirs(given);

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("dryRun", true)).text())
                .contains("it carries the product codes code-1", "cannot be made public");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of()).done()).isEqualTo(1);
    }

    @Test
    void whatAwsBillsIsRegisteredOnlyIfAPersonKnows() {
        Given given = server(1);
        given.cloud.platform(Given.EAST, instance(given), "Windows");
        List<String> theirs = theirs(given);

        refused(given, theirs, Map.of(), "AWS bills Windows on it");
        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("approve", true)).text())
                .contains(", for which EC2 bills Windows");
    }

    @Test
    void whereTheBillIsLostThatIsSaid() {
        Given given = server(1);
        List<String> theirs = theirs(given);
        given.cloud.platform(Given.EAST, instance(given), "Windows");

        assertThat(register(given, theirs.getFirst(), List.of(), Map.of("approve", true)).text())
                .contains("which EC2 takes for \"Linux/UNIX\", not Windows");
    }

    @Test
    void aRefusedOrderIsAnnouncedWithItsReasons() {
        Given given = server(1);

        register(given, "snap-0nothing", List.of(), Map.of());

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(
                        "Register Requested: no image is made of snap-0nothing",
                        "there is no snapshot snap-0nothing");
    }

    @ParameterizedTest
    @CsvSource({
        "register-again, snapshot, ami-1, not a snapshot id",
        "register-again, root, snap-1, goes without",
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
        Given given = server(1);

        OperateReport report = order(given, sample, Map.of(field, value));

        assertThat(report.malformed()).isEqualTo(1);
        assertThat(given.told()).singleElement().asString().contains("detail." + field, why);
    }

    @ParameterizedTest
    @CsvSource({"/dev/sdf, not a snapshot id", "/x y=snap-1, not a device name"})
    void aVolumeThatIsWrongIsTold(String volume, String why) {
        Given given = server(1);

        order(given, "register", Map.of("volumes", List.of(volume)));

        assertThat(given.told()).singleElement().asString().contains("detail.volumes", why);
    }

    private static void refused(
            Given given, List<String> snapshots, Map<String, Object> more, String why) {
        int before = given.images(Given.EAST).size();
        Map<String, Object> detail = new HashMap<>(more);
        OperateReport report =
                register(
                        given,
                        snapshots.getFirst(),
                        snapshots.subList(1, snapshots.size()),
                        detail);
        assertThat(report.refused()).isEqualTo(1);
        assertThat(report.text())
                .startsWith("no image is made of " + snapshots.getFirst())
                .contains(why);
        assertThat(given.images(Given.EAST)).hasSize(before);
        assertThat(given.records(Given.EAST)).noneMatch(it -> it.state() == ImageState.CREATING);
    }

    @Test
    void anImageOverARecordThatWasGivenUpIsOneKeyOnly() {
        Given given = given("schedule: {cron: \"0 2 1 3 *\"}\n");
        given.instance(Given.EAST, "web-1", 1);
        given.cloud.settings().failing(_ -> true);
        given.nights(1);
        for (int i = 0; i < 3; i++) {
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
            given.deployment.sweep(given.cloud.now());
        }
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));
        Image givenUp = given.records(Given.EAST).getFirst();
        assertThat(givenUp.state()).isEqualTo(ImageState.FAILED);
        given.cloud.settings().failing(_ -> false);
        String theirs = theirs(given).getFirst();
        ImageTags.of(givenUp.name(), Optional.empty(), Map.of(), List.of())
                .forEach((key, value) ->
                        given.ec2(Given.EAST)
                                .createTags(it ->
                                        it.resources(theirs)
                                                .tags(
                                                        Tag.builder()
                                                                .key(key)
                                                                .value(value)
                                                                .build())));

        assertThat(register(given, theirs, List.of(), Map.of()).done()).isEqualTo(1);
        given.deployment.sweep(given.cloud.now().plus(Drift.EVERY));

        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(Image::isGood)
                .matches(Image::adopted);
    }

    @Test
    void anImageThatWasStoredIsStillKnownToBeInS3() {
        Given given = night(1);
        ImageId old = given.records(Given.EAST).getFirst().id().orElseThrow();
        given.cloud.addBucket(Given.EAST, "archive");
        new Operations(given.deployment.application(), given.cloud.now())
                .carryOut(new Order.Store(EAST, old, Optional.of("archive"), false));
        given.cloud.advance(Duration.ofHours(1));
        given.deployment.store(given.cloud.now());
        deregistered(given);

        again(given, any(given), Map.of());

        assertThat(given.records(Given.EAST))
                .singleElement()
                .matches(Image::isGood)
                .extracting(image -> image.stored().orElseThrow().object().image())
                .isEqualTo(old);
    }

    private static OperateReport again(Given given, String snapshot, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(more);
        detail.put("snapshot", snapshot);
        return order(given, "register-again", detail);
    }

    private static OperateReport register(
            Given given, String root, List<String> volumes, Map<String, Object> more) {
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
    private static OperateReport order(Given given, String sample, Map<String, Object> more) {
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

    private static Map<String, Object> event(Given given, String sample) {
        Map<String, Object> event = Samples.read("operate-" + sample + ".json");
        event.put("time", given.cloud.now().toString());
        return event;
    }

    private static OperateReport handle(Given given, Map<String, Object> event) {
        return new OperateHandler(given.deployment.application())
                .handleRequest(event, given.context("OperateFunction"));
    }

    /** An instance of which there is an image of one night. */
    private static Given night(int volumes) {
        Given given = given("schedule: {cron: \"0 2 1 3 *\"}\n");
        given.instance(Given.EAST, "web-1", volumes);
        given.nights(1);
        return given;
    }

    /** An instance of which there is no image. */
    private static Given server(int volumes) {
        Given given = given("");
        given.instance(Given.EAST, "web-1", volumes);
        return given;
    }

    private static Given given(String schedule) {
        Given given =
                Given.inMemory(
                        "policies:\n  gold:\n"
                                + ("select: {tags: {backup: gold}}\n" + schedule + POLICY)
                                        .indent(4),
                        1);
        given.deployment.withoutSchedules();
        return given;
    }

    private static Image deregistered(Given given) {
        Image image = given.records(Given.EAST).getFirst();
        deregister(given, image);
        given.deployment.deliverEvents();
        assertThat(given.records(Given.EAST)).isEmpty();
        return image;
    }

    private static void deregister(Given given, Image image) {
        given.ec2(Given.EAST).deregisterImage(it -> it.imageId(image.id().orElseThrow().value()));
    }

    /** Snapshots that somebody made of each volume, the root's first; completed by now. */
    private static List<String> theirs(Given given) {
        List<String> made =
                IntStream.range(0, shown(given).blockDeviceMappings().size())
                        .mapToObj(i -> snapshot(given, i))
                        .toList();
        given.cloud.advance(Duration.ofHours(1));
        return made;
    }

    private static String snapshot(Given given, int device) {
        String volume = shown(given).blockDeviceMappings().get(device).ebs().volumeId();
        String id = given.ec2(Given.EAST).createSnapshot(it -> it.volumeId(volume)).snapshotId();
        given.ec2(Given.EAST)
                .createTags(
                        it -> it.resources(id).tags(Tag.builder().key("by").value("hand").build()));
        return id;
    }

    private static Instance shown(Given given) {
        return given.cloud.instances(Given.EAST).getFirst().instance();
    }

    private static String instance(Given given) {
        return given.cloud.instances(Given.EAST).getFirst().instance().instanceId();
    }

    private static List<String> ofDevice(Given given, String device) {
        Set<String> volumes =
                shown(given).blockDeviceMappings().stream()
                        .filter(it -> it.deviceName().equals(device))
                        .map(InstanceBlockDeviceMapping::ebs)
                        .map(ebs -> ebs.volumeId())
                        .collect(Collectors.toSet());
        return given.cloud.snapshots(Given.EAST).stream()
                .map(LocalSnapshot::snapshot)
                .filter(it -> volumes.contains(it.volumeId()))
                .map(it -> it.snapshotId())
                .toList();
    }

    private static List<String> snapshotsBut(Given given, String image) {
        Set<String> its =
                given.images(Given.EAST).stream()
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

    private static Set<String> snapshots(Given given) {
        return given.cloud.snapshots(Given.EAST).stream()
                .map(it -> it.snapshot().snapshotId())
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static String any(Given given) {
        return given.cloud.snapshots(Given.EAST).getFirst().snapshot().snapshotId();
    }

    private static LocalImage only(Given given) {
        assertThat(given.images(Given.EAST)).hasSize(1);
        return given.images(Given.EAST).getFirst();
    }

    private static Map<String, String> tags(LocalImage image) {
        return image.image().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }

    private static Map<String, String> tags(LocalSnapshot snapshot) {
        return snapshot.snapshot().tags().stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }
}
