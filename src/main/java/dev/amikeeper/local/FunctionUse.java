package dev.amikeeper.local;

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
}
