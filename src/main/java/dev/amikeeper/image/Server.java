package dev.amikeeper.image;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An instance with tags of a restore or a drill, as EC2 shows it. Whether it is one of ours, its
 * client token and its image tell.
 *
 * @param state EC2's word, as {@code running}
 * @param reason why it is in this state; empty if EC2 says nothing
 * @param launched when it was launched
 * @param image from which it was launched; empty if EC2 does not say
 * @param clientToken by which it was launched; empty if there was none
 */
public record Server(
        InstanceId id,
        Region region,
        String state,
        String reason,
        Instant launched,
        Map<String, String> tags,
        Optional<ImageId> image,
        Optional<String> clientToken) {
    private static final Set<String> ENDED = Set.of("shutting-down", "terminated");

    public Server {
        tags = Map.copyOf(tags);
    }

    /** Whether it shuts down or is gone. */
    public boolean isEnded() {
        return ENDED.contains(state);
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
