package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.operate.Order;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code keeper share} and {@code unshare}: an image, and with whom. */
abstract sealed class SharingCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private Ordering ordering;

    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    @SuppressWarnings("NullAway.Init") // as above
    private String id;

    @Option(
            names = "--with",
            required = true,
            split = ",",
            paramLabel = "WHO",
            description =
                    "An account id, or the ARN of an organization or organizational unit; never"
                            + " everybody. Several: with commas, or the option again.")
    @SuppressWarnings("NullAway.Init") // as above
    private List<String> with;

    @Override
    public Integer call() {
        ImageId image = Ordering.image(id);
        List<String> who = Ordering.with(with);
        return ordering.carryOut(where -> order(where, image, who));
    }

    abstract Order order(Region where, ImageId image, List<String> who);

    /** {@code keeper share}. */
    @Command(
            name = "share",
            mixinStandardHelpOptions = true,
            versionProvider = Keeper.Version.class,
            description = {
                "Lets others launch an image of ours, besides those that its policy names.",
                "Needs ec2:DescribeImages, ModifyImageAttribute, and the catalogue.",
                "Exit status: 0, or 1 if it is refused."
            })
    static final class Share extends SharingCommand {
        @Override
        Order order(Region where, ImageId image, List<String> who) {
            return new Order.Share(where, image, who);
        }
    }

    /** {@code keeper unshare}. */
    @Command(
            name = "unshare",
            mixinStandardHelpOptions = true,
            versionProvider = Keeper.Version.class,
            description = {
                "No longer lets others launch an image of ours. Those that its policy names stay,"
                        + " for it would be shared with them again.",
                "Needs ec2:DescribeImages, ModifyImageAttribute, and the catalogue.",
                "Exit status: 0, or 1 if it is refused."
            })
    static final class Unshare extends SharingCommand {
        @Override
        Order order(Region where, ImageId image, List<String> who) {
            return new Order.Unshare(where, image, who);
        }
    }
}
