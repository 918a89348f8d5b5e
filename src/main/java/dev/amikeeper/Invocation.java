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
    public static <R extends FunctionReport<?>> R run(
            @Nullable Map<String, Object> input,
            Context context,
            Function<Map<String, Object>, R> work) {
        return run(context, () -> work.apply(input == null ? Map.of() : input));
    }

    /**
     * Runs a handler's work and tells its report. Each count becomes a metric, and so do its {@link
     * Measures}, with their own dimensions.
     */
    public static <R extends FunctionReport<?>> R run(Context context, Supplier<R> work) {
        return PowertoolsLogging.withLogging(
                context,
                () -> {
                    R report = work.get();
                    Map<String, Integer> counts = report.counts();
                    log.info("done", entry("report", counts));
                    measure(context.getFunctionName(), counts);
                    report.measures().forEach(Invocation::measure);
                    return report;
                });
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
