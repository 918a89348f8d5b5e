package dev.amikeeper.lifecycle;

import static java.util.stream.Collectors.groupingBy;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;

import dev.amikeeper.Counts;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.Kick;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * The slices of work that a batch of kicks asks for, one for each Region. If the slice of a Region
 * fails, SQS delivers its kicks again, and the other Regions are not affected.
 */
public final class Slices implements Iterable<Slice> {
    private static final Logger log = LoggerFactory.getLogger(Slices.class);

    private final Map<Region, List<Kick>> kicks;
    private final int malformed;
    private final Policies policies;
    private final InstantSource clock;
    private final BooleanSupplier timeLeft;
    private final List<BatchItemFailure> failures = new ArrayList<>();

    /**
     * The slices of a batch.
     *
     * @param timeLeft whether there is time to start something
     */
    public Slices(
            Kick.Batch batch, Policies policies, InstantSource clock, BooleanSupplier timeLeft) {
        kicks =
                batch.kicks().stream()
                        .collect(groupingBy(Kick::region, TreeMap::new, Collectors.toList()));
        malformed = batch.malformed().size();
        this.policies = policies;
        this.clock = clock;
        this.timeLeft = timeLeft;
    }

    /** Makes each slice when its turn comes, because it may use the current time. */
    @Override
    public Iterator<Slice> iterator() {
        return kicks.entrySet().stream()
                .map(entry -> slice(entry.getKey(), entry.getValue()))
                .iterator();
    }

    private Slice slice(Region region, List<Kick> kicks) {
        Slice slice = new Slice(region, now(kicks), timeLeft, kicks);
        if (!policies.regions().contains(region)) {
            log.warn("a kick for {}, a Region of no policy", region);
        }
        return slice;
    }

    /** A kick says that there may be work. A kick from the future says no more than that. */
    private Instant now(List<Kick> kicks) {
        Instant read = clock.instant();
        return kicks.stream()
                .flatMap(kick -> kick.at().stream())
                .filter(at -> !Event.isAhead(at, read))
                .max(Comparator.naturalOrder())
                .orElse(read);
    }

    /** A slice ended early. SQS is to deliver its kicks again. */
    public void failed(Slice slice, RuntimeException error) {
        log.error("{}: the slice ended early", slice.region(), error);
        slice.kicks().forEach(kick -> failures.add(new BatchItemFailure(kick.messageId())));
    }

    /** SQS is to keep this kick, which it was told when to deliver again. */
    void handBack(Kick kick) {
        failures.add(new BatchItemFailure(kick.messageId()));
    }

    /** The report on the whole batch, with these counts. */
    public SliceReport report(Counts<SliceReport.SliceCount> counts) {
        counts.add(SliceReport.SliceCount.MALFORMED, malformed);
        return new SliceReport(counts, failures);
    }
}
