package dev.amikeeper.bench;

import dev.amikeeper.ec2.Pace;

import java.time.Duration;

/** The shortest time that EC2 allows for a number of calls in one Region, first to last. */
final class Bounds {
    private static final double MILLIS = 1000;

    private Bounds() {}

    /** The time by the token bucket alone, which is full at the first call. */
    static Duration byBucket(int calls, Pace.Call call) {
        return byBucketAndRoom(calls, call, Integer.MAX_VALUE, Duration.ZERO);
    }

    /**
     * The time by the bucket if, besides, no more than {@code most} may be under way at once, each
     * for as long as {@code takes}.
     */
    static Duration byBucketAndRoom(int calls, Pace.Call call, int most, Duration takes) {
        double[] starts = new double[calls];
        double tokens = call.size();
        double now = 0;
        for (int i = 0; i < calls; i++) {
            double room = i < most ? 0 : starts[i - most] + takes.toMillis() / MILLIS;
            double from = Math.max(now, room);
            tokens = Math.min(call.size(), tokens + (from - now) * call.refill());
            double wait = Math.max(0, 1 - tokens) / call.refill();
            now = from + wait;
            tokens += wait * call.refill() - 1;
            starts[i] = now;
        }
        return Duration.ofMillis(Math.round(now * MILLIS));
    }
}
