package dev.amikeeper.image;

import java.time.Instant;
import java.util.Optional;

/**
 * An image's way into S3: part of its record, and of the tombstone that its record becomes. Nothing
 * else says where the object is.
 *
 * @param object where it is, or is to be
 * @param attempt 1 for the first try
 * @param since when this state began
 * @param due of one that waits, when its try is due
 * @param failedTask when EC2 began the last task that failed: that one is dealt with
 * @param note why it waits or was given up; empty if there is nothing to say
 */
public record Stored(
        S3Object object,
        StoredState state,
        int attempt,
        Instant since,
        Instant due,
        Optional<Instant> failedTask,
        String note) {
    /** How far it is. */
    public enum StoredState {
        /** It is to be stored, as soon as it is due and there is room. */
        WAITING,
        /** EC2 is, or may be, at work on it. */
        STORING,
        /** The object is there; what becomes of it later is its bucket's affair. */
        STORED,
        /** EC2 is making the image again of the object. */
        FETCHING,
        /** It is not stored, and people were told. */
        GIVEN_UP
    }

    /** It waits for its turn. */
    public static Stored waiting(S3Object object, Instant now) {
        return waiting(object, Optional.empty(), now);
    }

    /** The same, after this: a failure that is dealt with is not to count once more. */
    public static Stored waiting(S3Object object, Optional<Stored> before, Instant now) {
        Optional<Instant> failed =
                before.filter(it -> it.object.equals(object)).flatMap(Stored::failedTask);
        return new Stored(object, StoredState.WAITING, 1, now, now, failed, "");
    }

    /** Whether something is still to be done about it. */
    public boolean isOpen() {
        return switch (state) {
            case WAITING, STORING -> true;
            case STORED, FETCHING, GIVEN_UP -> false;
        };
    }

    /** Whether EC2 may be reading its snapshots. */
    public boolean isUnderWay() {
        return state == StoredState.STORING;
    }

    /** Whether the image is being made again of it. */
    public boolean isFetching() {
        return state == StoredState.FETCHING;
    }

    /** Whether there is, or may be, an object. */
    public boolean mayBeThere() {
        return switch (state) {
            case STORING, STORED, FETCHING -> true;
            case WAITING, GIVEN_UP -> false;
        };
    }

    /**
     * The same, of an image that came back with this id: what EC2 has not finished with the one
     * before it, it will not finish with this one.
     */
    public Stored of(ImageId id, Instant now) {
        return isOpen() && !object.image().equals(id)
                ? waiting(S3Object.of(object.bucket(), id), now)
                : this;
    }

    /** EC2 is about to be asked. */
    public Stored storing(Instant now) {
        return next(StoredState.STORING, attempt, now, failedTask, "", now);
    }

    /** EC2 had no room for it: this try is still to come. */
    public Stored notNow(String why, Instant now) {
        return next(StoredState.WAITING, attempt, now, failedTask, why, now);
    }

    /**
     * This try failed; another one may begin at {@code next}.
     *
     * @param task when EC2 began the task that failed, if there was one
     */
    public Stored again(Instant next, Optional<Instant> task, String why, Instant now) {
        return next(StoredState.WAITING, attempt + 1, next, task.or(() -> failedTask), why, now);
    }

    /** The object is there. */
    public Stored done(Instant now) {
        return next(StoredState.STORED, attempt, now, Optional.empty(), "", now);
    }

    /** EC2 is making the image again of the object. */
    public Stored fetching(Instant now) {
        return next(StoredState.FETCHING, attempt, now, Optional.empty(), "", now);
    }

    /** There will be no object, unless a person asks for it. */
    public Stored givenUp(Optional<Instant> task, String why, Instant now) {
        return next(StoredState.GIVEN_UP, attempt, now, task.or(() -> failedTask), why, now);
    }

    private Stored next(
            StoredState newState,
            int itsAttempt,
            Instant itsDue,
            Optional<Instant> task,
            String why,
            Instant now) {
        return new Stored(object, newState, itsAttempt, now, itsDue, task, why);
    }
}
