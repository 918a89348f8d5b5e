package dev.amikeeper.store;

/**
 * What a run did about images on their way into S3.
 *
 * @param begun EC2 took them on
 * @param stored their objects are there now
 * @param underWay EC2 is at work on them
 * @param waiting they wait: for room, for their next try, or for what a person is told
 * @param failed tries that failed; there will be another one
 * @param givenUp they stay out of S3, and people are told
 * @param unreadable Regions that did not answer
 * @param malformed events that could not be understood
 */
public record StoreReport(
        int begun,
        int stored,
        int underWay,
        int waiting,
        int failed,
        int givenUp,
        int unreadable,
        int malformed) {}
