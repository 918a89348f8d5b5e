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
            "Removes an image with its snapshots by hand. The rules of its policy's keep yield to"
                    + " that; use, holds, copies under way, atLeast and all else that pruning"
                    + " looks at do not.",
            "Needs what PruneFunction's role allows.",
            "Exit status: 0, or 1 if it stays."
        })
final class DeregisterCommand extends OrderCommand {
    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    private String id = "";

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(
            names = "--approve",
            description = "It is what it says, though its record was made from its tags.")
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
