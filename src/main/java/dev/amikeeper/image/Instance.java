package dev.amikeeper.image;

import java.util.List;
import java.util.Map;

/**
 * An EC2 instance as the deciding code sees it.
 *
 * @param state EC2's word, as {@code running}
 * @param rootDevice the root volume's device name, which an image cannot leave out
 * @param devices the device names of all EBS volumes, the root's among them
 */
public record Instance(
        InstanceId id,
        Region region,
        String state,
        Map<String, String> tags,
        String rootDevice,
        List<String> devices) {
    public Instance {
        tags = Map.copyOf(tags);
        devices = List.copyOf(devices);
    }
}
