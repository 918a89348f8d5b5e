package dev.amikeeper.local;

import java.time.Duration;

/**
 * What the template gives a function.
 *
 * @param memory in MB
 * @param timeout how long a call may take
 */
public record FunctionSize(int memory, Duration timeout) {
    /** The template's size of the function of this name. */
    public static FunctionSize of(String function) {
        return switch (function) {
            case "PruneFunction" -> new FunctionSize(1024, Duration.ofMinutes(15));
            case "SweepFunction" -> new FunctionSize(1024, Duration.ofMinutes(10));
            case "OperateFunction" -> new FunctionSize(2048, Duration.ofMinutes(5));
            default -> new FunctionSize(1024, Duration.ofMinutes(5));
        };
    }
}
