package dev.amikeeper;

import java.util.AbstractMap;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one call of a function did: counts, which become metrics, and details. Lambda writes what a
 * handler returns as JSON. A report is a map, so its counts and details become the fields of one
 * flat object.
 *
 * @param <C> what is counted
 */
public abstract class FunctionReport<C extends Enum<C>> extends AbstractMap<String, Object> {
    private final Counts<C> counts;
    private final Map<String, Object> answer;

    /** A report without details. */
    protected FunctionReport(Counts<C> counts) {
        this(counts, Map.of());
    }

    /**
     * A report with details.
     *
     * @param details the details by their names in JSON
     */
    protected FunctionReport(Counts<C> counts, Map<String, Object> details) {
        this.counts = counts.copy();
        answer = new LinkedHashMap<>(counts.named());
        answer.putAll(details);
    }

    /** How often this happened. */
    public final int count(C what) {
        return counts.of(what);
    }

    /** All counts by their names. */
    public final Map<String, Integer> counts() {
        return counts.named();
    }

    /** Metrics that have dimensions of their own instead of the function's name. */
    public List<Measures> measures() {
        return List.of();
    }

    @Override
    public final Set<Map.Entry<String, Object>> entrySet() {
        return Collections.unmodifiableMap(answer).entrySet();
    }
}
