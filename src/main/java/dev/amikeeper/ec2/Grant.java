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
 * How sharing with several accounts or organisations ended. EC2 refuses a whole call for one that
 * it does not take; the others still get their permission.
 *
 * @param refused whom EC2 does not take, with its words
 * @param trouble why the rest could not be shared with; empty if everybody was taken or refused
 */
public record Grant(Map<String, String> refused, Optional<String> trouble) {
    /**
     * More calls than this are not made at once. With one bad account among a thousand it takes
     * some twenty; what is left over is for the next try, which leaves out those found by now.
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
     * Finds those whom EC2 refuses by halving.
     *
     * @param give one call; it may be repeated
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
                                "%d are refused, and others may be: the rest is for the next try"
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
