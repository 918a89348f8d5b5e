package dev.amikeeper.restore;

import java.util.List;

/**
 * What a call of RestoreFunction did.
 *
 * @param requested restores that were asked for and are new
 * @param followed restores and drills that were under way
 * @param passed of these, how many passed
 * @param failed of these, how many failed
 * @param refused requests that could not be met
 * @param malformed events that could not be read
 * @param problem why a request was refused, or could not be read; empty if it was not
 * @param restores the ids of the restores that a request is about
 * @param plan what the restore that was asked for would be, line by line
 */
public record RestoreReport(
        int requested,
        int followed,
        int passed,
        int failed,
        int refused,
        int malformed,
        String problem,
        List<String> restores,
        List<String> plan) {
    public RestoreReport {
        restores = List.copyOf(restores);
        plan = List.copyOf(plan);
    }

    static RestoreReport refused(String why, List<String> plan) {
        return new RestoreReport(0, 0, 0, 0, 1, 0, why, List.of(), plan);
    }

    static RestoreReport ofMalformed(String why) {
        return new RestoreReport(0, 0, 0, 0, 0, 1, why, List.of(), List.of());
    }
}
