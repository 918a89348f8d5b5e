package dev.amikeeper.simulation;

import java.time.Duration;
import java.util.List;

/**
 * Something that people do, or something that goes wrong. Servers are named by numbers so that a
 * history can be replayed.
 */
public sealed interface Happening {
    /** The n-th newest image of a server in a Region; 0 is the newest. */
    record Which(int server, String region, int nth) {
        @Override
        public String toString() {
            return "image %d of server %d in %s, counted from the newest"
                    .formatted(nth, server, region);
        }
    }

    /** What happens, in words. */
    default String words() {
        return switch (this) {
            case Launch(int server, String region, int volumes, String backup) ->
                    "server %d is launched in %s with %d volumes, backup: %s"
                            .formatted(
                                    server,
                                    region,
                                    volumes,
                                    backup.isEmpty() ? "(no tag)" : backup);
            case LaunchMany(int first, int count, String region, String backup) ->
                    "servers %d to %d are launched in %s, backup: %s"
                            .formatted(first, first + count - 1, region, backup);
            case TerminateMany(int first, int count) ->
                    "servers %d to %d are terminated".formatted(first, first + count - 1);
            case TerminateInstance(int server) -> "server %d is terminated".formatted(server);
            case StopInstance(int server) -> "server %d is stopped".formatted(server);
            case StartInstance(int server) -> "server %d is started".formatted(server);
            case Tag(int server, String backup) ->
                    backup.isEmpty()
                            ? "server %d loses its tag backup".formatted(server)
                            : "server %d is tagged backup: %s".formatted(server, backup);
            case Request(int server) ->
                    "somebody asks for an image of server %d by its tag".formatted(server);
            case DeregisterImage(Which image, boolean withSnapshots) ->
                    "somebody deregisters %s, %s its snapshots"
                            .formatted(image, withSnapshots ? "with" : "without");
            case DisableImage(Which image) -> "somebody disables " + image;
            case EnableImage(Which image) -> "somebody enables " + image;
            case Hold(Which image) -> "somebody holds " + image;
            case Release(Which image) -> "somebody takes the hold off " + image;
            case LaunchFromImage(Which image) -> "somebody starts an instance from " + image;
            case RegisterImage(Which image, Duration span) ->
                    "somebody registers an image over the snapshots of %s, for %s"
                            .formatted(image, PolicyModel.words(span));
            case Template(Which image) -> "a launch template names " + image;
            case AskRestore(int request, int server, String region, boolean replaceRoot) ->
                    replaceRoot
                            ? "request %d: somebody asks to replace the root volume of server %d"
                                    .formatted(request, server)
                            : "request %d: somebody asks to restore server %d in %s"
                                    .formatted(request, server, region);
            case LoseRestores() -> "the records of restores and drills are lost";
            case CopyLease(int server) ->
                    "the tags of a drill's instance are copied onto server %d".formatted(server);
            case Deploy(List<PolicyModel> policies) ->
                    "other policies are deployed:\n"
                            + PolicyModel.yaml(policies).indent(8).stripTrailing();
            case Meanwhile(String function, String action, int nth, Deed deed) ->
                    "right after call %d of %s by %s, %s"
                            .formatted(nth, action, function, deed.words());
            case Approve() -> "somebody approves every plan that waits";
            case Prune() -> "somebody runs the pruner";
            case FailingCalls(String action, CallFault fault, int nth, int times) ->
                    "%d calls of %s, from number %d on, %s"
                            .formatted(times, action, nth, fault.words);
            case Events(String detailType, EventFault fault, int nth, int times, Duration by) ->
                    "%d events \"%s\", from number %d on, %s%s"
                            .formatted(
                                    times,
                                    detailType,
                                    nth,
                                    fault.words,
                                    by.isZero() ? "" : ", by up to " + PolicyModel.words(by));
            case Unseen(int calls, Duration span) ->
                    "for %s, the first %d reads miss what is new"
                            .formatted(PolicyModel.words(span), calls);
            case Down(String region, Duration span) ->
                    "%s cannot be reached for %s".formatted(region, PolicyModel.words(span));
            case Failing(String region, boolean copies, int times) ->
                    "the next %d %s in %s fail"
                            .formatted(times, copies ? "copies" : "images", region);
            case FailingLaunches(String region, LaunchFault fault, int times) ->
                    "the next %d launches in %s %s".formatted(times, region, fault.words);
            case FailingCommands(String document, CommandFault fault, int times) ->
                    "the next %d commands %s %s".formatted(times, document, fault.words);
            case QuotaUsedUp(int places, Duration span) ->
                    "there is room for %d snapshot copies only, for %s"
                            .formatted(places, PolicyModel.words(span));
            case KeyDisabled(Duration span) ->
                    "key %s is disabled for %s".formatted(PolicyModel.KEY, PolicyModel.words(span));
            case NoTicks(Duration span) -> "the scheduler is silent for " + PolicyModel.words(span);
            case DoubleTicks(Duration span) ->
                    "every tick and every prune comes twice for " + PolicyModel.words(span);
        };
    }

    /** What people do in EC2. */
    sealed interface Deed extends Happening {}

    /** What people do to AMI Keeper. */
    sealed interface Operation extends Happening {}

