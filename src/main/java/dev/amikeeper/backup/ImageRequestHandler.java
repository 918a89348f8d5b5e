package dev.amikeeper.backup;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.event.Trail;
import dev.amikeeper.image.Trigger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Images instances on an event: a tag was set, an instance stopped, or somebody asked. The event's
 * time is the slot, so a repeated event asks for the same image.
 */
public final class ImageRequestHandler
        implements RequestHandler<Map<String, Object>, RequestReport> {
    private static final Logger log = LoggerFactory.getLogger(ImageRequestHandler.class);
    private static final RequestReport NOTHING_ASKED =
            new RequestReport(Counts.once(RequestReport.RequestCount.IGNORED));

    private static final String FUNCTION = "RequestFunction";

    private final Application app;

    /** Called by Lambda. */
    public ImageRequestHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public ImageRequestHandler(Application app) {
        this.app = app;
    }

    @Override
    public RequestReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation(FUNCTION)
                .run(
                        input,
                        context,
                        event -> take(event, context),
                        _ -> new RequestReport(Counts.once(RequestReport.RequestCount.MALFORMED)));
    }

    private RequestReport take(Map<String, Object> input, Context context)
            throws MalformedEventException {
        Event event = Event.of(input, app.clock().instant());
        Optional<BackupPlan.ImageRequest> request =
                isOfACommand(event) ? Optional.empty() : ImageRequests.of(event);
        Optional<String> foreign = event.foreign(app.settings().account());
        boolean ordered = request.filter(it -> it.trigger() == Trigger.REQUESTED).isPresent();
        if (ordered) {
            return ordered(event, request.get(), foreign, Trail.of(event, context));
        }
        if (foreign.isPresent()) {
            log.info("an event is not ours: {}", foreign.get());
            return NOTHING_ASKED;
        }
        if (isOfACommand(event)) {
            goOnAfterCommand(event);
            return NOTHING_ASKED;
        }
        return request.map(it -> app.requests().take(it, event.time())).orElse(NOTHING_ASKED);
    }

    /**
     * The time of an order is the clock's. Its slot is the event's time, because an event may come
     * twice.
     */
    private RequestReport ordered(
            Event event, BackupPlan.ImageRequest request, Optional<String> foreign, Trail trail) {
        Instant now = app.clock().instant();
        if (foreign.isPresent()) {
            Rejected.foreign(app.catalog(), FUNCTION, event, trail, foreign.get(), now);
            return new RequestReport(Counts.once(RequestReport.RequestCount.REFUSED));
        }
        log.info("{}: images of {}", trail, request.instances());
        return app.requests().take(request, now);
    }

    private static boolean isOfACommand(Event event) {
        return event.source().equals("aws.ssm");
    }

    /** A command before or after an image may have ended. */
    private void goOnAfterCommand(Event event) {
        Optional<String> instance = event.text("instance-id");
        boolean isOurs =
                app.catalog().freezes(event.region()).stream()
                        .anyMatch(it -> instance.equals(Optional.of(it.name().instance().value())));
        if (isOurs) {
            app.kicks().create(event.region(), event.time());
        }
    }
}
