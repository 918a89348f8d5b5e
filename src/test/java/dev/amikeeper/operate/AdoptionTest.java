package dev.amikeeper.operate;

import static dev.amikeeper.operate.OperateReport.OperateCount.DONE;
import static dev.amikeeper.operate.OperateReport.OperateCount.REFUSED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Slot;
import dev.amikeeper.lifecycle.Retry;
import dev.amikeeper.local.CloudSettings.Attempt;
import dev.amikeeper.local.LocalImage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Images that others made come under a policy. */
final class AdoptionTest {
    private static final String POLICY = "keep: {last: 9}\nreplicate: {us-west-2: {}}";
    private static final Instant LATER = TestDeployment.START.plus(Duration.ofHours(5));

    @Test
    void aCopyUnderOurNameIsOursAndTheOriginalStaysAsItIs() {
        TestDeployment given = given();
        String instance = given.instance("web-1");
        LocalImage theirs = theirs(given, instance, "golden 2026");

        OperateReport report = adopt(given, theirs.image().imageId(), Map.of("instance", instance));
        play(given);
        given.deployment.sweep(given.cloud.now());
        given.deployment.runUntil(LATER.plus(Duration.ofHours(1)));

        ImageName name = name(theirs, instance);
        assertThat(report.text())
                .startsWith("adopts " + theirs.image().imageId() + " as " + name + ": ami-");
        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .satisfies(image -> {
                    assertThat(image.name()).isEqualTo(name);
                    assertThat(image.isGood()).isTrue();
                    assertThat(image.adopted()).isTrue();
                });
        assertThat(given.records(TestDeployment.WEST)).singleElement().matches(Image::isGood);
        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(shown(given, theirs.image().imageId())).isEqualTo(theirs);
        assertThat(given.deployment.sweep(given.cloud.now()).count(ADOPTED)).isZero();
    }

    @Test
    void ec2KnowsTheInstanceAndARepeatedOrderCopiesNothing() {
        TestDeployment given = given();
        String instance = given.instance("web-1");
        LocalImage theirs = theirs(given, instance, "golden 2026");

        assertThat(adopt(given, theirs.image().imageId(), Map.of()).count(DONE)).isEqualTo(1);
        assertThat(adopt(given, theirs.image().imageId(), Map.of()).text())
                .startsWith(name(theirs, instance) + " already exists as ami-");
        play(given);
        assertThat(adopt(given, theirs.image().imageId(), Map.of()).count(DONE)).isEqualTo(1);

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void aCopyWhoseReplyWasLostIsFoundByTheSweep() {
        TestDeployment given = given();
        LocalImage theirs = theirs(given, given.instance("web-1"), "golden 2026");
        given.cloud.faults().calls("CopyImage").loseReply();

        adopt(given, theirs.image().imageId(), Map.of());
        play(given);
        given.deployment.sweep(given.cloud.now());
        adopt(given, theirs.image().imageId(), Map.of());

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
        assertThat(given.records(TestDeployment.EAST)).singleElement().matches(Image::isGood);
    }

    @Test
    void aCopyThatFailsIsGivenUpNotImagedAnewAndMayBeOrderedAgain() {
        TestDeployment given = given();
        String instance = given.instance("web-1");
        LocalImage theirs = theirs(given, instance, "golden 2026");
        given.cloud.settings().failing(Attempt::copy);
        adopt(given, theirs.image().imageId(), Map.of());
        given.deployment.runUntil(TestDeployment.START.plus(Duration.ofHours(4)));

        assertThat(given.records(TestDeployment.EAST))
                .singleElement()
                .matches(image -> image.state() == ImageState.FAILED);
        assertThat(given.images(TestDeployment.EAST)).containsExactly(theirs);
        assertThat(given.cloud.calls().get("CreateImage")).isEqualTo(1);
        assertThat(given.catalog().open())
                .singleElement()
                .satisfies(trouble -> assertThat(trouble.remedy()).contains("order it again"));
        Retry retry = given.deployment.application().retry(given.cloud.now());
        assertThat(retry.of(given.records(TestDeployment.EAST).getFirst()).text())
                .contains("stays given up")
                .endsWith("order that again");

        given.cloud.settings().failing(_ -> false);
        adopt(given, theirs.image().imageId(), Map.of());
        play(given);

        assertThat(given.records(TestDeployment.EAST)).singleElement().matches(Image::isGood);
        assertThat(given.cloud.calls().get("CreateImage")).isEqualTo(1);
    }

    @Test
    void aDryRunCopiesNothing() {
        TestDeployment given = given();
        LocalImage theirs = theirs(given, given.instance("web-1"), "golden 2026");

        assertThat(adopt(given, theirs.image().imageId(), Map.of("dryRun", true)).text())
                .startsWith("would adopt " + theirs.image().imageId() + " as gold/");
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "dlm:managed, golden, Data Lifecycle Manager made it",
        "Name, AwsBackup_i-0abc_job, AWS Backup made it",
        "amikeeper:policy, golden, it carries our tags already"
    })
    void whatHasAKeeperIsLeftAloneAndNamed(String tag, String name, String why) {
        TestDeployment given = given();
        LocalImage theirs = theirs(given, given.instance("web-1"), name);
        given.ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(theirs.image().imageId())
                                .tags(Tag.builder().key(tag).value("true").build()));

