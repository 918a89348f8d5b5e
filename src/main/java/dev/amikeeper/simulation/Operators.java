package dev.amikeeper.simulation;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.event.OrderKind;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.LocalContext;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.simulation.Simulation.SimulatedServer;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The operators of a play: what they ask of AMI Keeper, and what they lose of its records. */
final class Operators {
    private static final Context CONTEXT = new LocalContext("PruneFunction", "by hand");

    private final SimulatedCloud cloud;
    private final Witness witness;
    private final List<Wanted> wanted = new ArrayList<>();
    private Instant recordsLost = Instant.MIN;

    Operators(SimulatedCloud cloud, Witness witness) {
        this.cloud = cloud;
        this.witness = witness;
    }

    /** A restore that somebody asked for by an event with this id. */
    record Wanted(Instant at, int request, String event, SimulatedServer server) {}

    /** The restores that were asked for. */
    List<Wanted> wanted() {
        return Collections.unmodifiableList(wanted);
    }

    /** When the records of restores and drills were last lost. */
    Instant recordsLost() {
        return recordsLost;
    }

    /** Approves the removals that the breaker stopped. */
    void approve(Stage stage) {
        witness.approving(true);
        try {
            PruneHandler handler = new PruneHandler(stage.application());
            PruneReport plan = handler.handleRequest(Map.of("dryRun", true), CONTEXT);
            for (PruneReport.Summary summary : plan.policies()) {
                if (!summary.alarms().isEmpty()) {
                    handler.handleRequest(Map.of("approve", summary.digest()), CONTEXT);
                }
            }
        } catch (RuntimeException | CallerKilled died) {
            witness.note("approval died");
        } finally {
            witness.approving(false);
        }
    }

    /** Sends the event that {@code ./keeper restore} puts on the bus; the bus may repeat it. */
    void ask(Stage stage, Happening.AskRestore ask, SimulatedServer server) {
        Wanted asked =
                wanted.stream()
                        .filter(it -> it.request() == ask.request())
                        .findFirst()
                        .orElseGet(() -> {
                            Wanted first =
                                    new Wanted(
                                            cloud.now(),
                                            ask.request(),
                                            "restore-request-" + ask.request(),
                                            server);
                            wanted.add(first);
                            return first;
                        });
        Map<String, Object> detail = new HashMap<>();
        detail.put("instance", server.id());
        if (ask.replaceRoot()) {
            detail.put("replaceRoot", true);
        } else {
            detail.put("region", ask.region());
            detail.put("subnet", PolicyModel.subnet(ask.region()));
            detail.put("groups", List.of(PolicyModel.group(ask.region())));
        }
        stage.order(asked.event(), OrderKind.RESTORE, asked.at(), detail);
    }

    /** Deletes the records of restores and drills of these policies. */
    void loseRestores(Stage stage, Set<String> policies) {
        recordsLost = cloud.now();
        String table = stage.application().settings().table();
        DynamoDbClient client = cloud.tables(Simulation.HOME.name());
        List<String> partitions = new ArrayList<>();
        partitions.add(SimulatedCloud.ACCOUNT + "/restoring");
        policies.forEach(it -> partitions.add(SimulatedCloud.ACCOUNT + "/restores/" + it));
        cloud.faults()
                .without(() -> {
                    for (String partition : partitions) {
                        client.query(ask ->
                                        ask.tableName(table)
                                                .keyConditionExpression("pk = :pk")
                                                .expressionAttributeValues(
                                                        Map.of(
                                                                ":pk",
                                                                AttributeValue.fromS(partition))))
                                .items()
                                .forEach(item ->
                                        client.deleteItem(it ->
                                                it.tableName(table)
                                                        .key(
                                                                Map.of(
                                                                        "pk", item.get("pk"),
                                                                        "sk", item.get("sk")))));
                    }
                    return partitions;
                });
    }
}
