package dev.amikeeper.operate;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Grant;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.policy.Policies;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Shares our images by hand, beyond what their policy says, with those whom the policy file allows.
 * Also takes such a share back.
 */
final class ManualSharing {
    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Policies policies;

    ManualSharing(
            Catalog catalog, ImageReads images, ImageChanges imageChanges, Policies policies) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.policies = policies;
    }

    OrderResult of(Order.Share order) {
        String whole = order.image() + " is not shared";
        Optional<String> against =
                against(order.region(), order.image()).or(() -> beyondAllowed(order));
        if (against.isPresent()) {
            return OrderResult.refused(whole, against.get());
        }
        Grant grant = imageChanges.share(order.region(), order.image(), order.with());
        List<String> why =
                Stream.concat(
                                grant.refused().entrySet().stream()
                                        .map(one -> one.getKey() + ": " + one.getValue())
                                        .sorted(),
                                grant.trouble().stream())
                        .toList();
        if (why.isEmpty()) {
            return new OrderResult.Done(
                    "%s may be launched by %s%s"
                            .formatted(
                                    order.image(), String.join(", ", order.with()), beyond(order)));
        }
        List<String> taken =
                order.with().stream().filter(who -> !grant.refused().containsKey(who)).toList();
        return grant.isDecided() && !taken.isEmpty()
                ? new OrderResult.Declined(
                        "%s may be launched by %s, but not by all"
                                .formatted(order.image(), String.join(", ", taken)),
                        why)
                : new OrderResult.Declined(whole, why);
    }

    OrderResult of(Order.Unshare order) {
        String whole = order.image() + " stays as it is shared";
        Optional<String> against = against(order.region(), order.image());
        if (against.isPresent()) {
            return OrderResult.refused(whole, against.get());
        }
        List<String> byPolicy =
                order.with().stream().filter(sharedByPolicy(order)::contains).toList();
        if (!byPolicy.isEmpty()) {
            return OrderResult.refused(
                    whole,
                    "its policy shares it with "
                            + String.join(", ", byPolicy)
                            + " and would do so again: take them out of \"share\" in the policy"
                            + " file first");
        }
        return imageChanges.unshare(order.region(), order.image(), order.with())
                        instanceof ChangeResult.Refused(String why)
                ? OrderResult.refused(whole, why)
                : noCopies(order);
    }

    /** Whoever may no longer launch the image must not copy it either. */
    private OrderResult noCopies(Order.Unshare order) {
        Image image = catalog.find(order.region(), order.image()).orElseThrow();
        List<String> copiers =
                image.sharing().copiers().stream().filter(order.with()::contains).toList();
        List<String> refused = new ArrayList<>();
        if (!copiers.isEmpty()
                && images.look(order.region(), order.image())
                        instanceof ImageLookup.Shown(Ami ami)) {
            for (SnapshotId snapshot : ami.snapshots()) {
                if (imageChanges.unshare(order.region(), snapshot, copiers)
                        instanceof ChangeResult.Refused(String why)) {
                    refused.add(snapshot + ": " + why);
                }
            }
        }
        String done =
                "%s may no longer be launched by %s"
                        .formatted(order.image(), String.join(", ", order.with()));
        if (!refused.isEmpty()) {
            return new OrderResult.Declined(
                    done + ", but its snapshots may still be used", refused);
        }
        if (!copiers.isEmpty()) {
            catalog.save(Change.of(image, image.sharedWithout(order.with())));
        }
        return new OrderResult.Done(done);
    }

    /**
     * Permission to give orders is not permission to share with anybody: whom images may be shared
     * with is reviewed with the policies.
     */
    private Optional<String> beyondAllowed(Order.Share order) {
        List<String> beyond =
                order.with().stream()
                        .filter(who -> !policies.shareWith().contains(who))
                        .filter(who -> !sharedByPolicy(order).contains(who))
                        .toList();
        return beyond.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "neither \"share\" of its policy nor \"orders\" in the policy file names "
                                + String.join(", ", beyond)
                                + ": write orders: {shareWith: ["
                                + beyond.stream()
                                        .map(who -> "\"" + who + "\"")
                                        .collect(Collectors.joining(", "))
                                + "]} beside \"policies\" and deploy it");
    }

    /**
     * Both keys are checked, as for a removal: setting our tags on an image is not enough to get it
     * shared.
     */
    private Optional<String> against(Region region, ImageId id) {
        Optional<Image> record = catalog.find(region, id);
        if (record.isEmpty()) {
            return Optional.of("the catalogue knows no such image in " + region);
        }
        return switch (images.look(region, id)) {
            case ImageLookup.Shown(Ami ami) -> against(record.get(), ami);
            case ImageLookup.Gone _, ImageLookup.NotShown _ ->
                    Optional.of("EC2 does not show it in " + region);
        };
    }

    private static Optional<String> against(Image image, Ami ami) {
        if (!ImageTags.name(ami.tags()).equals(Optional.of(image.name()))) {
            return Optional.of("its tags in EC2 do not say " + image.name());
        }
        return image.isGood() && ami.state() == AmiState.AVAILABLE
                ? Optional.empty()
                : Optional.of("it is not available");
    }

    private List<String> sharedByPolicy(Order.OfImage order) {
        return catalog.find(order.region(), order.image())
                .flatMap(image -> policies.find(image.name().policy()))
                .map(policy -> policy.share().all())
                .orElse(List.of());
    }

    private String beyond(Order.Share order) {
        return new java.util.HashSet<>(sharedByPolicy(order)).containsAll(order.with())
                ? ""
                : "; that is beyond its policy, which you will be told once";
    }
}
