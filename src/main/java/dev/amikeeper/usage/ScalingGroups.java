package dev.amikeeper.usage;

import dev.amikeeper.image.Region;

import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.autoscaling.model.AutoScalingGroup;
import software.amazon.awssdk.services.autoscaling.model.LaunchConfiguration;
import software.amazon.awssdk.services.autoscaling.model.LaunchTemplateOverrides;
import software.amazon.awssdk.services.autoscaling.model.MixedInstancesPolicy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Finds what Auto Scaling launches from: launch configurations, and images that a group uses
 * instead of its launch template's.
 */
final class ScalingGroups {
    private static final int PAGE = 100;

    private ScalingGroups() {}

    static Probe probe(Function<Region, AutoScalingClient> clients) {
        return new Probe("Auto Scaling", (region, users) -> look(clients.apply(region), users));
    }

    private static void look(AutoScalingClient client, Users users) {
        users.calling("autoscaling:DescribeAutoScalingGroups");
        Map<String, List<String>> groups = new TreeMap<>();
        for (AutoScalingGroup group :
                client.describeAutoScalingGroupsPaginator(
                                request -> request.maxRecords(PAGE).includeInstances(false))
                        .autoScalingGroups()) {
            if (group.launchConfigurationName() != null) {
                groups.computeIfAbsent(group.launchConfigurationName(), _ -> new ArrayList<>())
                        .add(group.autoScalingGroupName());
            }
            overrides(group)
                    .forEach(override ->
                            users.add(
                                    override.imageId(),
                                    "Auto Scaling group " + group.autoScalingGroupName()));
        }
        users.calling("autoscaling:DescribeLaunchConfigurations");
        for (LaunchConfiguration configuration :
                client.describeLaunchConfigurationsPaginator(request -> request.maxRecords(PAGE))
                        .launchConfigurations()) {
            String name = configuration.launchConfigurationName();
            users.add(configuration.imageId(), use(name, groups.getOrDefault(name, List.of())));
        }
    }

    private static List<LaunchTemplateOverrides> overrides(AutoScalingGroup group) {
        MixedInstancesPolicy mixed = group.mixedInstancesPolicy();
        return mixed == null || mixed.launchTemplate() == null
                ? List.of()
                : mixed.launchTemplate().overrides();
    }

    /** A launch configuration counts even without a group, because a new group may use it. */
    private static String use(String configuration, List<String> groups) {
        String use = "launch configuration " + configuration;
        return groups.isEmpty() ? use : use + " of Auto Scaling group " + String.join(", ", groups);
    }
}
