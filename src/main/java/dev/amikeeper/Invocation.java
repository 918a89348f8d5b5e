package dev.amikeeper;

import static software.amazon.lambda.powertools.logging.argument.StructuredArguments.entry;

import com.amazonaws.services.lambda.runtime.Context;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.lambda.powertools.logging.PowertoolsLogging;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.MetricsFactory;
import software.amazon.lambda.powertools.metrics.model.MetricUnit;

import java.lang.reflect.RecordComponent;
import java.util.function.Supplier;

/** One call of a function: its report is the answer, a log line and the metrics at once. */
public final class Invocation {
    private static final Logger log = LoggerFactory.getLogger(Invocation.class);

    private Invocation() {}

    /** Runs a handler's work and tells its report; every number in it becomes a metric. */
    public static <R extends Record> R run(Context context, Supplier<R> work) {
        return PowertoolsLogging.withLogging(
                context,
                () -> {
                    R report = work.get();
                    log.info("done", entry("report", report.toString()));
                    measure(report);
                    return report;
                });
    }

    private static void measure(Record report) {
        Metrics metrics = MetricsFactory.getMetricsInstance();
        metrics.setRaiseOnEmptyMetrics(false);
        try {
            for (RecordComponent component : report.getClass().getRecordComponents()) {
                if (component.getAccessor().invoke(report) instanceof Integer count) {
                    metrics.addMetric(component.getName(), count, MetricUnit.COUNT);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a report is a public record", e);
        } finally {
            metrics.flush();
        }
    }
}
