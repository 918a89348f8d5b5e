package dev.amikeeper.cli;

import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.operate.Order;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Optional;

/** {@code keeper store}. */
@Command(
        name = "store",
        description = {
            "Stores an image in S3 now, whatever its age: once, in a bucket of its Region. The"
                    + " image is not removed before that is done; the object is never removed.",
            "Needs ec2:DescribeImages, the catalogue, and the permissions that AWS"
                    + " requires for storing images.",
            "Exit status: 0, or 1 if it is refused."
        })
final class StoreCommand extends OrderCommand {
    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    private String id = "";

    @Option(
            names = "--bucket",
            paramLabel = "BUCKET",
            description = "The bucket; the policy's unless given.")
    private @Nullable String bucket;

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    StoreCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        ImageId image = Arguments.image(id);
        if (bucket != null && !S3Object.isBucket(bucket)) {
            throw new UnusableException(bucket + " is not a bucket's name.");
        }
        Optional<String> where = Optional.ofNullable(bucket);
        return carryOut(region -> new Order.Store(region, image, where, dryRun));
    }
}
