package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class SettingsTest {
    private static final Map<String, String> NEEDED =
            Map.of(
                    "AWS_REGION", "us-east-1",
                    "ACCOUNT", "123456789012",
                    "TABLE", "amikeeper",
                    "CREATE_QUEUE_URL", "https://sqs/create.fifo",
                    "COPY_QUEUE_URL", "https://sqs/copy.fifo",
                    "ALERT_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:alerts");

    @Test
    void takeEveryVariable() {
        assertThat(Settings.from(with("POLICIES", "file:/etc/policies.yaml")))
                .isEqualTo(settings("file:/etc/policies.yaml"));
    }

    @Test
    void takeThePoliciesOfTheClassPathByDefault() {
        assertThat(Settings.from(NEEDED)).isEqualTo(settings("classpath:policies.yaml"));
        assertThat(Settings.from(with("POLICIES", " ")))
                .isEqualTo(settings("classpath:policies.yaml"));
    }

    @Test
    void takeTheLimitOnCopiesUnlessItIsNoNumber() {
        assertThat(Settings.from(with("COPIES_AT_ONCE", "40")).copiesAtOnce()).isEqualTo(40);
        for (String bad : List.of("0", "-1", "many", "300000")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Settings.from(with("COPIES_AT_ONCE", bad)))
                    .withMessage("COPIES_AT_ONCE must be a number from 1, not \"" + bad + "\"");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AWS_REGION",
                "ACCOUNT",
                "TABLE",
                "CREATE_QUEUE_URL",
                "COPY_QUEUE_URL",
                "ALERT_TOPIC_ARN"
            })
    void nameAMissingVariable(String name) {
        Map<String, String> without = new HashMap<>(NEEDED);
        without.remove(name);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Settings.from(without))
                .withMessage(
                        "the environment lacks "
                                + name
                                + "; template.yaml sets what a function needs");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Settings.from(with(name, " ")))
                .withMessageStartingWith("the environment lacks " + name + ";");
    }

    @Test
    void nameEveryMissingVariableAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Settings.from(Map.of()))
                .withMessage(
                        "the environment lacks AWS_REGION, ACCOUNT, TABLE, CREATE_QUEUE_URL,"
                                + " COPY_QUEUE_URL, ALERT_TOPIC_ARN; template.yaml sets what a"
                                + " function needs");
    }

    @Test
    void knowWhereDeadLettersOfEventsAreIfTheyAreTold() {
        String queue = "https://sqs/events";

        assertThat(Settings.from(with("EVENT_DEAD_LETTER_QUEUE_URL", queue)).eventDeadLetters())
                .contains(queue);
        assertThat(Settings.from(with("EVENT_DEAD_LETTER_QUEUE_URL", " ")).eventDeadLetters())
                .isEmpty();
    }

    @Test
    void takeTheLostRegionForHomeWhereTheStackStandsInForIt() {
        assertThat(Settings.from(with("HOME_REGION", "eu-west-1")).home())
                .isEqualTo(new Region("eu-west-1"));
        assertThat(Settings.from(with("HOME_REGION", "")).home())
                .isEqualTo(new Region("us-east-1"));
    }

    @Test
    void refuseWhatIsNoRegion() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Settings.from(with("AWS_REGION", "mars")))
                .withMessage("not a Region: \"mars\"");
    }

    private static Settings settings(String policies) {
        return new Settings(
                new Region("us-east-1"),
                "123456789012",
                "amikeeper",
                "https://sqs/create.fifo",
                "https://sqs/copy.fifo",
                "arn:aws:sns:us-east-1:123456789012:alerts",
                Optional.empty(),
                Settings.COPIES_AT_ONCE,
                policies);
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> environment = new HashMap<>(NEEDED);
        environment.put(name, value);
        return environment;
    }
}
