package dev.amikeeper.usage;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;

/**
 * One place where something may use images. It reads a Region in pages, never once per image.
 *
 * @param name what it looks at, as {@code instances}; messages contain it
 */
record Probe(String name, Look look) {
    /** How a probe looks at a Region. */
    interface Look {
        /** Adds each use that it finds. If it fails, the uses already added still count. */
        void at(Region region, Users users);
    }

    /**
     * Returns this probe for services that EC2 may not support at all in a Region; then nothing
     * there can use images.
     */
    Probe whereOffered() {
        return new Probe(
                name,
                (region, users) -> {
                    try {
                        look.at(region, users);
                    } catch (SdkException error) {
                        if (Fault.of(error) != Fault.NO_SUCH_CALL) {
                            throw error;
                        }
                    }
                });
    }

    /** Returns what it finds in the Region, or why it cannot say. */
    Usage.Report report(Region region, Instant at) {
        return Users.report(name, at, users -> look.at(region, users));
    }
}
