package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;

/** The deployment that a command is about: the account's, or one on the embedded cloud. */
final class Deployed {
    private static final int DAYS = 12;
    private static final long SEED = 1;

    @Option(
            names = "--demo",
            description =
                    "Works on a simulated cloud on which the demo's fleet has been imaged for "
                            + DAYS
                            + " days; needs no account.")
    private boolean demo;

    /**
     * The application.
     *
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application application() {
        if (demo) {
            return played();
        }
        try {
            return Application.get();
        } catch (IllegalArgumentException incomplete) {
            throw new UnusableException(
                    incomplete.getMessage()
                            + ".\nTake the values from the stack's outputs (aws cloudformation"
                            + " describe-stacks --stack-name ami-keeper), or try --demo.");
        }
    }

    private static Application played() {
        SimulatedCloud cloud = new SimulatedCloud(Demo.START, SEED);
        DemoFleet.launch(cloud, new Random(SEED));
        LocalDeployment deployment = LocalDeployment.inMemory(cloud, Demo.HOME, policies());
        deployment.runUntil(Demo.START.plus(Duration.ofDays(DAYS)));
        return deployment.application();
    }

    private static Policies policies() {
        String name = "demo-policies.yaml";
        try (InputStream in =
                Objects.requireNonNull(Deployed.class.getResourceAsStream("/" + name))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Policies.parse(text, name, Demo.HOME, Application.regions(Demo.HOME));
        } catch (IOException e) {
            throw new IllegalStateException("a resource of our own can be read", e);
        }
    }
}
