package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.autoscaling.model.AutoScalingException;
import software.amazon.awssdk.services.autoscaling.model.AutoScalingGroup;
import software.amazon.awssdk.services.autoscaling.model.CreateAutoScalingGroupRequest;
import software.amazon.awssdk.services.autoscaling.model.CreateAutoScalingGroupResponse;
import software.amazon.awssdk.services.autoscaling.model.CreateLaunchConfigurationRequest;
import software.amazon.awssdk.services.autoscaling.model.CreateLaunchConfigurationResponse;
import software.amazon.awssdk.services.autoscaling.model.DeleteAutoScalingGroupRequest;
import software.amazon.awssdk.services.autoscaling.model.DeleteAutoScalingGroupResponse;
import software.amazon.awssdk.services.autoscaling.model.DeleteLaunchConfigurationRequest;
import software.amazon.awssdk.services.autoscaling.model.DeleteLaunchConfigurationResponse;
import software.amazon.awssdk.services.autoscaling.model.DescribeAutoScalingGroupsRequest;
import software.amazon.awssdk.services.autoscaling.model.DescribeAutoScalingGroupsResponse;
import software.amazon.awssdk.services.autoscaling.model.DescribeLaunchConfigurationsRequest;
import software.amazon.awssdk.services.autoscaling.model.DescribeLaunchConfigurationsResponse;
import software.amazon.awssdk.services.autoscaling.model.LaunchConfiguration;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Auto Scaling in one Region: launch configurations and groups. The groups launch nothing here. */
public final class SimulatedAutoScaling implements AutoScalingClient {
    private static final Calls.Errors ERRORS =
            new ServiceErrors("AutoScaling", "Throttling", AutoScalingException::builder);
    private static final int MOST_RECORDS = 100;
    private static final int RECORDS_UNLESS_ASKED = 50;

    private static final Listing<LaunchConfiguration> CONFIGURATIONS =
            new Listing<>(LaunchConfiguration::launchConfigurationName, _ -> List.of(), Map.of());

    private static final Listing<AutoScalingGroup> GROUPS =
            new Listing<>(AutoScalingGroup::autoScalingGroupName, _ -> List.of(), Map.of());

    private final String region;
    private final CloudCore core;
    private final Calls calls;
    private final SortedMap<String, LaunchConfiguration> configurations = new TreeMap<>();
    private final SortedMap<String, AutoScalingGroup> groups = new TreeMap<>();

    SimulatedAutoScaling(String region, CloudCore core, Calls calls) {
        this.region = region;
        this.core = core;
        this.calls = calls;
    }

    @Override
    public CreateLaunchConfigurationResponse createLaunchConfiguration(
            CreateLaunchConfigurationRequest request) {
        return call(
                "CreateLaunchConfiguration",
                () -> {
                    String name = request.launchConfigurationName();
                    refuseTaken(configurations.containsKey(name), "Launch Configuration", name);
                    configurations.put(
                            name,
                            LaunchConfiguration.builder()
                                    .launchConfigurationName(name)
                                    .imageId(request.imageId())
                                    .instanceType(request.instanceType())
                                    .createdTime(core.timeline().instant())
                                    .build());
                    return CreateLaunchConfigurationResponse.builder().build();
                });
    }

    @Override
    public DeleteLaunchConfigurationResponse deleteLaunchConfiguration(
            DeleteLaunchConfigurationRequest request) {
        return call(
                "DeleteLaunchConfiguration",
                () -> {
                    String name = request.launchConfigurationName();
                    if (groups.values().stream()
                            .anyMatch(group -> name.equals(group.launchConfigurationName()))) {
                        throw wrong(
                                "ResourceInUse",
                                "Cannot delete launch configuration "
                                        + name
                                        + " because it is attached to an AutoScalingGroup");
                    }
                    if (configurations.remove(name) == null) {
                        throw notFound("Launch configuration", name);
                    }
                    return DeleteLaunchConfigurationResponse.builder().build();
                });
    }

