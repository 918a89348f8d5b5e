package dev.amikeeper.image;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An instance with the tags of a restore or a drill, as EC2 describes it. Its client token and its
 * image tell whether AMI Keeper launched it.
 *
 * @param state EC2's word, as {@code running}
 * @param reason why it is in this state; empty if EC2 gives no reason
 * @param launched when it was launched
 * @param image the image that it was launched from; empty if EC2 does not say
 * @param clientToken the client token of its launch; empty if there was none
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

    /** Whether it is shutting down or gone. */
    public boolean isEnded() {
        return ENDED.contains(state);
    }

    /** The result of its status checks. */
    public enum Health {
        /** Not yet known. */
        INITIALIZING,
        /** All of them passed. */
        OK,
        /** One of them failed; it may recover. */
        IMPAIRED
    }
}
