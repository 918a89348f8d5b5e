package dev.amikeeper;

import static software.amazon.lambda.powertools.logging.argument.StructuredArguments.entry;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.event.Kick;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.lambda.powertools.logging.PowertoolsLogging;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.MetricsFactory;
import software.amazon.lambda.powertools.metrics.model.DimensionSet;
import software.amazon.lambda.powertools.metrics.model.MetricUnit;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/** One call of a function. Its report becomes the response, a log line, and the metrics. */
public final class Invocation {
    private static final Logger log = LoggerFactory.getLogger(Invocation.class);

    /**
     * The part of its function's time, in milliseconds, that a call leaves for work then in
     * progress.
     */
    private static final int RESERVE = 30_000;

    private final Catalog catalog;
    private final InstantSource clock;
    private final String function;

    /** A call of the function of this name. */
    Invocation(Catalog catalog, InstantSource clock, String function) {
        this.catalog = catalog;
        this.clock = clock;
        this.function = function;
    }

    /** What a handler does with its event. */
    public interface HandlerWork<R> {
        R on(Map<String, Object> event) throws MalformedEventException;
    }

    /**
     * Runs a handler's work and reports it. An event that the handler cannot understand is
     * recorded.
     *
     * @param input null if the function was called without an event
     * @param malformed the report on an event that cannot be understood
     */
    public <R extends FunctionReport<?>> R run(
            @Nullable Map<String, Object> input,
            Context context,
            HandlerWork<R> work,
            Function<MalformedEventException, R> malformed) {
        Map<String, Object> event = input == null ? Map.of() : input;
        return run(
                context,
                () -> {
                    try {
                        return work.on(event);
                    } catch (MalformedEventException why) {
                        Rejected.record(catalog, function, event, why, clock.instant());
                        return malformed.apply(why);
                    }
                });
    }

    /**
     * Runs the work that a batch of kicks asks for and reports it. A message that is not a kick is
     * recorded.
     *
     * @param input null if the function was called without an event
     */
    public <R extends FunctionReport<?>> R run(
            @Nullable SQSEvent input, Context context, Function<Kick.Batch, R> work) {
        return run(context, () -> work.apply(kicks(input)));
    }

    private Kick.Batch kicks(@Nullable SQSEvent input) {
        try {
            Kick.Batch batch = Kick.batch(input);
            for (String why : batch.malformed()) {
                Rejected.record(catalog, function, why, why, clock.instant());
            }
            return batch;
        } catch (MalformedEventException malformed) {
            String why = String.valueOf(malformed.getMessage());
            Rejected.record(catalog, function, String.valueOf(input), why, clock.instant());
            return new Kick.Batch(List.of(), List.of(why));
        }
    }

    /** Whether there is time to start something. */
    public static BooleanSupplier timeLeft(Context context) {
        return () -> context.getRemainingTimeInMillis() > RESERVE;
    }

    /**
     * Runs a handler's work and reports it. Each count becomes a metric, and so do its {@link
     * Measures}, with their own dimensions.
     */
    private static <R extends FunctionReport<?>> R run(Context context, Supplier<R> work) {
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
                    // These replace the function's name.
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
