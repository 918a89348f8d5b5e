package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.operate.Order;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.Optional;

/** {@code keeper fetch}. */
@Command(
        name = "fetch",
        description = {
            "Creates a removed image again from its object in S3, with its name and"
                    + " a new id, and holds it. If a bucket of another Region has a copy of the"
                    + " object, name that copy, with --region.",
            "Needs ec2:DescribeImages, CreateTags, the catalogue, and the"
                    + " permissions that AWS requires for restoring images from S3.",
            "Exit status: 0, or 1 if it is refused."
        })
final class FetchCommand extends OrderCommand {
    @Parameters(
            paramLabel = "IMAGE",
            description = "The id that it had, ami-..., or its object, s3://bucket/ami-....bin")
    private String what = "";

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    FetchCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        Optional<S3Object> object =
                what.startsWith("s3:")
                        ? Optional.of(Arguments.usable(() -> S3Object.parse(what)))
                        : Optional.empty();
        ImageId image = object.map(S3Object::image).orElseGet(() -> Arguments.image(what));
        return carryOut(region -> new Order.Fetch(region, image, object, dryRun));
    }
}
