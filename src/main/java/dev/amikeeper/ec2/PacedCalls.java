package dev.amikeeper.ec2;

import dev.amikeeper.image.Region;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;

import java.util.function.Consumer;
import java.util.function.Function;

/** Calls EC2 in any Region at its pace. The classes for images share it. */
final class PacedCalls {
    /**
     * How often a throttled call is tried. EC2 may count other callers' calls against the same
     * bucket, so waiting helps.
     */
    private static final int THROTTLED_TRIES = 5;

    private final Function<Region, Ec2Client> ec2;
    private final Pace pace;

    PacedCalls(Function<Region, Ec2Client> ec2, Pace pace) {
        this.ec2 = ec2;
        this.pace = pace;
    }

    /** The client of a Region, for calls without a bucket of their own. */
    Ec2Client client(Region region) {
        return ec2.apply(region);
    }

    /**
     * Makes a call when its bucket allows, and repeats it if others have used up the bucket.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    <T> T paced(Region region, Pace.Call call, Function<Ec2Client, T> make) {
        for (int tried = 1; ; tried++) {
            pace.take(region, call);
            try {
                return make.apply(ec2.apply(region));
            } catch (SdkException error) {
                if (Fault.of(error) != Fault.THROTTLED || tried == THROTTLED_TRIES) {
                    throw error;
                }
                pace.empty(region, call);
            }
        }
    }

    /** Like {@link #paced}, for a call whose result does not matter. */
    void made(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        paced(
                region,
                call,
                client -> {
                    change.accept(client);
                    return true;
                });
    }

    /**
     * Makes a call when its bucket allows, without repeating it.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    void once(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        pace.take(region, call);
        try {
            change.accept(ec2.apply(region));
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.THROTTLED) {
                pace.empty(region, call);
            }
            throw error;
        }
    }

    /** The bucket of a call that was never made starts half full, and fills from now on. */
    void expect(Region region, Pace.Call call) {
        pace.set(region, call, pace.tokens(region, call));
    }

    /** Whether this call can be made now without a wait. */
    boolean hasToken(Region region, Pace.Call call) {
        return pace.tokens(region, call) >= 1;
    }

    /** The bucket has had the time to fill. */
    void fill(Region region, Pace.Call call) {
        pace.set(region, call, call.size());
    }

    /** EC2 said that the bucket is empty. */
    void empty(Region region, Pace.Call call) {
        pace.empty(region, call);
    }
}
