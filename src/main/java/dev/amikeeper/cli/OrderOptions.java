package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.Order;
import dev.amikeeper.operate.OrderResult;
import dev.amikeeper.policy.Policy;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import software.amazon.awssdk.core.exception.SdkException;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What the commands that give an order have in common: the same steps as its event's. */
final class OrderOptions {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // as above
    private Deployment deployed;

    @Option(
            names = "--region",
            paramLabel = "REGION",
            description = "Where the image is; the home Region unless given.")
    private @Nullable String region;

    /**
     * Carries an order out, and prints what became of it.
     *
     * @param order makes it, of the Region where the image is
     * @return the exit status: 1 if it is refused
     */
    int carryOut(Function<Region, Order> order) {
        return carryOut(order, deployed::application);
    }

    /**
     * The same for an order about all Regions.
     *
     * @throws UnusableException if one is named
     */
    int carryOutEverywhere(Function<Region, Order> order) {
        if (region != null) {
            throw new UnusableException(
                    "--region goes with an image: without one all Regions are.");
        }
        return carryOut(order);
    }

    /** The same, on the day after somebody lost an image and made snapshots by hand. */
    int carryOutAfterTheMishap(Function<Region, Order> order) {
        return carryOut(order, () -> deployed.afterTheMishap(spec.commandLine().getOut()::println));
    }

    private int carryOut(Function<Region, Order> order, Supplier<Application> deployment) {
        Optional<Region> named = region == null ? Optional.empty() : Optional.of(region(region));
        Application app = deployment.get();
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            Region where = named.orElseGet(() -> app.settings().home());
            OrderResult outcome =
                    new OperateHandler(app).carryOut(order.apply(where), app.clock().instant());
            switch (outcome) {
                case OrderResult.Done(String text) -> out.println(text);
                case OrderResult.Shown(String text) -> out.println(text);
                case OrderResult.Declined(String text, List<String> because) -> {
                    err.println(text + ":");
                    because.forEach(reason -> err.println("  " + reason));
                }
            }
            return outcome instanceof OrderResult.Declined ? 1 : 0;
        } catch (SdkException error) {
            err.println(Fault.text(error));
            return 1;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static Region region(String text) {
        return usable(() -> new Region(text));
    }

    /**
     * Those whom arguments name.
     *
     * @throws UnusableException if one is neither an account nor an ARN that images are shared with
     */
    static List<String> with(List<String> texts) {
        return usable(() -> Policy.Share.with(texts).all());
    }

    /**
     * The object that an argument names.
     *
     * @throws UnusableException if it names none
     */
    static S3Object object(String text) {
        return usable(() -> S3Object.parse(text));
    }

    /**
     * The instance that an argument names.
     *
     * @throws UnusableException if it names none
     */
    static InstanceId instance(String text) {
        return usable(() -> new InstanceId(text));
    }

    /**
     * What an argument says.
     *
     * @throws UnusableException if the reader refuses it
     */
    static <T> T usable(Supplier<T> reader) {
        try {
            return reader.get();
        } catch (IllegalArgumentException wrong) {
            throw new UnusableException(String.valueOf(wrong.getMessage()));
        }
    }

    /**
     * The image that an argument names.
     *
     * @throws UnusableException if it names none
     */
    static ImageId image(String text) {
        if (!text.matches("ami-[0-9a-z]+")) {
            throw new UnusableException(text + " is not an image, as ami-0abc.");
        }
        return new ImageId(text);
    }
}
