package dev.amikeeper.operate;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Texts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.Map;

/**
 * Carries out orders about single images that come by events: to deregister, share, unshare, adopt
 * register or store one, or fetch it back. An order that is refused is announced.
 */
public final class OperateHandler implements RequestHandler<Map<String, Object>, OperateReport> {
    private static final Logger log = LoggerFactory.getLogger(OperateHandler.class);

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
        return Invocation.run(input, context, this::take);
    }

    private OperateReport take(Map<String, Object> input) {
        try {
            Event event = Event.of(input, app.clock().instant());
            if (!event.account().equals(app.settings().account())) {
                log.info("an event of account {} is not ours", Texts.quoted(event.account()));
                return new OperateReport(0, 0, 1, 0, "");
            }
            return carryOut(event);
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "OperateFunction", input, malformed, app.clock().instant());
            return new OperateReport(0, 0, 0, 1, "");
        }
    }

    private OperateReport carryOut(Event event) throws MalformedEventException {
        Order order = Orders.of(event);
        return switch (new Operations(app, event.time()).carryOut(order)) {
            case Outcome.Done(String text) -> done(text);
            case Outcome.Shown(String text) -> done(text);
            case Outcome.Refused(String text, List<String> because) ->
                    refused(event, order, text + ": " + String.join("; ", because));
        };
    }

    private static OperateReport done(String text) {
        log.info("{}", text);
        return new OperateReport(1, 0, 0, 0, text);
    }

    private OperateReport refused(Event event, Order order, String text) {
        log.warn("{}: {}", event.detailType(), text);
        app.catalog()
                .note(
                        Notice.event(
                                "operate/"
                                        + order.region()
                                        + "/"
                                        + order.subject()
                                        + "/"
                                        + event.detailType()
                                        + "/"
                                        + event.time(),
                                event.time(),
                                order.region() + ": " + event.detailType() + ": " + text,
                                "mend what is named, and ask again"));
        return new OperateReport(0, 1, 0, 0, text);
    }
}
