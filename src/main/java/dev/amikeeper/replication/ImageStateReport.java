package dev.amikeeper.replication;

/** What came of a state event: each count is 0 or 1. */
public record ImageStateReport(
        int available, int again, int failed, int changedByOthers, int ignored, int malformed) {
    static ImageStateReport of(Settlement.Step step) {
        return switch (step) {
            case AVAILABLE -> new ImageStateReport(1, 0, 0, 0, 0, 0);
            case AGAIN -> new ImageStateReport(0, 1, 0, 0, 0, 0);
            case FAILED -> new ImageStateReport(0, 0, 1, 0, 0, 0);
            case CHANGED_BY_OTHERS -> new ImageStateReport(0, 0, 0, 1, 0, 0);
            case NOTHING -> new ImageStateReport(0, 0, 0, 0, 1, 0);
        };
    }

    static ImageStateReport ofMalformed() {
        return new ImageStateReport(0, 0, 0, 0, 0, 1);
    }
}
