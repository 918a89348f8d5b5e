package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;

import java.util.Map;
import java.util.function.Consumer;

/**
 * An instance of the simulated cloud: what DescribeInstances shows, and what it does not.
 *
 * @param volumeSizes GiB by volume id
 * @param reboots how often CreateImage rebooted it
 * @param checks how its status checks stand
 */
public record LocalInstance(
        Instance instance,
        String reservation,
        Map<String, Integer> volumeSizes,
        int reboots,
        SummaryStatus checks) {
    public LocalInstance {
        volumeSizes = Map.copyOf(volumeSizes);
    }

    LocalInstance with(Consumer<Instance.Builder> change) {
        Instance.Builder changed = instance.toBuilder();
        change.accept(changed);
        return new LocalInstance(changed.build(), reservation, volumeSizes, reboots, checks);
    }

    LocalInstance rebooted() {
        return new LocalInstance(instance, reservation, volumeSizes, reboots + 1, checks);
    }

    LocalInstance checked(SummaryStatus result) {
        return new LocalInstance(instance, reservation, volumeSizes, reboots, result);
    }

    String id() {
        return instance.instanceId();
    }

    InstanceStateName state() {
        return instance.state().name();
    }
}
