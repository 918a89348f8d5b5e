package dev.amikeeper.replication;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.event.Handover;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Region;
import dev.amikeeper.lifecycle.Relay;
import dev.amikeeper.lifecycle.Slice;
import dev.amikeeper.lifecycle.StartRecorder;
import dev.amikeeper.lifecycle.Worker;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.replication.ReplicationPlan.Room;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The waiting copies to one Region after the other. */
final class WaitingCopies {
    private static final Logger log = LoggerFactory.getLogger(WaitingCopies.class);

    /** The most needed copy is looked for among so many that wait, those of the oldest slots. */
    private static final int OLDEST = 1000;

    /** How many names show cheaply whether anything waits. */
    private static final int FIRST_LOOK = 16;

    /** How long to wait until some copies have ended. Their kicks come after that. */
    private static final Duration TILL_SOME_END = Duration.ofSeconds(30);

    /** How long a limit counts that EC2 showed by a refusal. */
    private static final Duration REMEMBERED = Duration.ofMinutes(15);

    /** One refusal may concern one copy only; so many in a row show a limit. */
    private static final int REFUSALS_IN_A_ROW = 3;

    private final Catalog catalog;
    private final ImageReads reads;
    private final ImageStarts images;
    private final Policies policies;
    private final int limit;
    private final StartRecorder starts;
    private final Relay relay;
    private final SideBySide sideBySide;

    /**
     * The copies.
     *
     * @param limit how many may be under way to a Region
     */
    WaitingCopies(Catalog catalog, ImageDoors images, Policies policies, int limit, Worker worker) {
        this.catalog = catalog;
        this.reads = images.reads();
        this.images = images.starts();
        this.policies = policies;
        this.limit = limit;
        starts = worker.starts();
        relay = worker.relay();
        sideBySide = worker.sideBySide();
    }

    /**
     * Starts copies while there is room and there are tokens.
     *
     * <p>No copy is forgotten that finds no room. If a copy ends after the worker has counted what
     * is under way, {@code ImageProgress} looks for waiting copies after it has recorded that, and
     * sees the one that found no room, because it is still waiting. If it ended before, the worker
     * has not counted it. A copy that is recorded later kicks by itself.
     *
     * @return what could be started if there were more tokens, or time
     */
    Relay.Left startAll(Slice slice) {
        Region region = slice.region();
        List<ImageName> first = waiting(slice, Optional.empty(), FIRST_LOOK);
        if (first.isEmpty()) {
            return Relay.Left.NOTHING;
        }
        boolean many = first.size() == FIRST_LOOK;
        Optional<Handover.Ceiling> ceiling = slice.ceiling();
        Room room =
                new Room(
                        ceiling.map(shown -> Math.min(limit, shown.copies())).orElse(limit),
                        catalog.copiesInFlight(region));
        if (room.free() == 0 || (room.isTooLittle(first.size()) && !slice.isRepeated())) {
            return noRoom(room, ceiling);
        }
        if (relay.now(region, first.size()) == 0) {
            return Relay.Left.work(many ? OLDEST : first.size()).under(ceiling);
        }
        List<ImageName> oldest = many ? waiting(slice, Optional.empty(), OLDEST) : first;
        return new Copying(slice, room, ceiling).start(oldest);
    }

    /** The kick of the next copy that ends is enough, unless it might come for too little room. */
    private static Relay.Left noRoom(Room room, Optional<Handover.Ceiling> ceiling) {
        return room.free() > 0 || ceiling.isPresent()
                ? Relay.Left.after(TILL_SOME_END).under(ceiling)
                : Relay.Left.NOTHING;
    }

    private List<ImageName> waiting(Slice slice, Optional<ImageName> after, int most) {
        return catalog.waiting(slice.region(), Work.COPY_WAITING, slice.now(), after, most);
    }

    /** The work of one slice. */
    private final class Copying {
        private final Slice slice;
        private final Region region;
        private final Instant now;
        private final Map<ImageRef, Ami> homes = new HashMap<>();
        private final Set<Region> unreachable = new HashSet<>();
        private Optional<Handover.Ceiling> ceiling;
        private Room room;

        Copying(Slice slice, Room room, Optional<Handover.Ceiling> ceiling) {
            this.slice = slice;
            this.room = room;
            this.ceiling = ceiling;
            region = slice.region();
            now = slice.now();
        }

        Relay.Left start(List<ImageName> oldest) {
            List<ImageName> looked = oldest;
            ReplicationPlan plan = new ReplicationPlan(policies);
            Deque<ImageName> names = new ArrayDeque<>(plan.byNeed(looked));
            while (true) {
                if (names.isEmpty()) {
                    if (looked.size() < OLDEST) {
                        return Relay.Left.NOTHING;
                    }
                    looked = waiting(slice, Optional.of(looked.getLast()), OLDEST);
                    names.addAll(plan.byNeed(looked));
                    continue;
                }
                int possible = Math.min(names.size(), room.free());
                if (possible == 0) {
                    starts.waits(names.size());
                    return noRoom(room, ceiling);
                }
                int many = slice.timeLeft().getAsBoolean() ? relay.now(region, possible) : 0;
                if (many == 0) {
                    starts.waits(names.size());
                    return Relay.Left.work(possible).under(ceiling);
                }
                List<Image> copies =
                        possible(
                                catalog.work(
                                        region,
                                        Work.COPY_WAITING,
                                        Stream.generate(names::removeFirst).limit(many).toList()));
                Burst burst = new Burst(copies);
                sideBySide.forEach(copies, burst::goesOn, burst::start);
                room = room.after(burst.started());
                Optional<Relay.Left> end = end(burst, names.size());
                if (end.isPresent()) {
                    return end.get();
                }
            }
        }

