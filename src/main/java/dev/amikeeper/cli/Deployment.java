package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.demo.PlayedDemo;
import dev.amikeeper.local.LocalDeployment;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The deployment that a command works on: the account's, or one on the embedded cloud. */
final class Deployment {
    @Option(
            names = "--demo",
            description =
                    "Works on a simulated cloud on which the demo's fleet has been imaged for "
                            + PlayedDemo.DAYS
                            + " days, and one instance's copies fail; needs no account. It has the"
                            + " bucket "
                            + PlayedDemo.BUCKET
                            + ".")
    private boolean demo;

    private final Supplier<LocalDeployment> play;
    private @Nullable LocalDeployment played;

    /**
     * The account's deployment, unless the demo's is requested.
     *
     * @param play plays the demo's days
     */
    Deployment(Supplier<LocalDeployment> play) {
        this.play = play;
    }

    /** This deployment on its embedded cloud, treated as a real one. */
    Deployment(LocalDeployment deployment) {
        this(() -> deployment);
        played = deployment;
    }

    /** Whether it is the demo's, where nothing belongs to anybody. */
    boolean isDemo() {
        return demo;
    }

    private boolean isSimulated() {
        return demo || played != null;
    }

    /**
     * Returns the application.
     *
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application application() {
        if (isSimulated()) {
            return played().application();
        }
        try {
            return Application.get();
        } catch (IllegalArgumentException incomplete) {
            throw new UnusableException(
                    incomplete.getMessage()
                            + ".\nTake the values from the stack's outputs (aws cloudformation"
                            + " describe-stacks --stack-name amikeeper), or try --demo.");
        }
    }

    /**
     * Returns the application after its table is lost; for the demo, this call loses the table.
     *
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application afterTheLoss() {
        if (isSimulated()) {
            played().loseTable();
        }
        return application();
    }

    /**
     * Returns the application after somebody has deregistered an image but left its snapshots, and
     * has made a snapshot of a server by hand; for the demo, this call does so.
     *
     * @param tell receives a description of what happened in the demo
     * @throws UnusableException if the environment does not say where the deployment is
     */
    Application afterTheMishap(Consumer<String> tell) {
        if (isSimulated()) {
            tell.accept(PlayedDemo.mishap(played()));
        }
        return application();
    }

    /** Waits for a while; for the demo, this merely moves the clock. */
    Consumer<Duration> pause() {
        return isSimulated() ? played().cloud()::advance : Deployment::sleep;
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new UnusableException("Stopped. Run it again, and it goes on where it was.");
        }
    }

    /** Returns the functions. */
    Functions functions() {
        return isSimulated() ? Functions.of(played()) : Functions.OF_THE_ACCOUNT;
    }

    private LocalDeployment played() {
        LocalDeployment deployment = played;
        if (deployment == null) {
            deployment = play.get();
            played = deployment;
        }
        return deployment;
    }
}
