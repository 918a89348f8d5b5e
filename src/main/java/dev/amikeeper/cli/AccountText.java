package dev.amikeeper.cli;

import dev.amikeeper.cli.Account.Calls;
import dev.amikeeper.cli.Account.Counts;
import dev.amikeeper.cli.Account.Example;
import dev.amikeeper.cli.Account.Happening;
import dev.amikeeper.cli.Account.Line;
import dev.amikeeper.cli.Account.Shown;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** An account for people: short, aligned, and coloured if it may be. */
final class AccountText {
    private static final String BOLD = "\033[1m";
    private static final String DIM = "\033[2m";
    private static final String PLAIN = "\033[0m";
    private static final int EXAMPLE_ROWS = 8;

    private final StringBuilder text = new StringBuilder();
    private final boolean colours;

    AccountText(Account account, boolean colours) {
        this.colours = colours;
        title(account);
        images(account);
        story(account.story());
        kept(account);
        example(account.example());
        calls(account);
        next();
    }

    @Override
    public String toString() {
        return text.toString();
    }

    private void title(Account account) {
        text.append(bold("AMI Keeper demo"))
                .append(
                        ": %d %s from %s, %d instances in %s, seed %d%n"
                                .formatted(
                                        account.days(),
                                        account.days() == 1 ? "day" : "days",
                                        account.from().substring(0, "2026-03-01".length()),
                                        account.instances(),
                                        String.join(" and ", account.homeRegions()),
                                        account.seed()));
    }

    private void images(Account account) {
        Table table = new Table("llrrrrrl");
        table.row("", "", "made", "removed", "there now", "given up", "under way");
        String policy = "";
        for (Line line : account.images()) {
            table.row(
                    line.policy().equals(policy) ? "" : line.policy(),
                    line.region(),
                    number(line.counts().made()),
                    number(line.counts().removed()),
                    number(line.counts().thereNow()),
                    number(line.counts().givenUp()),
                    number(line.counts().underWay()),
                    remark(line));
            policy = line.policy();
        }
        Counts total = account.total();
        table.row(
                "total",
                "",
                number(total.made()),
                number(total.removed()),
                number(total.thereNow()),
                number(total.givenUp()),
                number(total.underWay()));
        section("Images", "by policy and Region", table);
    }

    private static String remark(Line line) {
        String retried =
                line.counts().retried() == 0
                        ? ""
                        : ", " + line.counts().retried() + " at a 2nd try";
        return line.kind().equals("copy") ? "copied" + retried : words(line.triggers()) + retried;
    }

    private void story(List<Happening> story) {
        if (story.isEmpty()) {
            return;
        }
        Table table = new Table("lll");
        story.forEach(it -> table.row("day " + it.day(), it.what(), it.then()));
        section("On the way", "", table);
    }

    private void kept(Account account) {
        String toGo = account.toGo() == 0 ? "" : "; the next run removes " + number(account.toGo());
        Table table = new Table("l").row(words(account.kept()) + toGo);
        section("Why they are kept", "an image can have several reasons", table);
    }

    private void example(Example example) {
        if (example.images().isEmpty()) {
            return;
        }
        Table table = new Table("llll").row("slot", "Region", "state", "why kept");
        for (Shown image :
                example.images().subList(0, Math.min(EXAMPLE_ROWS, example.images().size()))) {
            table.row(
                    image.slot().replace('T', ' ').replace("00Z", "").replaceAll(":$", ""),
                    image.region(),
                    image.state(),
                    image.kept().isEmpty()
                            ? "nothing: goes next"
                            : String.join(", ", image.kept()));
        }
        int more = example.images().size() - EXAMPLE_ROWS;
        if (more > 0) {
            table.row("and " + more + " more");
        }
        section("For example " + example.name(), example.instance(), table);
    }

    private void calls(Account account) {
        Table table = new Table("lrrrr").row("", "calls", "needed", "failed tries", "repeated");
        for (Calls calls : account.calls()) {
            table.row(
                    calls.action(),
                    number(calls.calls()),
                    number(calls.needed()),
                    number(calls.failedTries()),
                    number(calls.repeated()));
        }
        table.row("shared reads", number(account.sharedReads()));
        section("Calls to EC2", "", table);
    }

    private void next() {
        Table table =
                new Table("ll")
                        .row("./keeper demo --days 90 --seed 2", "a longer time, another fleet")
                        .row(
                                "./keeper demo --policies FILE",
                                "your rules; copy src/main/resources/demo-policies.yaml")
                        .row("./keeper demo --json", "these figures for programs")
                        .row(
                                "./mvnw verify",
                                "everything that is checked; README.md says the rest");
        section("Try next", "", table);
    }

    private void section(String heading, String remark, Table table) {
        text.append('\n').append(bold(heading));
        text.append(remark.isEmpty() ? "" : " " + dim("(" + remark + ")")).append('\n');
        table.lines().forEach(line -> text.append("  ").append(line).append('\n'));
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
        return colours ? DIM + words + PLAIN : words;
    }
}
