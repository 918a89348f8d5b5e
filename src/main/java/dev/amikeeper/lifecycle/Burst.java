package dev.amikeeper.lifecycle;

import java.time.Duration;

/**
 * How a worker spends its bucket's tokens: in bursts. A worker that waited for each token would be
 * billed for the time, and one that came back for each token would read a lot for little. While it
 * is away the bucket fills, and it comes back before the bucket overflows, so no token is lost.
 *
 * @param size how many tokens the bucket holds
 * @param refill tokens per second
 */
public record Burst(int size, double refill) {
    /** A bucket that is half full again this soon needs no other worker to look after it. */
    private static final Duration SOON = Duration.ofSeconds(3);

    /** Nor does one that lacks so few tokens, if this worker is likely to be the next one, too. */
    private static final int FEW = 10;

    /**
     * What follows when a worker ends.
     *
     * @param kick whether to kick the next worker
     * @param hold how long the next worker must wait; zero if it may begin at once
     */
    public record Next(boolean kick, Duration hold) {
        static final Next NOTHING = new Next(false, Duration.ZERO);
        static final Next AT_ONCE = new Next(true, Duration.ZERO);

        /** Kicks the next worker, and has it wait this long, rounded up to whole seconds. */
        static Next in(Duration time) {
            return new Next(
                    true, Duration.ofSeconds(Math.max(1, time.plusNanos(999_999_999).toSeconds())));
        }
    }

    /** How many tokens a bucket is assumed to hold if nobody says so. */
    public double assumed() {
        return size / 2.0;
    }

    /**
     * How many calls to make now; 0 if it is better to come again later.
     *
     * @param waiting for how many calls there is work
     */
    public int now(double tokens, int waiting) {
        int most = (int) Math.min(Math.floor(tokens), waiting);
        return most < Math.min(worthwhile(), waiting) ? 0 : most;
    }

    /** A burst reads something for all its calls together, so it should have many of them. */
    private int worthwhile() {
        return size / 4;
    }

    /**
     * What follows when the worker ends with this many tokens left. As long as the bucket is
     * clearly less than half full, some worker looks after it and tells the next one its level. So
     * a worker that is told nothing can count on half a bucket; if a few tokens are missing after
     * all, EC2 refuses a call or two, and they are repeated.
     *
     * @param waiting for how many calls there is work
     * @param lasts whether this worker was called before. Lambda is likely to call it again then,
     *     and it remembers the level
     */
    public Next after(double tokens, int waiting, boolean lasts) {
        if (waiting > 0) {
            return now(tokens, waiting) > 0
                    ? Next.AT_ONCE
                    : Next.in(time(Math.min(assumed(), waiting) - tokens));
        }
        double missing = assumed() - tokens;
        boolean isFine = time(missing).compareTo(SOON) <= 0 || (lasts && missing <= FEW);
        return isFine ? Next.NOTHING : Next.in(time(missing));
    }

    private Duration time(double tokens) {
        return Duration.ofMillis((long) Math.ceil(Math.max(0, tokens) * 1000 / refill));
    }
}
