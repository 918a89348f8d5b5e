package dev.amikeeper.alerts;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What is told as one: a single notice, or all notices that differ only in their image or server,
 * because one cause often affects many. They remain separate notices, each with its own end and its
 * own place in {@code ./keeper failures}; only the announcement is common. Pure.
 *
 * <p>If people already know about a cause, they are told again when the new notices are at least as
 * many as those they know of, or after a day. They are told of its end when nothing of it is left,
 * or after a day.
 *
 * <p>Some notices are always told alone, because a person must look at each: the result of an order
 * or a restore that somebody waits for ({@code operate}, {@code restore}, {@code fetch}), a server
 * without its root volume or one that a command may have left frozen ({@code no-root}, {@code
 * unthawed}), a forged lease ({@code lease}), and a plan that waits for an approval ({@code
 * approve}). All other kinds have one key for their whole Region or policy.
 *
 * @param notices at least one; either all of them are over or none
 * @param known how many open ones people already know of
 */
public record Bundle(List<Notice> notices, int known) {
    /**
     * How long a notice with a known cause, or a part of a cause's end, waits before it is told.
     */
    static final Duration HELD = Duration.ofHours(24);

    private static final int NAMED = 5;

    private static final int NAME = 100;

    /**
     * Names of images, times, ids, and what AWS encodes: the parts that differ between notices with
     * the same cause.
     */
    private static final Pattern WHICH =
            Pattern.compile(
                    "[a-z][a-z0-9-]{0,39}/i-[0-9a-z]{1,40}/[0-9TZ.:-]+"
                            + "|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"
                            + "|\\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b"
                            + "|\\b(ami|snap|vol|i)-[0-9a-z]{1,40}\\b"
                            + "|[A-Za-z0-9_-]{60,}");

    /** Copies the list. */
    public Bundle {
        notices = List.copyOf(notices);
    }

    /**
     * Returns what is to be told now, troubles first.
     *
     * @param untold what people have not been told yet
     * @param open the open troubles
     */
    public static List<Bundle> due(
            Collection<Notice> untold, Collection<Notice> open, Instant now) {
        Set<String> unheard =
                untold.stream()
                        .filter(notice -> !ended(notice))
                        .map(Notice::key)
                        .collect(Collectors.toSet());
        Map<String, Long> known =
                open.stream()
                        .filter(notice -> notice.announced() && !unheard.contains(notice.key()))
                        .collect(groupingBy(Bundle::cause, Collectors.counting()));
        List<Bundle> due = new ArrayList<>();
        untold.stream()
                .sorted(
                        Comparator.comparing(Bundle::ended)
                                .thenComparing(Notice::at)
                                .thenComparing(Notice::key))
                .collect(
                        groupingBy(
                                notice -> List.of(ended(notice), cause(notice)),
                                LinkedHashMap::new,
                                toList()))
                .forEach((_, notices) -> {
                    Bundle bundle =
                            new Bundle(
                                    notices,
                                    known.getOrDefault(cause(notices.getFirst()), 0L).intValue());
                    if (bundle.isDue(now)) {
                        due.add(bundle);
                    }
                });
        return due;
    }

    private boolean isDue(Instant now) {
        boolean isNews = isOver() ? known == 0 : notices.size() >= known;
        return isNews
                || notices.stream().map(Bundle::since).anyMatch(it -> !it.plus(HELD).isAfter(now));
    }

    /** What the notice has in common with those that it is told with. */
    static String cause(Notice notice) {
        NoticeKey about = notice.about();
        return about.what().isPresent() && about.trouble().filter(Bundle::isOfEach).isPresent()
                ? about.word() + "/" + about.where().orElseThrow() + "/" + words(notice.text())
                : notice.key();
    }

    /**
     * Whether each image, snapshot or server has its own notice, and many of them may have one
     * cause.
     */
    private static boolean isOfEach(Trouble trouble) {
        return switch (trouble) {
            case BEYOND,
                    DRILL,
                    FAILED,
                    FOREIGN,
                    LEFT,
                    LITTER,
                    ORPHAN,
                    PENDING,
                    PUBLIC,
                    REFUSED,
                    REQUEST,
                    STORE,
                    UPKEEP,
                    WAITING ->
                    true;
            case APPROVE, FETCH, LEASE, NO_ROOT, OPERATE, RESTORE, UNTHAWED -> false;
            case BLIND,
                    BLOCKED,
                    COPIED_LEASE,
                    COPIES,
                    COPY,
                    CURSOR,
                    DRILL_BUDGET,
                    FIT,
                    FOREIGN_ORDER,
                    FORGOTTEN,
                    FORMER,
                    MALFORMED,
                    MISSED,
                    RESTORE_ADDRESS,
                    RESTORE_REQUEST,
                    RESTORE_TAGS,
                    ROOT,
                    SHARE,
                    SHARED,
                    SHARING,
                    SLOW,
                    STOPPED,
                    TICKS,
                    UNASKED,
                    UNFOLLOWED,
                    UNFROZEN,
                    UNPRUNED,
                    UNREAD,
                    UNREADABLE,
                    UNSTORED,
                    UNSWEPT,
                    UNTOLD,
                    VOLUME_TAGS,
                    WITHDRAWN ->
                    false;
        };
    }

    /**
     * Whether a text that people were told about this notice, or one like it, says what this notice
     * says.
     */
    public static boolean says(Notice notice, String told) {
        return notice.text().equals(told)
                || (!cause(notice).equals(notice.key())
                        && words(told).equals(words(notice.text())));
    }

    /** The text without what it is about. */
    private static String words(String text) {
        return WHICH.matcher(text)
                .replaceAll("")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-");
    }

    /** The time since which it waits to be told. */
    static Instant since(Notice notice) {
        return notice.resolved().orElse(notice.at());
    }

    private static boolean ended(Notice notice) {
        return notice.resolved().isPresent();
    }

    boolean isOver() {
        return ended(notices.getFirst());
    }

    /** Returns this bundle with only the notices that pass the test; empty if none do. */
    Optional<Bundle> only(Predicate<Notice> test) {
        List<Notice> some = notices.stream().filter(test).toList();
        return some.isEmpty() ? Optional.empty() : Optional.of(new Bundle(some, known));
    }

    /** The notice that is told in full. */
    Notice first() {
        return notices.getFirst();
    }

    /**
     * Says in one line how many others there are and which; empty for a notice that is told alone.
     */
    String others() {
        int more = notices.size() - 1;
        String some =
                notices.stream()
                        .skip(1)
                        .limit(NAMED)
                        .map(Bundle::name)
                        .collect(Collectors.joining(", "));
        String others =
                switch (more) {
                    case 0 -> "";
                    case 1 -> "The same for " + some;
                    default ->
                            "The same for "
                                    + more
                                    + " more"
                                    + (more > NAMED ? ", as " : ": ")
                                    + some
                                    + (more > NAMED && !isOver()
                                            ? "; ./keeper failures lists all that are open"
                                            : "");
                };
        if (known == 0) {
            return others;
        }
        return (others.isEmpty() ? "" : others + ". ")
                + known
                + " of this kind "
                + (isOver() ? (known == 1 ? "lasts" : "last") : (known == 1 ? "was" : "were"))
                + (isOver() ? "" : " told before");
    }

    private static String name(Notice notice) {
        String name = notice.about().what().orElseThrow();
        return name.length() <= NAME ? name : name.substring(0, NAME) + "…";
    }
}
