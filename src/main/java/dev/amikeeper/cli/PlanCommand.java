package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.local.LocalContext;
import dev.amikeeper.report.Table;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.retention.PruneReport;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Map;

/** {@code keeper plan}. */
@Command(
        name = "plan",
        description = {
            "Shows what pruning would do now, and why: the same plan as PruneFunction makes with"
                    + " {\"dryRun\": true}. Changes nothing.",
            "Exit status: 0, or 3 if something waits for an approval."
        })
final class PlanCommand extends DeploymentCommand {
    private static final int AWAITING = 3;

    @Option(names = "--all", description = "Also lists the images that just stay.")
    private boolean all;

    @Option(names = "--json", description = "Prints the plan as one JSON object.")
    private boolean json;

    PlanCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        Application app = deployment().application();
        PruneReport report = plan(app);
        new Unreadables(app.catalog()).lines().forEach(err()::println);
        print(json, report, () -> text(report));
        return report.count(PruneReport.PruneCount.AWAITING) > 0 ? AWAITING : 0;
    }

    static PruneReport plan(Application app) {
        return new PruneHandler(app)
                .handleRequest(
                        Map.of("dryRun", true), new LocalContext("PruneFunction", "keeper plan"));
    }

    private String text(PruneReport report) {
        StringBuilder text = new StringBuilder();
        for (PruneReport.Summary policy : report.policies()) {
            List<PruneReport.PruneLine> lines =
                    report.plan().stream()
                            .filter(line -> line.policy().equals(policy.policy()))
                            .toList();
            List<PruneReport.PruneLine> shown =
                    lines.stream().filter(line -> all || !line.verdict().equals("keep")).toList();
            text.append(
                    "%s: plan %s, %d images, of which %d just stay%n"
                            .formatted(
                                    policy.policy(),
                                    policy.digest(),
                                    lines.size(),
                                    lines.stream()
                                            .filter(line -> line.verdict().equals("keep"))
                                            .count()));
            policy.alarms()
                    .forEach(
                            alarm -> text.append("  waits for an approval: %s%n".formatted(alarm)));
            policy.former().forEach(line -> text.append("  %s%n".formatted(line)));
            Table table = new Table("lllllll");
            shown.forEach(line ->
                    table.row(
                            "  " + line.verdict(),
                            line.region(),
                            line.instance(),
                            line.slot(),
                            line.image(),
                            (line.next() + " " + line.at()).strip(),
                            String.join("; ", line.reasons())));
            text.append(table).append(System.lineSeparator());
        }
        if (report.count(PruneReport.PruneCount.UNLISTED) > 0) {
            text.append(
                    "%d more images are not listed.%n"
                            .formatted(report.count(PruneReport.PruneCount.UNLISTED)));
        }
        if (report.count(PruneReport.PruneCount.AWAITING) > 0) {
            text.append(
                    "To approve a plan, call PruneFunction with {\"approve\": \"<its digest>\"}.%n"
                            .formatted());
        }
        return text.toString();
    }
}
