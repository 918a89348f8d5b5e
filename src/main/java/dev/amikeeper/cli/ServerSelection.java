package dev.amikeeper.cli;

import dev.amikeeper.Application;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.restore.RestorePoints;
import dev.amikeeper.restore.RestoreRequest;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The servers that {@code keeper restore --all} restores, each from its newest image. A server with
 * two policies counts once.
 *
 * @param leftOut which servers are left out, and why, in one line; empty if none are
 */
record ServerSelection(List<Image> images, Optional<String> leftOut) {
    /**
     * Selects the servers.
     *
     * @param newerThan leaves out servers whose image is older than the newest one by more than
     *     this
     * @throws UnusableException if there are none
     */
    static ServerSelection of(Application app, RestoreRequest request, Duration newerThan) {
        Region where = request.region().orElseThrow();
        List<String> policies =
                request.policy()
                        .map(app.policies()::allNames)
                        .orElseGet(() ->
                                List.copyOf(app.catalog().policiesWith(app.policies().allNames())));
        List<Image> newest =
                RestorePoints.newestOfEach(
                        where,
                        request.at(),
                        policies.stream()
                                .flatMap(it -> app.catalog().ofPolicy(it, where).stream())
                                .toList());
        if (newest.isEmpty()) {
            throw RestoreCommand.nothing(
                    "there is no good image in "
                            + where
                            + request.policy().map(it -> " of policy " + it).orElse("")
                            + request.at().map(it -> " from " + it + " or before").orElse("")
                            + "; keeper status shows where there are");
        }
        Instant last =
                newest.stream()
                        .map(it -> it.name().slot().time())
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        Instant oldest = last.minus(newerThan);
        List<Image> left =
                newest.stream().filter(it -> it.name().slot().time().isBefore(oldest)).toList();
        return new ServerSelection(
                newest.stream()
                        .filter(it -> !it.name().slot().time().isBefore(oldest))
                        .sorted(Comparator.comparing(RestoreWords::name))
                        .toList(),
                left.isEmpty() ? Optional.empty() : Optional.of(leftOut(left, oldest)));
    }

    private static String leftOut(List<Image> left, Instant oldest) {
        return "%d servers are left out, their newest image is older than %s: %s (--newer-than takes them, too)."
                .formatted(
                        left.size(),
                        oldest,
                        left.stream()
                                .map(RestoreWords::name)
                                .sorted()
                                .collect(Collectors.joining(", ")));
    }
}
