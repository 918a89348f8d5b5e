package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Texts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sns.model.SnsException;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The access to the alert topic. The catalogue keeps what is to be told until it has been told, so
 * a crash or an outage delays an announcement but loses none. Before something is told, that is
 * recorded: if people may have been told of a trouble, they are told of its end, too.
 */
public final class Announcements {
    private static final Logger log = LoggerFactory.getLogger(Announcements.class);

    /** The most notices per message. SNS accepts 256 KB, but a person reads less. */
    private static final int NOTICES_A_MESSAGE = 40;

    /** The most characters of a text or remedy; 40 notices then stay below 256 KB in any script. */
    private static final int SHOWN = 750;

    /** The most characters of what was tried. */
    private static final int TRIED = 100;

    private static final int SUBJECT = 99;

    /** If something has waited longer than two ticks, any other function that runs tells it. */
    private static final Duration OVERDUE = Duration.ofMinutes(12);

    private static final NoticeKey UNTOLD = Trouble.UNTOLD.of("topic");

    private final Supplier<SnsClient> sns;
    private final String topic;
    private final Catalog catalog;
    private final InstantSource clock;
    private final SideBySide sideBySide;

    public Announcements(
            Supplier<SnsClient> sns,
            String topic,
            Catalog catalog,
            InstantSource clock,
            SideBySide sideBySide) {
        this.sideBySide = sideBySide;
        this.sns = sns;
        this.topic = topic;
        this.catalog = catalog;
        this.clock = clock;
    }

    /** Tells people everything they have not been told yet. */
    public void publish() {
        publish(_ -> true);
    }

    /**
     * Tells people what a tick should have told them by now, because there may be no more ticks.
     */
    public void publishOverdue() {
        publish(this::isOverdue);
    }

    /**
     * Returns why nobody hears the announcements, and what waits; empty if somebody does, and
     * nothing has waited too long.
     *
     * @return one line; if the topic cannot be read, it says that
     */
    public Optional<String> unheard() {
        List<Notice> untold = due().stream().flatMap(it -> it.notices().stream()).toList();
        return deaf().map(why -> why + (untold.isEmpty() ? "" : "; " + waiting(untold)))
                .or(() ->
                        untold.stream().anyMatch(this::isOverdue)
                                ? Optional.of("announcements do not go out: " + waiting(untold))
                                : Optional.empty());
    }

    private Optional<String> deaf() {
        try {
            Map<String, String> found =
                    sns.get().getTopicAttributes(ask -> ask.topicArn(topic)).attributes();
            if (!found.getOrDefault("SubscriptionsConfirmed", "0").equals("0")) {
                return Optional.empty();
            }
            String pending = found.getOrDefault("SubscriptionsPending", "0");
            return Optional.of(
                    "nobody hears the announcements: the topic "
                            + topic
                            + (pending.equals("0")
                                    ? " has no subscription"
                                    : " has no confirmed subscription, and "
                                            + pending
                                            + " to be confirmed"));
        } catch (NotFoundException gone) {
            return Optional.of("nobody hears the announcements: the topic " + topic + " is gone");
        } catch (SdkException unknown) {
            return Optional.of(
                    "it is unknown whether anybody hears the announcements: "
                            + Texts.plain(String.valueOf(unknown.getMessage())));
        }
    }

    private static String waiting(List<Notice> waiting) {
        int count = waiting.size();
        return "%d %s since %s"
                .formatted(
                        count,
                        count == 1 ? "notice waits" : "notices wait",
                        waiting.stream()
                                .map(Bundle::since)
                                .min(Comparator.naturalOrder())
                                .orElseThrow());
    }

    private boolean isOverdue(Notice notice) {
        return Bundle.since(notice).isBefore(clock.instant().minus(OVERDUE));
    }

