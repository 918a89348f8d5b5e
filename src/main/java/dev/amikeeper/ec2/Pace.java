package dev.amikeeper.ec2;

import dev.amikeeper.image.Region;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps calls within EC2's token buckets, per Region and call. A bucket starts half full unless
 * {@link #set} says what it holds, because the slice before may have run on another machine.
 *
 * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html">Request
 *     throttling for the Amazon EC2 API</a>
 */
public final class Pace {
    /** The calls with their own buckets: the bucket's size, and its refill in tokens per second. */
    public enum Call {
        CREATE_IMAGE(50, 5),
        REGISTER_IMAGE(50, 5),
        COPY_IMAGE(100, 1),
        ENABLE_IMAGE(50, 5),
        DISABLE_IMAGE(50, 5),
        ENABLE_IMAGE_DEPRECATION(50, 5),
        ENABLE_IMAGE_DEREGISTRATION_PROTECTION(50, 5),
        DISABLE_IMAGE_DEREGISTRATION_PROTECTION(50, 5),
        DEREGISTER_IMAGE(100, 5),
        DELETE_SNAPSHOT(100, 5),
        MODIFY_IMAGE_ATTRIBUTE(100, 5),
        MODIFY_SNAPSHOT_ATTRIBUTE(100, 5),
        CREATE_IMAGE_USAGE_REPORT(50, 5),
        CREATE_STORE_IMAGE_TASK(50, 0.1),
        CREATE_RESTORE_IMAGE_TASK(50, 0.1),
        CREATE_TAGS(100, 10),
        DELETE_TAGS(100, 10),
        RUN_INSTANCES(5, 2),
        TERMINATE_INSTANCES(100, 5),
        DISABLE_IMAGE_DEPRECATION(50, 5),
        DESCRIBE_IMAGE_ATTRIBUTE(100, 20),
        DESCRIBE_IMAGE_REFERENCES(100, 20);

        private final int size;
        private final double refill;

        Call(int size, double refill) {
            this.size = size;
            this.refill = refill;
        }

        /** How many calls a burst can have. */
        public int size() {
            return size;
        }

        /** Tokens per second. */
        public double refill() {
            return refill;
        }

        /** EC2's name of the call, as {@code CreateImage}. */
        public String action() {
            return Stream.of(name().split("_", -1))
                    .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining());
        }

        /** The permission that the call needs, as {@code ec2:CreateImage}. */
        String permission() {
            return "ec2:" + action();
        }
    }

    private record Key(Region region, Call call) {}

    private record Bucket(double tokens, Instant at) {}

    private final Map<Key, Bucket> buckets = new HashMap<>();
    private final InstantSource clock;
    private final Consumer<Duration> pause;

    /**
     * Creates a pace that uses this clock.
     *
     * @param pause waits for a while
     */
    public Pace(InstantSource clock, Consumer<Duration> pause) {
        this.clock = clock;
        this.pause = pause;
    }

    /**
     * Takes a token, and waits until the bucket has it: at most one second once the burst is used
     * up, or ten seconds for storing an image in S3 or bringing it back; longer if several callers
     * wait. Nobody else is held up meanwhile.
     */
    public void take(Region region, Call call) {
        Duration wait = reserve(new Key(region, call));
        if (wait.isPositive()) {
            pause.accept(wait);
        }
    }

    /** A bucket of less than nothing belongs to callers that wait for their tokens already. */
    private synchronized Duration reserve(Key key) {
        Instant now = clock.instant();
        double tokens = tokens(key, now) - 1;
        buckets.put(key, new Bucket(tokens, now));
        return time(-tokens, key.call);
    }

    /** Returns the tokens that the bucket holds now; below zero if callers wait for theirs. */
    public synchronized double tokens(Region region, Call call) {
        return tokens(new Key(region, call), clock.instant());
    }

    /** Sets what the bucket holds now, as its last user left it. */
    public synchronized void set(Region region, Call call, double tokens) {
        buckets.put(
                new Key(region, call), new Bucket(Math.min(call.size, tokens), clock.instant()));
    }

    /** Whether this call was made here before, so that its bucket's level is remembered. */
    public synchronized boolean remembers(Region region, Call call) {
        return buckets.containsKey(new Key(region, call));
    }

    /** The bucket holds no more than this now, as somebody says who has used it. */
    public synchronized void atMost(Region region, Call call, double tokens) {
        Instant now = clock.instant();
        Key key = new Key(region, call);
        double known = buckets.containsKey(key) ? tokens(key, now) : call.size;
        buckets.put(key, new Bucket(Math.min(known, tokens), now));
    }

    /** Returns how long it takes until the bucket holds this many tokens; zero if it does. */
    public synchronized Duration until(Region region, Call call, double tokens) {
        return time(tokens - tokens(region, call), call);
    }

    /** EC2 says that its bucket is empty, so this one must be empty, too. */
    public synchronized void empty(Region region, Call call) {
        Instant now = clock.instant();
        Key key = new Key(region, call);
        buckets.put(key, new Bucket(Math.min(0, tokens(key, now)), now));
    }

    private double tokens(Key key, Instant now) {
        Bucket bucket = buckets.getOrDefault(key, new Bucket(key.call.size / 2.0, now));
        double seconds = Math.max(0, Duration.between(bucket.at, now).toNanos() / 1e9);
        return Math.min(key.call.size, bucket.tokens + seconds * key.call.refill);
    }

    /** How long this many tokens take to come, rounded up to whole milliseconds. */
    private static Duration time(double tokens, Call call) {
        return Duration.ofMillis((long) Math.ceil(Math.max(0, tokens) * 1000 / call.refill));
    }
}
