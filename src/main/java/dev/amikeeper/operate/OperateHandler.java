package dev.amikeeper.operate;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.event.Trail;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Carries out orders that come by events or direct calls: to deregister, share, unshare, adopt,
 * register or store an image, fetch it back, or unshare all of them. An order that is refused is
 * announced.
 */
public final class OperateHandler implements RequestHandler<Map<String, Object>, OperateReport> {
    private static final Logger log = LoggerFactory.getLogger(OperateHandler.class);

    private static final String FUNCTION = "OperateFunction";

    /** Time for the call under way, and to tell what is left. */
    private static final int RESERVE = 30_000;

    private final Application app;

    /** As Lambda makes it. */
    public OperateHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public OperateHandler(Application app) {
        this.app = app;
    }

    @Override
    public OperateReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, event -> take(event, context));
    }

    private OperateReport take(Map<String, Object> input, Context context) {
        Instant now = app.clock().instant();
        try {
            Event event = Event.of(input);
            Trail trail = Trail.of(event, context);
            Optional<String> foreign = event.foreign(app.settings().account());
            if (foreign.isPresent()) {
                Rejected.foreign(app.catalog(), FUNCTION, event, trail, foreign.get(), now);
                return new OperateReport(0, 1, 0, foreign.get());
            }
            return carryOut(event, trail, now, () -> context.getRemainingTimeInMillis() > RESERVE);
        } catch (MalformedEventException malformed) {
            Rejected.record(app.catalog(), FUNCTION, input, malformed, now);
            return new OperateReport(0, 0, 1, String.valueOf(malformed.getMessage()));
        }
    }

    /** The time of an order is the clock's: an event's text could say any other. */
    private OperateReport carryOut(Event event, Trail trail, Instant now, BooleanSupplier moreTime)
            throws MalformedEventException {
        Order order = Orders.of(event, app.settings().home(), trail);
        return switch (new Operations(app, now, moreTime).carryOut(order)) {
            case OrderResult.Done(String text) -> done(trail, text);
            case OrderResult.Shown(String text) -> done(trail, text);
            case OrderResult.Refused(String text, List<String> because) ->
                    refused(event, order, trail, now, text + ": " + String.join("; ", because));
        };
    }

    private static OperateReport done(Trail trail, String text) {
        log.info("{}: {}", trail, text);
        return new OperateReport(1, 0, 0, text);
    }

    private OperateReport refused(Event event, Order order, Trail trail, Instant now, String text) {
        log.warn("{}: {}: {}", trail, event.detailType(), text);
        app.catalog()
                .note(
                        Notice.event(
                                Trouble.OPERATE.in(
                                        order.region(),
                                        order.subject()
                                                + "/"
                                                + event.detailType()
                                                + "/"
                                                + trail.key()),
                                now,
                                order.region()
                                        + ": "
                                        + event.detailType()
                                        + ": "
                                        + text
                                        + "; it was "
                                        + trail,
                                "mend what is named, and ask again"));
        return new OperateReport(0, 1, 0, text);
    }
}
