package dev.amikeeper.backup;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;

import java.time.Instant;
import java.util.Map;

/**
 * Every five minutes: takes the slots that are due, then sends people the notices that are waiting.
 */
public final class ScheduleHandler implements RequestHandler<Map<String, Object>, ScheduleReport> {
    private final Application app;

    /** Called by Lambda. */
    public ScheduleHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public ScheduleHandler(Application app) {
        this.app = app;
    }

    @Override
    public ScheduleReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("ScheduleFunction")
                .run(
                        input,
                        context,
                        this::tick,
                        _ ->
                                new ScheduleReport(
                                        Counts.once(ScheduleReport.ScheduleCount.MALFORMED)));
    }

    private ScheduleReport tick(Map<String, Object> input) throws MalformedEventException {
        Instant now = Event.of(input, app.clock().instant()).time();
        ScheduleReport report = app.tick(now).run();
        new Unreadables(app.catalog()).tell(now);
        app.announcements().publish();
        return report;
    }
}
