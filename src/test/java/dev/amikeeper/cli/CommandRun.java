package dev.amikeeper.cli;

import dev.amikeeper.demo.PlayedDemo;
import dev.amikeeper.local.LocalDeployment;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** A run of the command line, with what it wrote. */
public record CommandRun(int exitCode, String out, String err) {
    /** The days of the demo, played once for all who only look at them. */
    static final Supplier<LocalDeployment> SHARED = once();

    /** A run that changes nothing of the demo. */
    public static CommandRun of(String... arguments) {
        return on(SHARED, arguments);
    }

    /** A run that is over before the demo is played. */
    static CommandRun beforeAnyPlay(String... arguments) {
        return on(
                () -> {
                    throw new AssertionError("the demo is played");
                },
                arguments);
    }

    /** The days of the demo, played when they are first asked for, and changed by whoever asks. */
    static Supplier<LocalDeployment> once() {
        AtomicReference<@Nullable LocalDeployment> played = new AtomicReference<>();
        return () -> {
            LocalDeployment deployment = played.get();
            if (deployment == null) {
                deployment = PlayedDemo.play();
                played.set(deployment);
            }
            return deployment;
        };
    }

    static CommandRun on(Supplier<LocalDeployment> demo, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line =
                Keeper.commandLine(new Screen(false, false), demo)
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        int exitCode = line.execute(arguments);
        return new CommandRun(exitCode, out.toString(), err.toString());
    }
}
