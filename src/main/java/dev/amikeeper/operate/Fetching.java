package dev.amikeeper.operate;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Policies;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Creates an image again from its object in S3: under its name, held, with another id. Its record
 * replaces its tombstone. If no record knows the object, EC2 restores the name and tags with it,
 * and the sweep records the image by them.
 */
final class Fetching {
    /**
     * Within this time, an image that is created from an object shows up with its tags, however big
     * it is.
     */
    private static final Duration SEEN_WITHIN = Duration.ofDays(2);

    private final Catalog catalog;
    private final ImageDoors images;
    private final Policies policies;
    private final Instant now;

    Fetching(Catalog catalog, ImageDoors images, Policies policies, Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.policies = policies;
        this.now = now;
    }

    OrderResult of(Order.Fetch order) {
        Optional<Image> there = there(order);
        if (there.isPresent()) {
            return there(order, there.get());
        }
        Optional<Tombstone> tombstone =
                policies()
                        .flatMap(policy -> catalog.removed(policy, order.region()).stream())
                        .filter(removed -> isOf(order, removed.image()))
                        .findFirst();
        if (tombstone.isPresent()) {
            return fetch(order, tombstone.get());
        }
        if (!catalog.unreadable(order.region()).isEmpty()) {
            return refused(
                    order,
                    "the catalogue holds images of "
                            + order.region()
                            + " that cannot be read, and it may be one of them: ./keeper failures");
        }
        // Another order may have replaced the tombstone with the record between the two reads.
        return there(order)
                .map(image -> there(order, image))
                .or(() -> order.object().map(object -> fetch(order, object)))
                .orElseGet(() ->
                        refused(
                                order,
                                "the catalogue knows no such image in "
                                        + order.region()
                                        + ", neither present nor removed; if it is in S3, name the"
                                        + " object, as s3://bucket/"
                                        + order.image()
                                        + ".bin"));
    }

    /** The policies of the file, and those of which something may be left. */
    private Stream<String> policies() {
        return catalog.policiesWith(policies.allNames()).stream();
    }

    /** Whether the image has the ordered id, now or when it was stored. */
    private static boolean isOf(Order.Fetch order, Image image) {
        return image.id().equals(Optional.of(order.image()))
                || image.stored()
                        .filter(stored -> stored.object().image().equals(order.image()))
                        .isPresent();
    }

    private Optional<Image> there(Order.Fetch order) {
        return catalog.find(order.region(), order.image())
                .or(() ->
                        policies()
                                .flatMap(
                                        policy -> catalog.ofPolicy(policy, order.region()).stream())
                                .filter(image -> isOf(order, image))
                                .filter(image -> image.state() != ImageState.FAILED)
                                .findFirst());
    }

    /** An order that was carried out before must get the same answer. */
    private static OrderResult there(Order.Fetch order, Image image) {
        boolean isAnotherOne = !image.id().equals(Optional.of(order.image()));
        return isAnotherOne || image.isBeingFetched()
                ? new OrderResult.Done(
                        "%s was fetched: %s is %s"
                                .formatted(order.image(), image.name(), id(image)))
                : refused(order, image.name() + " is still there as " + id(image));
    }

    private static String id(Image image) {
        return image.id().map(ImageId::value).orElse("an intent");
    }

    private OrderResult fetch(Order.Fetch order, Tombstone tombstone) {
        Optional<Stored> stored = tombstone.image().stored().filter(Stored::mayBeThere);
        Optional<S3Object> from = order.object().or(() -> stored.map(Stored::object));
        if (from.isEmpty()) {
            return refused(
                    order,
                    "it was removed at %s by %s, and never stored"
                            .formatted(tombstone.removedAt(), tombstone.by()));
        }
        S3Object object = from.get();
        String what = tombstone.name() + " of " + object;
        if (order.dryRun()) {
            return new OrderResult.Preview("would make " + what + " again, and hold it");
        }
        Image removed =
                tombstone
                        .image()
                        .rememberingStored(
                                stored.filter(it -> it.object().equals(object))
                                        .or(() ->
                                                Optional.of(
                                                        Stored.waiting(object, now).done(now))));
        remember(order);
        return switch (images.starts().fetch(removed, object, held())) {
            case StartResult.Started(var id) -> recorded(order, tombstone, removed, id, what);
            // Somebody restored it from the Recycle Bin before this order came.
            case StartResult.Adopted(var ami) ->
                    !ami.tags().containsKey(ImageTags.HOLD)
                                    && images.changes().hold(order.region(), ami.id(), held())
                                            instanceof ChangeResult.Refused(String why)
                            ? later(order, why)
                            : recorded(order, tombstone, removed, ami.id(), what);
            case StartResult.NotNow notNow -> later(order, notNow.why());
            case StartResult.NotSo notSo -> refused(order, notSo.why());
        };
    }

    /**
     * If this code is not reached, the sweep finds the image by its tags and restores its record.
     */
    private OrderResult recorded(
            Order.Fetch order, Tombstone tombstone, Image removed, ImageId id, String what) {
        return catalog.unbury(tombstone, removed.fetched(id, now))
                        || catalog.find(order.region(), id).isPresent()
                ? new OrderResult.Done("makes %s again: %s%s".formatted(what, id, letGo()))
                : refused(order, "its record has changed in the meantime: try again");
    }

    private OrderResult fetch(Order.Fetch order, S3Object object) {
        if (order.dryRun()) {
            return new OrderResult.Preview(
                    "would make an image of %s, which the catalogue does not know in %s: its name"
                                    .formatted(object, order.region())
                            + " and tags come with it, and it is held");
        }
        remember(order);
        return switch (images.starts().fetch(order.region(), object, held())) {
            case StartResult.Started(var id) -> made(order, object, id);
            case StartResult.Adopted(var ami) ->
                    new OrderResult.Done("%s exists as %s".formatted(ami.name(), ami.id()));
            case StartResult.NotNow notNow -> later(order, notNow.why());
            case StartResult.NotSo notSo -> refused(order, notSo.why());
        };
    }

    /**
     * The sweep reads only Regions that it knows, and forgets a Region where nothing is to be seen.
     */
    private void remember(Order.Fetch order) {
        catalog.remember(order.region(), now.plus(SEEN_WITHIN));
    }

    private OrderResult made(Order.Fetch order, S3Object object, ImageId id) {
        boolean isForeign =
                images.reads().look(order.region(), id) instanceof ImageLookup.Shown(Ami ami)
                        && ImageTags.name(ami.tags()).isEmpty();
        return new OrderResult.Done(
                "makes an image of %s: %s%s"
                        .formatted(
                                object,
                                id,
                                isForeign
                                        ? ", which has no tags of ours: it is yours to look after"
                                        : "; the next sweep records it by its tags" + letGo()));
    }

    private String held() {
        return "fetched " + now;
    }

    private static String letGo() {
        return "; it is held: remove its tag " + ImageTags.HOLD + " to let it go again";
    }

    private static OrderResult later(Order.Fetch order, String why) {
        return refused(order, "not now, try again later: " + why);
    }

    private static OrderResult refused(Order.Fetch order, String why) {
        return new OrderResult.Declined(order.image() + " is not fetched", List.of(why));
    }
}