        OperateReport report = adopt(given, theirs.image().imageId(), Map.of());

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(report.text()).startsWith(theirs.image().imageId() + " is not adopted: " + why);
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void whatComesWithProductCodesIsSaidBefore() {
        TestDeployment given = given();
        LocalImage theirs = theirs(given, given.instance("web-1"), "golden 2026");
        given.cloud.productCode(TestDeployment.EAST, theirs.image().imageId(), "code-1");

        assertThat(adopt(given, theirs.image().imageId(), Map.of("dryRun", true)).text())
                .contains("it carries the product codes code-1", "cannot be made public");
        assertThat(adopt(given, theirs.image().imageId(), Map.of()).count(DONE)).isEqualTo(1);
    }

    @Test
    void whatCannotBeIsRefusedWithItsReason() {
        TestDeployment given = given();
        LocalImage theirs = theirs(given, given.instance("web-1"), "golden 2026");
        String id = theirs.image().imageId();

        assertThat(adopt(given, id, Map.of("policy", "silver")).text())
                .endsWith("there is no policy silver");
        assertThat(adopt(given, id, Map.of("region", TestDeployment.WEST)).text())
                .contains("policy gold images nothing in us-west-2");
        assertThat(adopt(given, "ami-0nothing", Map.of()).text())
                .contains("there is no such image of this account");
        given.ec2(TestDeployment.EAST).disableImage(image -> image.imageId(id));
        assertThat(adopt(given, id, Map.of()).text()).endsWith("it is disabled, not available");
        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    private static TestDeployment given() {
        TestDeployment given = TestDeployment.nightlyInMemory(POLICY);
        given.deployment.withoutSchedules();
        return given;
    }

    private static LocalImage theirs(TestDeployment given, String instance, String name) {
        String id =
                given.ec2(TestDeployment.EAST)
                        .createImage(image -> image.instanceId(instance).name(name))
                        .imageId();
        given.deployment.runUntil(TestDeployment.START.plus(Duration.ofHours(2)));
        return shown(given, id);
    }

    private static LocalImage shown(TestDeployment given, String id) {
        return given.images(TestDeployment.EAST).stream()
                .filter(image -> image.image().imageId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static ImageName name(LocalImage image, String instance) {
        Instant created = Instant.parse(image.image().creationDate());
        return new ImageName("gold", new InstanceId(instance), new Slot(created));
    }

    private static void play(TestDeployment given) {
        given.deployment.runUntil(LATER);
    }

    private static OperateReport adopt(TestDeployment given, String id, Map<String, Object> more) {
        Map<String, Object> event = Samples.read("operate-adopt.json");
        Map<String, Object> detail = new HashMap<>(Map.of("image", new ImageId(id).value()));
        detail.put("policy", "gold");
        detail.putAll(more);
        event.put("detail", detail);
        event.put("time", given.cloud.now().toString());
        return new OperateHandler(given.deployment.application())
                .handleRequest(event, given.context("OperateFunction"));
    }
}
