package dev.amikeeper;

import static software.amazon.lambda.powertools.logging.argument.StructuredArguments.entry;

import com.amazonaws.services.lambda.runtime.Context;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.lambda.powertools.logging.PowertoolsLogging;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.MetricsFactory;
import software.amazon.lambda.powertools.metrics.model.DimensionSet;
import software.amazon.lambda.powertools.metrics.model.MetricUnit;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** One call of a function: its report is the answer, a log line and the metrics at once. */
public final class Invocation {
    private static final Logger log = LoggerFactory.getLogger(Invocation.class);

    private Invocation() {}

    /**
     * As below.
     *
     * @param input null if the function was called without an event
     */
    public static <R extends Record> R run(
            @Nullable Map<String, Object> input,
            Context context,
            Function<Map<String, Object>, R> work) {
        return run(context, () -> work.apply(input == null ? Map.of() : input));
    }

    /**
     * Runs a handler's work and tells its report; every number in it becomes a metric, and all
     * {@link Measures} with their dimensions.
     */
    public static <R extends Record> R run(Context context, Supplier<R> work) {
        return PowertoolsLogging.withLogging(
                context,
                () -> {
                    R report = work.get();
                    Map<String, Integer> counts = counts(report);
                    log.info("done", entry("report", counts));
                    measure(context.getFunctionName(), counts);
                    measures(report).forEach(Invocation::measure);
                    return report;
                });
    }

    private static Map<String, Integer> counts(Record report) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        try {
            for (RecordComponent component : report.getClass().getRecordComponents()) {
                if (component.getAccessor().invoke(report) instanceof Integer count) {
                    counts.put(component.getName(), count);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a report is a public record", e);
        }
        return counts;
    }

    /** The lists of {@link Measures} in a report. */
    private static List<Measures> measures(Record report) {
        List<Measures> found = new ArrayList<>();
        try {
            for (RecordComponent component : report.getClass().getRecordComponents()) {
                if (component.getAccessor().invoke(report) instanceof List<?> list) {
                    list.stream()
                            .filter(Measures.class::isInstance)
                            .map(Measures.class::cast)
                            .forEach(found::add);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a report is a public record", e);
        }
        return found;
    }

    private static void measure(Measures measures) {
        MetricsFactory.getMetricsInstance()
                .flushMetrics(metrics -> {
                    // In the place of the function's name.
                    metrics.setDefaultDimensions(DimensionSet.of(measures.dimensions()));
                    measures.values()
                            .forEach((name, value) ->
                                    metrics.addMetric(
                                            name,
                                            value,
                                            name.endsWith("Seconds")
                                                    ? MetricUnit.SECONDS
                                                    : MetricUnit.COUNT));
                });
    }

    private static void measure(String function, Map<String, Integer> counts) {
        Metrics metrics = MetricsFactory.getMetricsInstance();
        metrics.setDefaultDimensions(DimensionSet.of("Function", function));
        metrics.setRaiseOnEmptyMetrics(false);
        try {
            counts.forEach((name, count) -> metrics.addMetric(name, count, MetricUnit.COUNT));
        } finally {
            metrics.flush();
        }
    }
}
