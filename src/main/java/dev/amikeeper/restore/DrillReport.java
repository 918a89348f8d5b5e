package dev.amikeeper.restore;

/**
 * What a run of drills began.
 *
 * @param begun drills
 * @param overBudget policies whose budget of this month is used up
 * @param malformed events that could not be read
 */
public record DrillReport(int begun, int overBudget, int malformed) {}
