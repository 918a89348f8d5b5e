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
            "Lets a policy manage an image that others made: copies it within its"
                    + " Region. The copy is AMI Keeper's and stands for the time when the"
                    + " original was made; the original stays as it is. Images of Data"
                    + " Lifecycle Manager and AWS Backup are left alone.",
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
            description = "The policy whose rules apply to it.")
    private String policy = "";

    @Option(
            names = "--instance",
            paramLabel = "INSTANCE",
            description = "The instance it is an image of; usually EC2 knows.")
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
