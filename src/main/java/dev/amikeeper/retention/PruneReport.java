package dev.amikeeper.retention;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run did or, in a dry run, what it would do. */
public final class PruneReport extends FunctionReport<PruneReport.PruneCount> {
    /** What is counted. */
    public enum PruneCount {
        /** Images that stay. */
        KEPT,

        /** Images on their way out whose next step is not due yet. */
        WAITING,

        /** Images that would move one step if a person approved the plan. */
        AWAITING,

        /** Images that were given a deprecation date. */
        DEPRECATED,

        /** Images that were disabled and are removed after their dwell. */
        DISABLED,

        /** Images that are gone for good and have a tombstone. */
        REMOVED,

        /**
         * Images that are deregistered but have snapshots left to delete; the next run continues.
         */
        LEFT,

        /** Steps that EC2 refused; the next run tries again. */
        REFUSED,

        /** Images on their way out that something now keeps, so they were brought back. */
        CALLED_OFF,

        /** Steps for which there was no time. */
        POSTPONED,

        /** Policies for which the breaker stopped every removal step. */
        BLOCKED,

        /** Regions that could not be read; nothing was removed there. */
        UNREADABLE,

        /** 1 if the event could not be understood. */
        MALFORMED,

        /** Lines of the plan that did not fit. */
        UNLISTED
    }

    /** Lambda's response is limited to 6 MB. */
    private static final int LINES = 2000;

    private final boolean dryRun;
    private final String problem;
    private final List<Summary> policies;
    private final List<PruneLine> plan;

    PruneReport(
            Counts<PruneCount> counts,
            boolean dryRun,
            String problem,
            List<Summary> policies,
            List<PruneLine> plan) {
        super(counts, details(dryRun, problem, policies, plan));
        this.dryRun = dryRun;
        this.problem = problem;
        this.policies = List.copyOf(policies);
        this.plan = List.copyOf(plan);
    }

    /**
     * The report of a run.
     *
     * @param problem what is wrong with the given approval; empty if nothing is
     * @param plan a line for each image; as many as fit are shown
     */
    static PruneReport of(
            PruneRun run, String problem, List<Summary> policies, List<PruneLine> plan) {
        List<PruneLine> shown =
                plan.stream()
                        .sorted(Comparator.comparing(line -> line.verdict().equals("keep")))
                        .limit(LINES)
                        .toList();
        run.counts().add(PruneCount.UNLISTED, plan.size() - shown.size());
        return new PruneReport(run.counts(), run.dryRun(), problem, policies, shown);
    }

    /** Whether this was a dry run, which changes nothing. */
    public boolean dryRun() {
        return dryRun;
    }

    /** What is wrong with the given approval; empty if nothing is. */
    public String problem() {
        return problem;
    }

    /** For each policy, the digest that an approval would name. */
    public List<Summary> policies() {
        return policies;
    }

    /** In a dry run, a line for each image; images that do not simply stay come first. */
    public List<PruneLine> plan() {
        return plan;
    }

    private static Map<String, Object> details(
            boolean dryRun, String problem, List<Summary> policies, List<PruneLine> plan) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("dryRun", dryRun);
        details.put("problem", problem);
        details.put("policies", List.copyOf(policies));
        details.put("plan", List.copyOf(plan));
        return details;
    }

    /**
     * The plan of one policy.
     *
     * @param digest what an approval names
     * @param alarms why nothing is removed without approval
     * @param former what exists in Regions that the policy no longer names
     */
    public record Summary(String policy, String digest, List<String> alarms, List<String> former) {
        public Summary {
            alarms = List.copyOf(alarms);
            former = List.copyOf(former);
        }
    }

    /**
     * What happens to one image, and why.
     *
     * @param next what happens to it next
     * @param at when that happens; empty if unknown
     * @param evidence for images that would be removed, what each probe answered and when
     */
    public record PruneLine(
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
        public PruneLine {
            reasons = List.copyOf(reasons);
            evidence = List.copyOf(evidence);
        }
    }
}
