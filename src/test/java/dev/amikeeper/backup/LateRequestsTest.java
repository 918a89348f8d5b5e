package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Counts;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.event.Samples;
import dev.amikeeper.image.ImageTags;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Requests that come days after they were made: a dead letter that is sent again. */
final class LateRequestsTest {
    private static final Instant ASKED = Instant.parse("2026-03-01T10:15:00Z");

    private final TestDeployment given = TestDeployment.nightlyInMemory("");
    private final String id = given.instance("web");

    @Test
    void aRequestThatComesADayLateIsRefusedAndToldOnce() {
        given.cloud.advanceTo(ASKED.plus(Duration.ofHours(30)));

        assertThat(request())
                .isEqualTo(new RequestReport(Counts.once(RequestReport.RequestCount.REFUSED)));
        request();

        assertThat(given.records(TestDeployment.EAST)).isEmpty();
        assertThat(given.told().stream().filter(text -> text.contains("came 30 h late")))
                .hasSize(1);
    }

    @Test
    void oneThatComesWithinADayIsTaken() {
        given.cloud.advanceTo(ASKED.plus(Duration.ofHours(24)));

        assertThat(request())
                .isEqualTo(new RequestReport(Counts.once(RequestReport.RequestCount.REQUESTED)));
    }

    @Test
    void aTagThatNobodyCouldGrantForDaysAsksForAnImageOfItsLastDay() {
        String other = given.cloud.launch(TestDeployment.EAST, Map.of("Name", "toy"), List.of(8));
        tag(other, ImageTags.REQUEST, "please");
        given.playDays(5);

        tag(other, "backup", "gold");
        given.deployment.sweep(given.cloud.now());
        given.deployment.sweep(given.cloud.now().plus(Duration.ofMinutes(16)));

        assertThat(given.records(TestDeployment.EAST))
                .filteredOn(image -> image.name().instance().value().equals(other))
                .isNotEmpty()
                .allMatch(image ->
                        image.name()
                                .slot()
                                .time()
                                .isAfter(given.cloud.now().minus(Duration.ofHours(25))));
    }

    private void tag(String instance, String key, String value) {
        given.ec2(TestDeployment.EAST)
                .createTags(tags ->
                        tags.resources(instance).tags(Tag.builder().key(key).value(value).build()));
    }

    private RequestReport request() {
        Map<String, Object> event = Samples.read("request-event.json");
        event.put("detail", Map.of("instances", List.of(id)));
        return new ImageRequestHandler(given.deployment.application())
                .handleRequest(event, given.context("RequestFunction"));
    }
}
