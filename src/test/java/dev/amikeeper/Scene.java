package dev.amikeeper;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A moment just before a function is called, which can be made anew as often as wanted, and what
 * follows it.
 *
 * @param function whose call it is
 * @param what the moment
 * @param moment makes the world, the same each time
 * @param makes calls that the function must make here, lest the scene show nothing
 * @param repeatedAfter how soon the platform repeats the call if it fails
 * @param unrepeated whether the schedules alone make up for a call that nobody repeats
 * @param days how many days of pruning it takes until all is done
 */
record Scene(
        String function,
        String what,
        Supplier<Moment> moment,
        Set<String> makes,
        Duration repeatedAfter,
        boolean unrepeated,
        int days) {
    /** A world, the call that is to come, and when. */
    record Moment(TestDeployment given, Runnable call, Instant at) {
        Moment(TestDeployment given, Runnable call) {
            this(given, call, given.cloud.now());
            given.deployment.withoutSchedules();
        }

        /** The end state once nothing is left to do, after so many days of pruning. */
        List<String> end(int days) {
            Settling.since(at, given, days);
            return EndState.of(given);
        }
    }

    Scene {
        makes = new TreeSet<>(makes);
    }

    /** The end state after the call alone. */
    List<String> undisturbed() {
        Moment now = moment.get();
        now.call().run();
        return now.end(days);
    }

    @Override
    public String toString() {
        return function + " " + what;
    }
}
