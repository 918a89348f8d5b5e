package dev.amikeeper;

import static org.mockito.AdditionalAnswers.delegatesTo;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;

import com.amazonaws.services.lambda.runtime.Context;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** Calls whose time is what a test says. */
public final class ShortContext {
    private ShortContext() {}

    /** Its time is asked for here, which is also a moment at which other things may happen. */
    public static Context of(Context context, IntSupplier milliseconds) {
        Context call = mock(Context.class, delegatesTo(context));
        doAnswer(_ -> milliseconds.getAsInt()).when(call).getRemainingTimeInMillis();
        return call;
    }

    /** Its time is over after so many questions for it. */
    public static Context after(int questions, Context context) {
        AtomicInteger left = new AtomicInteger(questions);
        return of(context, () -> left.getAndDecrement() > 0 ? 300_000 : 0);
    }
}