    /** A fault. */
    sealed interface Mishap extends Happening {}

    /** An instance is launched; {@code backup} is the value of its tag, or empty for no tag. */
    record Launch(int server, String region, int volumes, String backup) implements Deed {}

    /** An instance is terminated. */
    record TerminateInstance(int server) implements Deed {}

    /** An instance is stopped. */
    record StopInstance(int server) implements Deed {}

    /** A stopped instance is started. */
    record StartInstance(int server) implements Deed {}

    /** The tag {@code backup} is set, or removed if the value is empty. */
    record Tag(int server, String backup) implements Deed {}

    /** The tag that asks for an image is set. */
    record Request(int server) implements Deed {}

    /** Somebody else deregisters an image. */
    record DeregisterImage(Which image, boolean withSnapshots) implements Deed {}

    /** Somebody else disables an image. */
    record DisableImage(Which image) implements Deed {}

    /** Somebody else enables an image. */
    record EnableImage(Which image) implements Deed {}

    /** Somebody holds an image. */
    record Hold(Which image) implements Deed {}

    /** Somebody removes the hold. */
    record Release(Which image) implements Deed {}

    /** Somebody starts an instance from an image. */
    record LaunchFromImage(Which image) implements Deed {}

    /** Somebody registers their own image over the snapshots of an image, for a while. */
    record RegisterImage(Which image, Duration span) implements Deed {}

    /** A launch template names an image. */
    record Template(Which image) implements Deed {}

    /**
     * People do something right after the n-th call of this action that this function makes from
     * now on, and before it goes on. Functions must run side by side for that.
     */
    record Meanwhile(String function, String action, int nth, Deed deed) implements Operation {}

    /** Many servers are launched at once, with one volume each. */
    record LaunchMany(int first, int count, String region, String backup) implements Deed {}

    /** They are terminated. */
    record TerminateMany(int first, int count) implements Deed {}

    /**
     * Somebody asks for a server to be restored.
     *
     * @param request the same number again means the same event again
     */
    record AskRestore(int request, int server, String region, boolean replaceRoot)
            implements Operation {}

    /** The records of restores and drills are lost; the instances still run. */
    record LoseRestores() implements Operation {}

    /** Somebody copies the tags of a drill's instance to a server, or invents such tags. */
    record CopyLease(int server) implements Deed {}

    /** Other policies are deployed. */
    record Deploy(List<PolicyModel> policies) implements Operation {
        public Deploy {
            policies = List.copyOf(policies);
        }
    }

    /** Somebody approves every plan that waits for approval. */
    record Approve() implements Operation {}

    /** The pruner runs once more, outside its schedule. */
    record Prune() implements Operation {}

    /** How a call fails. */
    enum CallFault {
        THROTTLED("are throttled"),
        INTERNAL_ERROR("answer 500"),
        REPLY_LOST("lose their reply"),
        KILLED_BEFORE("kill their caller before they are made"),
        KILLED_AFTER("kill their caller after they were made"),
        CONFLICT("meet another transaction");

        private final String words;

        CallFault(String words) {
            this.words = words;
        }
    }

    /** Calls fail, {@code times} of them, starting with the n-th from now. */
    record FailingCalls(String action, CallFault fault, int nth, int times) implements Mishap {}

    /** What becomes of an event. */
    enum EventFault {
        LOST("are lost"),
        REPEATED("come twice"),
        LATE("come late"),
        AGAIN("come once more"),
        OUT_OF_ORDER("come out of order");

        private final String words;

        EventFault(String words) {
            this.words = words;
        }
    }

    /** Events go astray, {@code times} of them, starting with the n-th from now. */
    record Events(String detailType, EventFault fault, int nth, int times, Duration by)
            implements Mishap {}

    /** The first reads of anything made in this time do not show it. */
    record Unseen(int calls, Duration span) implements Mishap {}

    /** A Region cannot be reached. */
    record Down(String region, Duration span) implements Mishap {}

    /** The next images or copies in a Region fail. */
    record Failing(String region, boolean copies, int times) implements Mishap {}

    /** How a launch fails. */
    enum LaunchFault {
        NO_CAPACITY("find no capacity"),
        NOT_LAUNCHED("are terminated before they run"),
        NOT_BOOTED("fail their status checks");

        private final String words;

        LaunchFault(String words) {
            this.words = words;
        }
    }

    /** The next launches in a Region fail. */
    record FailingLaunches(String region, LaunchFault fault, int times) implements Mishap {}

    /** How a command on a server ends. */
    enum CommandFault {
        FAILS("fail"),
        HANGS("hang for an hour");

        private final String words;

        CommandFault(String words) {
            this.words = words;
        }
    }

    /** The next commands that run a document go wrong. */
    record FailingCommands(String document, CommandFault fault, int times) implements Mishap {}

    /** Other users take most of the quota of copies in flight. */
    record QuotaUsedUp(int places, Duration span) implements Mishap {}

    /** The key of copies is disabled. */
    record KeyDisabled(Duration span) implements Mishap {}

    /** The scheduler does not tick. */
    record NoTicks(Duration span) implements Mishap {}

    /** Each tick comes twice. */
    record DoubleTicks(Duration span) implements Mishap {}
}
