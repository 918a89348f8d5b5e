package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An EC2 instance as the deciding code sees it.
 *
 * @param state EC2's word, as {@code running}
 * @param rootDevice the root volume's device name, which an image cannot leave out
 * @param devices the device names of all EBS volumes, including the root volume's
 * @param capsule what it takes, besides an image, to launch the same instance again
 * @param clientToken the client token of its launch; empty if there was none
 * @param runningSince when it was started last; empty if it is not running
 */
public record Instance(
        InstanceId id,
        Region region,
        String state,
        Map<String, String> tags,
        String rootDevice,
        List<String> devices,
        Optional<Capsule> capsule,
        Optional<String> clientToken,
        Optional<Instant> runningSince) {
    public Instance {
        tags = Map.copyOf(tags);
        devices = List.copyOf(devices);
    }

    /** An instance about which nothing else is known. */
    public Instance(
            InstanceId id,
            Region region,
            String state,
            Map<String, String> tags,
            String rootDevice,
            List<String> devices) {
        this(
                id,
                region,
                state,
                tags,
                rootDevice,
                devices,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Returns this instance in another state. */
    public Instance in(String otherState) {
        return new Instance(
                id,
                region,
                otherState,
                tags,
                rootDevice,
                devices,
                capsule,
                clientToken,
                Optional.empty());
    }

    /** Returns this instance with these names of subnets, by id, in its capsule. */
    public Instance withNames(Map<String, String> names) {
        return new Instance(
                id,
                region,
                state,
                tags,
                rootDevice,
                devices,
                capsule.map(its -> its.withNames(names)),
                clientToken,
                runningSince);
    }

    /**
     * Whether AMI Keeper launched it for a drill, so that it is terminated when the drill ends.
     * Tags that somebody copied from such an instance do not turn a server into a drill.
     */
    public boolean isOfDrill() {
        return tags.containsKey(ImageTags.LEASE) && Restore.isDrill(tags, clientToken);
    }

    /** The volumes that an image leaves out. The root volume cannot be left out. */
    public List<String> imagedWithout(List<String> excluded) {
        return devices.stream()
                .filter(device -> excluded.contains(device) && !device.equals(rootDevice))
                .toList();
    }

    /**
     * Whether an image can be created from it. EC2 does so while it starts, runs, stops or is
     * stopped.
     */
    public boolean canBeImaged() {
        return List.of("pending", "running", "stopping", "stopped").contains(state);
    }

    /**
     * The state that it is in or is about to reach: an instance that is starting counts as running,
     * one that is stopping counts as stopped. EC2 shows an instance that is rebooting as running.
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
