package dev.amikeeper.backup;

import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.OrderKind;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the events that ask for images. */
final class ImageRequests {
    private ImageRequests() {}

    /**
     * The request that an event makes; empty if it makes none.
     *
     * @throws MalformedEventException if the event is not one of the three kinds, or lacks what its
     *     kind must have
     */
    static Optional<BackupPlan.ImageRequest> of(Event event) throws MalformedEventException {
        if (event.orders(OrderKind.BACKUP)) {
            return Optional.of(asked(event));
        }
        return switch (event.source() + ": " + event.detailType()) {
            case "aws.tag: Tag Change on Resource" -> tagged(event);
            case "aws.ec2: EC2 Instance State-change Notification" -> stopped(event);
            default ->
                    throw new MalformedEventException(
                            "source and detail-type: "
                                    + Texts.quoted(event.source() + ": " + event.detailType())
                                    + " is not a tag change, an instance's state change or a"
                                    + " \"Backup Requested\" of source \"amikeeper\"");
        };
    }

    /** A removed tag is among the changed keys but not among the tags. */
    private static Optional<BackupPlan.ImageRequest> tagged(Event event)
            throws MalformedEventException {
        boolean isInstance =
                event.text("service").filter("ec2"::equals).isPresent()
                        && event.text("resource-type").filter("instance"::equals).isPresent();
        if (!isInstance
                || !event.texts("changed-tag-keys").contains(ImageTags.REQUEST)
                || !event.tags().containsKey(ImageTags.REQUEST)) {
            return Optional.empty();
        }
        return Optional.of(request(event, Trigger.TAGGED, ids("resources", event.resourceIds())));
    }

    private static Optional<BackupPlan.ImageRequest> stopped(Event event)
            throws MalformedEventException {
        if (event.text("state").filter("stopped"::equals).isEmpty()) {
            return Optional.empty();
        }
        List<String> id = event.text("instance-id").map(List::of).orElseGet(event::resourceIds);
        return Optional.of(request(event, Trigger.STOPPED, ids("detail.instance-id", id)));
    }

    /** The bus is in the home Region. If the instances are elsewhere, the order says where. */
    private static BackupPlan.ImageRequest asked(Event event) throws MalformedEventException {
        List<InstanceId> instances = ids("detail.instances", event.texts("instances"));
        Optional<String> region = event.onlyText("region");
        try {
            return new BackupPlan.ImageRequest(
                    Trigger.REQUESTED,
                    region.map(Region::new).orElse(event.region()),
                    new Slot(event.time()),
                    instances,
                    event.onlyText("policy"));
        } catch (IllegalArgumentException notARegion) {
            throw new MalformedEventException("detail.region: " + notARegion.getMessage());
        }
    }

    private static BackupPlan.ImageRequest request(
            Event event, Trigger trigger, List<InstanceId> instances) {
        return new BackupPlan.ImageRequest(
                trigger, event.region(), new Slot(event.time()), instances, Optional.empty());
    }

    private static List<InstanceId> ids(String place, List<String> texts)
            throws MalformedEventException {
        if (texts.isEmpty()) {
            throw new MalformedEventException(place + ": must name at least one instance");
        }
        List<InstanceId> ids = new ArrayList<>();
        for (String text : texts) {
            try {
                ids.add(new InstanceId(text));
            } catch (IllegalArgumentException notAnId) {
                throw new MalformedEventException(place + ": " + notAnId.getMessage());
            }
        }
        return ids.stream().distinct().toList();
    }
}
