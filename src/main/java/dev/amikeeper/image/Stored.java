package dev.amikeeper.image;

import java.time.Instant;
import java.util.Optional;

/**
 * An image's way into S3. It is part of the image's record, and of the tombstone that the record
 * becomes. Nothing else says where the object is.
 *
 * @param object where it is or will be
 * @param attempt 1 for the first attempt
 * @param since when this state began
 * @param due when the attempt that it waits for is due
 * @param failedTask when EC2 began the last failed task; that failure has been handled
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
    /** How far it has come. */
    public enum StoredState {
        /** It will be stored as soon as it is due and EC2 has capacity. */
        WAITING,
        /** EC2 is storing it, or may be. */
        STORING,
        /** The object exists; what happens to it later is up to its bucket. */
        STORED,
        /** EC2 is creating the image again from the object. */
        FETCHING,
        /** It is not stored, and people have been told. */
        GIVEN_UP
    }

    /** Returns a way into S3 that waits for its turn. */
    public static Stored waiting(S3Object object, Instant now) {
        return waiting(object, Optional.empty(), now);
    }

    /**
     * Returns a way into S3 that waits for its turn and follows an earlier one, whose handled
     * failure must not count again.
     */
    public static Stored waiting(S3Object object, Optional<Stored> before, Instant now) {
        Optional<Instant> failed =
                before.filter(it -> it.object.equals(object)).flatMap(Stored::failedTask);
        return new Stored(object, StoredState.WAITING, 1, now, now, failed, "");
    }

    /** Whether there is still something to do for it. */
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

    /** Whether the image is being created again from it. */
    public boolean isFetching() {
        return state == StoredState.FETCHING;
    }

    /** Whether the object exists or may exist. */
    public boolean mayBeThere() {
        return switch (state) {
            case STORING, STORED, FETCHING -> true;
            case WAITING, GIVEN_UP -> false;
        };
    }

    /**
     * Adapts this to an image that came back with this id: EC2 cannot finish storing the former
     * image, so the new one waits for its turn.
     */
    public Stored of(ImageId id, Instant now) {
        return isOpen() && !object.image().equals(id)
                ? waiting(S3Object.of(object.bucket(), id), now)
                : this;
    }

    /** EC2 is about to be asked to store it. */
    public Stored storing(Instant now) {
        return next(StoredState.STORING, attempt, now, failedTask, "", now);
    }

    /** EC2 had no capacity for it; this attempt is still to come. */
    public Stored notNow(String why, Instant now) {
        return next(StoredState.WAITING, attempt, now, failedTask, why, now);
    }

    /**
     * This attempt failed; another one may begin at {@code next}.
     *
     * @param task when EC2 began the task that failed, if there was one
     */
    public Stored again(Instant next, Optional<Instant> task, String why, Instant now) {
        return next(StoredState.WAITING, attempt + 1, next, task.or(() -> failedTask), why, now);
    }

    /** The object exists. */
    public Stored done(Instant now) {
        return next(StoredState.STORED, attempt, now, Optional.empty(), "", now);
    }

    /** EC2 is creating the image again from the object. */
    public Stored fetching(Instant now) {
        return next(StoredState.FETCHING, attempt, now, Optional.empty(), "", now);
    }

    /** There will be no object, unless a person asks for it. */
    public Stored givenUp(Optional<Instant> task, String why, Instant now) {
        return next(StoredState.GIVEN_UP, attempt, now, task.or(() -> failedTask), why, now);
    }

    private Stored next(
            StoredState newState,
            int newAttempt,
            Instant newDue,
            Optional<Instant> task,
            String why,
            Instant now) {
        return new Stored(object, newState, newAttempt, now, newDue, task, why);
    }
}
