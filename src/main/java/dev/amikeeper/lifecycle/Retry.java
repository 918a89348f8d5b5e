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

/**
 * Makes AMI Keeper try again to create images that it gave up. A person asks for this after fixing
 * the cause.
 */
public final class Retry {
    /** An image made much later than its slot would lie about its time. */
    public static final Duration WITHIN = Duration.ofHours(24);

    private final Catalog catalog;
    private final Kicks kicks;
    private final Policies policies;
    private final Instant now;

    /** How the retry ended. The text is for a person. */
    public sealed interface RetryResult {
        String text();

        /** The image waits for its next try. */
        record Again(String text) implements RetryResult {}

        /** The image stays as it is. */
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

    /** Schedules another try of the image, due at once. */
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
        // EC2 identifies a copy by the token of its try, so only a new token makes a new copy.
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
