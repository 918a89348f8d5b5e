package dev.amikeeper.cli;

import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.operate.Order;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code keeper store}. */
@Command(
        name = "store",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        description = {
            "Stores an image in S3 now, whatever its age: once, in a bucket of its Region. The"
                    + " image is not removed before that is done; the object is never removed.",
            "Needs ec2:DescribeImages, the catalogue, and what AWS asks of whoever stores images.",
            "Exit status: 0, or 1 if it is refused."
        })
final class StoreCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private OrderOptions ordering;

    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    @SuppressWarnings("NullAway.Init") // as above
    private String id;

    @Option(
            names = "--bucket",
            paramLabel = "BUCKET",
            description = "Where to; where its policy says unless given.")
    private @Nullable String bucket;

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Override
    public Integer call() {
        ImageId image = OrderOptions.image(id);
        if (bucket != null && !S3Object.isBucket(bucket)) {
            throw new UnusableException(bucket + " is not a bucket's name.");
        }
        Optional<String> where = Optional.ofNullable(bucket);
        return ordering.carryOut(region -> new Order.Store(region, image, where, dryRun));
    }
}
