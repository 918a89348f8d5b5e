package dev.amikeeper.image;

import java.time.Instant;
import java.util.Map;

/**
 * An instance that was launched from an image of ours, as EC2 shows it.
 *
 * @param state EC2's word, as {@code running}
 * @param reason why it is in this state; empty if EC2 says nothing
 * @param launched when it was launched
 */
public record Server(
        InstanceId id,
        Region region,
        String state,
        String reason,
        Instant launched,
        Map<String, String> tags) {
    public Server {
        tags = Map.copyOf(tags);
    }

    /** What its status checks say. */
    public enum Health {
        /** Not yet known. */
        INITIALIZING,
        /** All of them passed. */
        OK,
        /** One of them failed; it may recover. */
        IMPAIRED
    }
}
