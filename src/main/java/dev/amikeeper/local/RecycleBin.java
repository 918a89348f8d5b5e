package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The Recycle Bin for one kind of resource: what was deleted and can still be restored.
 *
 * @see <a href="https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html">Recycle Bin</a>
 */
final class RecycleBin<T> {
    private final InstantSource clock;
    private final SortedMap<String, BinEntry<T>> entries = new TreeMap<>();
    private final Listing<BinEntry<T>> listing =
            new Listing<>(BinEntry::id, _ -> List.of(), Map.of());

    RecycleBin(InstantSource clock) {
        this.clock = clock;
    }

    /** A resource in the bin; at {@code exits} it is gone for good. */
    record BinEntry<T>(String id, T thing, Instant entered, Instant exits) {}

    /** Keeps a deleted resource for this long, or not at all if the retention is zero. */
    void put(String id, T thing, Duration retention) {
        Instant now = clock.instant();
        dropExpired(now);
        if (retention.isPositive()) {
            entries.put(id, new BinEntry<>(id, thing, now, now.plus(retention)));
        }
    }

    Optional<T> find(String id) {
        dropExpired(clock.instant());
        return Optional.ofNullable(entries.get(id)).map(BinEntry::thing);
    }

    void remove(String id) {
        entries.remove(id);
    }

    /** A page of the entries with these ids, or of all entries if none are given. */
    Listing.Page<BinEntry<T>> page(
            List<String> ids, @Nullable Integer maxResults, @Nullable String token) {
        dropExpired(clock.instant());
        Stream<BinEntry<T>> wanted =
                List.copyOf(entries.values()).stream()
                        .filter(entry -> Listing.isAmong(ids, entry.id()));
        return listing.page(wanted, maxResults, token);
    }

    private void dropExpired(Instant now) {
        entries.values().removeIf(entry -> !now.isBefore(entry.exits()));
    }
}
