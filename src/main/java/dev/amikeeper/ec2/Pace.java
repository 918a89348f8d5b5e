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
 * Keeps calls within EC2's token buckets, per Region and call. A queue's message group has one
 * worker at a time, so a local bucket is enough. It starts half full, because the slice before may
 * have run on another machine. Sizes and refill rates are those of the EC2 API throttling page.
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

        /** The permission that the call needs, as {@code ec2:CreateImage}. */
        String permission() {
            return Stream.of(name().split("_", -1))
                    .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining("", "ec2:", ""));
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
     * Waits until the call may be made: at most one second once the burst is used up, or ten
     * seconds for storing an image in S3 or bringing it back.
     */
    public synchronized void take(Region region, Call call) {
        Key key = new Key(region, call);
        Instant now = clock.instant();
        Bucket bucket = buckets.getOrDefault(key, new Bucket(call.size / 2.0, now));
        double seconds = Math.max(0, Duration.between(bucket.at, now).toNanos() / 1e9);
        double tokens = Math.min(call.size, bucket.tokens + seconds * call.refill);
        if (tokens < 1) {
            Duration wait = Duration.ofMillis((long) Math.ceil((1 - tokens) * 1000 / call.refill));
            pause.accept(wait);
            buckets.put(key, new Bucket(0, now.plus(wait)));
        } else {
            buckets.put(key, new Bucket(tokens - 1, now));
        }
    }

    /** EC2 says that its bucket is empty, so this one must be empty, too. */
    public synchronized void empty(Region region, Call call) {
        buckets.put(new Key(region, call), new Bucket(0, clock.instant()));
    }
}