    /** What is due now, without the bundles that wait for more of their kind. */
    private List<Bundle> due() {
        List<Notice> untold = catalog.unannounced();
        return untold.isEmpty() ? List.of() : Bundle.due(untold, catalog.open(), clock.instant());
    }

    private void publish(Predicate<Notice> which) {
        List<Bundle> all =
                due().stream().filter(it -> it.notices().stream().anyMatch(which)).toList();
        for (int from = 0; from < all.size(); from += NOTICES_A_MESSAGE) {
            List<Bundle> bundles =
                    all.subList(from, Math.min(all.size(), from + NOTICES_A_MESSAGE));
            Set<Notice> telling = ConcurrentHashMap.newKeySet();
            each(
                    bundles,
                    notice -> {
                        if (catalog.telling(notice)) {
                            telling.add(notice);
                        }
                    });
            List<Bundle> some =
                    bundles.stream().flatMap(it -> it.only(telling::contains).stream()).toList();
            if (some.isEmpty()) {
                continue;
            }
            try {
                sns.get()
                        .publish(message ->
                                message.topicArn(topic).subject(subject(some)).message(text(some)));
            } catch (SdkException notNow) {
                log.warn("announcing has to wait: {}", notNow.getMessage());
                if (!isRefused(notNow)) {
                    return;
                }
                catalog.note(
                        new Notice(
                                UNTOLD,
                                clock.instant(),
                                "people cannot be told anything: "
                                        + Texts.plain(String.valueOf(notNow.getMessage())),
                                "it is tried again at each tick; check the alert topic "
                                        + topic
                                        + " and the function's role",
                                false));
                return;
            }
            each(some, catalog::announced);
            catalog.resolve(UNTOLD, clock.instant());
        }
    }

    /**
     * Does this with all notices, several at a time: there may be hundreds of one cause, and people
     * would be told again if the function's time ended between.
     */
    private void each(List<Bundle> bundles, Consumer<Notice> step) {
        sideBySide.forEach(
                bundles.stream().flatMap(bundle -> bundle.notices().stream()).toList(),
                () -> true,
                step);
    }

    /** Whether SNS refuses the message; all other failures pass by themselves. */
    private static boolean isRefused(SdkException error) {
        return error instanceof SnsException answer
                && answer.statusCode() >= 400
                && answer.statusCode() < 500
                && !answer.isThrottlingException();
    }

    /** The subject; SNS accepts fewer than 100 ASCII characters, without line breaks. */
    static String subject(List<Bundle> bundles) {
        String plain = ("AMI Keeper: " + headline(bundles)).replaceAll("[^\\x20-\\x7e]", "?");
        return plain.length() <= SUBJECT ? plain : plain.substring(0, SUBJECT - 3) + "...";
    }

    private static String headline(List<Bundle> bundles) {
        if (bundles.size() == 1) {
            Bundle bundle = bundles.getFirst();
            int count = bundle.notices().size();
            return (bundle.isOver() ? "resolved: " : "")
                    + (count == 1 ? "" : count + " times ")
                    + bundle.first().text();
        }
        long over = bundles.stream().filter(Bundle::isOver).count();
        long need = bundles.size() - over;
        String resolved = over == 0 ? "" : over + " resolved";
        String needed =
                switch ((int) need) {
                    case 0 -> "";
                    case 1 -> "1 thing needs you";
                    default -> need + " things need you";
                };
        return needed + (need > 0 && over > 0 ? ", " : "") + resolved;
    }

    /**
     * The message: open troubles with their beginning and what to do, ended ones with their
     * beginning and end.
     */
    static String text(List<Bundle> bundles) {
        StringBuilder text = new StringBuilder();
        for (Bundle bundle : bundles) {
            Notice notice = bundle.first();
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
            if (!bundle.others().isEmpty()) {
                text.append("    ").append(bundle.others()).append('\n');
            }
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

    /**
     * Cuts a text, because a message that SNS refuses as too long would hold up all that follow.
     */
    private static String bounded(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most) + "…";
    }
}
