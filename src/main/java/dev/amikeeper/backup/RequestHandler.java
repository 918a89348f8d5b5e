package dev.amikeeper.backup;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Images instances on an event: a tag was set, an instance stopped, somebody asks. The event's time
 * is the slot, so a repeated event asks for the same image.
 */
public final class RequestHandler
        implements com.amazonaws.services.lambda.runtime.RequestHandler<
                Map<String, Object>, RequestReport> {
    private static final Logger log = LoggerFactory.getLogger(RequestHandler.class);
    private static final RequestReport NOTHING_ASKED = new RequestReport(0, 0, 0, 1, 0);

    private final Application app;

    /** As Lambda makes it. */
    public RequestHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public RequestHandler(Application app) {
        this.app = app;
    }

    @Override
    public RequestReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, this::take);
    }

    private RequestReport take(Map<String, Object> input) {
        RequestReport report;
        try {
            Event event = Event.of(input, app.clock().instant());
            Optional<BackupPlan.Request> request = Requests.of(event);
            boolean foreign = !event.account().equals(app.settings().account());
            if (foreign) {
                log.info("an event of account {} is not ours", Texts.quoted(event.account()));
            }
            report =
                    foreign || request.isEmpty()
                            ? NOTHING_ASKED
                            : take(request.get(), event.time());
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "RequestFunction", input, malformed, app.clock().instant());
            report = new RequestReport(0, 0, 0, 0, 1);
        }
        return report;
    }

    /**
     * Takes a request that came by an event, or that the sweep found on an instance.
     *
     * @throws SdkException if the instances cannot be looked at
     */
    public RequestReport take(BackupPlan.Request request, Instant now) {
        List<Instance> found = find(request, now);
        BackupPlan plan =
                BackupPlan.requested(
                        request, app.policies(), found, now, app.clock().instant());
        List<Image> fresh = app.catalog().request(plan.intents());
        plan.refusals().forEach(refusal -> record(request, refusal, now));
        if (request.trigger() == Trigger.TAGGED) {
            removeTags(request, plan, found);
        }
        if (!plan.intents().isEmpty()) {
            app.kicks().create(request.region(), now);
        }
        return new RequestReport(
                fresh.size(), plan.intents().size() - fresh.size(), plan.refusals().size(), 0, 0);
    }

    /**
     * The instances that are asked for. One that has stopped counts as stopped, whatever it does by
     * now.
     */
    private List<Instance> find(BackupPlan.Request request, Instant now) {
        try {
            List<Instance> found = app.instances().find(request.region(), request.instances());
            return request.trigger() == Trigger.STOPPED
                    ? found.stream().map(instance -> instance.in("stopped")).toList()
                    : found;
        } catch (SdkException error) {
            app.catalog()
                    .note(
                            Notice.event(
                                    "request/"
                                            + request.region()
                                            + "/"
                                            + request.instances()
                                            + "/"
                                            + request.slot()
                                            + "/unread",
                                    now,
                                    request.region()
                                            + ": "
                                            + request.instances()
                                            + " could not be looked at: "
                                            + Fault.text(error),
                                    "Lambda repeats the request twice; after that, ask again"));
            // Lambda repeats an event whose function failed.
            throw error;
        }
    }

    private void record(BackupPlan.Request request, BackupPlan.Refusal refusal, Instant now) {
        String text =
                request.region()
                        + ": "
                        + refusal.instance()
                        + " is not imaged on request: "
                        + refusal.why();
        log.warn("{}", text);
        app.catalog()
                .note(
                        Notice.event(
                                "request/"
                                        + request.region()
                                        + "/"
                                        + refusal.instance()
                                        + "/"
                                        + request.slot(),
                                now,
                                text,
                                refusal.remedy()));
    }

    /** Only once the intents are recorded: until then the tag is what remembers the request. */
    private void removeTags(BackupPlan.Request request, BackupPlan plan, List<Instance> found) {
        for (Instance instance : found) {
            String value = instance.tags().get(ImageTags.REQUEST);
            boolean taken =
                    plan.intents().stream()
                            .anyMatch(intent -> intent.name().instance().equals(instance.id()));
            if (taken && value != null) {
                try {
                    app.instances().removeRequest(request.region(), instance.id(), value);
                } catch (SdkException error) {
                    log.warn(
                            "the tag {} stays on {}: {}",
                            ImageTags.REQUEST,
                            instance.id(),
                            Fault.text(error));
                }
            }
        }
    }
}
