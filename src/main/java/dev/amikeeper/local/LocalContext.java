package dev.amikeeper.local;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;

/** What Lambda tells a function about its call. */
public final class LocalContext implements Context {
    private static final int USUAL_TIME = 300_000;
    private static final int USUAL_MEMORY = 1024;

    private final String function;
    private final String requestId;
    private final int memory;
    private final IntSupplier remaining;

    /** A call of this function whose remaining time never ends. */
    public LocalContext(String function, String requestId) {
        this(function, requestId, USUAL_MEMORY, () -> USUAL_TIME);
    }

    /**
     * A call of this function.
     *
     * @param memory in MB
     * @param remaining how many milliseconds are left
     */
    LocalContext(String function, String requestId, int memory, IntSupplier remaining) {
        this.function = function;
        this.requestId = requestId;
        this.memory = memory;
        this.remaining = remaining;
    }

    @Override
    public String getAwsRequestId() {
        return requestId;
    }

    @Override
    public String getLogGroupName() {
        return "/aws/lambda/" + function;
    }

    @Override
    public String getLogStreamName() {
        return "local";
    }

    @Override
    public String getFunctionName() {
        return function;
    }

    @Override
    public String getFunctionVersion() {
        return "$LATEST";
    }

    @Override
    public String getInvokedFunctionArn() {
        return "arn:aws:lambda:us-east-1:" + SimulatedCloud.ACCOUNT + ":function:" + function;
    }

    @Override
    public @Nullable CognitoIdentity getIdentity() {
        return null;
    }

    @Override
    public @Nullable ClientContext getClientContext() {
        return null;
    }

    @Override
    public int getRemainingTimeInMillis() {
        return remaining.getAsInt();
    }

    @Override
    public int getMemoryLimitInMB() {
        return memory;
    }

    @Override
    public LambdaLogger getLogger() {
        return new LambdaLogger() {
            @Override
            public void log(String message) {
                System.err.println(message);
            }

            @Override
            public void log(byte[] message) {
                log(new String(message, StandardCharsets.UTF_8));
            }
        };
    }
}
