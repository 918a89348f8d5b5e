package dev.amikeeper.report;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;

import java.util.Comparator;
import java.util.List;

/**
 * The door to the alert topic. What is to be told stands in the catalogue until it has been told,
 * so a crash or an outage delays an announcement and loses none. That it is about to be told is
 * written down first: of what may have been told, the end is told too.
 */
public final class Announcements {
    private static final Logger log = LoggerFactory.getLogger(Announcements.class);

    /** SNS takes 256 KB a message; a person reads less. */
    private static final int NOTICES_A_MESSAGE = 50;

    /** So long a text or remedy may be: 50 notices stay below 256 KB in any script. */
    private static final int SHOWN = 750;

    /** So long what was tried may be. */
    private static final int TRIED = 100;

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
        List<Notice> notices =
                catalog.unannounced().stream()
                        .sorted(
                                Comparator.comparing(Announcements::isOver)
                                        .thenComparing(Notice::at)
                                        .thenComparing(Notice::key))
                        .toList();
        for (int from = 0; from < notices.size(); from += NOTICES_A_MESSAGE) {
            List<Notice> some =
                    notices
                            .subList(from, Math.min(notices.size(), from + NOTICES_A_MESSAGE))
                            .stream()
                            .filter(catalog::telling)
                            .toList();
            if (some.isEmpty()) {
                continue;
            }
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
        String plain = ("AMI Keeper: " + headline(notices)).replaceAll("[^\\x20-\\x7e]", "?");
        return plain.length() <= SUBJECT ? plain : plain.substring(0, SUBJECT - 3) + "...";
    }

    private static String headline(List<Notice> notices) {
        if (notices.size() == 1) {
            Notice notice = notices.getFirst();
            return (isOver(notice) ? "resolved: " : "") + notice.text();
        }
        long over = notices.stream().filter(Announcements::isOver).count();
        long need = notices.size() - over;
        String resolved = over == 0 ? "" : over + " resolved";
        String needed =
                switch ((int) need) {
                    case 0 -> "";
                    case 1 -> "1 thing needs you";
                    default -> need + " things need you";
                };
        return needed + (need > 0 && over > 0 ? ", " : "") + resolved;
    }

    private static boolean isOver(Notice notice) {
        return notice.resolved().isPresent();
    }

    /** What lasts with its beginning, what is over with its end too; what to do while it lasts. */
    static String text(List<Notice> notices) {
        StringBuilder text = new StringBuilder();
        for (Notice notice : notices) {
            String what = bounded(notice.text(), SHOWN);
            notice.resolved()
                    .ifPresentOrElse(
                            end ->
                                    text.append("resolved: ")
                                            .append(what)
                                            .append("\n    From ")
                                            .append(notice.at())
                                            .append(" to ")
                                            .append(end)
                                            .append('\n'),
                            () -> text.append(open(notice, what)));
            text.append('\n');
        }
        return text.toString();
    }

    private static String open(Notice notice, String what) {
        String tried =
                notice.tried().isEmpty()
                        ? ""
                        : "    Tried: " + bounded(notice.tried(), TRIED) + "\n";
        return what
                + "\n    "
                + (notice.isOpen() ? "Since " : "At ")
                + notice.at()
                + "\n"
                + tried
                + "    What to do: "
                + bounded(notice.remedy(), SHOWN)
                + "\n";
    }

    /** What SNS refuses as too long would keep all that comes after it from being told. */
    private static String bounded(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most) + "…";
    }
}
