package dev.amikeeper.replication;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.lifecycle.ImageProgress;

/**
 * What came of a state event: each count is 0 or 1.
 *
 * @param keys it failed for a KMS key that cannot be used; that counts besides
 */
public record ImageStateReport(
        int available,
        int again,
        int failed,
        int changedByOthers,
        int keys,
        int ignored,
        int malformed) {
    static ImageStateReport of(ImageProgress.Step step) {
        return switch (step) {
            case AVAILABLE -> new ImageStateReport(1, 0, 0, 0, 0, 0, 0);
            case AGAIN -> new ImageStateReport(0, 1, 0, 0, 0, 0, 0);
            case FAILED -> new ImageStateReport(0, 0, 1, 0, 0, 0, 0);
            case CHANGED_BY_OTHERS -> new ImageStateReport(0, 0, 0, 1, 0, 0, 0);
            case NOTHING -> new ImageStateReport(0, 0, 0, 0, 0, 1, 0);
        };
    }

    static ImageStateReport ofMalformed() {
        return new ImageStateReport(0, 0, 0, 0, 0, 0, 1);
    }

    /** The same, of a failure for this reason. */
    ImageStateReport because(String why) {
        return again + failed > 0 && Fault.isOfAKmsKey(why)
                ? new ImageStateReport(
                        available, again, failed, changedByOthers, 1, ignored, malformed)
                : this;
    }
}
