package dev.amikeeper.catalog;

import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a sweep leaves for the next one.
 *
 * @param stopped where it ran out of time; empty if it came to its end
 * @param requests the requests that it saw on instances: EC2 does not say since when a tag is there
 */
public record SweepState(Optional<Unit> stopped, List<Seen> requests) {
    /** As if nothing was swept yet. */
    public static final SweepState FRESH = new SweepState(Optional.empty(), List.of());

    public SweepState {
        requests = List.copyOf(requests);
    }

    /** What is swept at a time: the images of a policy in a Region. */
    public record Unit(Region region, String policy) {}

    /**
     * The tag {@code amikeeper:request} on an instance.
     *
     * @param value the tag's; another one is another request
     * @param since when a sweep saw it first
     */
    public record Seen(Region region, InstanceId instance, String value, Instant since) {}
}