    @Override
    public CreateAutoScalingGroupResponse createAutoScalingGroup(
            CreateAutoScalingGroupRequest request) {
        return call(
                "CreateAutoScalingGroup",
                () -> {
                    String name = request.autoScalingGroupName();
                    refuseTaken(groups.containsKey(name), "AutoScalingGroup", name);
                    String configuration = request.launchConfigurationName();
                    if (configuration != null && !configurations.containsKey(configuration)) {
                        throw notFound("Launch configuration", configuration);
                    }
                    groups.put(
                            name,
                            AutoScalingGroup.builder()
                                    .autoScalingGroupName(name)
                                    .launchConfigurationName(configuration)
                                    .launchTemplate(request.launchTemplate())
                                    .mixedInstancesPolicy(request.mixedInstancesPolicy())
                                    .minSize(request.minSize())
                                    .maxSize(request.maxSize())
                                    .createdTime(core.timeline().instant())
                                    .build());
                    return CreateAutoScalingGroupResponse.builder().build();
                });
    }

    @Override
    public DeleteAutoScalingGroupResponse deleteAutoScalingGroup(
            DeleteAutoScalingGroupRequest request) {
        return call(
                "DeleteAutoScalingGroup",
                () -> {
                    if (groups.remove(request.autoScalingGroupName()) == null) {
                        throw notFound("AutoScalingGroup", request.autoScalingGroupName());
                    }
                    return DeleteAutoScalingGroupResponse.builder().build();
                });
    }

    @Override
    public DescribeLaunchConfigurationsResponse describeLaunchConfigurations(
            DescribeLaunchConfigurationsRequest request) {
        return call(
                "DescribeLaunchConfigurations",
                () -> {
                    List<String> names = request.launchConfigurationNames();
                    Listing.Page<LaunchConfiguration> page =
                            CONFIGURATIONS.cut(
                                    configurations.values().stream()
                                            .filter(it ->
                                                    Listing.isAmong(
                                                            names, it.launchConfigurationName())),
                                    records(request.maxRecords()),
                                    request.nextToken());
                    return DescribeLaunchConfigurationsResponse.builder()
                            .launchConfigurations(page.items())
                            .nextToken(page.nextToken())
                            .build();
                });
    }

    @Override
    public DescribeAutoScalingGroupsResponse describeAutoScalingGroups(
            DescribeAutoScalingGroupsRequest request) {
        return call(
                "DescribeAutoScalingGroups",
                () -> {
                    List<String> names = request.autoScalingGroupNames();
                    Listing.Page<AutoScalingGroup> page =
                            GROUPS.cut(
                                    groups.values().stream()
                                            .filter(it ->
                                                    Listing.isAmong(
                                                            names, it.autoScalingGroupName())),
                                    records(request.maxRecords()),
                                    request.nextToken());
                    return DescribeAutoScalingGroupsResponse.builder()
                            .autoScalingGroups(page.items())
                            .nextToken(page.nextToken())
                            .build();
                });
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    private <T> T call(String action, Supplier<T> work) {
        return calls.run(new Calls.Action(action, region), Optional.empty(), ERRORS, work);
    }

    private static int records(@Nullable Integer asked) {
        int records = Objects.requireNonNullElse(asked, RECORDS_UNLESS_ASKED);
        if (records < 1 || records > MOST_RECORDS) {
            throw wrong("ValidationError", "MaxRecords must be between 1 and " + MOST_RECORDS);
        }
        return records;
    }

    private static void refuseTaken(boolean taken, String kind, String name) {
        if (taken) {
            throw wrong("AlreadyExists", kind + " by this name already exists: " + name);
        }
    }

    private static AwsServiceException notFound(String kind, String name) {
        return wrong("ValidationError", kind + " name not found - " + name);
    }

    private static AwsServiceException wrong(String code, String message) {
        return ERRORS.error(code, 400, message);
    }
}
