package dev.amikeeper;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** A call whose time is what a test says. */
public final class ShortContext implements Context {
    private final Context context;
    private final IntSupplier milliseconds;

    /** Its time is asked for here, which is also a moment at which other things may happen. */
    public ShortContext(Context context, IntSupplier milliseconds) {
        this.context = context;
        this.milliseconds = milliseconds;
    }

    /** Its time is over after so many questions for it. */
    public static ShortContext after(int questions, Context context) {
        AtomicInteger left = new AtomicInteger(questions);
        return new ShortContext(context, () -> left.getAndDecrement() > 0 ? 300_000 : 0);
    }

    @Override
    public int getRemainingTimeInMillis() {
        return milliseconds.getAsInt();
    }

    @Override
    public String getAwsRequestId() {
        return context.getAwsRequestId();
    }

    @Override
    public String getLogGroupName() {
        return context.getLogGroupName();
    }

    @Override
    public String getLogStreamName() {
        return context.getLogStreamName();
    }

    @Override
    public String getFunctionName() {
        return context.getFunctionName();
    }

    @Override
    public String getFunctionVersion() {
        return context.getFunctionVersion();
    }

    @Override
    public String getInvokedFunctionArn() {
        return context.getInvokedFunctionArn();
    }

    @Override
    public @Nullable CognitoIdentity getIdentity() {
        return context.getIdentity();
    }

    @Override
    public @Nullable ClientContext getClientContext() {
        return context.getClientContext();
    }

    @Override
    public int getMemoryLimitInMB() {
        return context.getMemoryLimitInMB();
    }

    @Override
    public LambdaLogger getLogger() {
        return context.getLogger();
    }
}
