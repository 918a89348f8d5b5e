package dev.amikeeper.cli;

import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.operate.Order;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** {@code keeper register}. */
@Command(
        name = "register",
        description = {
            "Creates an image from snapshots. If AMI Keeper made the snapshots and"
                    + " their image is gone, name any one of them; its tags identify the rest."
                    + " If others made them from an instance, give --policy, --instance and"
                    + " --root; from then on they are deleted with the image. Whatever the"
                    + " instance or its images tell can be omitted.",
            "Needs ec2:DescribeSnapshots, DescribeSnapshotAttribute, DescribeImages,"
                    + " DescribeInstances, RegisterImage, CreateTags, and the catalogue.",
            "Exit status: 0, or 1 if it is refused."
        })
final class RegisterCommand extends OrderCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "SNAPSHOT",
            description = "snap-..., made by AMI Keeper")
    private @Nullable String snapshot;

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            description = "The policy whose rules apply to it.")
    private @Nullable String policy;

    @Option(
            names = "--instance",
            paramLabel = "INSTANCE",
            description = "The instance that the snapshots were made from.")
    private @Nullable String instance;

    @Option(
            names = "--root",
            paramLabel = "SNAPSHOT",
            description = "The snapshot of the root volume.")
    private @Nullable String root;

    @Option(
            names = "--volume",
            paramLabel = "DEVICE=SNAPSHOT",
            description =
                    "The snapshot of another volume, as /dev/sdf=snap-...; without the device if"
                            + " the volume is still attached. May be repeated.")
    private List<String> volumes = List.of();

    @Option(names = "--root-device", paramLabel = "DEVICE", description = "Such as /dev/xvda.")
    private @Nullable String rootDevice;

    @Option(names = "--architecture", paramLabel = "WORD", description = "Such as arm64.")
    private @Nullable String architecture;

    @Option(names = "--boot-mode", paramLabel = "WORD", description = "Such as uefi.")
    private @Nullable String bootMode;

    @Option(
            names = "--approve",
            description =
                    "Confirms it although AWS bills for what is on it, such as Windows, and"
                            + " EC2 may not notice.")
    private boolean approved;

    RegisterCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        return carryOutAfterTheMishap(order());
    }

    private Function<Region, Order> order() {
        Order.Boot boot =
                Arguments.usable(() ->
                        new Order.Boot(
                                Optional.ofNullable(rootDevice),
                                Optional.ofNullable(architecture),
                                Optional.ofNullable(bootMode)));
        boolean more =
                Stream.of(policy, instance, root).anyMatch(it -> it != null) || !volumes.isEmpty();
        if (snapshot != null && !more) {
            SnapshotId ours = snapshot(snapshot);
            return where -> new Order.RegisterAgain(where, ours, boot, approved, dryRun);
        }
        if (snapshot != null || policy == null || instance == null || root == null) {
            throw new UnusableException(
                    "Name just a snapshot that AMI Keeper made, or give --policy, --instance and"
                            + " --root.");
        }
        String under = policy;
        String server = instance;
        InstanceId of = Arguments.usable(() -> new InstanceId(server));
        SnapshotId first = snapshot(root);
        List<Order.VolumeSource> others =
                Arguments.usable(() -> volumes.stream().map(Order.VolumeSource::read).toList());
        return where -> new Order.Register(where, under, of, first, others, boot, approved, dryRun);
    }

    private static SnapshotId snapshot(String text) {
        return Arguments.usable(() -> SnapshotId.read(text));
    }
}
