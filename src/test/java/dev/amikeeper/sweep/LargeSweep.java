package dev.amikeeper.sweep;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;
import dev.amikeeper.policy.Policies;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/** Sweeps a fleet of any size with two DR Regions. Alone, it prints what that takes. */
final class LargeSweep {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Instant NEWEST = Instant.parse("2026-03-01T02:00:00Z");
    private static final String POLICIES =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                replicate: {us-west-2: {}, eu-west-1: {}}
                share: {accounts: ["111122223333"]}
            """;

    private final TestDeployment model = new TestDeployment(POLICIES);
    private final GeneratedFleet fleet;
    private final SweepHandler handler;

    LargeSweep(int instances, int slots, int volumes) {
        model.instance(TestDeployment.EAST, "model", volumes);
        model.nights(1);
        fleet = new GeneratedFleet(instances, slots, volumes, NEWEST, "gold", EAST);
        SimulatedCloud cloud = model.cloud;
        handler =
                new SweepHandler(
                        Application.of(
                                model.deployment.application().settings(),
                                Policies.parse(
                                        POLICIES, "policies.yaml", EAST, Application.regions(EAST)),
                                new Application.Cloud(
                                        fleet::ec2,
                                        region -> cloud.autoScaling(region.name()),
                                        region -> cloud.ssm(region.name()),
                                        _ -> cloud.iam(),
                                        fleet.records(cloud.tables(EAST.name()), record(cloud)),
                                        cloud.sqs(EAST.name()),
                                        cloud.sns(EAST.name()),
                                        cloud::now,
                                        cloud::advance,
                                        new Random(1),
                                        SideBySide.ONE_BY_ONE)));
    }

    private static Map<String, AttributeValue> record(SimulatedCloud cloud) {
        MemoryDynamoDb tables = cloud.tables(EAST.name());
        return tables.items("catalogue").stream()
                .filter(item -> String.valueOf(item.get("pk")).contains("us-east-1/images/gold"))
                .findFirst()
                .orElseThrow();
    }

    /** */
    SweepReport sweepAfter(Duration time) {
        model.cloud.advance(time);
        fleet.calls().clear();
        return handler.handleRequest(Map.of(), model.context("SweepFunction"));
    }

    /** The reads of EC2 and of records in the last sweep. */
    SortedMap<String, Integer> calls() {
        return new TreeMap<>(fleet.calls());
    }

    /**
     * Sweeps twice.
     *
     * @param args how many instances, slots of each, and volumes of each
     */
    public static void main(String[] args) {
        LargeSweep large =
                new LargeSweep(
                        Integer.parseInt(args[0]),
                        Integer.parseInt(args[1]),
                        Integer.parseInt(args[2]));
        for (int i = 0; i < 2; i++) {
            long began = System.nanoTime();
            SweepReport report = large.sweepAfter(Drift.EVERY);
            System.out.printf(
                    "%s%n%s%nin %d ms; old generation at most %d MB%n",
                    report.counts(),
                    large.calls(),
                    (System.nanoTime() - began) / 1_000_000,
                    oldGeneration() >> 20);
        }
    }

    private static long oldGeneration() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .filter(pool -> pool.getName().contains("Tenured"))
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(peak -> peak.getUsed())
                .sum();
    }
}
