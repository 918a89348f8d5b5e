package dev.amikeeper.image;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The catalogue's record of one restore or drill. Each change is a new record; the methods that
 * make one are the only ways forward.
 *
 * @param id {@code gold/i-0abc/…}; whoever asks for the same thing again asks by the same id
 * @param region where the server is restored
 * @param of what the image is an image of
 * @param image the image, in that Region
 * @param as what the server gets
 * @param attempt 1 for the first launch
 * @param state how far it is
 * @param instance the restored server, once launched; where a root volume is replaced, the living
 *     instance, from the beginning
 * @param command the Systems Manager document that has to succeed on it
 * @param asked when it was asked for
 * @param since when this state began
 * @param until what has not passed by then has failed; a drill's instance is terminated
 * @param launched when EC2 began to launch it
 * @param ended when it passed or failed, the instance of a drill being terminated after that
 * @param reached what was proven of it
 * @param note why it waits or failed, or what is to be said of one that passed; empty if there is
 *     nothing to say
 * @param version counts the changes of this record
 */
public record Restore(
        String id,
        Kind kind,
        Region region,
        ImageName of,
        ImageId image,
        Capsule as,
        int attempt,
        State state,
        Optional<InstanceId> instance,
        Optional<String> command,
        Instant asked,
        Instant since,
        Instant until,
        Optional<Instant> launched,
        Optional<Instant> ended,
        Level reached,
        String note,
        long version) {
    /** The tag of a launched instance: as {@link #tag}, for the ids that there are. */
    private static final Pattern TAG =
            Pattern.compile(
                    "(?<id>[^/]+/i-[^/]+/(?<kind>drill|restore)-[^/]+)(/(?<attempt>[0-9]{1,9}))?");

    /** What is done. */
    public enum Kind {
        /** A new instance is launched, and stays. */
        LAUNCH,
        /** The root volume of the living instance is replaced. */
        REPLACE_ROOT,
        /** A new instance is launched, checked and terminated. */
        DRILL
    }

    /** How far it is. */
    public enum State {
        /** EC2 has not been asked, or has refused for the moment. */
        REQUESTED,
        /** EC2 is at work. */
        LAUNCHING,
        /** It runs; its status checks are awaited. */
        CHECKING,
        /** Its status checks passed; its command is awaited. */
        COMMANDING,
        /** A drill is over; its instance is terminated. */
        ENDING,
        /** The server is back, and checked. */
        PASSED,
        /** It did not come up. */
        FAILED
    }

    /**
     * Which kind of restore launched an instance with this tag; empty if none of ours did. EC2
     * keeps the client token of a launch, and nobody can change it afterwards. Tags prove nothing:
     * whoever may set tags can copy them onto any instance.
     *
     * @param tags of the instance
     * @param clientToken by which it was launched
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html">Instance</a>
     */
    public static Optional<Kind> launchedAs(
            Map<String, String> tags, Optional<String> clientToken) {
        String tag = tags.getOrDefault(ImageTags.RESTORE, "");
        Matcher parts = TAG.matcher(tag);
        if (clientToken.isEmpty() || !parts.matches()) {
            return Optional.empty();
        }
        String attempt = parts.group("attempt") == null ? "1" : parts.group("attempt");
        return clientToken.get().equals(token(parts.group("id"), attempt))
                ? Optional.of(parts.group("kind").equals("drill") ? Kind.DRILL : Kind.LAUNCH)
                : Optional.empty();
    }

    /** Whether AMI Keeper launched this instance for a drill, as its client token proves. */
    public static boolean isDrill(Map<String, String> tags, Optional<String> clientToken) {
        return launchedAs(tags, clientToken).equals(Optional.of(Kind.DRILL));
    }

    /** What was proven of an image, each more than the one before. */
    public enum Level {
        /** Nothing. */
        NONE,
        /** It runs. */
        LAUNCHED,
        /** EC2's status checks passed. */
        STATUS_CHECKS,
        /** The command succeeded. */
        COMMAND
    }

    /** One that is asked for. */
    public static Restore requested(
            String id,
            Kind kind,
            Image image,
            Capsule as,
            Optional<String> command,
            Duration timeout,
            Instant now) {
        return new Restore(
                id,
                kind,
                image.region(),
                image.name(),
                image.id().orElseThrow(),
                as,
                1,
                State.REQUESTED,
                kind == Kind.REPLACE_ROOT ? Optional.of(image.name().instance()) : Optional.empty(),
                command,
                now,
                now,
                now.plus(timeout),
                Optional.empty(),
                Optional.empty(),
                Level.NONE,
                "",
                1);
    }

    /** Whether nothing more is to be done. */
    public boolean isOver() {
        return state == State.PASSED || state == State.FAILED;
    }

    /** Whether it passed, though its instance may still have to be terminated. */
    public boolean hasPassed() {
        return state == State.PASSED || (state == State.ENDING && note.isEmpty());
    }

    /** From the request to the last check; empty if it has not passed. */
    public Optional<Duration> took() {
        return hasPassed() ? ended.map(end -> Duration.between(asked, end)) : Optional.empty();
    }

    /** The client token of this attempt: EC2 takes 64 ASCII characters. */
    public String token() {
        return token(id, Integer.toString(attempt));
    }

    private static String token(String id, String attempt) {
        return Sha256.of(id + "/" + attempt);
    }

    /** The tag by which the instance of this attempt is found. */
    public String tag() {
        return attempt == 1 ? id : id + "/" + attempt;
    }

    /** EC2 refused for the moment. */
    public Restore waiting(String why) {
        return changed(draft -> draft.note = why);
    }

    /** EC2 refuses until people act: it has more time. */
    public Restore waiting(String why, Instant later) {
        return changed(draft -> {
            draft.note = why;
            draft.until = later;
        });
    }

    /** EC2 is at work. */
    public Restore launching(InstanceId launchedId, Instant now) {
        return next(
                State.LAUNCHING,
                now,
                draft -> {
                    draft.instance = Optional.of(launchedId);
                    draft.launched = Optional.of(now);
                });
    }

    /** It runs. */
    public Restore checking(Instant now) {
        return next(State.CHECKING, now, draft -> draft.reached = Level.LAUNCHED);
    }

    /** Its status checks passed, and a command has to succeed, too. */
    public Restore commanding(Instant now) {
        return next(State.COMMANDING, now, draft -> draft.reached = Level.STATUS_CHECKS);
    }

    /** All its checks passed. */
    public Restore passed(Instant now) {
        return passed("", now);
    }

    /** All its checks passed, and there is something to say about it. */
    public Restore passed(String about, Instant now) {
        return next(
                kind == Kind.DRILL ? State.ENDING : State.PASSED,
                now,
                draft -> {
                    draft.ended = Optional.of(now);
                    draft.reached = command.isPresent() ? Level.COMMAND : Level.STATUS_CHECKS;
                    draft.note =
                            Stream.of(about, lacks())
                                    .filter(text -> !text.isEmpty())
                                    .collect(Collectors.joining("; "));
                });
    }

    /** The volumes that its image was made without; a replaced root leaves the others alone. */
    private String lacks() {
        return kind == Kind.REPLACE_ROOT || as.leftOut().isEmpty()
                ? ""
                : as.leftOut().stream()
                        .map(Capsule.Disk::text)
                        .collect(Collectors.joining(", ", "without ", ", which its image lacks"));
    }

    /** The Elastic IP address, by its allocation id, that the server gets when it is back. */
    public Optional<String> elasticIp() {
        return kind == Kind.LAUNCH ? as.addresses().elastic() : Optional.empty();
    }

    /** It did not come up. What a drill may have launched is terminated. */
    public Restore failed(String why, Instant now) {
        return next(
                kind == Kind.DRILL ? State.ENDING : State.FAILED,
                now,
                draft -> {
                    draft.ended = Optional.of(now);
                    draft.note = why;
                });
    }

    /** Nothing is left of a drill but this record. */
    public Restore cleared(Instant now) {
        return next(note.isEmpty() ? State.PASSED : State.FAILED, now, draft -> draft.note = note);
    }

    /** Once more: what an earlier attempt launched is gone or has failed. */
    public Restore again(Duration timeout, Instant now) {
        return next(
                State.REQUESTED,
                now,
                draft -> {
                    draft.attempt++;
                    draft.asked = now;
                    draft.until = now.plus(timeout);
                    draft.launched = Optional.empty();
                    draft.ended = Optional.empty();
                    draft.reached = Level.NONE;
                    if (kind != Kind.REPLACE_ROOT) {
                        draft.instance = Optional.empty();
                    }
                });
    }

    private Restore next(State newState, Instant now, Consumer<Draft> change) {
        return changed(draft -> {
            draft.state = newState;
            draft.since = now;
            draft.note = "";
            change.accept(draft);
        });
    }

    private Restore changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new Restore(
                id,
                kind,
                region,
                of,
                image,
                as,
                draft.attempt,
                draft.state,
                draft.instance,
                command,
                draft.asked,
                draft.since,
                draft.until,
                draft.launched,
                draft.ended,
                draft.reached,
                draft.note,
                version + 1);
    }

    /** The next record in the making: what of it can change. */
    private static final class Draft {
        private int attempt;
        private State state;
        private Optional<InstanceId> instance;
        private Instant asked;
        private Instant since;
        private Instant until;
        private Optional<Instant> launched;
        private Optional<Instant> ended;
        private Level reached;
        private String note;

        Draft(Restore restore) {
            attempt = restore.attempt;
            state = restore.state;
            instance = restore.instance;
            asked = restore.asked;
            since = restore.since;
            until = restore.until;
            launched = restore.launched;
            ended = restore.ended;
            reached = restore.reached;
            note = restore.note;
        }
    }
}
