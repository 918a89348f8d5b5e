package dev.amikeeper.restore;

import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The next step of a restore, according to what EC2 shows. Pure. */
sealed interface NextStep {
    /** There is nothing to do yet. */
    record Wait() implements NextStep {}

    /** The record moves to its next state. */
    record Save(Restore after) implements NextStep {}

    /** EC2 is to be asked to launch the instance. */
    record LaunchServer() implements NextStep {}

    /** The command is to be run, or its result looked up. */
    record Command() implements NextStep {}

    /** The server is back and checked. It is to get its Elastic IP address. */
    record Associate() implements NextStep {}

    /** A drill's instance is to be terminated. */
    record Terminate(Server server) implements NextStep {}

    /**
     * The next step of a launch.
     *
     * @param server the restore's instance, if EC2 shows it
     * @param left an instance that an earlier attempt of the drill has left running
     * @param health what its status checks say; empty if it has none
     */
    static NextStep of(
            Restore restore,
            Optional<Server> server,
            Optional<Server> left,
            Optional<Server.Health> health,
            Instant now) {
        boolean late = now.isAfter(restore.until());
        return switch (restore.state()) {
            case REQUESTED -> requested(restore, server, left, late, now);
            case LAUNCHING -> launching(restore, server, late, now);
            case CHECKING -> checking(restore, server, health, late, now);
            case COMMANDING -> {
                Optional<String> end = ended(server);
                if (end.isPresent()) {
                    yield new Save(restore.failed(end.get(), now));
                }
                yield late
                        ? new Save(restore.failed("its command did not end in time", now))
                        : new Command();
            }
            case ENDING ->
                    server.filter(it -> !it.state().equals("terminated")).isPresent()
                            ? new Terminate(server.get())
                            : new Save(restore.cleared(now));
            case PASSED, FAILED -> new Wait();
        };
    }

    private static NextStep requested(
            Restore restore,
            Optional<Server> server,
            Optional<Server> left,
            boolean late,
            Instant now) {
        if (server.isPresent()) {
            if (isOf(restore, server.get())) {
                // The response to an earlier call was lost.
                return new Save(restore.launching(server.get().id(), now));
            }
            // The record that launched it is lost.
            return new Save(
                    restore.kind() == Restore.RestoreKind.DRILL
                            ? anew(restore, now)
                            : restore.failed(
                                    server.get().id() + " was launched by an earlier request",
                                    now));
        }
        if (late) {
            return new Save(restore.failed("it could not be launched" + noted(restore), now));
        }
        return left.<NextStep>map(Terminate::new).orElseGet(LaunchServer::new);
    }

    /** Whether the instance is what this very record launches, as its image and its tags show. */
    private static boolean isOf(Restore restore, Server server) {
        String lease =
                restore.kind() == Restore.RestoreKind.DRILL ? restore.until().toString() : "";
        String from = new ImageRef(restore.region(), restore.image()).toString();
        return server.image().equals(Optional.of(restore.image()))
                && server.tags().getOrDefault(ImageTags.LEASE, lease).equals(lease)
                && server.tags().getOrDefault(ImageTags.RESTORED_FROM, from).equals(from);
    }

    /** A drill whose instance belongs to another record. What it launches has a tag of its own. */
    static Restore anew(Restore drill, Instant now) {
        return drill.again(Duration.between(drill.asked(), drill.until()), now);
    }

    private static NextStep launching(
            Restore restore, Optional<Server> server, boolean late, Instant now) {
        Optional<String> end = ended(server);
        if (end.isPresent()) {
            return new Save(restore.failed(end.get(), now));
        }
        if (server.filter(it -> it.state().equals("running")).isPresent()) {
            return new Save(restore.checking(now));
        }
        return late ? new Save(restore.failed("it did not start running", now)) : new Wait();
    }

    private static NextStep checking(
            Restore restore,
            Optional<Server> server,
            Optional<Server.Health> health,
            boolean late,
            Instant now) {
        Optional<String> end = ended(server);
        if (end.isPresent()) {
            return new Save(restore.failed(end.get(), now));
        }
        if (health.equals(Optional.of(Server.Health.OK))) {
            if (restore.elasticIp().isPresent()) {
                return new Associate();
            }
            return new Save(
                    restore.command().isPresent() ? restore.commanding(now) : restore.passed(now));
        }
        // An impaired instance may recover, so only the time decides.
        return late
                ? new Save(
                        restore.failed(
                                health.equals(Optional.of(Server.Health.IMPAIRED))
                                        ? "its status checks fail"
                                        : "its status checks did not pass in time",
                                now))
                : new Wait();
    }

    /**
     * Why the instance is of no use any longer. An instance that EC2 does not show may be too new.
     */
    private static Optional<String> ended(Optional<Server> server) {
        return server.filter(it -> !it.state().equals("pending") && !it.state().equals("running"))
                .map(it ->
                        "the instance is "
                                + it.state()
                                + (it.reason().isBlank() ? "" : ": " + it.reason()));
    }

    /** Why the restore has waited so far, to be appended to the outcome. */
    static String noted(Restore restore) {
        return restore.note().isBlank() ? "" : ": " + restore.note();
    }
}
