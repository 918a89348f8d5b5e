package dev.amikeeper.ec2;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The result of sharing with several accounts or organizations. EC2 refuses a whole call because of
 * one entry that it does not accept; the others still get their permission.
 *
 * @param refused those whom EC2 does not accept, with its message
 * @param trouble why sharing with the rest failed; empty if everybody was accepted or refused
 */
public record Grant(Map<String, String> refused, Optional<String> trouble) {
    /**
     * The most calls for one grant. Finding one bad account among a thousand takes some twenty.
     * Whatever is left over is for the next attempt, which leaves out those already found.
     */
    static final int CALLS = 64;

    public Grant {
        refused = Map.copyOf(refused);
    }

    /** Whether EC2 was asked about everybody. */
    public boolean isDecided() {
        return trouble.isEmpty();
    }

    /**
     * Finds those whom EC2 refuses by halving the list.
     *
     * @param give makes one call; it may be repeated
     */
    static Grant of(List<String> with, Consumer<List<String>> give) {
        Map<String, String> refused = new LinkedHashMap<>();
        Deque<List<String>> left = new ArrayDeque<>();
        List<String> all = with.stream().distinct().toList();
        if (!all.isEmpty()) {
            left.add(all);
        }
        for (int calls = 0; !left.isEmpty(); calls++) {
            if (calls == CALLS) {
                return new Grant(
                        refused,
                        Optional.of(
                                "%d are refused, and others may be: the rest is left for the next try"
                                        .formatted(refused.size())));
            }
            List<String> some = left.removeFirst();
            try {
                give.accept(some);
            } catch (SdkException error) {
                if (!Fault.refusesSomebody(error)) {
                    return new Grant(refused, Optional.of(Fault.text(error)));
                }
                if (some.size() == 1) {
                    refused.put(some.getFirst(), Fault.text(error));
                } else {
                    int half = some.size() / 2;
                    left.addFirst(some.subList(half, some.size()));
                    left.addFirst(some.subList(0, half));
                }
            }
        }
        return new Grant(refused, Optional.empty());
    }
}
