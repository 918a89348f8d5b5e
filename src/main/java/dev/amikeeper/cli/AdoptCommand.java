package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.operate.Order;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Optional;

/** {@code keeper adopt}. */
@Command(
        name = "adopt",
        description = {
            "Takes an image that others made under a policy: a copy in the same Region becomes"
                + " ours, of the time when the original was made, which stays as it is. Images of"
                + " Data Lifecycle Manager and AWS Backup are left alone.",
            "Needs ec2:DescribeImages, CopyImage, CreateTags, and the catalogue.",
            "Exit status: 0, or 1 if it is refused."
        })
final class AdoptCommand extends OrderCommand {
    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    private String id = "";

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(
            names = "--policy",
            required = true,
            paramLabel = "POLICY",
            description = "Whose rules it is to follow.")
    private String policy = "";

    @Option(
            names = "--instance",
            paramLabel = "INSTANCE",
            description = "Which instance it is an image of; EC2 knows as a rule.")
    private @Nullable String instance;

    AdoptCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        ImageId image = Arguments.image(id);
        Optional<InstanceId> of =
                Optional.ofNullable(instance).map(it -> Arguments.usable(() -> new InstanceId(it)));
        return carryOut(where -> new Order.Adopt(where, image, policy, of, dryRun));
    }
}
