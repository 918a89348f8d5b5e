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
            "Has a removed image made again of its object in S3: under its name, with another id,"
                    + " and held. A bucket of another Region can have a copy of the object: name"
                    + " that, with --region.",
            "Needs ec2:DescribeImages, CreateTags, the catalogue, and what AWS asks of whoever"
                    + " restores images from S3.",
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
