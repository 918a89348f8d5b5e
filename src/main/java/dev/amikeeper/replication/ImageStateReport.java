package dev.amikeeper.replication;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.lifecycle.ImageProgress;

/** What became of a state event. Each count is 0 or 1. */
public final class ImageStateReport extends FunctionReport<ImageStateReport.ImageStateCount> {
    /** What is counted. */
    public enum ImageStateCount {
        /** The image is available. */
        AVAILABLE,

        /** The image failed in EC2 and will be tried again. */
        AGAIN,

        /** The image failed in EC2 for good. */
        FAILED,

        /** Somebody else disabled or deregistered the image. */
        CHANGED_BY_OTHERS,

        /**
         * The image failed in EC2 because a KMS key cannot be used; counted in addition to AGAIN or
         * FAILED.
         */
        KEYS,

        /** The event does not matter to AMI Keeper. */
        IGNORED,

        /** The event could not be understood. */
        MALFORMED
    }

    private ImageStateReport(Counts<ImageStateCount> counts) {
        super(counts);
    }

    /**
     * Counts one event.
     *
     * @param why EC2's reason for a failure; empty if there is none
     */
    static ImageStateReport of(ImageProgress.Step step, String why) {
        Counts<ImageStateCount> counts =
                switch (step) {
                    case AVAILABLE -> Counts.once(ImageStateCount.AVAILABLE);
                    case AGAIN -> Counts.once(ImageStateCount.AGAIN);
                    case FAILED -> Counts.once(ImageStateCount.FAILED);
                    case CHANGED_BY_OTHERS -> Counts.once(ImageStateCount.CHANGED_BY_OTHERS);
                    case NOTHING -> Counts.once(ImageStateCount.IGNORED);
                };
        if (counts.of(ImageStateCount.AGAIN) + counts.of(ImageStateCount.FAILED) > 0
                && Fault.isOfAKmsKey(why)) {
            counts.add(ImageStateCount.KEYS);
        }
        return new ImageStateReport(counts);
    }

    /** A report on an event that nothing was done about. */
    static ImageStateReport ofIgnored() {
        return new ImageStateReport(Counts.once(ImageStateCount.IGNORED));
    }

    static ImageStateReport ofMalformed() {
        return new ImageStateReport(Counts.once(ImageStateCount.MALFORMED));
    }
}
