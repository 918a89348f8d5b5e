package dev.amikeeper.operate;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.retention.ImageRemoval;
import dev.amikeeper.retention.ManualRemoval;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.Reason;

import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Removes an image by hand, with the pruner's own evidence and steps. Only the rules of {@code
 * keep} yield to a person.
 */
final class Deregistration {
    private final Catalog catalog;
    private final ImageReads images;
    private final Policies policies;
    private final Planner planner;
    private final ImageRemoval removal;

    Deregistration(
            Catalog catalog,
            ImageReads images,
            Policies policies,
            Planner planner,
            ImageRemoval removal) {
        this.catalog = catalog;
        this.images = images;
        this.policies = policies;
        this.planner = planner;
        this.removal = removal;
    }

    OrderResult of(Order.Deregister order) {
        Region region = order.region();
        ImageId id = order.image();
        if (catalog.find(region, id).isEmpty()) {
            return unknown(region, id);
        }
        Optional<ManualRemoval> found = planner.byHand(region, id);
        if (found.isEmpty()) {
            return OrderResult.refused(stays(id), region + " cannot be read, or it has just gone");
        }
        ManualRemoval byHand = found.get();
        Image image = byHand.image();
        if (isGoing(byHand)) {
            return new OrderResult.Done(
                    named(image) + " is deregistered; the pruner deletes what is left of it");
        }
        if (!byHand.against().isEmpty()) {
            return new OrderResult.Declined(
                    stays(image), byHand.against().stream().map(Deregistration::line).toList());
        }
        if (image.adopted() && !order.approved()) {
            return OrderResult.refused(
                    stays(image),
                    "its record was made from its tags, which are one key only: if it is what it"
                            + " says, approve that");
        }
        String what = named(image) + " with " + byHand.snapshots().size() + " snapshots";
        if (order.dryRun()) {
            return new OrderResult.Preview("would deregister " + what + overridden(byHand));
        }
        return isAsPlanned(image)
                ? remove(order, byHand, what)
                : OrderResult.refused(stays(image), "it has changed in the meantime: try again");
    }

    /** Whether an order or a run began the removal but did not finish it. */
    private static boolean isGoing(ManualRemoval byHand) {
        return byHand.image().state() == ImageState.RETIRING
                && !byHand.against().isEmpty()
                && byHand.against().stream()
                        .allMatch(reason -> reason.kind() == Reason.ReasonKind.MISSING);
    }

    private OrderResult remove(Order.Deregister order, ManualRemoval byHand, String what) {
        Image image = byHand.image();
        String why = "by hand, ordered by " + order.by() + overridden(byHand);
        return switch (removal.remove(image, why, byHand.snapshots())) {
            case DONE -> new OrderResult.Done("deregistered " + what + overridden(byHand));
            case LEFT ->
                    new OrderResult.Done(
                            "deregistered "
                                    + what
                                    + ", of which some are left: the pruner deletes them");
            case CHANGED, UNREADABLE ->
                    OrderResult.refused(stays(image), "it has changed in the meantime: try again");
            case REFUSED ->
                    OrderResult.refused(
                            named(image) + " may still be there",
                            "EC2 refused or did not answer: keeper failures says more, and the"
                                    + " pruner finishes it, or takes it back if a rule keeps it");
        };
    }

    /** Collecting the evidence took time, so the second key and the hold are checked once more. */
    private boolean isAsPlanned(Image image) {
        return images.look(image.region(), image.id().orElseThrow())
                        instanceof ImageLookup.Shown(Ami ami)
                && ImageTags.name(ami.tags()).equals(Optional.of(image.name()))
                && !ami.tags().containsKey(ImageTags.HOLD)
                && !ami.isPublic();
    }

    private OrderResult unknown(Region region, ImageId id) {
        Optional<Tombstone> removed =
                catalog.policiesWith(policies.allNames()).stream()
                        .flatMap(policy -> catalog.removed(policy, region).stream())
                        .filter(tombstone -> tombstone.id().equals(Optional.of(id)))
                        .findFirst();
        return removed.<OrderResult>map(tombstone ->
                        new OrderResult.Done(
                                "%s was removed at %s by %s: %s"
                                        .formatted(
                                                id,
                                                tombstone.removedAt(),
                                                tombstone.by(),
                                                tombstone.why())))
                .orElseGet(() ->
                        OrderResult.refused(
                                stays(id),
                                "it is none of ours: the catalogue knows no such image in "
                                        + region));
    }

    private static String overridden(ManualRemoval byHand) {
        return byHand.overridden().isEmpty()
                ? ""
                : byHand.overridden().stream()
                        .map(Reason::text)
                        .collect(Collectors.joining("; ", ", though kept by: ", ""));
    }

    private static String line(Reason reason) {
        return reason.kind().word() + ": " + reason.text();
    }

    private static String named(Image image) {
        return image.id().map(ImageId::value).orElse("") + " " + image.name();
    }

    private static String stays(Object image) {
        return image + " stays";
    }

    private static String stays(Image image) {
        return stays((Object) named(image));
    }
}