        /** What a burst leaves; empty if the next one may follow. */
        private Optional<Relay.Left> end(Burst burst, int others) {
            int left = burst.unbegun() + others;
            if (burst.isFull()) {
                // With nothing under way there must be a next try.
                int shown = Math.max(1, room.underWay());
                log.warn("{}: for a while no more than {} copies at a time", region, shown);
                ceiling = Optional.of(new Handover.Ceiling(shown, now.plus(REMEMBERED)));
                starts.waits(left);
                return Optional.of(Relay.Left.after(TILL_SOME_END).under(ceiling));
            }
            if (burst.isStopped()) {
                starts.waits(left);
                return Optional.of(
                        starts.isStopped()
                                ? Relay.Left.trouble(starts.hasStarted(), left + 1)
                                : Relay.Left.NOTHING);
            }
            if (burst.unbegun() > 0) {
                starts.waits(left);
                int possible = Math.max(1, Math.min(left, room.free()));
                return Optional.of(Relay.Left.work(possible).under(ceiling));
            }
            return Optional.empty();
        }

        /** Gives up the copies that can never be made, and leaves out those that cannot be now. */
        private List<Image> possible(List<Image> copies) {
            readHomes(copies);
            List<Image> possible = new ArrayList<>();
            for (Image copy : copies) {
                Optional<String> never = never(copy);
                if (never.isPresent()) {
                    starts.giveUp(copy, never.get(), now);
                } else if (!homes.containsKey(homeOf(copy))) {
                    starts.waits(1);
                } else {
                    possible.add(copy);
                }
            }
            return possible;
        }

        private void readHomes(List<Image> copies) {
            Map<Region, List<ImageId>> ids = new TreeMap<>();
            for (Image copy : copies) {
                ImageRef home = homeOf(copy);
                if (!unreachable.contains(home.region())) {
                    ids.computeIfAbsent(home.region(), _ -> new ArrayList<>()).add(home.id());
                }
            }
            ids.forEach((in, wanted) -> {
                try {
                    reads.find(in, wanted)
                            .forEach((id, ami) -> homes.put(new ImageRef(in, id), ami));
                } catch (SdkException error) {
                    starts.stop(in, error, "ec2:DescribeImages", now);
                    unreachable.add(in);
                }
            });
        }

        /** Why this copy can never be made; empty if it can. */
        private Optional<String> never(Image copy) {
            ImageRef home = homeOf(copy);
            Optional<Policy> policy = policies.find(copy.name().policy());
            if (policy.isEmpty()) {
                return Optional.of("its policy is no longer in the file");
            }
            if (!policy.get().replicate().containsKey(region)) {
                return Optional.of("its policy no longer replicates to " + region);
            }
            if (!unreachable.contains(home.region())
                    && !homes.containsKey(home)
                    && isGone(copy, home)) {
                return Optional.of("the home image " + home + " is gone");
            }
            return Optional.empty();
        }

        /** Copies that are started side by side. */
        private final class Burst {
            private final int size;
            private int begun;
            private int started;
            private int refusedInARow;
            private boolean stopped;

            Burst(List<Image> copies) {
                size = copies.size();
            }

            boolean goesOn() {
                return !isStopped() && relay.hasToken(region) && slice.timeLeft().getAsBoolean();
            }

            void start(Image copy) {
                begin();
                Ami home = requireNonNull(homes.get(homeOf(copy)));
                Policy policy = policies.find(copy.name().policy()).orElseThrow();
                Policy.Replica how = requireNonNull(policy.replicate().get(region));
                StartResult result = images.copy(copy, home.tags(), how);
                boolean goOn = starts.settle(copy, result, home.snapshots().size(), now);
                ended(result, goOn);
            }

            private synchronized void begin() {
                begun++;
            }

            private synchronized void ended(StartResult result, boolean goOn) {
                switch (result) {
                    case StartResult.Started _, StartResult.Adopted _ -> {
                        started++;
                        refusedInARow = 0;
                    }
                    case StartResult.NoRoom _ -> refusedInARow++;
                    case StartResult.NotNow _, StartResult.NotSo _ -> stopped |= !goOn;
                }
            }

            synchronized int started() {
                return started;
            }

            synchronized int unbegun() {
                return size - begun;
            }

            synchronized boolean isFull() {
                return refusedInARow >= REFUSALS_IN_A_ROW;
            }

            synchronized boolean isStopped() {
                return stopped || refusedInARow >= REFUSALS_IN_A_ROW;
            }
        }
    }

    private static ImageRef homeOf(Image copy) {
        return copy.home().orElseThrow();
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
}
