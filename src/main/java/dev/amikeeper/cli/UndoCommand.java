package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.retention.Undo;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/** {@code keeper undo}. */
@Command(
        name = "undo",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        description = {
            "Brings an image back that pruning disabled, or removed while the Recycle Bin has it:"
                    + " snapshots first, then the image, then its launch permissions. It is held"
                    + " from then on; if that fails it is back all the same, and the exit status is"
                    + " 1.",
            "Needs ec2:DescribeImages, EnableImage, ModifyImageAttribute, CreateTags,"
                    + " RestoreSnapshotFromRecycleBin, RestoreImageFromRecycleBin, and the"
                    + " catalogue."
        })
final class UndoCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // as above
    private Deployment deployed;

    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    @SuppressWarnings("NullAway.Init") // as above
    private String id;

    @Option(
            names = "--region",
            paramLabel = "REGION",
            description = "Where it is or was; the home Region unless given.")
    private @Nullable String region;

    @Override
    public Integer call() {
        if (!id.matches("ami-[0-9a-z]+")) {
            throw new UnusableException(id + " is not an image, as ami-0abc.");
        }
        Application app = deployed.application();
        Region where = region == null ? app.settings().home() : new Region(region);
        Undo.End end = app.undo(app.clock().instant()).of(where, new ImageId(id));
        switch (end) {
            case Undo.End.Back(String text) -> spec.commandLine().getOut().println(text);
            case Undo.End.NotHeld(String text) -> spec.commandLine().getErr().println(text);
            case Undo.End.Impossible(String text) -> spec.commandLine().getErr().println(text);
        }
        spec.commandLine().getOut().flush();
        spec.commandLine().getErr().flush();
        return end instanceof Undo.End.Back ? 0 : 1;
    }
}
