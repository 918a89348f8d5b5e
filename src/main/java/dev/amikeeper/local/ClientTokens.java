package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What earlier requests with a client token were answered with. */
final class ClientTokens<R, A> {
    private final Map<String, Answered<R, A>> byToken = new HashMap<>();

    private record Answered<R, A>(R request, A answer) {}

    /** The earlier answer to this token, which must have come with the same request. */
    Optional<A> find(@Nullable String token, R request) {
        Answered<R, A> earlier = byToken.get(token);
        if (earlier != null && !earlier.request().equals(request)) {
            throw Ec2Errors.wrong(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters");
        }
        return Optional.ofNullable(earlier).map(Answered::answer);
    }

    /** Remembers an answer if the request has a token. */
    void remember(@Nullable String token, R request, A answer) {
        if (token != null) {
            byToken.put(token, new Answered<>(request, answer));
        }
    }
}
