package dev.amikeeper.restore;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a call of RestoreFunction did. */
public final class RestoreReport extends FunctionReport<RestoreReport.RestoreCount> {
    /** What is counted. */
    public enum RestoreCount {
        /** Restores that were requested and are new. */
        REQUESTED,

        /** Restores and drills that were in progress. */
        FOLLOWED,

        /** Restores and drills in progress that passed. */
        PASSED,

        /** Restores and drills in progress that failed. */
        FAILED,

        /** Requests that could not be fulfilled. */
        REFUSED,

        /** Events that could not be read. */
        MALFORMED
    }

    private final String problem;
    private final List<String> plan;

    RestoreReport(
            Counts<RestoreCount> counts, String problem, List<String> restores, List<String> plan) {
        super(counts, details(problem, restores, plan));
        this.problem = problem;
        this.plan = List.copyOf(plan);
    }

    static RestoreReport refused(String why, List<String> plan) {
        return new RestoreReport(Counts.once(RestoreCount.REFUSED), why, List.of(), plan);
    }

    static RestoreReport ofMalformed(String why) {
        return new RestoreReport(Counts.once(RestoreCount.MALFORMED), why, List.of(), List.of());
    }

    /** Why a request was refused or could not be read; empty if neither happened. */
    public String problem() {
        return problem;
    }

    /** The plan of the restore that was requested, line by line. */
    public List<String> plan() {
        return plan;
    }

    private static Map<String, Object> details(
            String problem, List<String> restores, List<String> plan) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("problem", problem);
        details.put("restores", List.copyOf(restores));
        details.put("plan", List.copyOf(plan));
        return details;
    }
}
