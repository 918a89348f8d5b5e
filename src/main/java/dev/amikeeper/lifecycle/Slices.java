package dev.amikeeper.lifecycle;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.Kick;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** Turns a batch of kicks into one slice of work per Region. */
public final class Slices {
    private static final Logger log = LoggerFactory.getLogger(Slices.class);

    /** What a slice leaves of its function's time, in milliseconds: for the call under way. */
    private static final int RESERVE = 30_000;

    private final Catalog catalog;
    private final Policies policies;
    private final InstantSource clock;

    /** The work of one Region. */
    public interface Slice {
        /**
         * Does what there is to do, as long as there is time.
         *
         * @param now the time of the newest kick
         * @return whether something is left that could be done now
         */
        boolean work(Region region, Instant now, BooleanSupplier timeLeft);
    }

    /** How a batch ended. */
    public record Outcome(int malformed, List<BatchItemFailure> failures) {
        public Outcome {
            failures = List.copyOf(failures);
        }
    }

    /** Of these. */
    public Slices(Catalog catalog, Policies policies, InstantSource clock) {
        this.catalog = catalog;
        this.policies = policies;
        this.clock = clock;
    }

    /**
     * Works on every Region that was kicked. A Region whose slice throws is kicked again by SQS,
     * and its trouble stops no other.
     */
    public Outcome run(
            String function, @Nullable SQSEvent input, Context context, Slice slice, Again again) {
        Kick.Batch batch;
        try {
            batch = Kick.batch(input);
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    catalog,
                    function,
                    String.valueOf(input),
                    String.valueOf(malformed.getMessage()),
                    clock.instant());
            return new Outcome(1, List.of());
        }
        for (String why : batch.malformed()) {
            Rejected.record(catalog, function, why, why, clock.instant());
        }
        Map<Region, List<Kick>> byRegion = new TreeMap<>();
        for (Kick kick : batch.kicks()) {
            byRegion.computeIfAbsent(kick.region(), r -> new ArrayList<>()).add(kick);
        }
        List<BatchItemFailure> failures = new ArrayList<>();
        byRegion.forEach((region, kicks) -> {
            Instant now = now(kicks);
            try {
                if (!policies.regions().contains(region)) {
                    log.warn("a kick for {}, a Region of no policy", region);
                }
                if (slice.work(region, now, () -> context.getRemainingTimeInMillis() > RESERVE)) {
                    again.kick(region, now);
                }
            } catch (RuntimeException error) {
                log.error("{}: the slice ended early", region, error);
                kicks.forEach(kick -> failures.add(new BatchItemFailure(kick.messageId())));
            }
        });
        return new Outcome(batch.malformed().size(), failures);
    }

    /** Kicks a Region again. */
    public interface Again {
        void kick(Region region, Instant at);
    }

    /** A kick says that there may be work; one of the future says no more than that. */
    private Instant now(List<Kick> kicks) {
        Instant read = clock.instant();
        return kicks.stream()
                .flatMap(kick -> kick.at().stream())
                .filter(at -> !Event.isAhead(at, read))
                .max(Comparator.naturalOrder())
                .orElse(read);
    }
}
