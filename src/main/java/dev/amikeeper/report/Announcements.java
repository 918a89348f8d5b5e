package dev.amikeeper.report;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;

import java.util.List;

/**
 * The door to the alert topic. What is to be told stands in the catalogue until it has been told,
 * so a crash or an outage delays an announcement and loses none.
 */
public final class Announcements {
    private static final Logger log = LoggerFactory.getLogger(Announcements.class);

    /** SNS takes 256 KB a message; a person reads less. */
    private static final int NOTICES_A_MESSAGE = 50;

    /** So long a text or remedy may be: 50 notices stay below 256 KB in any script. */
    private static final int SHOWN = 800;

    private static final int SUBJECT = 99;

    private final SnsClient sns;
    private final String topic;
    private final Catalog catalog;

    public Announcements(SnsClient sns, String topic, Catalog catalog) {
        this.sns = sns;
        this.topic = topic;
        this.catalog = catalog;
    }

    /** Tells people whatever they have not been told yet. */
    public void publish() {
        List<Notice> notices = catalog.unannounced();
        for (int from = 0; from < notices.size(); from += NOTICES_A_MESSAGE) {
            List<Notice> some =
                    notices.subList(from, Math.min(notices.size(), from + NOTICES_A_MESSAGE));
            try {
                sns.publish(message ->
                        message.topicArn(topic).subject(subject(some)).message(text(some)));
            } catch (SdkException notNow) {
                log.warn("announcing has to wait: {}", notNow.getMessage());
                return;
            }
            some.forEach(catalog::announced);
        }
    }

    /** SNS takes fewer than 100 characters of ASCII, without line breaks. */
    static String subject(List<Notice> notices) {
        String subject =
                notices.size() == 1
                        ? "AMI Keeper: " + notices.getFirst().text()
                        : "AMI Keeper: " + notices.size() + " things need you";
        String plain = subject.replaceAll("[^\\x20-\\x7e]", "?");
        return plain.length() <= SUBJECT ? plain : plain.substring(0, SUBJECT - 3) + "...";
    }

    static String text(List<Notice> notices) {
        StringBuilder text = new StringBuilder();
        for (Notice notice : notices) {
            text.append(notice.at()).append("  ").append(bounded(notice.text())).append('\n');
            text.append("    What to do: ").append(bounded(notice.remedy())).append("\n\n");
        }
        return text.toString();
    }

    /** What SNS refuses as too long would keep all that comes after it from being told. */
    private static String bounded(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
