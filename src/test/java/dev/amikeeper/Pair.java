package dev.amikeeper;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Two calls that may happen at once.
 *
 * @param moment makes the world, the same each time
 * @param once the one scene, if both calls are the same: then the second one changes nothing
 * @param repeatedAfter how soon the platform repeats a call that fails
 * @param days how many days of pruning it takes until all is done
 */
record Pair(
        String what,
        Supplier<Moment> moment,
        Optional<Scene> once,
        Duration repeatedAfter,
        int days) {
    /** A world, and the calls that are to come. */
    record Moment(TestDeployment given, Runnable first, Runnable second, Instant at) {
        List<Runnable> calls() {
            return List.of(first, second);
        }
    }

    /** The end states of one call after the other, in either order. */
    List<List<String>> inSequence() {
        return once.map(scene -> List.of(scene.undisturbed()))
                .orElseGet(() -> List.of(inSequence(0), inSequence(1)));
    }

    private List<String> inSequence(int first) {
        Moment now = moment.get();
        now.calls().get(first).run();
        now.calls().get(1 - first).run();
        return end(now, List.of());
    }

    /** The end state once nothing is left to do, if these calls failed. */
    List<String> end(Moment moment, List<Integer> failed) {
        if (!failed.isEmpty()) {
            moment.given().deployment.runUntil(moment.given().cloud.now().plus(repeatedAfter));
            failed.forEach(number -> moment.calls().get(number).run());
        }
        Settling.since(moment.at(), moment.given(), days);
        return EndState.of(moment.given());
    }

    /** Two calls of the function at once, as overlapping schedules and repeated events make. */
    static Pair twice(Scene scene) {
        return new Pair(
                "two of " + scene,
                () -> {
                    Scene.Moment moment = scene.moment().get();
                    return new Moment(moment.given(), moment.call(), moment.call(), moment.at());
                },
                Optional.of(scene),
                scene.repeatedAfter(),
                scene.days());
    }
}
