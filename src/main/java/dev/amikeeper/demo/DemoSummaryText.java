package dev.amikeeper.demo;

import dev.amikeeper.demo.DemoSummary.ActionCalls;
import dev.amikeeper.demo.DemoSummary.Example;
import dev.amikeeper.demo.DemoSummary.ExampleImage;
import dev.amikeeper.demo.DemoSummary.ImageCounts;
import dev.amikeeper.demo.DemoSummary.PolicyLine;
import dev.amikeeper.demo.DemoSummary.StoryEvent;
import dev.amikeeper.report.Table;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** A demo's figures for people to read: short, aligned, and colored if allowed. */
public final class DemoSummaryText {
    private static final String BOLD = "\033[1m";
    private static final String DIM = "\033[2m";
    private static final String PLAIN = "\033[0m";
    private static final int WIDTH = 85;
    private static final int NEWEST = 3;
    private static final int OLDEST = 2;

    private final StringBuilder text = new StringBuilder();
    private final boolean colours;

    public DemoSummaryText(DemoSummary account, Duration taken, boolean colours) {
        this.colours = colours;
        title(account, taken);
        images(account);
        story(account.story());
        kept(account);
        proven(account);
        example(account.example());
        calls(account);
        loss(account.loss());
        next();
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private void title(DemoSummary account, Duration taken) {
        text.append(bold("AMI Keeper demo"))
                .append(
                        ": %d %s from %s, %d instances in %d %s, seed %d, played in %d s%n"
                                .formatted(
                                        account.days(),
                                        account.days() == 1 ? "day" : "days",
                                        account.from().substring(0, "2026-03-01".length()),
                                        account.instances(),
                                        account.homeRegions().size(),
                                        account.homeRegions().size() == 1 ? "Region" : "Regions",
                                        account.seed(),
                                        taken.toSeconds()));
    }

    private void images(DemoSummary account) {
        Table table = new Table("llrrrrrl");
        table.row("Images", "", "made", "removed", "there now", "given up", "under way");
        String policy = "";
        for (PolicyLine line : account.images()) {
            table.row(
                    line.policy().equals(policy) ? "" : "  " + line.policy(),
                    line.region(),
                    number(line.counts().made()),
                    number(line.counts().removed()),
                    number(line.counts().thereNow()),
                    number(line.counts().givenUp()),
                    number(line.counts().underWay()),
                    remark(line));
            policy = line.policy();
        }
        ImageCounts total = account.total();
        table.row(
                "  total",
                "",
                number(total.made()),
                number(total.removed()),
                number(total.thereNow()),
                number(total.givenUp()),
                number(total.underWay()));
        section("Images", table);
    }

    private static String remark(PolicyLine line) {
        String retried =
                line.counts().retried() == 0
                        ? ""
                        : ", " + line.counts().retried() + " at a 2nd try";
        return line.kind().equals("copy") ? "copied" + retried : words(line.triggers()) + retried;
    }

    private void story(List<StoryEvent> story) {
        if (story.isEmpty()) {
            return;
        }
        Table table = new Table("lll").row("On the way");
        story.forEach(it -> table.row("  day " + it.day(), it.what(), it.then()));
        section("On the way", table);
    }

    private void kept(DemoSummary account) {
        if (account.total().thereNow() == 0) {
            return;
        }
        Table table = new Table("l").row("Why they are kept");
        lines(account.kept()).forEach(table::row);
        if (account.toGo() > 0) {
            table.row(
                    "  "
                            + number(account.toGo())
                            + " by nothing: disabled, or the next run takes them");
        }
        section("Why they are kept", table);
    }

    private void proven(DemoSummary account) {
        String heading = "Can they be brought back";
        Table table = new Table("ll").row(heading);
        DemoSummary.Drills drills = account.drills();
        if (drills != null) {
            table.row("  drills in " + String.join(", ", drills.regions()), words(drills));
        }
        DemoSummary.ProtectionCounts status = account.status();
        table.row(
                "  servers at the end",
                "%d protected, %d late, %d of no policy%s"
                        .formatted(
                                status.protectedInstances(),
                                status.late(),
                                status.unprotected(),
                                status.waiting() == 0
                                        ? ""
                                        : ", %d wait for an image".formatted(status.waiting())));
        section(heading, table);
    }

    private static String words(DemoSummary.Drills drills) {
        StringBuilder text = new StringBuilder();
        text.append("%d passed, %d failed".formatted(drills.passed(), drills.failed()));
        if (drills.underWay() > 0) {
            text.append(", %d under way".formatted(drills.underWay()));
        }
        text.append(", of %d servers".formatted(drills.servers()));
        if (drills.passed() > 0) {
            text.append(
                    "; back in %s, at the longest %s"
                            .formatted(
                                    minutes(Duration.ofSeconds(drills.quickestSeconds())),
                                    minutes(Duration.ofSeconds(drills.slowestSeconds()))));
        }
        return text.toString();
    }

    /**
     * Shows the newest images and the oldest, because the oldest are kept for the rarer reasons.
     */
    private void example(Example example) {
        List<ExampleImage> images = example.images();
        if (images.isEmpty()) {
            return;
        }
        String heading = "For example " + example.name();
        Table table = new Table("llll").row(heading, "Region", "state", "why kept");
        int more = images.size() - NEWEST - OLDEST;
        if (more <= 1) {
            images.forEach(image -> show(image, table));
        } else {
            images.subList(0, NEWEST).forEach(image -> show(image, table));
            table.row("  ... " + more + " more");
            images.subList(NEWEST + more, images.size()).forEach(image -> show(image, table));
        }
        section(heading, table);
    }

    private static void show(ExampleImage image, Table table) {
        table.row(
                "  " + slot(image.slot()),
                image.region(),
                image.state(),
                image.kept().isEmpty() ? "nothing" : String.join(", ", image.kept()));
    }

    private void calls(DemoSummary account) {
        Table table =
                new Table("lrrrr").row("Calls to EC2", "all", "needed", "failed tries", "repeated");
        for (ActionCalls calls : account.calls()) {
            if (calls.calls() == 0) {
                continue;
            }
            table.row(
                    "  " + calls.action(),
                    number(calls.calls()),
                    number(calls.needed()),
                    number(calls.failedTries()),
                    number(calls.repeated()));
        }
        table.row("  shared reads", number(account.sharedReads()));
        section("Calls to EC2", table);
    }

    private void loss(DemoSummary.@Nullable Loss loss) {
        if (loss == null) {
            return;
        }
        String heading = "At last %s is lost, and the catalogue".formatted(loss.region());
        Table table = new Table("ll").row(heading);
        table.row(
                "  a new catalogue from the tags in " + loss.to(),
                number(loss.records()) + " images");
        table.row(
                "  subnets and groups that are missing there",
                "%d and %d, which the mapping file replaces"
                        .formatted(loss.mappedSubnets(), loss.mappedGroups()));
        table.row(
                "  servers back there, status checks passed",
                "%d of %d, as of %s before, in %s"
                        .formatted(
                                loss.back(),
                                loss.servers(),
                                hours(loss.oldestMinutes()),
                                minutes(Duration.ofSeconds(loss.seconds()))));
        table.row(
                "  calls to EC2",
                "%d RunInstances, %d reads".formatted(loss.launches(), loss.reads()));
        section(heading, table);
    }

    /** A duration, as {@code 2:31 min}. */
    static String minutes(Duration time) {
        return "%d:%02d min".formatted(time.toMinutes(), time.toSecondsPart());
    }

    /** A time, as {@code 2026-03-01 02:00}, with seconds if there are any. */
    private static String slot(String slot) {
        return slot.replace('T', ' ').replaceAll("(:00)?Z$", "");
    }

    private static String hours(long minutes) {
        return minutes % 60 == 0
                ? "%d h".formatted(minutes / 60)
                : "%d h %d min".formatted(minutes / 60, minutes % 60);
    }

    private void next() {
        Table table =
                new Table("ll")
                        .row("Try next")
                        .row("  ./keeper demo --days 90 --seed 2", "longer, another fleet")
                        .row(
                                "  ./keeper demo --policies FILE",
                                "yours; copy src/main/resources/demo-policies.yaml")
                        .row("  ./keeper demo --json", "these figures for programs")
                        .row("  ./mvnw verify", "every check; README.md says how to deploy");
        section("Try next", table);
    }

    /** Prints a table whose first line begins with the heading. */
    private void section(String heading, Table table) {
        List<String> lines = table.lines();
        String first = lines.getFirst().substring(heading.length());
        text.append('\n').append(bold(heading)).append(dim(first)).append('\n');
        lines.stream().skip(1).forEach(line -> text.append(line).append('\n'));
    }

    /** The counts, in lines that fit on a screen. */
    private static List<String> lines(Map<String, Integer> counts) {
        List<String> lines = new ArrayList<>();
        SequencedMap<String, Integer> line = new LinkedHashMap<>();
        counts.forEach((word, count) -> {
            if (words(line).length() + word.length() > WIDTH) {
                lines.add("  " + words(line) + ",");
                line.clear();
            }
            line.put(word, count);
        });
        lines.add("  " + words(line));
        return lines;
    }

    private static String words(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .map(count -> number(count.getValue()) + " " + count.getKey())
                .collect(Collectors.joining(", "));
    }

    private static String number(int number) {
        return number == 0 ? "-" : "%,d".formatted(number);
    }

    private String bold(String words) {
        return colours ? BOLD + words + PLAIN : words;
    }

    private String dim(String words) {
        return colours && !words.isEmpty() ? DIM + words + PLAIN : words;
    }
}
