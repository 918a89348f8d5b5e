package dev.amikeeper.demo;

import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The instances of the demo. The seed varies where they are, and their volumes. */
public record DemoFleet(List<Instance> instances) {
    static final Region HOME = new Region("us-east-1");
    static final Region SECOND_HOME = new Region("eu-central-1");

    private static final Region DRILLS = new Region("us-west-2");

    private static final List<Integer> SIZES_GIB = List.of(8, 20, 50, 100, 200);

    /** An instance to launch; it gets {@code volumes} volumes or one more, but at most three. */
    private record Plan(String name, String backup, String environment, int volumes) {}

    private static final List<Plan> PLANS =
            List.of(
                    new Plan("web-1", "gold", "production", 1),
                    new Plan("web-2", "gold", "production", 1),
                    new Plan("shop-1", "gold", "production", 1),
                    new Plan("db-1", "gold", "production", 2),
                    new Plan("db-2", "gold", "staging", 2),
                    new Plan("play-1", "gold", "sandbox", 1),
                    new Plan("mail-1", "silver", "production", 1),
                    new Plan("wiki-1", "silver", "production", 1),
                    new Plan("search-1", "silver", "production", 1),
                    new Plan("build-1", "silver", "staging", 1),
                    new Plan("test-1", "silver", "staging", 1),
                    new Plan("report-1", "silver", "production", 3));

    public DemoFleet {
        instances = List.copyOf(instances);
    }

    /** Launches the fleet, and adds the network that demo-policies.yaml names for drills. */
    public static DemoFleet launch(SimulatedCloud cloud, Random random) {
        SimulatedNetworks drills = cloud.networks(DRILLS.name());
        String vpc = drills.addVpc();
        drills.addSubnet(vpc, DRILLS + "a", Map.of("Name", "drills"));
        drills.addGroup(vpc, "drills", Map.of());
        int shift = random.nextInt(PLANS.size());
        List<Instance> launched = new ArrayList<>();
        for (Plan plan : PLANS) {
            boolean second = (launched.size() + shift) % 5 < 2;
            launched.add(launch(plan, second ? SECOND_HOME : HOME, cloud, random));
        }
        return new DemoFleet(launched);
    }

    /** The name of an instance in the output. */
    String name(InstanceId id) {
        return instances.stream()
                .filter(instance -> instance.id().equals(id))
                .findFirst()
                .map(DemoFleet::name)
                .orElseGet(id::value);
    }

    static String name(Instance instance) {
        return instance.tags().getOrDefault("Name", instance.id().value());
    }

    private static Instance launch(Plan plan, Region region, SimulatedCloud cloud, Random random) {
        int volumes = Math.min(3, plan.volumes() + random.nextInt(2));
        List<Integer> sizes = new ArrayList<>();
        List<String> devices = new ArrayList<>();
        for (int i = 0; i < volumes; i++) {
            sizes.add(SIZES_GIB.get(random.nextInt(SIZES_GIB.size())));
            devices.add(i == 0 ? "/dev/xvda" : "/dev/sd" + (char) ('e' + i));
        }
        Map<String, String> tags =
                Map.of(
                        "Name", plan.name(),
                        "backup", plan.backup(),
                        "environment", plan.environment());
        String id = cloud.launch(region.name(), tags, sizes);
        return new Instance(
                new InstanceId(id), region, "running", tags, devices.getFirst(), devices);
    }
}
