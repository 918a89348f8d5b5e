package dev.amikeeper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** What all commands have in common: where they print, and who is at the terminal. */
@Command(mixinStandardHelpOptions = true, versionProvider = Keeper.BuildVersion.class)
abstract class KeeperCommand implements Callable<Integer> {
    private final Screen screen;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    KeeperCommand(Screen screen) {
        this.screen = screen;
    }

    /**
     * Runs the command. Its output is flushed afterwards.
     *
     * @return the exit status
     */
    abstract int run();

    @Override
    public final Integer call() {
        try {
            return run();
        } finally {
            out().flush();
            err().flush();
        }
    }

    Screen screen() {
        return screen;
    }

    CommandSpec spec() {
        return spec;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Returns the error for arguments that make no sense. */
    ParameterException mistake(String words) {
        return new ParameterException(spec.commandLine(), words);
    }

    /** Prints a report as JSON, or as text for people. */
    void print(boolean json, Object report, Supplier<String> words) {
        out().print(json ? json(report) : words.get());
    }

    /**
     * Returns a progress bar for this number of days. It stays hidden if the output is not a
     * terminal.
     */
    ProgressBar bar(int days) {
        return new ProgressBar(err(), days, screen.progress());
    }

    /** Writes a record as one JSON object, on several lines so that people can read it. */
    static String json(Object report) {
        try {
            return JsonMapper.builder()
                            .build()
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(report)
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report is plain records", e);
        }
    }
}
