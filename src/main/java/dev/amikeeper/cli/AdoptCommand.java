package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.operate.Order;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code keeper adopt}. */
@Command(
        name = "adopt",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        description = {
            "Takes an image that others made under a policy: a copy in the same Region becomes"
                + " ours, of the time when the original was made, which stays as it is. Images of"
                + " Data Lifecycle Manager and AWS Backup are left alone.",
            "Needs ec2:DescribeImages, CopyImage, CreateTags, and the catalogue.",
            "Exit status: 0, or 1 if it is refused."
        })
final class AdoptCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private OrderOptions ordering;

    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    @SuppressWarnings("NullAway.Init") // as above
    private String id;

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(
            names = "--policy",
            required = true,
            paramLabel = "POLICY",
            description = "Whose rules it is to follow.")
    @SuppressWarnings("NullAway.Init") // as above
    private String policy;

    @Option(
            names = "--instance",
            paramLabel = "INSTANCE",
            description = "Which instance it is an image of; EC2 knows as a rule.")
    private @Nullable String instance;

    @Override
    public Integer call() {
        ImageId image = OrderOptions.image(id);
        Optional<InstanceId> of = Optional.ofNullable(instance).map(OrderOptions::instance);
        return ordering.carryOut(where -> new Order.Adopt(where, image, policy, of, dryRun));
    }
}
