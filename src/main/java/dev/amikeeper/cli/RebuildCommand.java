package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Region;
import dev.amikeeper.report.Table;
import dev.amikeeper.sweep.Rebuild;
import dev.amikeeper.sweep.RebuildReport;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** {@code keeper rebuild}. */
@Command(
        name = "rebuild",
        description = {
            "Makes a new catalogue from the tags of the images alone, when the table"
                    + " is lost. Existing records are never overwritten: run it again to add"
                    + " what is missing.",
            "Needs ec2:DescribeImages and ec2:DescribeInstances, and the catalogue's table. With"
                    + " --demo the demo's table is lost first.",
            "Exit status: 0, or 1 if a Region could not be read."
        })
final class RebuildCommand extends DeploymentCommand {
    @Option(
            names = "--region",
            paramLabel = "REGION",
            description =
                    "Reads only this Region; may be given several times. By default all"
                            + " Regions of the policy file and those that the catalogue remembers.")
    private List<String> only = new ArrayList<>();

    @Option(names = "--dry-run", description = "Shows what would be recorded; writes nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "Prints the report as one JSON object.")
    private boolean json;

    RebuildCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        RebuildReport report = rebuild(deployment().afterTheLoss());
        print(json, report, () -> text(report));
        return report.unreadable().isEmpty() ? 0 : 1;
    }

    private RebuildReport rebuild(Application app) {
        List<Region> named = named(app);
        try {
            Rebuild rebuild = app.rebuild(app.clock().instant(), dryRun);
            return rebuild(rebuild, named.isEmpty() ? rebuild.regions() : named);
        } catch (SdkException error) {
            throw new UnusableException(
                    "The table "
                            + app.settings().table()
                            + " cannot be used: "
                            + error.getMessage()
                            + "\nRun it again when it can: it adds what is missing then.");
        }
    }

    private RebuildReport rebuild(Rebuild rebuild, Collection<Region> regions) {
        try (ProgressBar bar = bar(1)) {
            return rebuild.run(
                    regions,
                    (part, region, seen, images) ->
                            bar.show(
                                    part,
                                    images == 0
                                            ? region + ": reading"
                                            : "%s: %,d of %,d images"
                                                    .formatted(region, seen, images)));
        }
    }

    private List<Region> named(Application app) {
        Set<Region> known = Application.regions(app.settings().home());
        return only.stream()
                .map(name ->
                        known.stream()
                                .filter(region -> region.name().equals(name))
                                .findFirst()
                                .orElseThrow(
                                        () -> new UnusableException(name + " is not a Region.")))
                .toList();
    }

    static String text(RebuildReport report) {
        StringBuilder text = new StringBuilder();
        images(report, text);
        schedules(report, text);
        report.unreadable()
                .forEach(it ->
                        text.append("%s cannot be read: %s%n".formatted(it.region(), it.why())));
        report.foreign()
                .forEach(ami ->
                        text.append(
                                "%s has AMI Keeper's tags but another name: it is left alone.%n"
                                        .formatted(ami)));
        report.failed()
                .forEach(ami ->
                        text.append(
                                "%s failed: it is left alone; deregister it.%n".formatted(ami)));
        hints(report, text);
        if (report.dryRun()) {
            text.append("Nothing was written: this was a dry run.%n".formatted());
        }
        return text.toString();
    }

    private static void images(RebuildReport report, StringBuilder text) {
        if (report.images().isEmpty()) {
            text.append("No images of AMI Keeper were found.%n".formatted());
            return;
        }
        Table table = new Table("llrrrrrl");
        table.row(
                "Region",
                "policy",
                "added",
                "copies",
                "pending",
                "disabled",
                "known",
                "newest slot");
        for (RebuildReport.RebuiltImages line : report.images()) {
            table.row(
                    line.region(),
                    line.policy(),
                    count(line.added()),
                    count(line.copies()),
                    count(line.pending()),
                    count(line.disabled()),
                    count(line.known()),
                    line.newest());
        }
        text.append(table).append(System.lineSeparator());
    }

    private static void schedules(RebuildReport report, StringBuilder text) {
        if (report.schedules().isEmpty()) {
            return;
        }
        Table table = new Table("lllr");
        table.row("Schedule", "Region", "goes on after", "requested now");
        for (RebuildReport.RebuiltSchedule schedule : report.schedules()) {
            table.row(
                    schedule.policy(),
                    schedule.region(),
                    schedule.until(),
                    count(schedule.requested()));
        }
        text.append(table).append(System.lineSeparator());
    }

    private static String count(int number) {
        return number == 0 ? "-" : "%,d".formatted(number);
    }

    private static void hints(RebuildReport report, StringBuilder text) {
        int added = report.added();
        if (added > 0) {
            text.append(
                    ("%,d records were made from tags, which are only one of two keys: the removal"
                         + " of such an image waits for an approved plan (keeper plan).%n")
                            .formatted(added));
        }
        int disabled =
                report.images().stream().mapToInt(RebuildReport.RebuiltImages::disabled).sum();
        if (disabled > 0) {
            text.append(
                    ("%,d are disabled, and it is unknown by whom: they stay until you enable"
                                    + " or deregister them.%n")
                            .formatted(disabled));
        }
        if (added > 0) {
            text.append(
                    "The next sweep shares them as their policies say, and makes missing copies.%n"
                            .formatted());
        }
    }
}
