package dev.amikeeper.simulation;

import dev.amikeeper.Application;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.local.LocalDeployment.UndeliveredEvent;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What AMI Keeper is deployed on in a play. It calls the functions. */
interface Stage extends AutoCloseable {
    /** Objects like those of a function, to look at the account with. */
    Application application();

    /** Other policies are in force from now on. */
    void deploy(Policies policies);

    /** Plays events, queues and functions until then. */
    void runUntil(Instant end);

    /**
     * Calls the function of a schedule, up to three times.
     *
     * @param schedule its name, as {@code Sweep}
     * @param then told at the end whether the function succeeded
     */
    void call(String schedule, Instant at, Consumer<Boolean> then);

    /** Puts an order on the bus. */
    void order(String id, OrderKind kind, Instant at, Map<String, Object> detail);

    /**
     * How long a function may act on what it has read: what changed this late, nobody can expect it
     * to know. Zero if nothing else happens while a function runs.
     */
    Duration glance();

    /** The events on which functions failed to the last try. */
    List<UndeliveredEvent> deadLetters();

    /** The sums of all reports' counts, as {@code CopyImageFunction.started}. */
    Map<String, Integer> metrics();

    /** Ends what still runs. */
    @Override
    void close();
}
