package dev.amikeeper.operate;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.event.Trail;
import dev.amikeeper.retention.Planner;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Carries out orders that come by events or direct calls: to deregister, share, unshare, adopt,
 * register, or store an image, to fetch it back, or to unshare all images. If an order is refused,
 * people are told.
 */
public final class OperateHandler implements RequestHandler<Map<String, Object>, OperateReport> {
    private static final Logger log = LoggerFactory.getLogger(OperateHandler.class);

    private static final String FUNCTION = "OperateFunction";

    private final Application app;

    /** Called by Lambda. */
    public OperateHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public OperateHandler(Application app) {
        this.app = app;
    }

    @Override
    public OperateReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation(FUNCTION)
                .run(
                        input,
                        context,
                        event -> take(event, context),
                        malformed ->
                                new OperateReport(
                                        Counts.once(OperateReport.OperateCount.MALFORMED),
                                        String.valueOf(malformed.getMessage())));
    }

    private OperateReport take(Map<String, Object> input, Context context)
            throws MalformedEventException {
        Instant now = app.clock().instant();
        Event event = Event.of(input);
        Trail trail = Trail.of(event, context);
        Optional<String> foreign = event.foreign(app.settings().account());
        if (foreign.isPresent()) {
            Rejected.foreign(app.catalog(), FUNCTION, event, trail, foreign.get(), now);
            return new OperateReport(
                    Counts.once(OperateReport.OperateCount.REFUSED), foreign.get());
        }
        return carryOut(event, trail, now, Invocation.timeLeft(context));
    }

    /** The time of an order is the clock's, because the text of an event could give any other. */
    private OperateReport carryOut(Event event, Trail trail, Instant now, BooleanSupplier moreTime)
            throws MalformedEventException {
        Order order = Orders.of(event, app.settings().home(), trail);
        return switch (carryOut(order, now, moreTime)) {
            case OrderResult.Done(String text) -> done(trail, text);
            case OrderResult.Preview(String text) -> done(trail, text);
            case OrderResult.Declined(String text, List<String> because) ->
                    refused(event, order, trail, now, text + ": " + String.join("; ", because));
        };
    }

    /** Carries out an order, however long it takes. */
    public OrderResult carryOut(Order order, Instant now) {
        return carryOut(order, now, () -> true);
    }

    /**
     * Carries out an order, or says why not. An order may be repeated.
     *
     * @param moreTime whether an order that takes many steps may start another
     * @throws SdkException if EC2 does not answer; the order may then be tried again
     */
    public OrderResult carryOut(Order order, Instant now, BooleanSupplier moreTime) {
        try {
            return switch (order) {
                case Order.Deregister deregister -> deregistration(deregister, now).of(deregister);
                case Order.Share share -> sharing().of(share);
                case Order.Adopt adopt ->
                        new Adoption(
                                        app.catalog(),
                                        app.images().reads(),
                                        app.images().starts(),
                                        app.policies(),
                                        now)
                                .of(adopt);
                case Order.Store store ->
                        new Storage(
                                        app.catalog(),
                                        app.images().reads(),
                                        app.images().starts(),
                                        app.policies(),
                                        now)
                                .of(store);
                case Order.Fetch fetch ->
                        new Fetching(app.catalog(), app.images(), app.policies(), now).of(fetch);
                case Order.Unshare unshare -> sharing().of(unshare);
                case Order.UnshareAll all ->
                        new Unsharing(
                                        app.catalog(),
                                        app.images().reads(),
                                        app.images().changes(),
                                        app.policies(),
                                        all,
                                        moreTime)
                                .outcome();
                case Order.Register register -> registration(now).of(register);
                case Order.RegisterAgain again -> registration(now).of(again);
            };
        } catch (UnreadableItemException left) {
            return OrderResult.refused(
                    order.subject() + " is left alone", String.valueOf(left.getMessage()));
        }
    }

    private Deregistration deregistration(Order.Deregister order, Instant now) {
        return new Deregistration(
                app.catalog(),
                app.images().reads(),
                app.policies(),
                app.planner(new Planner.PlannerRun(now, !order.dryRun(), _ -> {})),
                app.removal(now, order.by()));
    }

    private ManualSharing sharing() {
        return new ManualSharing(
                app.catalog(), app.images().reads(), app.images().changes(), app.policies());
    }

    private Registration registration(Instant now) {
        return new Registration(
                app.catalog(),
                app.images(),
                app.instances(),
                app.policies(),
                app.progress(),
                app.sources(),
                now);
    }

    private static OperateReport done(Trail trail, String text) {
        log.info("{}: {}", trail, text);
        return new OperateReport(Counts.once(OperateReport.OperateCount.DONE), text);
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
                                "fix what is named, and ask again"));
        return new OperateReport(Counts.once(OperateReport.OperateCount.REFUSED), text);
    }
}
