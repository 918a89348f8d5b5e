package dev.amikeeper.store;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;

import java.time.Instant;
import java.util.Map;

/** Every hour: stores images in S3 that are old enough, and follows those being stored. */
public final class StoreHandler implements RequestHandler<Map<String, Object>, StoreReport> {
    private final Application app;

    /** Called by Lambda. */
    public StoreHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public StoreHandler(Application app) {
        this.app = app;
    }

    @Override
    public StoreReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("StoreFunction")
                .run(
                        input,
                        context,
                        event -> store(event, context),
                        _ -> new StoreReport(Counts.once(StoreReport.StoreCount.MALFORMED)));
    }

    private StoreReport store(Map<String, Object> input, Context context)
            throws MalformedEventException {
        Instant now = Event.of(input, app.clock().instant()).time();
        StoreReport report =
                new Stores(
                                app.catalog(),
                                app.images().reads(),
                                app.images().starts(),
                                app.policies(),
                                now,
                                Invocation.timeLeft(context))
                        .run();
        new Unreadables(app.catalog()).tell(now);
        return report;
    }
}
