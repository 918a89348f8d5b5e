package dev.amikeeper.cli;

import dev.amikeeper.report.StatusReport;
import dev.amikeeper.report.StatusReport.StatusLine;
import dev.amikeeper.report.Table;
import dev.amikeeper.status.Spans;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What {@code keeper status} prints for people. */
record StatusText(StatusReport report, boolean colours) {
    private static final String RED = "\033[31m";
    private static final String YELLOW = "\033[33m";
    private static final String BOLD = "\033[1m";
    private static final String PLAIN = "\033[0m";
    private static final int DAY = "2026-03-01".length();
    private static final int MINUTE = "2026-03-01T02:00".length();

    @Override
    public String toString() {
        List<String> text = new ArrayList<>();
        text.add(coloured(BOLD, summary()));
        report.unread().stream()
                .map(it -> coloured(RED, it.region() + " cannot be read: " + it.why()))
                .forEach(text::add);
        if (!report.unheard().isEmpty()) {
            text.add(coloured(RED, report.unheard()));
        }
        text.addAll(report.former());
        report.lost().stream().map(StatusText::lost).forEach(text::add);
        report.unreadable().stream().map(it -> coloured(RED, it)).forEach(text::add);
        if (!report.lines().isEmpty()) {
            text.add("");
            text.addAll(instances());
        }
        return String.join(System.lineSeparator(), text) + System.lineSeparator();
    }

    private static String lost(StatusReport.Lost lost) {
        return lost.text()
                + (lost.images() == 0
                        ? ""
                        : " (%d snapshots): %s".formatted(lost.snapshots(), lost.toDo()));
    }

    private List<String> instances() {
        Table table = new Table("llllllrllll");
        table.row(
                "state",
                "instance",
                "name",
                "policy",
                "Region",
                "newest image of",
                "age",
                "next slot",
                "holds until",
                "restored in",
                "");
        report.lines()
                .forEach(line ->
                        table.row(
                                line.state(),
                                line.instance(),
                                or(line.name()),
                                or(line.policy()),
                                line.region(),
                                minute(line.slot()),
                                age(line),
                                minute(line.next()),
                                minute(line.holdsUntil()),
                                restored(line),
                                line.remark()));
        List<String> rows = table.lines();
        List<String> text = new ArrayList<>(List.of(rows.getFirst()));
        for (int i = 0; i < report.lines().size(); i++) {
            text.add(coloured(colour(report.lines().get(i)), rows.get(i + 1)));
        }
        return text;
    }

    private String summary() {
        int all =
                report.protectedInstances()
                        + report.late()
                        + report.waiting()
                        + report.unprotected();
        return "%d %s at %s: %d protected, %d late, %d unprotected%s"
                .formatted(
                        all,
                        all == 1 ? "instance" : "instances",
                        report.at(),
                        report.protectedInstances(),
                        report.late(),
                        report.unprotected(),
                        report.waiting() == 0
                                ? ""
                                : ", %d without an image somewhere, but not late"
                                        .formatted(report.waiting()));
    }

    private static String restored(StatusLine line) {
        if (line.tried().isEmpty()) {
            return "untried";
        }
        String day = line.tried().substring(0, DAY);
        if (!line.passed()) {
            return "failed, " + day;
        }
        long seconds = Objects.requireNonNull(line.restoreSeconds());
        return "%d:%02d min, %s".formatted(seconds / 60, seconds % 60, day);
    }

    private static String age(StatusLine line) {
        Long seconds = line.ageSeconds();
        return seconds == null ? "-" : Spans.text(Duration.ofSeconds(seconds));
    }

    /** A time in UTC, as {@code 2026-03-01 02:00}. */
    private static String minute(String time) {
        return time.isEmpty() ? "-" : time.substring(0, MINUTE).replace('T', ' ');
    }

    private static String colour(StatusLine line) {
        return switch (line.state()) {
            case "late" -> RED;
            case "unprotected", "due" -> YELLOW;
            default -> "";
        };
    }

    private String coloured(String colour, String words) {
        return colours && !colour.isEmpty() ? colour + words + PLAIN : words;
    }

    private static String or(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
