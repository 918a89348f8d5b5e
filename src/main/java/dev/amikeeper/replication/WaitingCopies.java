package dev.amikeeper.replication;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Region;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The waiting copies to one Region. */
final class WaitingCopies {
    private static final Logger log = LoggerFactory.getLogger(WaitingCopies.class);

    /** More than there is ever room for at once. */
    private static final int AT_ONCE = 200;

    private final Catalog catalog;
    private final ImageReads reads;
    private final ImageStarts images;
    private final Policies policies;
    private final StartRecorder starts;

    /** The home images of waiting copies, as far as their Regions answer. */
    private record Homes(Map<ImageRef, Ami> found, Set<Region> unreachable) {}

    WaitingCopies(
            Catalog catalog,
            ImageReads reads,
            ImageStarts images,
            Policies policies,
            StartRecorder starts) {
        this.catalog = catalog;
        this.reads = reads;
        this.images = images;
        this.policies = policies;
        this.starts = starts;
    }

    /**
     * Starts the copies while there is room.
     *
     * @return whether more could be started now: there was no time for some, or others that failed
     *     left their room
     */
    boolean startAll(Slice slice) {
        Region region = slice.region();
        Instant now = slice.now();
        int limit = AT_ONCE;
        List<Image> due = catalog.work(region, Work.COPY_WAITING, now, limit);
        Homes homes = homes(due, now);
        while (due.size() == limit && homes.found.isEmpty()) {
            // All of these wait for Regions that do not answer, so look at the copies behind them.
            limit *= 4;
            due = catalog.work(region, Work.COPY_WAITING, now, limit);
            homes = homes(due, now);
        }
        if (due.isEmpty()) {
            return false;
        }
        List<Image> possible = new ArrayList<>();
        for (Image copy : due) {
            ImageRef home = copy.home().orElseThrow();
            Optional<String> never = never(copy, homes);
            if (never.isPresent()) {
                starts.giveUp(copy, never.get(), now);
            } else if (!homes.found.containsKey(home)) {
                starts.waits(1);
            } else {
                possible.add(copy);
            }
        }
        Map<ImageRef, Ami> found = homes.found;
        int inFlight = catalog.copiesInFlight(region);
        ReplicationPlan plan =
                ReplicationPlan.of(
                        possible, copy -> homeOf(copy, found).snapshots().size(), inFlight);
        starts.waits(plan.waiting().size());
        int begun = 0;
        int freed = 0;
        for (Image copy : plan.start()) {
            if (!slice.timeLeft().getAsBoolean()) {
                return true;
            }
            int failures = starts.failures();
            Ami home = homeOf(copy, found);
            StartResult start = start(copy, home);
            if (!settle(copy, start, home, inFlight + begun == 0, now)) {
                return false;
            }
            if (start instanceof StartResult.Started || start instanceof StartResult.Adopted) {
                begun++;
            }
            freed += starts.failures() - failures;
        }
        // Copies that failed did not use their room.
        return freed > 0 && !plan.waiting().isEmpty();
    }

    /**
     * If none of our copies is in progress and there is still no room, either others use it or this
     * copy alone is too large. A copy that is too large can never start, but the next one may be
     * smaller.
     */
    private boolean settle(Image copy, StartResult start, Ami home, boolean alone, Instant now) {
        int snapshots = home.snapshots().size();
        if (alone && start instanceof StartResult.NoRoom(String why)) {
            if (snapshots > ReplicationPlan.PLACES) {
                return starts.tryFailed(copy, snapshots + " snapshots at once: " + why, now);
            }
            starts.waits(1);
            return true;
        }
        return starts.settle(copy, start, snapshots, now);
    }

    private Homes homes(List<Image> copies, Instant now) {
        Map<Region, List<ImageId>> ids = new TreeMap<>();
        for (Image copy : copies) {
            ImageRef home = copy.home().orElseThrow();
            ids.computeIfAbsent(home.region(), r -> new ArrayList<>()).add(home.id());
        }
        Map<ImageRef, Ami> found = new HashMap<>();
        Set<Region> unreachable = new HashSet<>();
        ids.forEach((region, wanted) -> {
            try {
                reads.find(region, wanted)
                        .forEach((id, ami) -> found.put(new ImageRef(region, id), ami));
            } catch (SdkException error) {
                starts.stop(region, error, "ec2:DescribeImages", now);
                unreachable.add(region);
            }
        });
        return new Homes(found, unreachable);
    }

    private static Ami homeOf(Image copy, Map<ImageRef, Ami> found) {
        return requireNonNull(found.get(copy.home().orElseThrow()));
    }

    /** Why this copy can never be made; empty if it can. */
    private Optional<String> never(Image copy, Homes homes) {
        ImageRef home = copy.home().orElseThrow();
        Optional<Policy> policy = policies.find(copy.name().policy());
        if (policy.isEmpty()) {
            return Optional.of("its policy is no longer in the file");
        }
        if (!policy.get().replicate().containsKey(copy.region())) {
            return Optional.of("its policy no longer replicates to " + copy.region());
        }
        if (!homes.unreachable.contains(home.region())
                && !homes.found.containsKey(home)
                && isGone(copy, home)) {
            return Optional.of("the home image " + home + " is gone");
        }
        return Optional.empty();
    }

    /**
     * An image that EC2 does not show may just be too new, but one that is no longer recorded is
     * gone.
     */
    private boolean isGone(Image copy, ImageRef home) {
        boolean recorded =
                catalog.find(home.region(), copy.name())
                        .filter(image -> image.id().equals(Optional.of(home.id())))
                        .isPresent();
        try {
            return !recorded || reads.look(home.region(), home.id()) instanceof ImageLookup.Gone;
        } catch (SdkException error) {
            log.warn("{} cannot be looked at: {}", home, Fault.text(error));
            return false;
        }
    }

    private StartResult start(Image copy, Ami home) {
        Policy policy = policies.find(copy.name().policy()).orElseThrow();
        Policy.Replica how = requireNonNull(policy.replicate().get(copy.region()));
        return images.copy(copy, home.tags(), how);
    }
}
