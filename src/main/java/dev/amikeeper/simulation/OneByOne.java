package dev.amikeeper.simulation;

import dev.amikeeper.Application;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.LocalDeployment.UndeliveredEvent;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Each function runs to its end before the next one begins, and calls take no time. */
final class OneByOne implements Stage {
    private static final int TRIES = 3;

    private final SimulatedCloud cloud;
    private final Witness witness;
    private final List<LocalDeployment> deployments = new ArrayList<>();
    private LocalDeployment deployment;

    OneByOne(SimulatedCloud cloud, Witness witness, Policies policies) {
        this.cloud = cloud;
        this.witness = witness;
        deployment = deployed(policies);
    }

    private LocalDeployment deployed(Policies policies) {
        LocalDeployment deployed = LocalDeployment.inMemory(cloud, Simulation.HOME, policies);
        deployed.withoutSchedules();
        deployments.add(deployed);
        return deployed;
    }

    @Override
    public Application application() {
        return deployment.application();
    }

    @Override
    public void deploy(Policies policies) {
        deployment = deployed(policies);
    }

    @Override
    public void runUntil(Instant end) {
        deployment.runUntil(end);
    }

    @Override
    public void call(String schedule, Instant at, Consumer<Boolean> then) {
        then.accept(
                switch (schedule) {
                    case "Tick" -> {
                        deployment.tick(at);
                        yield true;
                    }
                    case "Prune" -> retried(() -> deployment.prune(at, false), "prune died");
                    // No run of the pruner ends early here, because calls take no time.
                    case "GoOn" -> true;
                    case "Sweep" -> retried(() -> deployment.sweep(at), "sweep died");
                    case "Drill" -> retried(() -> deployment.drill(at), "drill died");
                    case "Restore" -> retried(() -> deployment.restore(at), "restore died");
                    default -> throw new IllegalArgumentException(schedule);
                });
    }

    /** Calls a function as Lambda calls one on a schedule: twice more if it fails. */
    private boolean retried(Runnable run, String died) {
        boolean well = false;
        for (int tried = 1; tried <= TRIES && !well; tried++) {
            try {
                run.run();
                well = true;
            } catch (RuntimeException | CallerKilled crashed) {
                witness.note(died);
            }
        }
        deployment.drain();
        return well;
    }

    @Override
    public void order(String id, OrderKind kind, Instant at, Map<String, Object> detail) {
        deployment.order(id, kind, at, Simulation.HOME, detail);
    }

    @Override
    public Duration glance() {
        return Duration.ZERO;
    }

    @Override
    public List<UndeliveredEvent> deadLetters() {
        return deployments.stream().flatMap(it -> it.deadLetters().stream()).toList();
    }

    @Override
    public Map<String, Integer> metrics() {
        Map<String, Integer> sums = new TreeMap<>();
        deployments.forEach(
                it -> it.metrics().forEach((name, count) -> sums.merge(name, count, Integer::sum)));
        return sums;
    }

    @Override
    public void close() {}
}
