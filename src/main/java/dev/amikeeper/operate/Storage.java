package dev.amikeeper.operate;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.StoreResult;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Policies;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Stores one image in S3 by hand, whatever its age. Once EC2 is storing it, StoreFunction follows
 * it, as it does for images that a policy stores.
 */
final class Storage {
    private final Catalog catalog;
    private final ImageReads images;
    private final ImageStarts imageStarts;
    private final Policies policies;
    private final Instant now;

    Storage(
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

    OrderResult of(Order.Store order) {
        Optional<Image> record = catalog.find(order.region(), order.image());
        if (record.isEmpty()) {
            return refused(order, "the catalogue knows no such image in " + order.region());
        }
        Image image = record.get();
        Optional<Stored> begun = image.stored().filter(Stored::mayBeThere);
        if (begun.isPresent()) {
            return begun(order, begun.get());
        }
        Optional<String> bucket = order.bucket().or(() -> bucket(image));
        if (bucket.isEmpty()) {
            return refused(
                    order,
                    "policy %s has no \"store\": name a bucket of %s"
                            .formatted(image.name().policy(), order.region()));
        }
        Optional<StoreSize> bulk =
                Optional.ofNullable(
                        images.bulk(order.region(), List.of(order.image())).get(order.image()));
        return against(image, bulk)
                .map(why -> refused(order, why))
                .orElseGet(() ->
                        store(
                                order,
                                image,
                                S3Object.of(bucket.get(), order.image()),
                                bulk.orElseThrow()));
    }

    /** The bucket that the image waits for, or that its policy would use. */
    private Optional<String> bucket(Image image) {
        return image.stored()
                .filter(Stored::isOpen)
                .map(stored -> stored.object().bucket())
                .or(() ->
                        policies.find(image.name().policy())
                                .flatMap(policy -> policy.store())
                                .map(store -> store.bucketIn(image.region())));
    }

    private static OrderResult begun(Order.Store order, Stored stored) {
        S3Object object = stored.object();
        if (order.bucket().filter(bucket -> !bucket.equals(object.bucket())).isPresent()) {
            return refused(order, "it is stored in S3 only once, and that is " + object);
        }
        return new OrderResult.Done(
                stored.isUnderWay()
                        ? "%s is being stored as %s since %s"
                                .formatted(order.image(), object, stored.since())
                        : order.image() + " is stored as " + object);
    }

    private static Optional<String> against(Image image, Optional<StoreSize> bulk) {
        if (bulk.isEmpty()) {
            return Optional.of("EC2 does not show it in " + image.region());
        }
        if (!ImageTags.name(bulk.get().ami().tags()).equals(Optional.of(image.name()))) {
            return Optional.of("its tags in EC2 do not say " + image.name());
        }
        return image.isGood() && bulk.get().ami().state() == AmiState.AVAILABLE
                ? bulk.get().cannotBeStored()
                : Optional.of("it is not available");
    }

    private OrderResult store(Order.Store order, Image image, S3Object object, StoreSize bulk) {
        String what =
                "%s %s as %s, %,d GB before compression%s"
                        .formatted(
                                order.image(),
                                image.name(),
                                object,
                                bulk.gigabytes(),
                                codes(bulk.productCodes()));
        if (order.dryRun()) {
            return new OrderResult.Preview("would store " + what);
        }
        Image storing =
                image.inS3(Optional.of(Stored.waiting(object, image.stored(), now).storing(now)));
        if (!catalog.save(Change.of(image, storing))) {
            return refused(order, "it has changed in the meantime: try again");
        }
        Region region = order.region();
        return switch (imageStarts.store(region, order.image(), object.bucket())) {
            case StoreResult.Begun _ -> new OrderResult.Done("stores " + what);
            case StoreResult.Already _ ->
                    new OrderResult.Done("stores " + what + ", or has done so");
            case StoreResult.PerhapsBegun(String why) ->
                    new OrderResult.Done(
                            "may store %s by now; if not, will: %s".formatted(what, why));
            case StoreResult.StoreLater(String why) -> {
                Stored later = storing.stored().orElseThrow().notNow(why, now);
                putBack(storing, Optional.of(later));
                yield new OrderResult.Done(
                        "will store %s, within hours; not now: %s".formatted(what, why));
            }
            case StoreResult.StoreBlocked(Blocker by) -> {
                putBack(storing, Optional.of(storing.stored().orElseThrow().notNow(by.why(), now)));
                yield new OrderResult.Done(
                        "will store %s, once EC2 does; not now: %s; %s"
                                .formatted(what, by.why(), by.remedy()));
            }
            case StoreResult.Denied(String why) -> {
                putBack(storing, image.stored());
                yield refused(order, why);
            }
            case StoreResult.NotStored(String why) -> {
                putBack(storing, image.stored());
                yield refused(order, why);
            }
        };
    }

    private void putBack(Image storing, Optional<Stored> before) {
        catalog.save(Change.of(storing, storing.inS3(before)));
    }

    /**
     * AWS does not refuse an image with product codes. The text says that the codes stay on
     * whatever is made from the object.
     */
    private static String codes(List<String> productCodes) {
        return productCodes.isEmpty()
                ? ""
                : " (it carries the product codes "
                        + String.join(", ", productCodes)
                        + ": whoever launches what is made of it needs their subscription)";
    }

    private static OrderResult refused(Order.Store order, String why) {
        ImageId id = order.image();
        return OrderResult.refused(id + " is not stored", why);
    }
}
