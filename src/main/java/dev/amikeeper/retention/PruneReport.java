package dev.amikeeper.retention;

import java.util.List;

/**
 * What a run did, or in a dry run, what it would do.
 *
 * @param kept images that stay
 * @param waiting images on their way out for which it is not time yet
 * @param awaiting images that would go a step if a person approved the plan
 * @param deprecated images that got their date of deprecation
 * @param disabled images disabled, to be removed after their dwell
 * @param removed images gone for good, tombstones written
 * @param left images deregistered, with snapshots still to be deleted; the next run goes on
 * @param refused steps that EC2 refused; the next run tries again
 * @param calledOff images on their way out that something keeps now, brought back
 * @param postponed steps for which there was no time
 * @param blocked policies for which the breaker stopped every step that takes images away
 * @param unreadable Regions that could not be read; nothing was removed there
 * @param malformed 1 if the event could not be understood
 * @param dryRun whether nothing was changed
 * @param problem what is wrong with the approval that was given; empty if nothing is
 * @param policies for each policy, what an approval would name
 * @param plan in a dry run, a line for each image, those first that would not just stay
 * @param unlisted lines of the plan that did not fit
 */
public record PruneReport(
        int kept,
        int waiting,
        int awaiting,
        int deprecated,
        int disabled,
        int removed,
        int left,
        int refused,
        int calledOff,
        int postponed,
        int blocked,
        int unreadable,
        int malformed,
        boolean dryRun,
        String problem,
        List<Summary> policies,
        List<Line> plan,
        int unlisted) {
    public PruneReport {
        policies = List.copyOf(policies);
        plan = List.copyOf(plan);
    }

    /**
     * The plan of one policy.
     *
     * @param digest what an approval names
     * @param alarms why nothing is taken away without one
     * @param former what is in Regions that the policy does not name any more
     */
    public record Summary(String policy, String digest, List<String> alarms, List<String> former) {
        public Summary {
            alarms = List.copyOf(alarms);
            former = List.copyOf(former);
        }
    }

    /**
     * What is to become of one image, and why.
     *
     * @param next what happens to it next
     * @param at when; empty if that is not known
     * @param evidence of images that would go, what each probe answered and when
     */
    public record Line(
            String region,
            String policy,
            String instance,
            String slot,
            String image,
            String verdict,
            List<String> reasons,
            String next,
            String at,
            List<String> evidence) {
        public Line {
            reasons = List.copyOf(reasons);
            evidence = List.copyOf(evidence);
        }
    }
}
