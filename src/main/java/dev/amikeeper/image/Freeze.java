package dev.amikeeper.image;

import java.time.Instant;
import java.util.Optional;

/**
 * A server that one command has prepared for its image, for example by freezing its file systems,
 * and that a second command must release. The record is written before the first command is sent
 * and ends when the second one has run, whatever became of the image. It holds everything that the
 * release needs, because the policy may change in the meantime.
 *
 * @param name of the image; with the Region, its identity
 * @param attempt the attempt to create the image that it belongs to
 * @param before the first command; the image must have been started before its time limit ends
 * @param after the second command; empty if there is none
 * @param since when the first command was to be sent
 * @param sent when the last command was to be sent
 * @param sends how often the second command was to be sent
 * @param early whether the second command was sent before the first one had ended
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
    /** How far it has come. */
    public enum FreezeState {
        /** The first command is running, or has ended and the image is about to be started. */
        FREEZING,
        /** The second command is running. */
        THAWING
    }

    /** Returns a new freeze for this image. */
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

    /** When the server is released, whatever is still to be done. */
    public Instant until() {
        return since.plus(before.within());
    }

    /** The first command has to be sent again, because no earlier one can be found. */
    public Freeze again(Instant now) {
        return new Freeze(
                name, region, attempt, state, before, after, since, now, sends, early, version + 1);
    }

    /** The second command has to be sent, for the first time or again. */
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

    /** The comment by which the first command is found again: Run Command has no client token. */
    public String beforeComment() {
        return comment("before");
    }

    /** The comment by which the second command is found again. */
    public String afterComment() {
        return comment("after") + "." + sends;
    }

    /**
     * At most 100 characters; the time distinguishes it from an earlier freeze for the same image.
     */
    private String comment(String which) {
        return "amikeeper %s %s %s %d"
                .formatted(which, name.policy(), name.slot(), since.getEpochSecond());
    }
}
