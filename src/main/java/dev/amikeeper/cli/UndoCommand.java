package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.retention.Undo;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code keeper undo}. */
@Command(
        name = "undo",
        description = {
            "Brings an image back that pruning disabled, or removed while the"
                    + " Recycle Bin has it: snapshots first, then the image, then its launch"
                    + " permissions. It is held from then on; if holding it fails, it is back"
                    + " anyway, and the exit status is 1.",
            "Needs ec2:DescribeImages, EnableImage, ModifyImageAttribute, CreateTags,"
                    + " RestoreSnapshotFromRecycleBin, RestoreImageFromRecycleBin, and the"
                    + " catalogue."
        })
final class UndoCommand extends DeploymentCommand {
    @Parameters(paramLabel = "IMAGE", description = "ami-...")
    private String id = "";

    @Option(
            names = "--region",
            paramLabel = "REGION",
            description = "Where it is or was; the home Region unless given.")
    private @Nullable String region;

    UndoCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    @Override
    int run() {
        ImageId image = Arguments.image(id);
        Application app = deployment().application();
        Region where = region == null ? app.settings().home() : new Region(region);
        Undo.UndoResult end = app.undo(app.clock().instant()).of(where, image);
        switch (end) {
            case Undo.UndoResult.Back(String text) -> out().println(text);
            case Undo.UndoResult.NotHeld(String text) -> err().println(text);
            case Undo.UndoResult.NotUndone(String text) -> err().println(text);
        }
        return end instanceof Undo.UndoResult.Back ? 0 : 1;
    }
}
