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
            "Makes an image of snapshots. Of a snapshot of ours whose image is gone, with the"
                + " others that its image had: its tags tell the rest. Or of snapshots that others"
                + " made of an instance, with --policy, --instance and --root: from then on they go"
                + " when the image goes. What the instance or its images tell need not be said.",
            "Needs ec2:DescribeSnapshots, DescribeSnapshotAttribute, DescribeImages,"
                    + " DescribeInstances, RegisterImage, CreateTags, and the catalogue.",
            "Exit status: 0, or 1 if it is refused."
        })
final class RegisterCommand extends OrderCommand {
    @Parameters(arity = "0..1", paramLabel = "SNAPSHOT", description = "snap-..., of ours")
    private @Nullable String snapshot;

    @Option(names = "--dry-run", description = "Shows what would happen.")
    private boolean dryRun;

    @Option(names = "--policy", paramLabel = "POLICY", description = "Whose rules it is to follow.")
    private @Nullable String policy;

    @Option(
            names = "--instance",
            paramLabel = "INSTANCE",
            description = "Which instance the snapshots are of.")
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

    @Option(names = "--root-device", paramLabel = "DEVICE", description = "As /dev/xvda.")
    private @Nullable String rootDevice;

    @Option(names = "--architecture", paramLabel = "WORD", description = "As arm64.")
    private @Nullable String architecture;

    @Option(names = "--boot-mode", paramLabel = "WORD", description = "As uefi.")
    private @Nullable String bootMode;

    @Option(
            names = "--approve",
            description = "AWS bills what is on it, as Windows: EC2 may not find that.")
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
                    "Name a snapshot of ours alone, or give --policy, --instance and --root.");
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
