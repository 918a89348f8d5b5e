package dev.amikeeper.cli;

import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.demo.PlayedDemo;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.policy.InvalidPolicyException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** The command line. The launcher {@code keeper} builds and starts it. */
@Command(
        name = "keeper",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.BuildVersion.class,
        description = "Images EC2 instances, replicates and prunes their AMIs.")
public final class Keeper implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Keeper.class);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    Keeper() {}

    /**
     * Runs a command. Exits with 0, with 2 for a user's mistake, or with 1 for a failure of AMI
     * Keeper.
     */
    public static void main(String[] arguments) {
        System.exit(commandLine(Screen.ofLauncher()).execute(arguments));
    }

    static CommandLine commandLine(Screen screen) {
        return commandLine(screen, PlayedDemo::play);
    }

    /** Returns the command line, with another way to play the demo's days. */
    static CommandLine commandLine(Screen screen, Supplier<LocalDeployment> demo) {
        CommandLine line = new CommandLine(new Keeper());
        commands(screen, () -> new Deployment(demo)).forEach(line::addSubcommand);
        return commandLine(line, screen);
    }

    private static List<KeeperCommand> commands(Screen screen, Supplier<Deployment> deployment) {
        return List.of(
                new DemoCommand(screen),
                new StatusCommand(screen, deployment.get()),
                new PlanCommand(screen, deployment.get()),
                new WhyCommand(screen, deployment.get()),
                new UndoCommand(screen, deployment.get()),
                new RestoreCommand(screen, deployment.get()),
                new DeregisterCommand(screen, deployment.get()),
                new SharingCommand.ShareCommand(screen, deployment.get()),
                new SharingCommand.UnshareCommand(screen, deployment.get()),
                new AdoptCommand(screen, deployment.get()),
                new RegisterCommand(screen, deployment.get()),
                new StoreCommand(screen, deployment.get()),
                new FetchCommand(screen, deployment.get()),
                new FailuresCommand(screen, deployment.get()),
                new RetryCommand(screen, deployment.get()),
                new RebuildCommand(screen, deployment.get()),
                new TortureCommand(screen),
                new BenchCommand(screen));
    }

    /** Sets up a command line, which may have only one command. */
    static CommandLine commandLine(CommandLine line, Screen screen) {
        Ansi ansi = screen.colours() ? Ansi.ON : Ansi.OFF;
        return line.setColorScheme(CommandLine.Help.defaultColorScheme(ansi))
                .setParameterExceptionHandler((error, _) -> tell(error))
                .setExecutionExceptionHandler((error, command, _) -> tell(error, command));
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int tell(ParameterException error) {
        CommandLine command = error.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(error.getMessage());
        UnmatchedArgumentException.printSuggestions(error, err);
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static int tell(Exception error, CommandLine command) {
        PrintWriter err = command.getErr();
        if (error instanceof InvalidPolicyException || error instanceof UnusableException) {
            err.println(error.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        if (error instanceof UnreadableItemException) {
            err.println("keeper: " + error.getMessage() + ". ./keeper failures says more.");
            return 1;
        }
        log.error("keeper failed", error);
        err.println("keeper: " + error + " (this is a bug; target/keeper/keeper.log says more)");
        return CommandLine.ExitCode.SOFTWARE;
    }

    /**
     * Something that the user gave cannot be used. The message says everything that the user needs.
     */
    static final class UnusableException extends RuntimeException {
        UnusableException(String message) {
            super(message);
        }
    }

    /** The build writes the version into a resource. */
    static final class BuildVersion implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            try (InputStream in =
                    Objects.requireNonNull(Keeper.class.getResourceAsStream("/version.txt"))) {
                String version = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
                return new String[] {"AMI Keeper " + version};
            }
        }
    }
}
