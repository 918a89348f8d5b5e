package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.sns.model.NotFoundException;

import java.time.Duration;
import java.time.Instant;

final class SimulatedSnsTest {
    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final SimulatedSns sns = cloud.sns("us-east-1");

    @Test
    void whatIsPublishedIsKeptWithItsTime() {
        String topic = sns.addTopic("failures");
        cloud.advance(Duration.ofMinutes(1));

        sns.publish(r -> r.topicArn(topic).subject("An image failed").message("gold/a"));

        assertThat(topic).isEqualTo("arn:aws:sns:us-east-1:123456789012:failures");
        assertThat(sns.published())
                .singleElement()
                .satisfies(published -> {
                    assertThat(published.at()).isEqualTo("2026-03-01T00:01:00Z");
                    assertThat(published.message().subject()).isEqualTo("An image failed");
                    assertThat(published.message().message()).isEqualTo("gold/a");
                });
    }

    @Test
    void aTopicThatDoesNotExistIsNotFound() {
        assertThatThrownBy(() -> sns.publish(r -> r.topicArn("arn:none").message("x")))
                .isInstanceOf(NotFoundException.class);
    }
}
