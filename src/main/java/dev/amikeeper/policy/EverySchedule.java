package dev.amikeeper.policy;

import dev.amikeeper.image.Slot;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** A slot at every multiple of a duration since 1970-01-01T00:00:00Z. */
record EverySchedule(Duration period) implements Schedule {
    @Override
    public Stream<Slot> slots(Instant after, Instant until) {
        long seconds = period.toSeconds();
        long first = Math.floorDiv(after.getEpochSecond(), seconds) + 1;
        long last = Math.floorDiv(until.getEpochSecond(), seconds);
        return Stream.iterate(first, n -> n <= last, n -> n + 1)
                .map(n -> new Slot(Instant.ofEpochSecond(n * seconds)));
    }

    @Override
    public Duration shortestGap() {
        return period;
    }
}
