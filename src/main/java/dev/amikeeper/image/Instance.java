package dev.amikeeper.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An EC2 instance as the deciding code sees it.
 *
 * @param state EC2's word, as {@code running}
 * @param rootDevice the root volume's device name, which an image cannot leave out
 * @param devices the device names of all EBS volumes, the root's among them
 * @param capsule what is needed besides an image to launch it again as it is
 * @param clientToken by which it was launched; empty if there was none
 */
public record Instance(
        InstanceId id,
        Region region,
        String state,
        Map<String, String> tags,
        String rootDevice,
        List<String> devices,
        Optional<Capsule> capsule,
        Optional<String> clientToken) {
    public Instance {
        tags = Map.copyOf(tags);
        devices = List.copyOf(devices);
    }

    /** An instance of which nothing else is known. */
    public Instance(
            InstanceId id,
            Region region,
            String state,
            Map<String, String> tags,
            String rootDevice,
            List<String> devices) {
        this(id, region, state, tags, rootDevice, devices, Optional.empty(), Optional.empty());
    }

    /** The same instance in another state. */
    public Instance in(String otherState) {
        return new Instance(
                id, region, otherState, tags, rootDevice, devices, capsule, clientToken);
    }

    /** The same instance with these names of subnets, by their ids, in its capsule. */
    public Instance withNames(Map<String, String> names) {
        return new Instance(
                id,
                region,
                state,
                tags,
                rootDevice,
                devices,
                capsule.map(its -> its.withNames(names)),
                clientToken);
    }

    /**
     * Whether AMI Keeper launched it for a drill, and it ends with that. Tags that somebody copied
     * from such an instance make no drill of a server.
     */
    public boolean isOfDrill() {
        return tags.containsKey(ImageTags.LEASE) && Restore.isDrill(tags, clientToken);
    }

    /** The volumes that an image leaves out; the root volume cannot be. */
    public List<String> imagedWithout(List<String> excluded) {
        return devices.stream()
                .filter(device -> excluded.contains(device) && !device.equals(rootDevice))
                .toList();
    }

    /**
     * Whether an image can be made of it: EC2 does so while it starts, runs, stops or is stopped.
     */
    public boolean canBeImaged() {
        return List.of("pending", "running", "stopping", "stopped").contains(state);
    }

    /**
     * The state that it is in, or that it is about to be in: one that starts counts as running, one
     * that stops as stopped. While it restarts EC2 shows it as running.
     */
    public String settledState() {
        return switch (state) {
            case "pending" -> "running";
            case "stopping" -> "stopped";
            default -> state;
        };
    }

    /** Whether it is gone for good. */
    public boolean isGone() {
        return List.of("shutting-down", "terminated").contains(state);
    }
}
