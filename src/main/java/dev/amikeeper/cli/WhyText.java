package dev.amikeeper.cli;

import dev.amikeeper.cli.Explanation.Explained;
import dev.amikeeper.cli.Explanation.GoneImage;
import dev.amikeeper.report.Table;

/**
 * What {@code keeper why} prints for people: everything about one image, or one line for each of
 * many.
 */
record WhyText(Explanation explanation, boolean single) {
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (single) {
            explanation.images().forEach(each -> text.append(text(each)));
        } else {
            explanation
                    .policies()
                    .forEach(each ->
                            text.append("policy %s %s%n".formatted(each.policy(), each.text())));
            text.append(table());
        }
        explanation.gone().forEach(each -> text.append(text(each)));
        return text.toString();
    }

    private Table table() {
        Table table = new Table("llllll");
        explanation
                .images()
                .forEach(each ->
                        table.row(
                                each.plan().region(),
                                each.plan().policy() + " " + each.plan().slot(),
                                each.plan().image(),
                                each.state(),
                                each.plan().verdict(),
                                (each.plan().next() + " " + each.plan().at()).strip()
                                        + (each.plan().next().isEmpty() ? "" : ": ")
                                        + String.join("; ", each.plan().reasons())));
        return table;
    }

    private static String text(GoneImage each) {
        return "%s  %s  %s  removed %s by %s: %s%s%n"
                .formatted(
                        each.region(),
                        each.slot(),
                        each.image(),
                        each.removedAt(),
                        each.by(),
                        each.why(),
                        each.stored().isEmpty() ? "" : "; " + each.stored());
    }

    private static String text(Explained each) {
        Table table = new Table("ll");
        table.row("image", each.plan().image() + " in " + each.plan().region());
        table.row(
                "of",
                "%s, slot %s of policy %s"
                        .formatted(
                                each.plan().instance(), each.plan().slot(), each.plan().policy()));
        if (!each.home().isEmpty()) {
            table.row("copy of", each.home());
        }
        table.row("state", each.state() + " since " + each.since());
        if (!each.note().isEmpty()) {
            table.row("note", each.note());
        }
        if (!each.proven().isEmpty()) {
            table.row("proven", "a restore from it passed on " + each.proven());
        }
        if (!each.stored().isEmpty()) {
            table.row("S3", each.stored());
        }
        table.row("verdict", each.plan().verdict());
        each.plan().reasons().forEach(reason -> table.row("", reason));
        table.row(
                "next",
                each.plan().next().isEmpty()
                        ? "nothing"
                        : (each.plan().next() + " " + each.plan().at()).strip());
        if (!each.forecast().isEmpty()) {
            table.row("", each.forecast());
        }
        for (int i = 0; i < each.evidence().size(); i++) {
            table.row(i == 0 ? "evidence" : "", each.evidence().get(i));
        }
        return table + System.lineSeparator();
    }
}
