package dev.amikeeper.image;

import java.util.Map;

/**
 * An EBS volume that is attached to an instance.
 *
 * @param id as {@code vol-0abc}
 * @param device its device name on the instance, as {@code /dev/sdf}
 * @param gib its size in GiB
 * @param tags its own tags, without AWS's
 */
public record Volume(String id, String device, int gib, Map<String, String> tags) {
    public Volume {
        tags = Map.copyOf(tags);
    }
}
