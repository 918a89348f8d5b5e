package dev.amikeeper.image;

import java.util.Map;

/**
 * An EBS volume that is attached to an instance.
 *
 * @param id as {@code vol-0abc}
 * @param device its device name there, as {@code /dev/sdf}
 * @param gib its size
 * @param tags its own, AWS's aside
 */
public record Volume(String id, String device, int gib, Map<String, String> tags) {
    public Volume {
        tags = Map.copyOf(tags);
    }
}
