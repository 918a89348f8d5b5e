package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;
import dev.amikeeper.operate.OperateHandler;
import dev.amikeeper.operate.Order;
import dev.amikeeper.operate.OrderResult;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** A command that gives an order, with the same steps as the order's event. */
abstract class OrderCommand extends DeploymentCommand {
    @Option(
            names = "--region",
            paramLabel = "REGION",
            description = "Where the image is; the home Region unless given.")
    private @Nullable String region;

    OrderCommand(Screen screen, Deployment deployment) {
        super(screen, deployment);
    }

    /**
     * Carries out an order and prints the result.
     *
     * @param order creates it for the Region where the image is
     * @return the exit status: 1 if it is refused
     */
    int carryOut(Function<Region, Order> order) {
        return carryOut(order, deployment()::application);
    }

    /**
     * Carries out an order that covers all Regions.
     *
     * @throws UnusableException if a Region is named
     */
    int carryOutEverywhere(Function<Region, Order> order) {
        if (region != null) {
            throw new UnusableException(
                    "--region goes with an image: without one, all Regions are covered.");
        }
        return carryOut(order);
    }

    /** Carries out an order after somebody lost an image and made snapshots by hand. */
    int carryOutAfterTheMishap(Function<Region, Order> order) {
        return carryOut(order, () -> deployment().afterTheMishap(out()::println));
    }

    private int carryOut(Function<Region, Order> order, Supplier<Application> deployment) {
        Optional<Region> named =
                Optional.ofNullable(region).map(it -> Arguments.usable(() -> new Region(it)));
        Application app = deployment.get();
        try {
            Region where = named.orElseGet(() -> app.settings().home());
            return print(
                    new OperateHandler(app).carryOut(order.apply(where), app.clock().instant()));
        } catch (SdkException error) {
            err().println(Fault.text(error));
            return 1;
        }
    }

    private int print(OrderResult result) {
        return switch (result) {
            case OrderResult.Done(String text) -> {
                out().println(text);
                yield 0;
            }
            case OrderResult.Preview(String text) -> {
                out().println(text);
                yield 0;
            }
            case OrderResult.Declined(String text, List<String> because) -> {
                err().println(text + ":");
                because.forEach(reason -> err().println("  " + reason));
                yield 1;
            }
        };
    }
}
