package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Usage;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Measures, asserts nothing; CONTRIBUTING says how to run it.
 *
 * <p>How long a plan of 100,000 images takes, and how many calls of EC2 it takes to prune 1,000 of
 * 2,000 images with two volumes each.
 */
final class PruneBenchmark {
    private static final Instant NOW = Instant.parse("2027-01-01T05:00:00Z");
    private static final int IMAGES = 100_000;
    private static final int INSTANCES = 1_000;
    private static final int ROUNDS = 5;

    @Test
    void callsToPrune1000Of2000Images() {
        dev.amikeeper.TestDeployment given =
                dev.amikeeper.TestDeployment.inMemory(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: 1}
                        """,
                        1);
        for (int i = 0; i < INSTANCES; i++) {
            given.instance(dev.amikeeper.TestDeployment.EAST, "web-" + i, 2);
        }
        given.nights(2);
        Map<String, Integer> before = new HashMap<>(given.cloud.calls());
        Instant at = given.cloud.now().plus(Duration.ofHours(12));
        given.cloud.advanceTo(at);
        PruneReport report = given.deployment.prune(at, false);
        System.out.printf(
                "pruned %d, %d images and %d snapshots are left%n",
                report.count(REMOVED),
                given.images(dev.amikeeper.TestDeployment.EAST).size(),
                given.cloud.snapshots(dev.amikeeper.TestDeployment.EAST).size());
        given.cloud
                .calls(dev.amikeeper.TestDeployment.EAST)
                .forEach((action, count) -> {
                    int made = count - before.getOrDefault(action, 0);
                    if (made > 0) {
                        System.out.printf("%6d  %s%n", made, action);
                    }
                });
    }

    @Test
    void planOf100000Images() {
        Policy policy =
                RetentionCases.policy(
                        Optional.of(
                                RetentionCases.keep(
                                        "last: 3, daily: 14, weekly: 8, monthly: 12, atLeast: 2")),
                        RetentionCases.NO_LIMITS);
        List<Image> records = new ArrayList<>();
        Map<ImageId, Ami> inEc2 = new HashMap<>();
        Map<ImageId, List<String>> permissions = new HashMap<>();
        for (int i = 0; i < IMAGES; i++) {
            Instant slot = NOW.minus(Duration.ofHours(6L * (i / INSTANCES) + 1));
            Image image = RetentionCases.image("i-" + i % INSTANCES, slot);
            records.add(image);
            Ami ami = RetentionCases.ami(image);
            inEc2.put(ami.id(), ami);
            permissions.put(ami.id(), List.of());
        }
        Usage usage =
                Usage.of(List.of(new Usage.Report("instances", NOW, Map.of(), Optional.empty())));
        for (int round = 1; round <= ROUNDS; round++) {
            long began = System.nanoTime();
            PrunePlan plan =
                    PrunePlan.of(
                            policy,
                            RetentionCases.HOME,
                            records,
                            new Evidence(
                                    inEc2,
                                    usage,
                                    Optional.of(permissions),
                                    Set.of(),
                                    Optional.of(Set.of()),
                                    NOW));
            Runtime runtime = Runtime.getRuntime();
            System.out.printf(
                    "planned %d images, %d candidates, in %d ms; heap in use %d MB of at most %d%n",
                    plan.verdicts().size(),
                    plan.candidates().size(),
                    (System.nanoTime() - began) / 1_000_000,
                    (runtime.totalMemory() - runtime.freeMemory()) >> 20,
                    runtime.maxMemory() >> 20);
        }
    }
}
