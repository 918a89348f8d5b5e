package dev.amikeeper.ec2;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Cuts what is asked about into what one call takes. */
public final class Batches {
    private Batches() {}

    public static <T> List<List<T>> of(List<T> all, int size) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            batches.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return batches;
    }

    /**
     * Asks about all in batches. A batch that is refused because of one of those in it, which may
     * have vanished since it was listed, is asked about one by one.
     *
     * @param refused takes the single ones that are refused
     * @throws SdkException if the next call would be refused, too
     */
    public static <T> void ask(
            List<T> all, int size, Consumer<List<T>> call, BiConsumer<T, SdkException> refused) {
        for (List<T> some : of(all, size)) {
            try {
                call.accept(some);
            } catch (SdkException error) {
                if (Fault.of(error).meetsEveryCall()) {
                    throw error;
                }
                if (some.size() == 1) {
                    refused.accept(some.getFirst(), error);
                } else {
                    ask(some, 1, call, refused);
                }
            }
        }
    }
}
