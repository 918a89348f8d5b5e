package dev.amikeeper.backup;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.event.Trail;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Trigger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Images instances on an event: a tag was set, an instance stopped, somebody asks. The event's time
 * is the slot, so a repeated event asks for the same image.
 */
public final class ImageRequestHandler
        implements com.amazonaws.services.lambda.runtime.RequestHandler<
                Map<String, Object>, RequestReport> {
    private static final Logger log = LoggerFactory.getLogger(ImageRequestHandler.class);
    private static final RequestReport NOTHING_ASKED = new RequestReport(0, 0, 0, 1, 0);

    private static final String FUNCTION = "RequestFunction";

    private final Application app;

    /** As Lambda makes it. */
    public ImageRequestHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public ImageRequestHandler(Application app) {
        this.app = app;
    }

    @Override
    public RequestReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, event -> take(event, context));
    }

    private RequestReport take(Map<String, Object> input, Context context) {
        RequestReport report;
        try {
            Event event = Event.of(input, app.clock().instant());
            Optional<BackupPlan.Request> request =
                    isOfACommand(event) ? Optional.empty() : ImageRequests.of(event);
            Optional<String> foreign = event.foreign(app.settings().account());
            boolean ordered = request.filter(it -> it.trigger() == Trigger.REQUESTED).isPresent();
            if (ordered) {
                report = ordered(event, request.get(), foreign, Trail.of(event, context));
            } else if (foreign.isPresent()) {
                log.info("an event is not ours: {}", foreign.get());
                report = NOTHING_ASKED;
            } else if (isOfACommand(event)) {
                goOnAfterCommand(event);
                report = NOTHING_ASKED;
            } else {
                report = request.map(it -> take(it, event.time())).orElse(NOTHING_ASKED);
            }
        } catch (MalformedEventException malformed) {
            Rejected.record(app.catalog(), FUNCTION, input, malformed, app.clock().instant());
            report = new RequestReport(0, 0, 0, 0, 1);
        }
        return report;
    }

    /** The time of an order is the clock's; its slot is the event's, which may come twice. */
    private RequestReport ordered(
            Event event, BackupPlan.Request request, Optional<String> foreign, Trail trail) {
        Instant now = app.clock().instant();
        if (foreign.isPresent()) {
            Rejected.foreign(app.catalog(), FUNCTION, event, trail, foreign.get(), now);
            return new RequestReport(0, 0, 1, 0, 0);
        }
        log.info("{}: images of {}", trail, request.instances());
        return take(request, now);
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

    /**
     * Takes a request that came by an event, or that the sweep found on an instance.
     *
     * @throws SdkException if the instances cannot be looked at
     */
    public RequestReport take(BackupPlan.Request request, Instant now) {
        List<Instance> found = find(request, now);
        BackupPlan plan =
                BackupPlan.requested(request, app.policies(), found, now, app.clock().instant());
        List<Image> fresh =
                app.catalog()
                        .request(
                                plan.intents().stream()
                                        .filter(intent -> !isRecordedFormerly(intent))
                                        .toList());
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

    /** The same request came before its policy was renamed: one slot, one image. */
    private boolean isRecordedFormerly(Image intent) {
        ImageName name = intent.name();
        return app.policies().allNames(name.policy()).stream()
                .filter(other -> !other.equals(name.policy()))
                .map(other -> new ImageName(other, name.instance(), name.slot()))
                .anyMatch(formerly -> isRecorded(intent.region(), formerly));
    }

    private boolean isRecorded(Region region, ImageName name) {
        try {
            return app.catalog().find(region, name).isPresent();
        } catch (UnreadableItemException itIs) {
            return true;
        }
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
            tellOfUnread(request, error, now);
            // Lambda repeats an event whose function failed.
            throw error;
        }
    }

    /** Once for the Region, however many ask: it does not answer, or the role lacks something. */
    private void tellOfUnread(BackupPlan.Request request, SdkException error, Instant now) {
        app.catalog()
                .note(
                        new Notice(
                                unread(request.region()),
                                now,
                                request.region()
                                        + ": instances that are to be imaged on request could not"
                                        + " be looked at, first "
                                        + request.instances()
                                        + ": "
                                        + Fault.text(error, "ec2:DescribeInstances"),
                                "Lambda repeats each request twice; what was in vain is among the"
                                        + " dead letters: ./keeper retry --dead-letters, once the"
                                        + " cause is mended",
                                true));
    }

    /**
     * The sweep could look at the instances of a Region: it is over that requests could not.
     *
     * @param open the keys of the troubles that last
     */
    public static void canBeLookedAt(
            Application app, Region region, Collection<NoticeKey> open, Instant now) {
        if (open.contains(unread(region))) {
            app.catalog().resolve(unread(region), now);
        }
    }

    private static NoticeKey unread(Region region) {
        return Trouble.UNASKED.in(region);
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
                                Trouble.REQUEST.in(
                                        request.region(),
                                        refusal.instance() + "/" + request.slot()),
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
