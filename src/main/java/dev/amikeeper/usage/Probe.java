package dev.amikeeper.usage;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;

/**
 * One place where something may use images. It reads a Region in pages, never once per image.
 *
 * @param name what it looks at, as {@code instances}: messages say it
 */
record Probe(String name, Look look) {
    /** How a probe looks at a Region. */
    interface Look {
        /** Adds each use that it finds. If it fails, what it has added still counts. */
        void at(Region region, Users users);
    }

    /** The same where EC2 may not know even the call: then there is nothing of the kind. */
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

    /** What it finds in the Region, or why it cannot say. */
    Usage.Report report(Region region, Instant at) {
        return Users.report(name, at, users -> look.at(region, users));
    }
}
