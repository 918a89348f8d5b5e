package dev.amikeeper.lifecycle;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.queue.Kicks;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;

/** Has images tried once more that were given up. Asked for by a person, who mended the cause. */
public final class Retry {
    /** An image that is made much later than its slot would lie about its time. */
    public static final Duration WITHIN = Duration.ofHours(24);

    private final Catalog catalog;
    private final Kicks kicks;
    private final Policies policies;
    private final Instant now;

    /** How it ended; the text is for a person. */
    public sealed interface RetryResult {
        String text();

        /** It waits for its next try. */
        record Again(String text) implements RetryResult {}

        /** It stays as it is. */
        record NotRetried(String text) implements RetryResult {}
    }

    public Retry(Catalog catalog, Kicks kicks, Policies policies, Instant now) {
        this.catalog = catalog;
        this.kicks = kicks;
        this.policies = policies;
        this.now = now;
    }

    /** All images that were given up, by Region, oldest slot first. */
    public List<Image> givenUp() {
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        return regions.stream()
                .flatMap(region ->
                        catalog
                                .work(region, Work.GIVEN_UP, Instant.MAX, Integer.MAX_VALUE)
                                .stream())
                .toList();
    }

    /** Whether a home image's slot is too long ago. */
    public boolean isTooLate(Image image) {
        return isTooLate(image, now);
    }

    static boolean isTooLate(Image image, Instant now) {
        return !image.isCopy() && image.name().slot().time().plus(WITHIN).isBefore(now);
    }

    /** Lets an image wait for one more try, which is due at once. */
    public RetryResult of(Image image) {
        if (image.state() != ImageState.FAILED) {
            return new RetryResult.NotRetried(
                    image.region()
                            + ": "
                            + image.name()
                            + " was not given up: it is "
                            + word(image));
        }
        if (image.adopted() && !image.isCopy()) {
            return new RetryResult.NotRetried(
                    image.region()
                            + ": "
                            + image.name()
                            + " stays given up: it was to be made of an image or of snapshots that"
                            + " were there, not of the instance; order that again");
        }
        if (isTooLate(image)) {
            return new RetryResult.NotRetried(
                    image.region()
                            + ": "
                            + image.name()
                            + " stays given up: its slot is more than 24 h ago, and an image made"
                            + " now would lie about its time; set the tag amikeeper:request on "
                            + image.name().instance()
                            + " instead");
        }
        // EC2 knows a copy by a token of its try: only a new one is a new copy.
        Image again = image.again(now, "tried again by hand", now);
        if (!catalog.save(Change.of(image, again))) {
            return new RetryResult.NotRetried(
                    image.region() + ": " + image.name() + " has changed meanwhile; look again");
        }
        if (image.isCopy()) {
            kicks.copy(image.region(), now);
        } else {
            kicks.create(image.region(), now);
        }
        return new RetryResult.Again(
                image.region() + ": " + image.name() + " waits for try " + again.attempt());
    }

    private static String word(Image image) {
        return image.state().name().toLowerCase(Locale.ROOT);
    }
}
