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

/** What all commands have in common: where they print, and who sits at the terminal. */
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
     * Runs the command. What it prints is flushed afterwards.
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

    /** The user's arguments make no sense: these words say why. */
    ParameterException mistake(String words) {
        return new ParameterException(spec.commandLine(), words);
    }

    /** Prints a report for programs, or in words for people. */
    void print(boolean json, Object report, Supplier<String> words) {
        out().print(json ? json(report) : words.get());
    }

    /** A bar of so many days on the terminal; it stays hidden where no line may move. */
    ProgressBar bar(int days) {
        return new ProgressBar(err(), days, screen.progress());
    }

    /** A record as one JSON object, in lines that people can read. */
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
