package dev.amikeeper.replication;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;
import dev.amikeeper.lifecycle.ImageProgress;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.Optional;

/**
 * Follows EC2's image state events from the home Region and those forwarded from other Regions.
 * Unknown images are ignored.
 */
public final class ImageStateHandler
        implements RequestHandler<Map<String, Object>, ImageStateReport> {
    private static final Logger log = LoggerFactory.getLogger(ImageStateHandler.class);

    private final Application app;
    private final ImageProgress progress;

    /** Called by Lambda. */
    public ImageStateHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public ImageStateHandler(Application app) {
        this.app = app;
        this.progress = app.progress();
    }

    @Override
    public ImageStateReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("ImageStateFunction")
                .run(input, context, this::take, _ -> ImageStateReport.ofMalformed());
    }

    private ImageStateReport take(Map<String, Object> input) throws MalformedEventException {
        return follow(Event.of(input, app.clock().instant()));
    }

    private ImageStateReport follow(Event event) throws MalformedEventException {
        if (!event.account().equals(app.settings().account())) {
            log.info("an event of account {} is not ours", Texts.quoted(event.account()));
            return ImageStateReport.ofIgnored();
        }
        ImageId id = imageId(event);
        Optional<Image> image;
        try {
            image = app.catalog().find(event.region(), id);
        } catch (UnreadableItemException left) {
            log.error("{} {}: {}", event.region(), id, left.getMessage());
            new Unreadables(app.catalog()).tell(event.time());
            return ImageStateReport.ofIgnored();
        }
        if (image.isEmpty()) {
            log.info("{} {} is not one of our images", event.region(), id);
            return ImageStateReport.ofIgnored();
        }
        return ImageStateReport.of(step(event, image.get()), event.text("ErrorMessage").orElse(""));
    }

    private ImageProgress.Step step(Event event, Image image) throws MalformedEventException {
        String state =
                event.text("State")
                        .orElseThrow(
                                () -> new MalformedEventException("detail.State: must be there"));
        return switch (AmiState.of(state)) {
            case AVAILABLE -> progress.available(image, event.time());
            case FAILED ->
                    progress.failed(
                            image,
                            event.text("ErrorMessage")
                                    .filter(text -> !text.isBlank())
                                    .map(Texts::plain)
                                    .orElse("EC2 gave no reason"),
                            event.time());
            case DEREGISTERED -> progress.deregistered(image, event.time());
            case DISABLED -> progress.disabled(image);
            case PENDING, INVALID, TRANSIENT, ERROR, UNKNOWN -> {
                log.info("state {} of {} needs nothing", Texts.quoted(state), image.name());
                yield ImageProgress.Step.NOTHING;
            }
        };
    }

    private static ImageId imageId(Event event) throws MalformedEventException {
        Optional<String> id =
                event.text("ImageId").or(() -> event.resourceIds().stream().findFirst());
        try {
            return new ImageId(
                    id.orElseThrow(
                            () -> new MalformedEventException("detail.ImageId: must be there")));
        } catch (IllegalArgumentException notAnId) {
            throw new MalformedEventException("detail.ImageId: " + notAnId.getMessage());
        }
    }
}
