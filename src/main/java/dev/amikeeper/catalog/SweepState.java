package dev.amikeeper.catalog;

import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a sweep leaves for the next one.
 *
 * @param stopped where it ran out of time; empty if it finished
 * @param requests the requests that it saw on instances, because EC2 does not say when a tag was
 *     set
 * @param settled the Regions whose snapshots were all in order when they were last listed
 */
public record SweepState(
        Optional<Unit> stopped, List<Seen> requests, Map<Region, Settled> settled) {
    /** The state before the first sweep. */
    public static final SweepState FRESH = new SweepState(Optional.empty(), List.of(), Map.of());

    public SweepState {
        requests = List.copyOf(requests);
        settled = Map.copyOf(settled);
    }

    /** What is swept as one unit: the images of a policy in a Region. */
    public record Unit(Region region, String policy) {}

    /**
     * A Region whose snapshots were all in order.
     *
     * @param at when they were listed
     * @param digest of the images that EC2 listed just before, and of their records
     */
    public record Settled(Instant at, String digest) {}

    /**
     * The tag {@code amikeeper:request} on an instance.
     *
     * @param value the tag's value; another value is another request
     * @param since when a sweep first saw it
     */
    public record Seen(Region region, InstanceId instance, String value, Instant since) {}
}
