package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.operate.Order;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code keeper deregister}. */
@Command(
        name = "deregister",
        description = {
            "Removes an image with its snapshots by hand. This overrides the rules"
                    + " of its policy's keep, but nothing else that pruning checks: use, holds,"
                    + " copies under way, atLeast and so on.",
            "Needs what PruneFunction's role allows.",
            "Exit status: 0, or 1 if the image stays."
        })
final class DeregisterCommand extends OrderCommand {
    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    private String id = "";

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(
            names = "--approve",
            description =
                    "Confirms that it is what it says, although its record was made from its"
                            + " tags.")
    private boolean approved;

    DeregisterCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        ImageId image = Arguments.image(id);
        String by = "keeper deregister, " + System.getProperty("user.name", "?");
        return carryOut(where -> new Order.Deregister(where, image, dryRun, approved, by));
    }
}
