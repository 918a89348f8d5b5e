package dev.amikeeper.sweep;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Every 15 minutes: compares the catalogue with EC2 in every Region and closes every gap that lost
 * events, lost kicks, crashes and people left. {@code {"dryRun": true}} only counts them.
 */
public final class SweepHandler implements RequestHandler<Map<String, Object>, SweepReport> {
    /** What a run leaves of its function's time, in milliseconds: for the call under way. */
    private static final int RESERVE = 30_000;

    private final Application app;

    /** As Lambda makes it. */
    public SweepHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public SweepHandler(Application app) {
        this.app = app;
    }

    @Override
    public SweepReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, event -> sweep(event, context));
    }

    private SweepReport sweep(Map<String, Object> input, Context context) {
        try {
            // A person calls it with {"dryRun": true} and nothing else.
            Instant now =
                    input.containsKey("source") || input.containsKey("time")
                            ? Event.of(input, app.clock().instant()).time()
                            : app.clock().instant();
            boolean dryRun = Boolean.TRUE.equals(input.get("dryRun"));
            return new Sweep(app, now, dryRun, () -> context.getRemainingTimeInMillis() > RESERVE)
                    .run();
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "SweepFunction", input, malformed, app.clock().instant());
            return new SweepReport(Counts.once(SweepReport.Count.MALFORMED), false, List.of());
        }
    }
}
