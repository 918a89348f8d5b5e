package dev.amikeeper.backup;

import static dev.amikeeper.backup.RequestReport.RequestCount.REFUSED;
import static dev.amikeeper.backup.RequestReport.RequestCount.REQUESTED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

final class ImageRequestHandlerTest {
    private static final String LATER = "2026-03-01T01:00:00Z";

    @Test
    void imagesAnInstanceWhoseTagAsksForItAndTakesTheTagAway() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");

        tag(given, id, "before-upgrade");
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST).getFirst().provenance().trigger())
                .isEqualTo(Trigger.TAGGED);
        assertThat(given.cloud.instances(TestDeployment.EAST).getFirst().instance().tags())
                .extracting(Tag::key)
                .doesNotContain(ImageTags.REQUEST);
    }

    @Test
    void repeatedEventsAskForTheSameImage() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.cloud.faults().events("Tag Change on Resource").repeat(3);

        tag(given, id, "now");
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
    }

    @Test
    void keepsTheTagWhileTheIntentIsNotRecorded() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.cloud.faults().calls("DescribeInstances").times(3).error("InternalError", 500);

        tag(given, id, "now");
        given.playUntil("2026-03-01T00:04:00Z");

        assertThat(given.cloud.instances(TestDeployment.EAST).getFirst().instance().tags())
                .extracting(Tag::key)
                .contains(ImageTags.REQUEST);
        assertThat(given.deployment.deadLetters()).hasSize(1);
        assertThat(given.catalog().notices())
                .singleElement()
                .satisfies(notice -> assertThat(notice.text()).contains("could not be looked at"));
    }

    @Test
    void aRegionThatCannotBeLookedAtIsToldOnceHoweverManyAskUntilTheSweepCanLook() {
        TestDeployment given = TestDeployment.nightly("");
        List<String> servers =
                IntStream.range(0, 12).mapToObj(i -> given.instance("web-" + i)).toList();
        given.cloud.faults().calls("DescribeInstances").times(1000).error("InternalError", 500);
        servers.forEach(id -> tag(given, id, "now"));

        given.playUntil("2026-03-01T00:12:00Z");
        assertThat(given.told())
                .filteredOn(text -> text.contains("could not be looked at"))
                .hasSize(1);

        given.cloud.faults().clear();
        given.playUntil("2026-03-01T00:50:00Z");
        assertThat(given.catalog().open()).isEmpty();
        assertThat(given.told())
                .filteredOn(text -> text.startsWith("resolved: us-east-1: instances"))
                .hasSize(1);
    }

    @Test
    void refusesAnInstanceThatNoPolicySelectsAndSaysWhy() {
        TestDeployment given = TestDeployment.nightly("");
        String id =
                given.cloud.launch(
                        TestDeployment.EAST, Map.of("backup", "<b>none</b>\n"), List.of(8));

        tag(given, id, "now");
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains(id, "no policy selects it", "<b>none</b>?", "What to do");
    }

    @Test
    void imagesAStoppedInstanceWhereThePolicySaysSo() {
        TestDeployment given = TestDeployment.nightly("on: [stopped]");
        String id = given.instance("web-1");
        String other = given.cloud.launch(TestDeployment.EAST, Map.of(), List.of(8));

        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id, other));
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(1);
        assertThat(given.records(TestDeployment.EAST).getFirst().provenance().trigger())
                .isEqualTo(Trigger.STOPPED);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void doesNotImageAStoppedInstanceOtherwise() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");

        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id));
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void imagesWhatAnEventOfOurOwnAsksFor() {
        TestDeployment given = TestDeployment.nightly("");
        String one = given.instance("web-1");
        String two = given.instance("web-2");

        given.deployment.deliver(asked(Map.of("instances", List.of(one, two, one))));
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void refusesAPolicyThatIsNotThere() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");

        given.deployment.deliver(asked(Map.of("instances", List.of(id), "policy", "platinum")));
        given.playUntil(LATER);

        assertThat(given.images(TestDeployment.EAST)).isEmpty();
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("there is no policy \"platinum\"", "name one of gold");
    }

    @Test
    void recordsAnEventThatItDoesNotUnderstand() {
        TestDeployment given = TestDeployment.nightly("");

        given.deployment.deliver(asked(Map.of("instances", "i-1")));

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("instances: must be a list of strings");
    }

    @Test
    void ignoresEventsOfOtherAccounts() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        Map<String, Object> event =
                new java.util.HashMap<>(asked(Map.of("instances", List.of(id))));
        event.put("account", "999999999999");

        given.deployment.deliver(event);

        assertThat(given.records(TestDeployment.EAST)).isEmpty();
    }

    @Test
    void anOrderOfAnotherAccountIsRefusedAndTold() {
        TestDeployment given = TestDeployment.nightlyInMemory("");
        String id = given.instance("web-1");
        Map<String, Object> event =
                new java.util.HashMap<>(asked(Map.of("instances", List.of(id))));
        event.put("account", "999999999999");

        RequestReport report =
                new ImageRequestHandler(given.deployment.application())
                        .handleRequest(event, given.context("RequestFunction"));

        assertThat(report.count(REFUSED)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("\"999999999999\" may order nothing here");
    }

    @Test
    void anOrderSaysInWhichRegionTheInstancesAre() {
        TestDeployment given =
                TestDeployment.inMemory(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}, regions: [us-east-1, us-west-2]}
                        """,
                        1);
        String id = given.instance(TestDeployment.WEST, "web-1", 1);

        RequestReport report =
                new ImageRequestHandler(given.deployment.application())
                        .handleRequest(
                                asked(
                                        Map.of(
                                                "instances",
                                                List.of(id),
                                                "region",
                                                TestDeployment.WEST)),
                                given.context("RequestFunction"));

        assertThat(report.count(REQUESTED)).isEqualTo(1);
        assertThat(given.records(TestDeployment.WEST)).hasSize(1);
    }

    @Test
    void failsSoThatLambdaRepeatsItWhenTheRegionDoesNotAnswer() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.cloud.faults().calls("DescribeInstances").times(100).internalError();
        ImageRequestHandler handler = new ImageRequestHandler(given.deployment.application());

        assertThatThrownBy(() ->
                        handler.handleRequest(
                                asked(Map.of("instances", List.of(id))),
                                given.context("RequestFunction")))
                .isInstanceOf(SdkException.class);
    }

    private static void tag(TestDeployment given, String id, String value) {
        given.ec2(TestDeployment.EAST)
                .createTags(create ->
                        create.resources(id)
                                .tags(Tag.builder().key(ImageTags.REQUEST).value(value).build()));
    }

    private static Map<String, Object> asked(Map<String, Object> detail) {
        return Map.of(
                "id", "1",
                "source", "amikeeper",
                "detail-type", "Backup Requested",
                "account", "123456789012",
                "time", "2026-03-01T00:00:30Z",
                "region", "us-east-1",
                "resources", List.of(),
                "detail", detail);
    }
}
