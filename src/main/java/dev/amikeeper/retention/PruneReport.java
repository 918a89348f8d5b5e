package dev.amikeeper.retention;

import java.util.List;

/**
 * What a run did, or in a dry run, what it would do.
 *
 * @param kept images that stay
 * @param removed images gone for good, tombstones written
 * @param left images deregistered, with snapshots still to be deleted; the next run goes on
 * @param refused removals that EC2 refused; the next run tries again
 * @param calledOff removals that an earlier run began and that something speaks against now
 * @param postponed removals for which there was no time
 * @param blocked policies and Regions in which the breaker stopped every removal
 * @param unreadable Regions that could not be read; nothing was removed there
 * @param malformed 1 if the event could not be understood
 * @param dryRun whether nothing was changed
 * @param plan in a dry run, a line for each image, those first that would not just stay
 * @param unlisted lines of the plan that did not fit
 */
public record PruneReport(
        int kept,
        int removed,
        int left,
        int refused,
        int calledOff,
        int postponed,
        int blocked,
        int unreadable,
        int malformed,
        boolean dryRun,
        List<Line> plan,
        int unlisted) {
    public PruneReport {
        plan = List.copyOf(plan);
    }

    /** What is to become of one image, and why. */
    public record Line(
            String region,
            String policy,
            String instance,
            String slot,
            String image,
            String verdict,
            List<String> reasons) {
        public Line {
            reasons = List.copyOf(reasons);
        }
    }
}
