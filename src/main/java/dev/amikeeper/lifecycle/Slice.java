package dev.amikeeper.lifecycle;

import dev.amikeeper.event.Handover;
import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The work of one Region, as much as there is time for.
 *
 * @param now the time of the newest kick
 * @param timeLeft whether there is time to start something
 * @param kicks the kicks that asked for it
 */
public record Slice(Region region, Instant now, BooleanSupplier timeLeft, List<Kick> kicks) {
    /** A limit counts for minutes. A later time was written by a wrong clock. */
    private static final Duration LONGEST = Duration.ofHours(1);

    public Slice {
        kicks = List.copyOf(kicks);
    }

    /** Whether one of its kicks was delivered before, and was handed back or failed. */
    public boolean isRepeated() {
        return kicks.stream().anyMatch(kick -> kick.delivery().receives() > 1);
    }

    /**
     * Whether an earlier worker may have died before it recorded what it had started: then SQS
     * delivers its kicks again, without a newer one in which a worker told something at its end.
     */
    public boolean mayFollowADeath() {
        return isRepeated()
                && kicks.stream()
                        .filter(kick -> kick.delivery().receives() == 1)
                        .allMatch(kick -> kick.handover().tokens().isEmpty());
    }

    /** The limit on copies that an earlier worker met, if it still counts. */
    public Optional<Handover.Ceiling> ceiling() {
        return kicks.reversed().stream()
                .flatMap(kick -> kick.handover().ceiling().stream())
                .findFirst()
                .filter(it -> it.until().isAfter(now) && it.until().isBefore(now.plus(LONGEST)));
    }
}
