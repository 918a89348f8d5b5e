package dev.amikeeper.simulation;

import dev.amikeeper.alerts.Bundle;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.local.SimulatedSns;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What people were told in a play, and what they should have been told. */
final class Told {
    private static final String TOLD = "announced once";

    /** Two ticks: what became due since then may not have been told yet. */
    private static final Duration TICKS = Duration.ofMinutes(10);

    private static final String OVER = "resolved: ";

    /** How much of a long text is told. */
    private static final int SHOWN = 750;

    private final Map<NoticeKey, Notice> notices = new HashMap<>();
    private final Map<String, Integer> told = new HashMap<>();
    private final Set<String> texts = new HashSet<>();
    private final Set<String> ends = new HashSet<>();

    Told(Simulation play) {
        play.catalog().notices().forEach(notice -> notices.put(notice.about(), notice));
        // Each paragraph of a message says what the trouble is, since when, and what to do.
        for (SimulatedSns.Published message : play.published()) {
            for (String paragraph : message.message().message().split("\n\n", -1)) {
                List<String> lines = paragraph.lines().toList();
                if (lines.size() > 1) {
                    told.merge(lines.get(0) + lines.get(1), 1, Integer::sum);
                    (lines.getFirst().startsWith(OVER) ? ends : texts)
                            .add(lines.getFirst().replaceFirst("^" + OVER, ""));
                }
            }
        }
    }

    /** All notices in the catalogue, by what they are about. */
    Map<NoticeKey, Notice> notices() {
        return notices;
    }

    boolean isTold(NoticeKey key) {
        return Optional.ofNullable(notices.get(key)).filter(this::isTold).isPresent();
    }

    /**
     * Whether people know of it. If a trouble comes back before people were told that it ended,
     * then to them it is still the old one.
     */
    boolean isTold(Notice notice) {
        return told.containsKey(beginning(notice))
                || told.keySet().stream().anyMatch(it -> it.startsWith(start(notice)))
                || texts.stream().anyMatch(it -> Bundle.says(notice, it));
    }

    /** The end of a trouble is told together with others of its kind. */
    private boolean isEndTold(Notice notice, String end) {
        return told.containsKey(end) || ends.stream().anyMatch(it -> Bundle.says(notice, it));
    }

    /**
     * What the notice is about, as "us-east-1: there is no image gold/…: ". The reason that follows
     * may differ.
     */
    private static String start(Notice notice) {
        String text = notice.text();
        int reason = text.indexOf(": ", text.indexOf(": ") + 1);
        return reason < 0 ? text : text.substring(0, reason + 2);
    }

    private static String shown(Notice notice) {
        return notice.text().length() <= SHOWN
                ? notice.text()
                : notice.text().substring(0, SHOWN) + "…";
    }

    private static String beginning(Notice notice) {
        boolean lasts = notice.kind() == Notice.NoticeKind.TROUBLE;
        return shown(notice) + "    " + (lasts ? "Since " : "At ") + notice.at();
    }

    private static String end(Notice notice, Instant end) {
        return OVER + shown(notice) + "    From " + notice.at() + " to " + end;
    }

    List<Violation> everythingIsToldOnce(Simulation play) {
        List<Violation> violations = new ArrayList<>();
        Bundle.due(
                        play.catalog().unannounced(),
                        play.catalog().open(),
                        play.cloud().now().minus(TICKS))
                .stream()
                .flatMap(bundle -> bundle.notices().stream())
                .forEach(notice ->
                        violations.add(
                                new Violation(
                                        TOLD,
                                        "nobody was told since %s: %s"
                                                .formatted(notice.at(), notice.text()))));
        Set<String> held =
                play.catalog().unannounced().stream().map(Notice::key).collect(Collectors.toSet());
        boolean disturbed = play.history().steps().stream().anyMatch(it -> stopsTelling(it.what()));
        Map<String, Integer> meant = new HashMap<>();
        for (Notice notice : notices.values()) {
            if (!notice.announced()) {
                continue;
            }
            meant.merge(beginning(notice), 1, Integer::sum);
            if (notice.resolved().isEmpty()) {
                if (!isTold(notice)) {
                    violations.add(new Violation(TOLD, "nobody was told: " + notice));
                }
            } else {
                String end = end(notice, notice.resolved().get());
                meant.merge(end, 1, Integer::sum);
                // If a trouble ends before anybody was told of it, nobody is told.
                if (told.containsKey(beginning(notice))
                        && !isEndTold(notice, end)
                        && !held.contains(notice.key())) {
                    violations.add(
                            new Violation(TOLD, "nobody was told that it is over: " + notice));
                }
                if (told.containsKey(end) && !isTold(notice) && !disturbed) {
                    violations.add(
                            new Violation(
                                    TOLD,
                                    "told that it is over, but never that it began: " + notice));
                }
            }
        }
        meant.forEach((what, count) -> {
            int published = told.getOrDefault(what, 0);
            if (published > count && !disturbed) {
                violations.add(new Violation(TOLD, "told %d times: %s".formatted(published, what)));
            }
        });
        return violations;
    }

    /**
     * Whether this can keep a notice from being recorded as told, so that it is told again; or
     * interrupt the telling, so that the end is told even if the beginning was not, because people
     * may have heard of it.
     */
    private static boolean stopsTelling(Happening what) {
        return switch (what) {
            case Happening.FailingCalls(var action, _, _, _) ->
                    action.equals("Publish") || action.equals("TransactWriteItems");
            case Happening.Down(var region, _) -> region.equals(HistoryGenerator.HOME);
            case Happening.Events _,
                    Happening.Unseen _,
                    Happening.Failing _,
                    Happening.FailingLaunches _,
                    Happening.FailingCommands _,
                    Happening.QuotaUsedUp _,
                    Happening.KeyDisabled _,
                    Happening.NoTicks _,
                    Happening.DoubleTicks _,
                    Happening.Operation _,
                    Happening.Deed _ ->
                    false;
        };
    }
}
