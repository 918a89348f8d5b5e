package dev.amikeeper.demo;

import dev.amikeeper.Application;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.RestorePoints;
import dev.amikeeper.sweep.Rebuild;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The end of the demo: the home Region is lost, and the catalogue with it. A new catalogue is
 * rebuilt from the tags in a DR Region, and the servers are restored there.
 */
final class RegionLoss {
    private static final String SUBNETS = "subnets";
    private static final String GROUPS = "securityGroups";

    private RegionLoss() {}

    /** Plays the loss; empty if no policy replicates to another Region. */
    static Optional<DemoSummary.Loss> play(SimulatedCloud cloud, Policies policies, Region lost) {
        return refuge(policies, lost).map(to -> play(cloud, policies, lost, to));
    }

    /** The Region that most policies copy to. */
    private static Optional<Region> refuge(Policies policies, Region lost) {
        return policies.all().stream()
                .flatMap(policy -> policy.destinations(lost).stream())
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
                .entrySet()
                .stream()
                .max(
                        Map.Entry.<Region, Long>comparingByValue()
                                .thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey);
    }

    private static DemoSummary.Loss play(
            SimulatedCloud cloud, Policies policies, Region lost, Region to) {
        Instant moment = cloud.now();
        SortedMap<String, Integer> before = cloud.calls();
        cloud.faults().clear();
        cloud.settings().lacksCapacity(_ -> false).failsToBoot(_ -> false);
        cloud.faults().unreachable(lost.name(), Instant.MAX);
        Application standIn = LocalDeployment.inMemory(cloud, to, policies).application();
        standIn.rebuild(moment, false).run(List.of(to), Rebuild.RebuildProgress.NONE);
        List<Image> records =
                policies.all().stream()
                        .map(Policy::name)
                        .flatMap(policy -> standIn.catalog().ofPolicy(policy, to).stream())
                        .toList();
        List<Image> images =
                RestorePoints.newestOfEach(to, Optional.empty(), records).stream()
                        .filter(image ->
                                image.home().map(ImageRef::region).equals(Optional.of(lost)))
                        .toList();
        RestorePlanner planning = standIn.restorePlanner();
        List<RestorePlan.MissingPart> missing =
                planning.plans(images, RestoreOptions.NONE).stream()
                        .flatMap(plan -> plan.missing().stream())
                        .distinct()
                        .toList();
        List<RestorePlan> plans =
                planning.plans(images, mapped(missing, to, cloud.networks(to.name())));
        List<Restore> ended =
                standIn.fleet(cloud::advance)
                        .run(
                                plans.stream()
                                        .map(plan ->
                                                RestorePlanner.restore(
                                                        plan,
                                                        Restore.RestoreKind.LAUNCH,
                                                        "demo",
                                                        moment))
                                        .toList(),
                                false,
                                _ -> {});
        List<Duration> took =
                ended.stream().flatMap(restore -> restore.took().stream()).sorted().toList();
        return new DemoSummary.Loss(
                lost.name(),
                to.name(),
                records.size(),
                images.size(),
                took.size(),
                count(missing, SUBNETS),
                count(missing, GROUPS),
                images.stream()
                        .map(image -> Duration.between(image.name().slot().time(), moment))
                        .max(Comparator.naturalOrder())
                        .orElse(Duration.ZERO)
                        .toMinutes(),
                took.isEmpty() ? 0 : took.getLast().toSeconds(),
                calls(cloud, before, "RunInstances"),
                calls(cloud, before, "Describe.*"));
    }

    private static int calls(SimulatedCloud cloud, Map<String, Integer> before, String which) {
        return cloud.calls().entrySet().stream()
                .filter(call -> call.getKey().matches(which))
                .mapToInt(call -> call.getValue() - before.getOrDefault(call.getKey(), 0))
                .sum();
    }

    private static int count(List<RestorePlan.MissingPart> missing, String part) {
        return (int) missing.stream().filter(it -> it.part().equals(part)).count();
    }

    /**
     * What an operator would write into the mapping file that the first plan prints: the DR
     * Region's network replaces all.
     */
    private static RestoreOptions mapped(
            List<RestorePlan.MissingPart> missing, Region to, SimulatedNetworks there) {
        String subnet = there.defaultSubnet(to + "a");
        String group = there.defaultGroup(there.defaultVpc());
        return new RestoreOptions(
                Optional.empty(),
                Optional.empty(),
                List.of(),
                false,
                Map.of(),
                new RestoreOptions.Mapping(
                        all(missing, SUBNETS, subnet),
                        all(missing, GROUPS, group),
                        Map.of(),
                        Map.of()));
    }

    private static Map<String, String> all(
            List<RestorePlan.MissingPart> missing, String part, String other) {
        return missing.stream()
                .filter(it -> it.part().equals(part))
                .collect(Collectors.toMap(RestorePlan.MissingPart::original, _ -> other));
    }
}
