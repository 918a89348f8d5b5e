package dev.amikeeper.ec2;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Splits a list into batches that one call accepts. */
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
     * Makes a call for all items in batches. If a batch is refused because of one item, which may
     * have vanished since it was listed, its items are tried one by one.
     *
     * @param refused receives each single item that is refused
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
