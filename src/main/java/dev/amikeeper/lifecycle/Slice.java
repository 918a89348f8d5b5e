package dev.amikeeper.lifecycle;

import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The work of one Region, as much as there is time for.
 *
 * @param now the time of the newest kick
 * @param timeLeft whether there is time to start something
 * @param kicks the kicks that asked for it
 */
public record Slice(Region region, Instant now, BooleanSupplier timeLeft, List<Kick> kicks) {
    public Slice {
        kicks = List.copyOf(kicks);
    }
}
