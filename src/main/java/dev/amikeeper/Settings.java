package dev.amikeeper;

import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the template tells the functions, in environment variables.
 *
 * @param home the Region that the policies treat as home: {@code HOME_REGION}, or the stack's own,
 *     {@code AWS_REGION}; another Region if the stack stands in for a lost one
 * @param account the account of the stack, {@code ACCOUNT}
 * @param table the catalogue's table, {@code TABLE}
 * @param createQueue the URL of the queue of kicks for imaging, {@code CREATE_QUEUE_URL}
 * @param copyQueue the URL of the queue of kicks for copying, {@code COPY_QUEUE_URL}
 * @param alertTopic the topic for what needs a person, {@code ALERT_TOPIC_ARN}
 * @param eventDeadLetters the URL of the queue of events that could not be handled, {@code
 *     EVENT_DEAD_LETTER_QUEUE_URL}; only the command line needs it
 * @param copiesAtOnce how many copies of images to one Region may be under way, {@code
 *     COPIES_AT_ONCE}; by default as many as EC2 allows
 * @param policies where the policies are: {@code classpath:policies.yaml}, or {@code file:/…};
 *     {@code POLICIES}
 */
public record Settings(
        Region home,
        String account,
        String table,
        String createQueue,
        String copyQueue,
        String alertTopic,
        Optional<String> eventDeadLetters,
        int copiesAtOnce,
        String policies) {
    /**
     * EC2's limit per destination Region.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html">How
     *     Amazon EC2 AMI copy works</a>
     */
    public static final int COPIES_AT_ONCE = 300;

    private static final String DEFAULT_POLICIES = "classpath:policies.yaml";

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException naming every variable that is missing
     */
    public static Settings from(Map<String, String> environment) {
        List<String> missing = new ArrayList<>();
        for (String name :
                List.of(
                        "AWS_REGION",
                        "ACCOUNT",
                        "TABLE",
                        "CREATE_QUEUE_URL",
                        "COPY_QUEUE_URL",
                        "ALERT_TOPIC_ARN")) {
            if (environment.getOrDefault(name, "").isBlank()) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    missing.stream()
                            .collect(
                                    Collectors.joining(
                                            ", ",
                                            "the environment lacks ",
                                            "; template.yaml sets what a function needs")));
        }
        return new Settings(
                new Region(
                        optional(environment, "HOME_REGION")
                                .orElse(environment.getOrDefault("AWS_REGION", ""))),
                environment.getOrDefault("ACCOUNT", ""),
                environment.getOrDefault("TABLE", ""),
                environment.getOrDefault("CREATE_QUEUE_URL", ""),
                environment.getOrDefault("COPY_QUEUE_URL", ""),
                environment.getOrDefault("ALERT_TOPIC_ARN", ""),
                optional(environment, "EVENT_DEAD_LETTER_QUEUE_URL"),
                optional(environment, "COPIES_AT_ONCE")
                        .map(Settings::copies)
                        .orElse(COPIES_AT_ONCE),
                optional(environment, "POLICIES").orElse(DEFAULT_POLICIES));
    }

    private static int copies(String value) {
        if (!value.matches("[1-9][0-9]{0,4}")) {
            throw new IllegalArgumentException(
                    "COPIES_AT_ONCE must be a number from 1, not " + Texts.quoted(value));
        }
        return Integer.parseInt(value);
    }

    private static Optional<String> optional(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }
}
