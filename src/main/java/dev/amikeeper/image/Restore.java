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
 * The catalogue's record of one restore or drill. Each change is a new record, and only the methods
 * here make one. Its states and every way between them are kept together in this file.
 *
 * @param id {@code gold/i-0abc/…}; a repeated request for the same thing has the same id
 * @param goal what was requested; it never changes
 * @param state how far it has come
 * @param launch the current attempt to launch it
 * @param times its times and its deadline
 * @param reached how much of the image was proven
 * @param note why it waits or failed, or a remark about one that passed; empty if there is nothing
 *     to say
 * @param version counts the changes of this record
 */
public record Restore(
        String id,
        Goal goal,
        RestoreState state,
        Try launch,
        Times times,
        ProofLevel reached,
        String note,
        long version) {
    /**
     * What was requested.
     *
     * @param region where the server is restored
     * @param of what the image is an image of
     * @param image the image, in that Region
     * @param as the settings that the server gets
     * @param command the Systems Manager document that has to succeed on it
     */
    public record Goal(
            RestoreKind kind,
            Region region,
            ImageName of,
            ImageId image,
            Capsule as,
            Optional<String> command) {}

    /**
     * One attempt to launch it.
     *
     * @param attempt 1 for the first launch
     * @param instance the restored server, once launched; if a root volume is replaced, the living
     *     instance from the beginning
     * @param launched when EC2 began to launch it
     */
    public record Try(int attempt, Optional<InstanceId> instance, Optional<Instant> launched) {}

    /**
     * Its times.
     *
     * @param asked when it was requested
     * @param since when this state began
     * @param until its deadline: if it has not passed by then, it has failed, and a drill's
     *     instance is terminated
     * @param ended when it passed or failed; a drill's instance is terminated after that
     */
    public record Times(Instant asked, Instant since, Instant until, Optional<Instant> ended) {
        private Times sinceNow(Instant now) {
            return new Times(asked, now, until, ended);
        }

        private Times untilThen(Instant later) {
            return new Times(asked, since, later, ended);
        }

        private Times endedAt(Instant end) {
            return new Times(asked, since, until, Optional.of(end));
        }
    }

    /** The tag of a launched instance: what {@link #tag} returns for ids in use. */
    private static final Pattern TAG =
            Pattern.compile(
                    "(?<id>[^/]+/i-[^/]+/(?<kind>drill|restore)-[^/]+)(/(?<attempt>[0-9]{1,9}))?");

    /** The kind of restore. */
    public enum RestoreKind {
        /** A new instance is launched and stays. */
        LAUNCH,
        /** The root volume of the living instance is replaced. */
        REPLACE_ROOT,
        /** A new instance is launched, checked and terminated. */
        DRILL
    }

    /**
     * How far it has come. The state says what is to be done next; what came of a restore is its
     * {@link Outcome}. A new state has to answer {@link #outcome} and {@link #isOver}, and {@code
     * NextStep} has to say what is done about it.
     */
    public enum RestoreState {
        /** EC2 has not been asked, or a later call may succeed. */
        REQUESTED,
        /** EC2 is launching it. */
        LAUNCHING,
        /** It is running; AMI Keeper waits for its status checks. */
        CHECKING,
        /** Its status checks passed; AMI Keeper waits for its command. */
        COMMANDING,
        /**
         * A drill has passed or failed; its instance is being terminated. What it reached tells
         * which: only a drill that passed has reached all that was asked for. A note tells nothing,
         * for a passed drill may have a remark, too.
         */
        ENDING,
        /** The server is back and has passed its checks. */
        PASSED,
        /** It did not come up. */
        FAILED
    }

    /**
     * What came of it. Everybody who shows, counts or judges restores asks this, and has a word for
     * each outcome.
     */
    public enum Outcome {
        /** Nobody knows yet. */
        UNDER_WAY,
        /** The server came up and passed its checks. */
        PASSED,
        /** It did not. */
        FAILED
    }

    /**
     * Returns the kind of restore that launched an instance with this tag; empty if AMI Keeper did
     * not launch it. The client token proves that: EC2 keeps the token of a launch, and nobody can
     * change it afterwards. Tags prove nothing, because anyone allowed to set tags can copy them to
     * any instance.
     *
     * @param tags of the instance
     * @param clientToken the client token of its launch
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html">Instance</a>
     */
    public static Optional<RestoreKind> launchedAs(
            Map<String, String> tags, Optional<String> clientToken) {
        String tag = tags.getOrDefault(ImageTags.RESTORE, "");
        Matcher parts = TAG.matcher(tag);
        if (clientToken.isEmpty() || !parts.matches()) {
            return Optional.empty();
        }
        String attempt = parts.group("attempt") == null ? "1" : parts.group("attempt");
        return clientToken.get().equals(token(parts.group("id"), attempt))
                ? Optional.of(
                        parts.group("kind").equals("drill")
                                ? RestoreKind.DRILL
                                : RestoreKind.LAUNCH)
                : Optional.empty();
    }

    /** Whether AMI Keeper launched this instance for a drill, proven by its client token. */
    public static boolean isDrill(Map<String, String> tags, Optional<String> clientToken) {
        return launchedAs(tags, clientToken).equals(Optional.of(RestoreKind.DRILL));
    }

    /** How much of an image was proven; each level includes the one before. */
    public enum ProofLevel {
        /** Nothing. */
        NONE,
        /** The instance ran. */
        LAUNCHED,
        /** EC2's status checks passed. */
        STATUS_CHECKS,
        /** The command succeeded. */
        COMMAND
    }

    /** Returns a newly requested restore. */
    public static Restore requested(
            String id,
            RestoreKind kind,
            Image image,
            Capsule as,
            Optional<String> command,
            Duration timeout,
            Instant now) {
        return new Restore(
                id,
                new Goal(kind, image.region(), image.name(), image.id().orElseThrow(), as, command),
                RestoreState.REQUESTED,
                new Try(
                        1,
                        kind == RestoreKind.REPLACE_ROOT
                                ? Optional.of(image.name().instance())
                                : Optional.empty(),
                        Optional.empty()),
                new Times(now, now, now.plus(timeout), Optional.empty()),
                ProofLevel.NONE,
                "",
                1);
    }

    /** The kind of restore. */
    public RestoreKind kind() {
        return goal.kind;
    }

    /** Where the server is restored. */
    public Region region() {
        return goal.region;
    }

    /** What the image is an image of. */
    public ImageName of() {
        return goal.of;
    }

    /** The image, in that Region. */
    public ImageId image() {
        return goal.image;
    }

    /** The settings that the server gets. */
    public Capsule as() {
        return goal.as;
    }

    /** The Systems Manager document that has to succeed on it. */
    public Optional<String> command() {
        return goal.command;
    }

    /** 1 for the first launch. */
    public int attempt() {
        return launch.attempt;
    }

    /** The restored server, once launched; for a replaced root volume, the living instance. */
    public Optional<InstanceId> instance() {
        return launch.instance;
    }

    /** When EC2 began to launch it. */
    public Optional<Instant> launched() {
        return launch.launched;
    }

    /** When it was requested. */
    public Instant asked() {
        return times.asked;
    }

    /** When this state began. */
    public Instant since() {
        return times.since;
    }

    /** Its deadline: if it has not passed by then, it has failed. */
    public Instant until() {
        return times.until;
    }

    /** When it passed or failed. */
    public Optional<Instant> ended() {
        return times.ended;
    }

    /** Whether nothing is left to be done. */
    public boolean isOver() {
        return switch (state) {
            case REQUESTED, LAUNCHING, CHECKING, COMMANDING, ENDING -> false;
            case PASSED, FAILED -> true;
        };
    }

    /** What came of it. This is known as soon as the instance of a drill is to be terminated. */
    public Outcome outcome() {
        return switch (state) {
            case REQUESTED, LAUNCHING, CHECKING, COMMANDING -> Outcome.UNDER_WAY;
            case ENDING -> reached == allAsked() ? Outcome.PASSED : Outcome.FAILED;
            case PASSED -> Outcome.PASSED;
            case FAILED -> Outcome.FAILED;
        };
    }

    /** The time from the request to the last check; empty if it has not passed. */
    public Optional<Duration> took() {
        return outcome() == Outcome.PASSED
                ? ended().map(end -> Duration.between(asked(), end))
                : Optional.empty();
    }

    /** The client token of this attempt; EC2 allows 64 ASCII characters. */
    public String token() {
        return token(id, Integer.toString(attempt()));
    }

    private static String token(String id, String attempt) {
        return Sha256.of(id + "/" + attempt);
    }

    /** The tag by which the instance of this attempt is found. */
    public String tag() {
        return attempt() == 1 ? id : id + "/" + attempt();
    }

    /** EC2 refused, but a later call may succeed. */
    public Restore waiting(String why) {
        return changed(draft -> draft.note = why);
    }

    /** EC2 will refuse until people act, so the deadline is extended to {@code later}. */
    public Restore waiting(String why, Instant later) {
        return changed(draft -> {
            draft.note = why;
            draft.times = times.untilThen(later);
        });
    }

    /** EC2 has begun to launch it. */
    public Restore launching(InstanceId launchedId, Instant now) {
        return next(
                RestoreState.LAUNCHING,
                now,
                draft ->
                        draft.launch =
                                new Try(attempt(), Optional.of(launchedId), Optional.of(now)));
    }

    /** It is running. */
    public Restore checking(Instant now) {
        return next(RestoreState.CHECKING, now, draft -> draft.reached = ProofLevel.LAUNCHED);
    }

    /** Its status checks passed; now a command has to succeed, too. */
    public Restore commanding(Instant now) {
        return next(
                RestoreState.COMMANDING, now, draft -> draft.reached = ProofLevel.STATUS_CHECKS);
    }

    /** All its checks passed. */
    public Restore passed(Instant now) {
        return passed("", now);
    }

    /** The proof that was asked for; only a restore that passed reaches it. */
    private ProofLevel allAsked() {
        return command().isPresent() ? ProofLevel.COMMAND : ProofLevel.STATUS_CHECKS;
    }

    /** All its checks passed, with this remark. */
    public Restore passed(String about, Instant now) {
        return next(
                kind() == RestoreKind.DRILL ? RestoreState.ENDING : RestoreState.PASSED,
                now,
                draft -> {
                    draft.times = draft.times.endedAt(now);
                    draft.reached = allAsked();
                    draft.note =
                            Stream.of(about, lacks())
                                    .filter(text -> !text.isEmpty())
                                    .collect(Collectors.joining("; "));
                });
    }

    /**
     * The volumes that its image leaves out. Replacing a root volume does not touch the other
     * volumes, so they are not mentioned then.
     */
    private String lacks() {
        return kind() == RestoreKind.REPLACE_ROOT || as().leftOut().isEmpty()
                ? ""
                : as().leftOut().stream()
                        .map(Capsule.Disk::text)
                        .collect(Collectors.joining(", ", "without ", ", which its image lacks"));
    }

    /** The allocation id of the Elastic IP address that the server gets once it is back. */
    public Optional<String> elasticIp() {
        return kind() == RestoreKind.LAUNCH ? as().addresses().elastic() : Optional.empty();
    }

    /** It did not come up. Anything that a drill may have launched is terminated. */
    public Restore failed(String why, Instant now) {
        return next(
                kind() == RestoreKind.DRILL ? RestoreState.ENDING : RestoreState.FAILED,
                now,
                draft -> {
                    draft.times = draft.times.endedAt(now);
                    draft.note = why;
                });
    }

    /** Only this record is left of a drill, which keeps its outcome and its note. */
    public Restore cleared(Instant now) {
        RestoreState last =
                switch (outcome()) {
                    case PASSED -> RestoreState.PASSED;
                    case FAILED -> RestoreState.FAILED;
                    case UNDER_WAY -> throw new IllegalStateException(id + " is " + state);
                };
        return next(last, now, draft -> draft.note = note);
    }

    /** Starts another attempt; whatever an earlier one launched is gone or has failed. */
    public Restore again(Duration timeout, Instant now) {
        return next(
                RestoreState.REQUESTED,
                now,
                draft -> {
                    draft.launch =
                            new Try(
                                    attempt() + 1,
                                    kind() == RestoreKind.REPLACE_ROOT
                                            ? instance()
                                            : Optional.empty(),
                                    Optional.empty());
                    draft.times = new Times(now, now, now.plus(timeout), Optional.empty());
                    draft.reached = ProofLevel.NONE;
                });
    }

    private Restore next(RestoreState newState, Instant now, Consumer<Draft> change) {
        return changed(draft -> {
            draft.state = newState;
            draft.times = times.sinceNow(now);
            draft.note = "";
            change.accept(draft);
        });
    }

    private Restore changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new Restore(
                id,
                goal,
                draft.state,
                draft.launch,
                draft.times,
                draft.reached,
                draft.note,
                version + 1);
    }

    /** The parts of the next record that can change. */
    private static final class Draft {
        private RestoreState state;
        private Try launch;
        private Times times;
        private ProofLevel reached;
        private String note;

        Draft(Restore restore) {
            state = restore.state;
            launch = restore.launch;
            times = restore.times;
            reached = restore.reached;
            note = restore.note;
        }
    }
}
