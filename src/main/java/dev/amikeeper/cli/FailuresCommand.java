package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.alerts.Troubles;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.lifecycle.Retry;
import dev.amikeeper.queue.DeadLetter;
import dev.amikeeper.queue.DeadLetters;
import dev.amikeeper.report.Table;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code keeper failures}. */
@Command(
        name = "failures",
        description = {
            "Shows what needs a person: open troubles, images that were given up and"
                    + " that no newer one makes up for, and dead letters. Changes nothing.",
            "Exit status: 0, or 1 if there is something."
        })
final class FailuresCommand extends DeploymentCommand {
    private static final Pattern INSTANCE = Pattern.compile("(?:^|/)(i-[0-9a-z]+)(?:/|$)");
    private static final int SHOWN = 300;

    @Option(names = "--json", description = "Prints the failures as one JSON object.")
    private boolean json;

    /** An open trouble. */
    record Lasting(
            String key,
            String since,
            String region,
            String instance,
            String what,
            String tried,
            String toDo) {}

    /** An image that was given up. */
    record GivenUp(
            String image,
            String since,
            String region,
            String instance,
            String kind,
            int tries,
            String why,
            boolean canBeRetried) {}

    /** A dead letter. */
    record Letter(String function, String error, String body) {}

    /** A queue of dead letters. */
    record ListedQueue(String queue, int count, String problem, List<Letter> letters) {
        ListedQueue {
            letters = List.copyOf(letters);
        }
    }

    /**
     * The result.
     *
     * @param madeUpFor how many images were given up but made up for by newer ones
     * @param unreadable what this version cannot read in the catalogue
     * @param unheard why nobody hears the announcements; empty if somebody does
     */
    record Failures(
            List<Lasting> troubles,
            List<GivenUp> givenUp,
            int madeUpFor,
            List<ListedQueue> deadLetters,
            List<String> unreadable,
            String unheard) {
        Failures {
            unreadable = List.copyOf(unreadable);
            troubles = List.copyOf(troubles);
            givenUp = List.copyOf(givenUp);
            deadLetters = List.copyOf(deadLetters);
        }

        boolean none() {
            return troubles.isEmpty()
                    && givenUp.isEmpty()
                    && unreadable.isEmpty()
                    && unheard.isEmpty()
                    && deadLetters.stream().allMatch(box -> box.count() == 0);
        }
    }

    FailuresCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        Failures failures = find(deployment().application());
        print(json, failures, () -> text(failures));
        return failures.none() ? 0 : 1;
    }

    static Failures find(Application app) {
        Retry retry = app.retry(app.clock().instant());
        Map<List<Object>, List<Image>> records = new HashMap<>();
        List<GivenUp> givenUp = new ArrayList<>();
        List<NoticeKey> shown = new ArrayList<>();
        int madeUpFor = 0;
        for (Image image : retry.givenUp()) {
            List<String> names = app.policies().allNames(image.name().policy());
            Region region = image.region();
            List<Image> all =
                    records.computeIfAbsent(
                            List.of(names, region), _ -> app.catalog().ofPolicy(names, region));
            if (Troubles.isMadeUpFor(image, all)) {
                madeUpFor++;
            } else {
                givenUp.add(givenUp(image, !retry.isTooLate(image)));
                shown.add(Trouble.FAILED.in(region, image.name()));
            }
        }
        List<Lasting> troubles =
                app.catalog().open().stream()
                        .filter(notice -> !shown.contains(notice.about()))
                        .map(FailuresCommand::trouble)
                        .toList();
        return new Failures(
                troubles,
                givenUp,
                madeUpFor,
                Stream.of(DeadLetters.QueueKind.values())
                        .map(kind -> box(app.deadLetters().look(kind)))
                        .toList(),
                new Unreadables(app.catalog()).lines(),
                app.announcements().unheard().orElse(""));
    }

    private static GivenUp givenUp(Image image, boolean canBeRetried) {
        return new GivenUp(
                image.name().toString(),
                image.since().toString(),
                image.region().name(),
                image.name().instance().value(),
                image.isCopy() ? "copy" : "image",
                image.attempt(),
                image.note(),
                canBeRetried);
    }

    /** The Region, if there is one, is the second part of the key and the start of the text. */
    private static Lasting trouble(Notice notice) {
        String where = notice.about().where().orElse("");
        String prefix = where.isEmpty() ? "" : where + ": ";
        boolean inRegion = !prefix.isEmpty() && notice.text().startsWith(prefix);
        Matcher instance = INSTANCE.matcher(notice.key());
        return new Lasting(
                notice.key(),
                notice.at().toString(),
                inRegion ? where : "",
                instance.find() ? instance.group(1) : "",
                inRegion ? notice.text().substring(prefix.length()) : notice.text(),
                notice.tried(),
                notice.remedy());
    }

    private static ListedQueue box(DeadLetters.QueueContents box) {
        return new ListedQueue(
                box.kind().name().toLowerCase(Locale.ROOT),
                Math.max(box.count(), box.letters().size()),
                box.problem(),
                box.letters().stream().map(FailuresCommand::letter).toList());
    }

    private static Letter letter(DeadLetter letter) {
        return new Letter(
                letter.function().map(FailuresCommand::functionName).orElse(""),
                letter.error(),
                letter.body());
    }

    static String functionName(String arn) {
        String name = arn.substring(arn.indexOf(":function:") + ":function:".length());
        int qualifier = name.indexOf(':');
        return qualifier < 0 ? name : name.substring(0, qualifier);
    }

    private static String text(Failures failures) {
        List<String> lines = new ArrayList<>();
        if (!failures.troubles().isEmpty()) {
            lines.add("Troubles");
            Table table = new Table("llll").row("  since", "Region", "instance", "what");
            failures.troubles()
                    .forEach(trouble -> {
                        table.row(
                                "  " + trouble.since(),
                                or(trouble.region()),
                                or(trouble.instance()),
                                trouble.what());
                        if (!trouble.tried().isEmpty()) {
                            table.row("    tried: " + trouble.tried());
                        }
                        table.row("    to do: " + trouble.toDo());
                    });
            lines.addAll(table.lines());
            lines.add("");
        }
        if (!failures.givenUp().isEmpty()) {
            lines.add("Given up");
            Table table = new Table("lllrll");
            table.row("  since", "Region", "what", "tries", "", "why");
            failures.givenUp()
                    .forEach(image ->
                            table.row(
                                    "  " + image.since(),
                                    image.region(),
                                    image.kind() + " " + image.image(),
                                    "" + image.tries(),
                                    image.canBeRetried() ? "" : "too late",
                                    image.why()));
            lines.addAll(table.lines());
            lines.add("  Once the cause is fixed: ./keeper retry NAME, or ./keeper retry --all");
            lines.add("");
        }
        if (failures.madeUpFor() > 0) {
            lines.add(
                    failures.madeUpFor()
                            + (failures.madeUpFor() == 1 ? " image was" : " images were")
                            + " given up, and a newer one is good.");
            lines.add("");
        }
        lines.addAll(failures.unreadable());
        if (!failures.unheard().isEmpty()) {
            lines.add(failures.unheard());
        }
        failures.deadLetters().forEach(box -> lines.addAll(text(box)));
        if (failures.none()) {
            lines.add("Nothing needs you.");
        }
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private static List<String> text(ListedQueue box) {
        String name = "Dead letters, " + box.queue() + ": ";
        if (!box.problem().isEmpty()) {
            return List.of(name + box.problem());
        }
        if (box.count() == 0) {
            return List.of();
        }
        List<String> lines = new ArrayList<>(List.of(name + box.count()));
        for (Letter letter : box.letters()) {
            String head = (letter.function() + "  " + letter.error()).strip();
            if (!head.isEmpty()) {
                lines.add("  " + Texts.plain(head));
            }
            String body = Texts.plain(letter.body());
            lines.add("  " + (body.length() <= SHOWN ? body : body.substring(0, SHOWN) + "…"));
        }
        lines.add("  Once the cause is fixed: ./keeper retry --dead-letters");
        lines.add("");
        return lines;
    }

    private static String or(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
