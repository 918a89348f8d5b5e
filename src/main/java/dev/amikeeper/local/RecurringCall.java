package dev.amikeeper.local;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A schedule of a play: what to call, and when to call it next. */
public final class RecurringCall {
    /** Orders calls by their next time. */
    public static final Comparator<RecurringCall> BY_TIME = Comparator.comparing(RecurringCall::at);

    private final UnaryOperator<Instant> following;
    private final Consumer<Instant> call;
    private Instant at;

    /**
     * Calls at this time and then whenever {@code following} says.
     *
     * @param following gives the next time after each call
     */
    public RecurringCall(Instant first, UnaryOperator<Instant> following, Consumer<Instant> call) {
        this.following = following;
        this.call = call;
        at = first;
    }

    /** Calls at this time and then at equal intervals. */
    public static RecurringCall every(Duration interval, Instant first, Consumer<Instant> call) {
        return new RecurringCall(first, at -> at.plus(interval), call);
    }

    /** When it calls next. */
    public Instant at() {
        return at;
    }

    /** Calls now, passing the time at which the call was due. */
    public void call() {
        call.accept(at);
        at = following.apply(at);
    }
}
