package dev.amikeeper.replication;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.status.Objective;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * In which order a Region's waiting copies are needed. The copy comes first whose policy is the
 * first to miss its objective in that Region; among those, the one of the oldest slot. So the
 * copies of an hourly policy do not wait behind all those of a nightly one.
 */
public final class ReplicationPlan {
    private final Policies policies;
    private final Map<PolicySlot, Instant> known = new HashMap<>();

    private record PolicySlot(String policy, Slot slot) {}

    ReplicationPlan(Policies policies) {
        this.policies = policies;
    }

    /** Returns these waiting copies, the most needed one first. */
    List<ImageName> byNeed(List<ImageName> waiting) {
        return waiting.stream()
                .sorted(
                        Comparator.comparing((ImageName copy) -> neededBy(copy))
                                .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** When the copy must be usable; the copies of one policy and slot are needed together. */
    private Instant neededBy(ImageName copy) {
        return known.computeIfAbsent(
                new PolicySlot(copy.policy(), copy.slot()),
                it -> term(policies.find(it.policy), it.slot));
    }

    /** The copy of a policy that is no longer in the file is not made; that is quickly done. */
    private static Instant term(Optional<Policy> policy, Slot slot) {
        if (policy.isEmpty()) {
            return Instant.MIN;
        }
        return policy.get()
                .schedule()
                .map(schedule -> new Objective(schedule, true).until(slot))
                .orElseGet(() -> slot.time().plus(Objective.MAKING).plus(Objective.COPYING));
    }

    /**
     * The room for copies to a Region.
     *
     * @param limit how many copies may be under way
     * @param underWay how many are under way
     */
    record Room(int limit, int underWay) {
        /** To come for less room than this would cost more reads than it is worth. */
        private static final int WORTHWHILE = 8;

        /** How many copies may be started. */
        int free() {
            return Math.max(0, limit - underWay);
        }

        /**
         * Whether it is better to wait until more copies have ended. There must be more to start
         * than there is room for, and room for few compared to the limit.
         *
         * @param waiting how many copies wait
         */
        boolean isTooLittle(int waiting) {
            return free() < waiting && free() < Math.clamp(limit / 8, 1, WORTHWHILE);
        }

        /** The room after so many more have been started. */
        Room after(int started) {
            return new Room(limit, underWay + started);
        }
    }
}
