package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.demo.Demo;
import dev.amikeeper.demo.DemoSummary;
import dev.amikeeper.demo.DemoSummaryText;
import dev.amikeeper.policy.InvalidPolicyException;
import dev.amikeeper.policy.Policies;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** {@code keeper demo}. */
@Command(
        name = "demo",
        description =
                "Plays a month of a small fleet on a simulated cloud: the real functions on real"
                        + " events, with no account, no network and no cost.")
final class DemoCommand extends KeeperCommand {
    private static final int MOST_DAYS = 366;
    private static final String OWN_POLICIES = "src/main/resources/demo-policies.yaml";

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
                    "Varies the fleet and its troubles; the same seed gives the same report."
                            + " ${DEFAULT-VALUE} unless given.")
    private long seed = 1;

    @Option(
            names = "--dynamodb-local",
            description =
                    "Keeps the catalogue in AWS's DynamoDB Local rather than in memory: the"
                            + " report is the same, but takes longer.")
    private boolean dynamoDbLocal;

    @Option(names = "--json", description = "Prints the report as one JSON object.")
    private boolean json;

    DemoCommand(Screen screen) {
        super(screen);
    }

    @Override
    int run() {
        if (days < 1 || days > MOST_DAYS) {
            throw mistake("--days: " + days + " is not between 1 and " + MOST_DAYS);
        }
        Policies chosen = readPolicies();
        long began = System.nanoTime();
        Demo demo = new Demo(chosen, days, seed, bar(days));
        DemoSummary account = dynamoDbLocal ? demo.playOnDynamoDbLocal() : demo.play();
        Duration taken = Duration.ofNanos(System.nanoTime() - began);
        print(json, account, new DemoSummaryText(account, taken, screen().colours())::toString);
        return 0;
    }

    private Policies readPolicies() {
        Path file = policies;
        if (file == null) {
            return Demo.ownPolicies();
        }
        try {
            return Policies.parse(
                    Files.readString(file),
                    file.toString(),
                    Demo.HOME,
                    Application.regions(Demo.HOME));
        } catch (NoSuchFileException missing) {
            throw new InvalidPolicyException(
                    List.of(file + ": there is no such file; copy " + OWN_POLICIES));
        } catch (IOException unreadable) {
            throw new InvalidPolicyException(
                    List.of(file + ": cannot be read: " + Application.reason(unreadable)));
        }
    }
}
