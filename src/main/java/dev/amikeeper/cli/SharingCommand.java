package dev.amikeeper.cli;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.operate.Order;
import dev.amikeeper.policy.Policy;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.List;
import java.util.Optional;

/** {@code keeper share} and {@code unshare}: an image, and with whom it is shared. */
abstract sealed class SharingCommand extends OrderCommand {
    @Option(
            names = "--with",
            required = true,
            split = ",",
            paramLabel = "WHO",
            description =
                    "An account id, or the ARN of an organization or organizational unit;"
                            + " never everybody. For several, use commas or repeat the option.")
    private List<String> with = List.of();

    private SharingCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    List<String> who() {
        return Arguments.usable(() -> Policy.ShareRules.with(with).all());
    }

    /** {@code keeper share}. */
    @Command(
            name = "share",
            description = {
                "Lets others launch an image of AMI Keeper's, in addition to those that"
                        + " its policy names.",
                "Needs ec2:DescribeImages, ModifyImageAttribute, and the catalogue.",
                "Exit status: 0, or 1 if it is refused."
            })
    static final class ShareCommand extends SharingCommand {
        @Parameters(paramLabel = "IMAGE", description = "ami-...")
        private String id = "";

        ShareCommand(Screen screen, Deployment deployment) {
            super(screen, deployment);
        }

        @Override
        int run() {
            ImageId image = Arguments.image(id);
            List<String> who = who();
            return carryOut(where -> new Order.Share(where, image, who));
        }
    }

    /** {@code keeper unshare}. */
    @Command(
            name = "unshare",
            description = {
                "Stops letting others launch or copy an image of AMI Keeper's; without"
                        + " an image: all of its images, in all Regions, or all of a policy. Those"
                        + " whom a policy names are refused, because the image would be shared with"
                        + " them again.",
                "Needs ec2:DescribeImages, DescribeImageAttribute, DescribeSnapshots,"
                        + " ModifyImageAttribute, ModifySnapshotAttribute, and the catalogue.",
                "Exit status: 0, or 1 if it is refused or something is left; then run"
                        + " the same command again."
            })
    static final class UnshareCommand extends SharingCommand {
        @Parameters(
                paramLabel = "IMAGE",
                arity = "0..1",
                description = "ami-...; all images of AMI Keeper unless given.")
        private @Nullable String id;

        @Option(
                names = "--policy",
                paramLabel = "POLICY",
                description = "All images of this policy; only without IMAGE.")
        private @Nullable String policy;

        UnshareCommand(Screen screen, Deployment deployment) {
            super(screen, deployment);
        }

        @Override
        int run() {
            List<String> who = who();
            if (id == null) {
                Optional<String> only = Optional.ofNullable(policy);
                return carryOutEverywhere(where -> new Order.UnshareAll(where, who, only));
            }
            if (policy != null) {
                throw new Keeper.UnusableException(
                        "--policy is for all of its images: name no image.");
            }
            ImageId image = Arguments.image(id);
            return carryOut(where -> new Order.Unshare(where, image, who));
        }
    }
}
