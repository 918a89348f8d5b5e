package dev.amikeeper.sweep;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The order in which gaps are closed, and how many at a time. Pure. */
final class GapSlices {
    /** What the catalogue alone closes, and what EC2 is asked about several at a time. */
    private static final int MANY = 200;

    /** A slice that EC2's buckets hold up must not take long. */
    private static final int SOME = 16;

    private GapSlices() {}

    /**
     * Gaps of one kind, in slices. Each sweep begins elsewhere among those of a kind, so that gaps
     * which cannot be closed do not keep the others waiting for ever.
     */
    static List<List<Gap>> of(List<Gap> gaps, Instant now) {
        Map<Class<?>, List<Gap>> byKind = new LinkedHashMap<>();
        gaps.forEach(
                gap -> byKind.computeIfAbsent(gap.getClass(), _ -> new ArrayList<>()).add(gap));
        List<List<Gap>> slices = new ArrayList<>();
        for (List<Gap> alike : byKind.values()) {
            Collections.rotate(alike, -(int) (Drift.sweep(now) % alike.size()));
            int size = atATime(alike.getFirst());
            for (int from = 0; from < alike.size(); from += size) {
                slices.add(alike.subList(from, Math.min(alike.size(), from + size)));
            }
        }
        return slices;
    }

    private static int atATime(Gap gap) {
        return switch (gap) {
            case Gap.UnknownImage _, Gap.Uncopied _, Gap.Missing _ -> MANY;
            case Gap.Unshared _, Gap.Unchecked _ -> SOME;
            case Gap.Finished _,
                    Gap.Slow _,
                    Gap.Found _,
                    Gap.Returned _,
                    Gap.Foreign _,
                    Gap.Switched _,
                    Gap.Unfinished _,
                    Gap.Returning _,
                    Gap.ShareRefused _,
                    Gap.Orphans _ ->
                    1;
        };
    }
}
