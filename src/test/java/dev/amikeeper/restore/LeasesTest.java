package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.local.LocalInstance;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What is terminated was launched by AMI Keeper; tags alone prove nothing. */
final class LeasesTest {
    private static final String OVER = "2026-03-01T00:30:00Z";

    private final TestDeployment given;

    LeasesTest() {
        var east = TestDeployment.nightlyInMemory("").cloud.networks(TestDeployment.EAST);
        given =
                TestDeployment.nightlyInMemory(
                        "drill: {every: 1d, region: us-east-1, subnet: %s, securityGroups: [%s]}"
                                .formatted(
                                        east.defaultSubnet("us-east-1a"),
                                        east.defaultGroup(east.defaultVpc())));
    }

    private void tag(String instance, Map<String, String> tags) {
        given.ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(instance)
                                .tags(
                                        tags.entrySet().stream()
                                                .map(tag ->
                                                        Tag.builder()
                                                                .key(tag.getKey())
                                                                .value(tag.getValue())
                                                                .build())
                                                .toList()));
    }

    private void untag(String instance, String... keys) {
        given.ec2(TestDeployment.EAST)
                .deleteTags(delete ->
                        delete.resources(instance)
                                .tags(
                                        List.of(keys).stream()
                                                .map(key -> Tag.builder().key(key).build())
                                                .toList()));
    }

    private List<LocalInstance> some(Predicate<LocalInstance> which) {
        return given.cloud.instances(TestDeployment.EAST).stream().filter(which).toList();
    }

    private boolean lives(String instance) {
        return some(it -> it.instance().instanceId().equals(instance)).stream()
                .anyMatch(it -> it.instance().state().nameAsString().equals("running"));
    }

    private LocalInstance drilled() {
        return some(it -> RestoreHandlerTest.tags(it.instance()).containsKey("amikeeper:lease"))
                .getFirst();
    }

    private List<Image> imagesOf(String instance) {
        return given.catalog().ofInstance(new InstanceId(instance));
    }

    private List<String> told() {
        return given.told().stream().filter(text -> text.contains("did not launch")).toList();
    }

    @Test
    void theTagsOfADrillCopiedOntoAServerNeitherEndItNorStopItsBackups() {
        given.instance("web-1");
        String server = given.instance("web-2");
        given.playUntil("2026-03-01T02:16:00Z");
        tag(server, RestoreHandlerTest.tags(drilled().instance()));
        tag(server, Map.of("backup", "gold"));

        given.playDays(3);

        assertThat(lives(server)).isTrue();
        assertThat(imagesOf(server)).hasSize(3).allMatch(Image::isGood);
    }

    @Test
    void aLeaseAloneNeitherEndsAServerNorStopsItsBackups() {
        String server = given.instance("web-1");
        tag(server, Map.of("amikeeper:lease", OVER));

        given.playDays(2);

        assertThat(lives(server)).isTrue();
        assertThat(imagesOf(server)).hasSize(2).allMatch(Image::isGood);
    }

    @Test
    void aLeaseOnARestoredServerDoesNotEndIt() {
        String original = given.instance("web-1");
        given.playUntil("2026-03-01T03:00:00Z");
        given.deployment.restore(
                Map.of(
                        "id", "1",
                        "source", "amikeeper",
                        "detail-type", "Restore Requested",
                        "time", given.cloud.now().toString(),
                        "region", TestDeployment.EAST,
                        "account", "123456789012",
                        "detail", Map.of("instance", original)));
        given.playUntil("2026-03-01T03:30:00Z");
        String back =
                given.catalog().restores("gold").stream()
                        .filter(it -> it.kind() == Restore.RestoreKind.LAUNCH)
                        .findFirst()
                        .orElseThrow()
                        .instance()
                        .orElseThrow()
                        .value();
        tag(back, Map.of("amikeeper:lease", OVER));

        given.playDays(2);

        assertThat(lives(back)).isTrue();
        assertThat(imagesOf(back)).hasSize(1);
        assertThat(told()).hasSize(1);
    }

    /** The tags are there before the drill that they name has launched anything. */
    @Test
    void aDrillDoesNotTakeAServerForItsInstanceThatHasItsTags() {
        String server = given.instance("web-1");
        given.cloud
                .settings()
                .lacksCapacity(_ -> given.cloud.now().isBefore(TestDeployment.START.plus(LATER)));
        given.playUntil("2026-03-01T02:16:00Z");
        Restore drill = given.catalog().restoring().getFirst();
        tag(
                server,
                Map.of(
                        "amikeeper:restore",
                        drill.tag(),
                        "amikeeper:restored-from",
                        TestDeployment.EAST + "/" + drill.image(),
                        "amikeeper:lease",
                        drill.until().toString()));

        given.playDays(1);

        assertThat(lives(server)).isTrue();
        assertThat(given.catalog().restores("gold"))
                .singleElement()
                .satisfies(it -> {
                    assertThat(it.state()).isEqualTo(Restore.RestoreState.PASSED);
                    assertThat(it.instance().orElseThrow().value()).isNotEqualTo(server);
                });
    }

    private static final Duration LATER = Duration.ofMinutes(140);

    /** By a version that went by tags. */
    @Test
    void aDrillWhoseRecordNamesAServerOfOthersEndsWithoutIt() {
        String server = given.instance("web-1");
        given.playUntil("2026-03-01T02:16:00Z");
        Restore drill = given.catalog().restoring().getFirst();
        tag(server, Map.of("amikeeper:restore", drill.tag(), "amikeeper:lease", OVER));
        Restore wrong = drill.launching(new InstanceId(server), given.cloud.now());
        assertThat(given.catalog().save(drill, wrong)).isTrue();

        given.playDays(1);

        assertThat(lives(server)).isTrue();
        assertThat(given.catalog().restoring()).isEmpty();
    }

    /** Anybody who knows how can use our client token first. */
    @Test
    void anInstanceWithOurClientTokenFromAnImageOfOthersIsLeftAlone() {
        String web = given.instance("web-1");
        String theirs =
                given.ec2(TestDeployment.EAST)
                        .createImage(create -> create.instanceId(web).name("somebody's"))
                        .imageId();
        given.playUntil("2026-03-01T01:00:00Z");
        String drill = "gold/i-0abc/drill-1";
        String server =
                given.ec2(TestDeployment.EAST)
                        .runInstances(run ->
                                run.imageId(theirs)
                                        .minCount(1)
                                        .maxCount(1)
                                        .instanceType("t3.micro")
                                        .clientToken(Sha256.of(drill + "/1"))
                                        .tagSpecifications(
                                                TagSpecification.builder()
                                                        .resourceType(ResourceType.INSTANCE)
                                                        .tags(
                                                                tagOf("amikeeper:restore", drill),
                                                                tagOf("amikeeper:lease", OVER))
                                                        .build()))
                        .instances()
                        .getFirst()
                        .instanceId();

        given.playDays(1);

        assertThat(lives(server)).isTrue();
        assertThat(told()).hasSize(1);
    }

    private static Tag tagOf(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    @Test
    void copiedLeasesAreToldOnceForEachDrillUntilTheyAreGone() {
        String one = given.instance("web-1");
        String two = given.instance("web-2");
        for (String server : List.of(one, two)) {
            tag(
                    server,
                    Map.of("amikeeper:lease", OVER, "amikeeper:restore", "gold/i-0abc/drill-1"));
        }

        given.playUntil("2026-03-02T00:00:00Z");

        assertThat(told())
                .singleElement()
                .asString()
                .contains(one, two, "take the tags amikeeper:lease and amikeeper:restore away");
        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .singleElement()
                .asString()
                .startsWith("copied-lease/us-east-1/");

        untag(one, "amikeeper:lease", "amikeeper:restore");
        given.playUntil("2026-03-02T06:00:00Z");
        assertThat(given.catalog().open()).hasSize(1);

        untag(two, "amikeeper:lease", "amikeeper:restore");
        given.playUntil("2026-03-02T08:00:00Z");
        assertThat(given.catalog().open()).isEmpty();
    }
}
