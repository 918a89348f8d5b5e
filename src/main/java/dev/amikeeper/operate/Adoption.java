package dev.amikeeper.operate;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.Origin;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.util.Optional;

/**
 * Adopts an image that others made. EC2 cannot rename an image, and ours are recognized by name.
 * Therefore a copy in the same Region becomes ours, and the original is left alone. The copy's slot
 * is the creation time of the original. Its record rests on what somebody else made, so it is one
 * key only.
 */
final class Adoption {
    private final Catalog catalog;
    private final ImageReads images;
    private final ImageStarts imageStarts;
    private final Policies policies;
    private final Instant now;

    Adoption(
            Catalog catalog,
            ImageReads images,
            ImageStarts imageStarts,
            Policies policies,
            Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.imageStarts = imageStarts;
        this.policies = policies;
        this.now = now;
    }

    OrderResult of(Order.Adopt order) {
        Region region = order.region();
        Optional<Policy> policy = policies.find(order.policy());
        if (policy.isEmpty()) {
            return refused(order, "there is no policy " + order.policy());
        }
        if (!policy.get().select().regions().contains(region)) {
            return refused(
                    order,
                    "policy %s images nothing in %s, so its rules would not reach there"
                            .formatted(order.policy(), region));
        }
        Optional<Origin> origin = images.origin(region, order.image());
        if (origin.isEmpty()) {
            return refused(order, "there is no such image of this account in " + region);
        }
        Optional<InstanceId> instance = order.instance().or(origin.get()::instance);
        return against(origin.get().ami())
                .or(() ->
                        instance.isEmpty()
                                ? Optional.of(
                                        "EC2 does not say which instance it is an image of: name"
                                                + " it")
                                : Optional.empty())
                .map(why -> refused(order, why))
                .orElseGet(() -> adopt(order, policy.get(), origin.get(), instance.orElseThrow()));
    }

    private static Optional<String> against(Ami ami) {
        Optional<String> service = ForeignOrigin.caretaker(ami.tags(), ami.name());
        if (service.isPresent()) {
            return service.map(it -> it + " made it and manages it: it is left alone");
        }
        if (ami.tags().containsKey(ImageTags.POLICY)) {
            return Optional.of("it carries our tags already");
        }
        if (ami.state() != AmiState.AVAILABLE) {
            return Optional.of("it is " + ami.state() + ", not available");
        }
        return ami.snapshots().isEmpty()
                ? Optional.of("it has no snapshots, so EC2 cannot copy it within its Region")
                : Optional.empty();
    }

    private OrderResult adopt(
            Order.Adopt order, Policy policy, Origin origin, InstanceId instance) {
        Ami ami = origin.ami();
        Slot slot = new Slot(ami.created());
        ImageName name =
                policy.formerly().stream()
                        .map(former -> new ImageName(former, instance, slot))
                        .filter(former -> isKnown(order.region(), former))
                        .findFirst()
                        .orElse(new ImageName(policy.name(), instance, slot));
        Optional<Image> record = catalog.find(order.region(), name);
        Optional<Image> failed = record.filter(image -> image.state() == ImageState.FAILED);
        if (record.isPresent() && failed.isEmpty()) {
            return there(record.get());
        }
        Optional<Tombstone> removed = catalog.removed(order.region(), name);
        if (removed.isPresent()) {
            return refused(
                    order,
                    "it was adopted as %s before, and that was removed at %s by %s"
                            .formatted(name, removed.get().removedAt(), removed.get().by()));
        }
        String what = order.image() + " as " + name + ForeignOrigin.codes(origin.productCodes());
        return order.dryRun()
                ? new OrderResult.Preview("would adopt " + what)
                : start(order, ami, name, failed, what);
    }

    /** Whether the image was adopted before the policy was renamed. */
    private boolean isKnown(Region region, ImageName name) {
        return catalog.find(region, name).isPresent() || catalog.removed(region, name).isPresent();
    }

    private static OrderResult there(Image image) {
        return new OrderResult.Done(
                "%s already exists as %s"
                        .formatted(
                                image.name(), image.id().map(ImageId::value).orElse("an intent")));
    }

    /**
     * Starts the copy. EC2 identifies a copy by the token of its try, so after a failed try only a
     * new token makes a new copy.
     *
     * @param failed the record of an earlier order that was given up
     */
    private OrderResult start(
            Order.Adopt order, Ami ami, ImageName name, Optional<Image> failed, String what) {
        Image intent =
                failed.map(image -> image.again(now, "", now))
                        .orElseGet(
                                () -> Image.intent(name, order.region(), Trigger.REQUESTED, now));
        return switch (imageStarts.adopt(intent, order.image(), ami.tags())) {
            case StartResult.Started(var id) -> recorded(ami, intent, failed, id, what);
            case StartResult.Adopted(var ours) -> recorded(ami, intent, failed, ours.id(), what);
            case StartResult.NotNow notNow -> later(order, notNow.why());
            case StartResult.NotSo notSo -> refused(order, notSo.why());
        };
    }

    /**
     * If this code is not reached, the sweep finds the copy by its tags and adopts it in the same
     * way.
     */
    private OrderResult recorded(
            Ami ami, Image intent, Optional<Image> failed, ImageId id, String what) {
        int volumes = ami.snapshots().size();
        if (failed.isPresent()) {
            catalog.save(Change.of(failed.get(), intent.started(id, volumes, now)));
        } else {
            catalog.adopt(
                    Image.adopted(
                            intent.name(),
                            intent.region(),
                            Optional.empty(),
                            id,
                            volumes,
                            now,
                            now));
        }
        return new OrderResult.Done("adopts " + what + ": " + id + " is being made");
    }

    private static OrderResult later(Order.Adopt order, String why) {
        return refused(order, "not now, try again later: " + why);
    }

    private static OrderResult refused(Order.Adopt order, String why) {
        return OrderResult.refused(order.image() + " is not adopted", why);
    }
}
