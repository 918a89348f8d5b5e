package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.sweep.Rebuild;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The home Region is gone for good, with its catalogue: a new one is made from the DR Region's tags
 * alone, and the whole fleet restored there. Alone, it prints what that took:
 *
 * <pre>./mvnw test -Dtest=RegionLossTest</pre>
 */
final class RegionLossTest {
    private static final int SERVERS = 200;
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final String POLICIES =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                replicate: {us-west-2: {}}
            """;

    @Test
    void theFleetIsBackWithinWhatTheTokenBucketAllows() {
        SimulatedCloud cloud = new SimulatedCloud(TestDeployment.START, 1);
        // A DR fleet needs a quota of vCPUs: what is measured here is the pace.
        cloud.settings().throttling(true).launchLimits(1000, 100_000);
        for (int i = 0; i < SERVERS; i++) {
            cloud.launch(
                    TestDeployment.EAST,
                    Map.of("Name", "server-%03d".formatted(i), "backup", "gold"),
                    List.of(8));
        }
        LocalDeployment home = deployed(cloud, TestDeployment.EAST);
        home.runUntil(TestDeployment.START.plus(Duration.ofHours(20)));
        cloud.faults().unreachable(TestDeployment.EAST, Instant.MAX);
        Map<String, Integer> before = new HashMap<>(cloud.calls());
        Instant lost = cloud.now();

        Application west = deployed(cloud, TestDeployment.WEST).application();
        west.rebuild(cloud.now(), false).run(List.of(WEST), Rebuild.RebuildProgress.NONE);
        List<Image> images = west.catalog().ofPolicy("gold", WEST);
        assertThat(images).hasSize(SERVERS).allMatch(Image::isGood);
        RestoreOptions wish = mapped(images, cloud.networks(TestDeployment.WEST));
        List<RestorePlan> plans = west.restorePlanner().plans(images, wish);
        assertThat(plans).allMatch(RestorePlan::isWhole);
        List<Restore> ended =
                west.fleet(cloud::advance)
                        .run(
                                plans.stream()
                                        .map(plan ->
                                                RestorePlanner.restore(
                                                        plan,
                                                        Restore.RestoreKind.LAUNCH,
                                                        "drill",
                                                        cloud.now()))
                                        .toList(),
                                false,
                                _ -> {});

        assertThat(ended).allMatch(it -> it.state() == Restore.RestoreState.PASSED);
        assertThat(ended.stream().flatMap(it -> it.instance().stream()).distinct())
                .hasSize(SERVERS);
        Map<String, Integer> calls = new TreeMap<>();
        cloud.calls()
                .forEach((call, count) -> {
                    int more = count - before.getOrDefault(call, 0);
                    if (more > 0 && call.matches("(Describe|Run|Terminate|Create).*")) {
                        calls.put(call, more);
                    }
                });
        Duration took = Duration.between(lost, cloud.now());
        System.out.printf(
                "%d servers lost with their Region and back in another: %d s, of which"
                        + " RunInstances' bucket of 5 and 2 a second asks for %d s%ncalls: %s%n",
                SERVERS, took.toSeconds(), (SERVERS - 5) / 2, calls);
        assertThat(calls).containsEntry("RunInstances", SERVERS);
        int reads = calls.values().stream().mapToInt(it -> it).sum() - SERVERS;
        assertThat(reads).isLessThan(60);
        // The bucket, then a last instance's start and its checks, and a look every 15 s.
        assertThat(took).isLessThan(Duration.ofSeconds((SERVERS - 5) / 2).plusMinutes(4));
    }

    private static LocalDeployment deployed(SimulatedCloud cloud, String region) {
        Region home = new Region(TestDeployment.EAST);
        return LocalDeployment.inMemory(
                cloud,
                new Region(region),
                Policies.parse(POLICIES, "policies.yaml", home, Application.regions(home)));
    }

    private static RestoreOptions mapped(List<Image> images, SimulatedNetworks west) {
        Map<String, String> subnets = new HashMap<>();
        Map<String, String> groups = new HashMap<>();
        images.stream()
                .flatMap(image -> image.capsule().stream())
                .forEach(capsule -> {
                    subnets.put(capsule.subnet(), west.defaultSubnet("us-west-2a"));
                    capsule.groups()
                            .forEach(group ->
                                    groups.put(group, west.defaultGroup(west.defaultVpc())));
                });
        return new RestoreOptions(
                RestoreOptions.NONE.type(),
                RestoreOptions.NONE.subnet(),
                List.of(),
                false,
                Map.of(),
                new RestoreOptions.Mapping(subnets, groups, Map.of(), Map.of()));
    }
}
