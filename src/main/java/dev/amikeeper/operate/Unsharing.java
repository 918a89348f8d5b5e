package dev.amikeeper.operate;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.joining;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Reach;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Revokes the permissions of accounts or organizations for all our images and their snapshots. It
 * goes by the permissions that EC2 shows, and by those that the records would give again. A
 * repeated order therefore continues where the last one stopped. A Region that refuses does not
 * stop the others.
 */
final class Unsharing {
    /**
     * The limit on changes in one order. At EC2's pace this many take about three minutes, which is
     * within a function's time.
     */
    private static final int CHANGES = 900;

    /**
     * After this many refusals, a Region is abandoned, because one refusal may well mean that all
     * changes are refused.
     */
    private static final int REFUSALS = 100;

    /** This many of a Region's refusals are reported one by one. */
    private static final int NAMED = 3;

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Policies policies;
    private final Order.UnshareAll order;
    private final BooleanSupplier moreTime;
    private final int changes;
    private final List<String> troubles = new ArrayList<>();
    private final Set<Region> unread = new TreeSet<>();
    private int changedImages;
    private int changedSnapshots;
    private int changedRecords;
    private int left;

    /**
     * Creates the execution of one order.
     *
     * @param moreTime whether there is time for more changes
     */
    Unsharing(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Policies policies,
            Order.UnshareAll order,
            BooleanSupplier moreTime) {
        this(catalog, images, imageChanges, policies, order, moreTime, CHANGES);
    }

    Unsharing(
            Catalog catalog,
            ImageReads images,
            ImageChanges imageChanges,
            Policies policies,
            Order.UnshareAll order,
            BooleanSupplier moreTime,
            int changes) {
        this.changes = changes;
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.policies = policies;
        this.order = order;
        this.moreTime = moreTime;
    }

    OrderResult outcome() {
        Set<String> names = new TreeSet<>(catalog.policiesWith(policies.allNames()));
        names.removeIf(name -> !isMeant(name));
        if (order.policy().isPresent() && names.isEmpty()) {
            return asBefore(
                    "there is no policy " + order.policy().get() + ", and there never was one");
        }
        List<String> naming = names.stream().flatMap(this::naming).toList();
        if (!naming.isEmpty()) {
            return asBefore(
                    String.join(", ", naming)
                            + ", which would give it again: take that out of the policy file first,"
                            + " and deploy it");
        }
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        for (Region region : regions) {
            if (isEnough()) {
                unread.add(region);
            } else {
                new Turn(region).takeBack(names);
            }
        }
        return ended();
    }

    private boolean isMeant(String policy) {
        return order.policy().map(policy::equals).orElse(true);
    }

    private OrderResult asBefore(String why) {
        return OrderResult.refused(who() + ": all access stays as it is", why);
    }

    private String who() {
        return String.join(", ", order.with());
    }

    private Stream<String> naming(String policy) {
        List<String> named =
                policies.find(policy)
                        .map(Policy::share)
                        .map(Policy.ShareRules::all)
                        .orElse(List.of());
        String both = order.with().stream().filter(named::contains).collect(joining(", "));
        return both.isEmpty()
                ? Stream.empty()
                : Stream.of("\"share\" of policy %s names %s".formatted(policy, both));
    }

    private OrderResult ended() {
        String done =
                "%s: access to %d images and %d snapshots is taken back, and %d records forget it"
                        .formatted(who(), changedImages, changedSnapshots, changedRecords);
        if (left > 0) {
            troubles.add(left + " changes are left: order it again, and it continues there");
        }
        if (!unread.isEmpty()) {
            troubles.add(
                    "not everything was looked at in "
                            + unread.stream().map(Region::name).collect(joining(", "))
                            + ": order it again; ./keeper unshare has no limit of time");
        }
        return troubles.isEmpty()
                ? new OrderResult.Done(done)
                : new OrderResult.Declined(done, troubles);
    }

    private boolean isEnough() {
        return changedImages + changedSnapshots + changedRecords >= changes
                || !moreTime.getAsBoolean();
    }

    /** The work in one Region. */
    private final class Turn {
        private final Region region;
        private final List<String> refused = new ArrayList<>();

        Turn(Region region) {
            this.region = region;
        }

        void takeBack(Set<String> policies) {
            try {
                // The records come first, so that an image that is brought back meanwhile comes
                // back without the permission.
                policies.forEach(policy -> catalog.ofPolicy(policy, region).forEach(this::forget));
                takeBackInEc2();
                for (String policy : policies) {
                    if (isEnough()) {
                        unread.add(region);
                    } else {
                        catalog.removed(policy, region).forEach(this::forget);
                    }
                }
            } catch (SdkException error) {
                String remedy =
                        Blocker.of(error, "ec2:DescribeImages", region)
                                .map(Blocker::remedy)
                                .orElse("order it again");
                refused.add(Fault.text(error) + "; " + remedy);
            }
            refused.stream().limit(NAMED).map(why -> region + ": " + why).forEach(troubles::add);
            if (refused.size() > NAMED) {
                troubles.add(region + ": and " + (refused.size() - NAMED) + " more were refused");
            }
        }

        private void takeBackInEc2() {
            Reach reach = images.reach(region, order.with(), moreTime);
            if (reach.unread() > 0) {
                unread.add(region);
            }
            reach.images().entrySet().stream()
                    .filter(image -> isMeant(image.getValue()))
                    .map(Map.Entry::getKey)
                    .sorted(comparing(ImageId::value))
                    .filter(id -> isDone(id, () -> imageChanges.unshare(region, id, order.with())))
                    .forEach(_ -> changedImages++);
            reach.snapshots().entrySet().stream()
                    .filter(snapshot -> isMeant(snapshot.getValue()))
                    .map(Map.Entry::getKey)
                    .sorted()
                    .filter(id -> isDone(id, () -> imageChanges.unshare(region, id, order.with())))
                    .forEach(_ -> changedSnapshots++);
        }

        private boolean isDone(Object id, Supplier<ChangeResult> change) {
            if (isEnough() || refused.size() >= REFUSALS) {
                left++;
                return false;
            }
            if (change.get() instanceof ChangeResult.Refused(String why)) {
                refused.add(id + ": " + why);
                return false;
            }
            return true;
        }

        private void forget(Image image) {
            Image after = image.sharedWithout(order.with());
            if (differs(image, after)) {
                forget(() -> catalog.save(Change.of(image, after)));
            }
        }

        /**
         * An image that comes back from the Recycle Bin is shared with those whom its record names.
         */
        private void forget(Tombstone tombstone) {
            Image after = tombstone.image().sharedWithout(order.with());
            if (differs(tombstone.image(), after)) {
                forget(() ->
                        catalog.save(
                                tombstone,
                                new Tombstone(
                                        after,
                                        tombstone.removedAt(),
                                        tombstone.by(),
                                        tombstone.why())));
            }
        }

        /** A record that changed in the meantime is left to the next order. */
        private void forget(BooleanSupplier save) {
            if (!isEnough() && save.getAsBoolean()) {
                changedRecords++;
            } else {
                left++;
            }
        }

        private static boolean differs(Image before, Image after) {
            return !before.leaving().permissions().equals(after.leaving().permissions())
                    || !before.sharing().refused().equals(after.sharing().refused())
                    || !before.sharing().copiers().equals(after.sharing().copiers());
        }
    }
}
