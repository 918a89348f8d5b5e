package dev.amikeeper.ec2;

import java.util.ArrayList;
import java.util.List;

/** Cuts what is asked about into what one call takes. */
final class Batches {
    private Batches() {}

    static <T> List<List<T>> of(List<T> all, int size) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            batches.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return batches;
    }
}
