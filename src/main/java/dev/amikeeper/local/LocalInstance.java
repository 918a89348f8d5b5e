package dev.amikeeper.local;

import dev.amikeeper.local.CloudSettings.LaunchAttempt;

import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An instance of the simulated cloud, with what DescribeInstances does not show.
 *
 * @param volumeSizes GiB by volume id
 * @param reboots how often CreateImage rebooted it
 * @param checks the state of its instance status check
 */
public record LocalInstance(
        Instance instance,
        String reservation,
        Map<String, Integer> volumeSizes,
        int reboots,
        SummaryStatus checks,
        Hidden hidden) {
    public LocalInstance {
        volumeSizes = Map.copyOf(volumeSizes);
    }

    /**
     * What DescribeInstances does not show.
     *
     * @param launch what it was launched from, and where
     * @param userData in base64
     * @param shutdownBehavior what becomes of it when it shuts itself down
     * @param calls how many more describing calls do not show it
     */
    public record Hidden(
            LaunchAttempt launch, Optional<String> userData, String shutdownBehavior, int calls) {
        Hidden lookedAt() {
            return new Hidden(launch, userData, shutdownBehavior, calls - 1);
        }

        Hidden with(LaunchAttempt other) {
            return new Hidden(other, userData, shutdownBehavior, calls);
        }
    }

    LocalInstance with(Consumer<Instance.Builder> change) {
        Instance.Builder changed = instance.toBuilder();
        change.accept(changed);
        return new LocalInstance(
                changed.build(), reservation, volumeSizes, reboots, checks, hidden);
    }

    LocalInstance rebooted() {
        return new LocalInstance(instance, reservation, volumeSizes, reboots + 1, checks, hidden);
    }

    LocalInstance checked(SummaryStatus result) {
        return new LocalInstance(instance, reservation, volumeSizes, reboots, result, hidden);
    }

    LocalInstance with(Hidden other) {
        return new LocalInstance(instance, reservation, volumeSizes, reboots, checks, other);
    }

    LocalInstance with(Map<String, Integer> sizes) {
        return new LocalInstance(instance, reservation, sizes, reboots, checks, hidden);
    }

    String id() {
        return instance.instanceId();
    }

    InstanceStateName state() {
        return instance.state().name();
    }
}
