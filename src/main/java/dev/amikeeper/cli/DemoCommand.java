package dev.amikeeper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Application;
import dev.amikeeper.demo.Demo;
import dev.amikeeper.demo.DemoSummary;
import dev.amikeeper.demo.DemoSummaryText;
import dev.amikeeper.demo.Progress;
import dev.amikeeper.policy.InvalidPolicyException;
import dev.amikeeper.policy.Policies;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** {@code keeper demo}. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Keeper.Version.class,
        description =
                "Plays a month of a small fleet on a simulated cloud: the real functions on real"
                        + " events, with no account, no network and no cost.")
final class DemoCommand implements Runnable {
    private static final int MOST_DAYS = 366;
    private static final String OWN_POLICIES = "src/main/resources/demo-policies.yaml";

    private final Screen screen;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Option(
            names = "--days",
            paramLabel = "N",
            description = "How many days to play, 1 to 366; ${DEFAULT-VALUE} unless given.")
    private int days = 30;

    @Option(
            names = "--policies",
            paramLabel = "FILE",
            description = "The policies to play; " + OWN_POLICIES + " unless given.")
    private @Nullable Path policies;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Varies the fleet and its troubles; the same seed gives the same account."
                            + " ${DEFAULT-VALUE} unless given.")
    private long seed = 1;

    @Option(
            names = "--dynamodb-local",
            description =
                    "Has AWS's DynamoDB Local hold the catalogue, and not a table in memory: the"
                            + " account is the same, and takes longer.")
    private boolean dynamoDbLocal;

    @Option(names = "--json", description = "Prints the account as one JSON object.")
    private boolean json;

    DemoCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public void run() {
        if (days < 1 || days > MOST_DAYS) {
            throw new ParameterException(
                    spec.commandLine(), "--days: " + days + " is not within 1 and " + MOST_DAYS);
        }
        Policies chosen = readPolicies();
        long began = System.nanoTime();
        Demo demo = new Demo(chosen, days, seed, progress());
        DemoSummary account = dynamoDbLocal ? demo.playOnDynamoDbLocal() : demo.play();
        Duration taken = Duration.ofNanos(System.nanoTime() - began);
        PrintWriter out = spec.commandLine().getOut();
        out.print(
                json
                        ? json(account)
                        : new DemoSummaryText(account, taken, screen.colours()).toString());
        out.flush();
    }

    private Progress progress() {
        return screen.progress()
                ? new ProgressBar(spec.commandLine().getErr(), days)
                : Progress.NONE;
    }

    private Policies readPolicies() {
        String source = policies == null ? OWN_POLICIES : policies.toString();
        return Policies.parse(text(), source, Demo.HOME, Application.regions(Demo.HOME));
    }

    private String text() {
        Path file = policies;
        try {
            if (file != null) {
                return Files.readString(file);
            }
            try (InputStream in =
                    Objects.requireNonNull(
                            DemoCommand.class.getResourceAsStream("/demo-policies.yaml"))) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (NoSuchFileException missing) {
            throw new InvalidPolicyException(
                    List.of(file + ": there is no such file; copy " + OWN_POLICIES));
        } catch (IOException unreadable) {
            throw new InvalidPolicyException(
                    List.of(file + ": cannot be read: " + Application.reason(unreadable)));
        }
    }

    private static String json(DemoSummary account) {
        try {
            return JsonMapper.builder()
                            .build()
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(account)
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an account is plain records", e);
        }
    }
}
