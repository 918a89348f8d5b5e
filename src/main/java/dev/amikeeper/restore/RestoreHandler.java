package dev.amikeeper.restore;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.event.Trail;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Texts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Carries out requests for restores, and moves restores and drills forward: whenever an instance
 * that one of them launched changes its state, and every five minutes.
 */
public final class RestoreHandler implements RequestHandler<Map<String, Object>, RestoreReport> {
    private static final Logger log = LoggerFactory.getLogger(RestoreHandler.class);

    private static final String FUNCTION = "RestoreFunction";

    private final Application app;

    /** Called by Lambda. */
    public RestoreHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public RestoreHandler(Application app) {
        this.app = app;
    }

    @Override
    public RestoreReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation(FUNCTION)
                .run(
                        input,
                        context,
                        event -> take(event, context),
                        malformed ->
                                RestoreReport.ofMalformed(String.valueOf(malformed.getMessage())));
    }

    private RestoreReport take(Map<String, Object> input, Context context)
            throws MalformedEventException {
        BooleanSupplier timeLeft = Invocation.timeLeft(context);
        // The time of an order is the present, whatever the event says. Every other event has its
        // own time.
        Event event =
                OrderKind.SOURCE.equals(input.get("source"))
                        ? Event.of(input)
                        : Event.of(input, app.clock().instant());
        if (event.orders(OrderKind.RESTORE)) {
            return asked(event, Trail.of(event, context), timeLeft);
        }
        return switch (event.source() + ": " + event.detailType()) {
            case "aws.ec2: EC2 Instance State-change Notification" -> changed(event, timeLeft);
            case "aws.scheduler: Scheduled Event", "aws.events: Scheduled Event" ->
                    follow(event, app.catalog().restoring(), timeLeft);
            default ->
                    throw new MalformedEventException(
                            "source and detail-type: "
                                    + Texts.quoted(event.source() + ": " + event.detailType())
                                    + " is not an instance's state change, a scheduled event or"
                                    + " a \"Restore Requested\" of source \"amikeeper\"");
        };
    }

    private RestoreReport changed(Event event, BooleanSupplier timeLeft) {
        Optional<String> foreign = event.foreign(app.settings().account());
        if (foreign.isPresent()) {
            log.info("an instance's state is of no interest: {}", foreign.get());
            return report(counts(List.of(), List.of()));
        }
        Optional<String> instance =
                event.text("instance-id").or(() -> event.resourceIds().stream().findFirst());
        return follow(
                event,
                app.catalog().restoring().stream()
                        .filter(restore ->
                                restore.instance()
                                        .map(id -> instance.equals(Optional.of(id.value())))
                                        .orElse(false))
                        .toList(),
                timeLeft);
    }

    private RestoreReport follow(Event event, List<Restore> open, BooleanSupplier timeLeft) {
        List<Restore> after = app.restores(event.time()).follow(open, timeLeft);
        new Unreadables(app.catalog()).tell(event.time());
        return report(counts(open, after));
    }

    private static RestoreReport report(Counts<RestoreReport.RestoreCount> counts) {
        return new RestoreReport(counts, "", List.of(), List.of());
    }

    private static Counts<RestoreReport.RestoreCount> counts(
            List<Restore> open, List<Restore> after) {
        Counts<RestoreReport.RestoreCount> counts = Counts.none(RestoreReport.RestoreCount.class);
        counts.add(RestoreReport.RestoreCount.FOLLOWED, open.size());
        // A drill is counted when its instance is gone, so that it is counted only once.
        after.stream()
                .filter(Restore::isOver)
                .map(Restore::outcome)
                .forEach(outcome -> {
                    switch (outcome) {
                        case PASSED -> counts.add(RestoreReport.RestoreCount.PASSED);
                        case FAILED -> counts.add(RestoreReport.RestoreCount.FAILED);
                        case UNDER_WAY -> {}
                    }
                });
        return counts;
    }

    /** The time of an order is the clock's, because the text of an event could give any other. */
    private RestoreReport asked(Event event, Trail trail, BooleanSupplier timeLeft)
            throws MalformedEventException {
        Instant now = app.clock().instant();
        Optional<String> foreign = event.foreign(app.settings().account());
        if (foreign.isPresent()) {
            Rejected.foreign(app.catalog(), FUNCTION, event, trail, foreign.get(), now);
            return RestoreReport.refused(foreign.get(), List.of());
        }
        RestoreRequest request = RestoreRequest.of(event);
        log.info("{}: restore {}", trail, request.instance());
        RestorePlanner planning = app.restorePlanner();
        return switch (planning.choose(request, now)) {
            case RestorePlanner.Choice.None(String why) ->
                    refuse(trail, now, request, why, List.of());
            case RestorePlanner.Choice.Chosen(var image) -> {
                RestorePlan plan = planning.plan(image, request.kind(), request.wish());
                List<String> lines = RestoreText.lines(plan);
                if (RestoreRequest.flag(event, "dryRun")) {
                    yield new RestoreReport(
                            Counts.none(RestoreReport.RestoreCount.class), "", List.of(), lines);
                }
                if (!plan.isWhole()) {
                    yield refuse(trail, now, request, plan.missing().getFirst().why(), lines);
                }
                // The id is the event's own, so a repeated event means the same restore.
                Restore restore = RestorePlanner.restore(plan, request.kind(), trail.id(), now);
                boolean fresh = app.catalog().begin(restore);
                // If an event is delivered again, its restore may be over. Nothing is done then.
                List<Restore> open =
                        app.catalog().restore(restore.id()).stream()
                                .filter(it -> !it.isOver())
                                .toList();
                List<Restore> after = app.restores(now).follow(open, timeLeft);
                Counts<RestoreReport.RestoreCount> counts = counts(open, after);
                counts.add(RestoreReport.RestoreCount.REQUESTED, fresh ? 1 : 0);
                yield new RestoreReport(counts, "", List.of(restore.id()), lines);
            }
        };
    }

    private RestoreReport refuse(
            Trail trail, Instant now, RestoreRequest request, String why, List<String> plan) {
        log.error("{}: {} is not restored: {}", trail, request.instance(), why);
        app.catalog()
                .note(
                        Notice.event(
                                Trouble.RESTORE_REQUEST.of(request.instance(), trail.key()),
                                now,
                                request.instance()
                                        + " is not restored: "
                                        + why
                                        + "; it was "
                                        + trail,
                                "./keeper restore --dry-run shows the plan and how to supply what"
                                        + " is missing"));
        return RestoreReport.refused(why, plan);
    }
}
