package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Texts;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.report.StatusReader;
import dev.amikeeper.report.StatusReport;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.Collectors;

/** {@code keeper status}. */
@Command(
        name = "status",
        description = {
            "Shows for each instance how old the newest good image is in each"
                    + " Region, whether that is what its policy's schedule promises, and until"
                    + " when; the worst first. Changes nothing.",
            "Exit status: 0, or 1 if an instance is late somewhere or a Region or"
                    + " something of the catalogue could not be read, or nobody hears the"
                    + " announcements. An instance that no policy selects breaks no promise: it"
                    + " is only listed."
        })
final class StatusCommand extends DeploymentCommand {
    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            description = "Shows the instances of this policy only.")
    private @Nullable String policy;

    @Option(names = "--json", description = "Prints the status as one JSON object.")
    private boolean json;

    StatusCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        StatusReport report = read(deployment().application(), Optional.ofNullable(policy));
        print(json, report, new StatusText(report, screen().colours())::toString);
        return report.allWell() ? 0 : 1;
    }

    /**
     * Reads the status of the instances.
     *
     * @throws UnusableException if there is no such policy and never was
     */
    static StatusReport read(Application app, Optional<String> only) {
        SortedSet<String> names = app.catalog().policiesWith(app.policies().allNames());
        only.filter(name -> app.policies().find(name).isEmpty())
                .filter(name -> !names.contains(name))
                .ifPresent(name -> {
                    throw new UnusableException(
                            "There is no policy %s; there are %s."
                                    .formatted(
                                            Texts.quoted(name),
                                            app.policies().all().stream()
                                                    .map(Policy::name)
                                                    .collect(Collectors.joining(", "))));
                });
        return new StatusReader(
                        app.policies(), names, app.catalog(), app.instances(), app.announcements())
                .read(only, app.clock().instant());
    }
}
