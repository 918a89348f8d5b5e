package dev.amikeeper.image;

import java.time.Instant;
import java.util.Optional;

/**
 * A server that a command has made ready for its image, as by freezing its file systems, and that
 * another command is to let go again. It is recorded before the first command is sent and ends when
 * the second one has run, whatever became of the image. It holds what it needs for that: the policy
 * may change meanwhile.
 *
 * @param name of the image; with the Region, its identity
 * @param attempt the image's try that it is for
 * @param before the first command; by the end of its time the image must have been started
 * @param after the second command; empty if there is none
 * @param since when the first command was to be sent
 * @param sent when the last command was to be sent
 * @param sends how often the second command was to be sent
 * @param early whether the first command had not ended when the second one was sent
 * @param version counts the changes of this record
 */
public record Freeze(
        ImageName name,
        Region region,
        int attempt,
        FreezeState state,
        ServerCommand before,
        Optional<ServerCommand> after,
        Instant since,
        Instant sent,
        int sends,
        boolean early,
        long version) {
    /** How far it is. */
    public enum FreezeState {
        /** The first command is under way, or has ended and the image is to be started. */
        FREEZING,
        /** The second command is under way. */
        THAWING
    }

    /** One that begins. */
    public static Freeze of(
            Image intent, ServerCommand before, Optional<ServerCommand> after, Instant now) {
        return new Freeze(
                intent.name(),
                intent.region(),
                intent.attempt(),
                FreezeState.FREEZING,
                before,
                after,
                now,
                now,
                0,
                false,
                1);
    }

    /** When the server is let go, whatever is still to be done. */
    public Instant until() {
        return since.plus(before.within());
    }

    /** The first command is to be sent once more: nobody knows of an earlier one. */
    public Freeze again(Instant now) {
        return new Freeze(
                name, region, attempt, state, before, after, since, now, sends, early, version + 1);
    }

    /** The second command is to be sent, for the first time or once more. */
    public Freeze thawing(boolean isEarly, Instant now) {
        return new Freeze(
                name,
                region,
                attempt,
                FreezeState.THAWING,
                before,
                after,
                since,
                now,
                sends + 1,
                isEarly,
                version + 1);
    }

    /** By this the first command is found again: Run Command knows no client token. */
    public String beforeComment() {
        return comment("before");
    }

    /** By this the second command is found again. */
    public String afterComment() {
        return comment("after") + "." + sends;
    }

    /** At most 100 characters; the time tells it from an earlier one of the same image. */
    private String comment(String which) {
        return "amikeeper %s %s %s %d"
                .formatted(which, name.policy(), name.slot(), since.getEpochSecond());
    }
}
