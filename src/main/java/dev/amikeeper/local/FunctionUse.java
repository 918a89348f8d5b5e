package dev.amikeeper.local;

import java.util.Optional;

/**
 * How a function was used.
 *
 * @param memory the function's memory in MB
 * @param calls how often it was called
 * @param coldStarts how many of the calls had to start an environment
 * @param failures how many of the calls failed, those that ran out of time included
 * @param timeouts how many of the calls ran out of time
 * @param billedMillis the time of all calls with their cold starts, each rounded up. Computing
 *     takes no virtual time, so this is how long they waited for others.
 * @param mostAtOnce how many calls there were at once
 */
public record FunctionUse(
        int memory,
        int calls,
        int coldStarts,
        int failures,
        int timeouts,
        long billedMillis,
        int mostAtOnce) {
    /** What Lambda bills for it, in GB-seconds. */
    public double gigabyteSeconds() {
        return billedMillis / 1000.0 * memory / 1024;
    }

    /** What was used since an earlier reading; {@code mostAtOnce} is that of the whole time. */
    public FunctionUse since(Optional<FunctionUse> before) {
        return before.map(then ->
                        new FunctionUse(
                                memory,
                                calls - then.calls,
                                coldStarts - then.coldStarts,
                                failures - then.failures,
                                timeouts - then.timeouts,
                                billedMillis - then.billedMillis,
                                mostAtOnce))
                .orElse(this);
    }
}
