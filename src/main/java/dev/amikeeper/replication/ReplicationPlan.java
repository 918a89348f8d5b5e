package dev.amikeeper.replication;

import dev.amikeeper.image.Image;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Which of a Region's waiting copies there is room for.
 *
 * @param start the copies to start now, in order
 * @param waiting the copies that keep waiting
 */
public record ReplicationPlan(List<Image> start, List<Image> waiting) {
    /**
     * EC2's limit on snapshot copies in progress per destination Region. An image copy takes one
     * place for each snapshot. See "Quotas for Amazon EBS".
     */
    public static final int PLACES = 20;

    public ReplicationPlan {
        start = List.copyOf(start);
        waiting = List.copyOf(waiting);
    }

    /**
     * Takes copies strictly in order, so that a copy with many volumes is not overtaken forever by
     * smaller ones. A copy that is larger than the Region's whole room starts when nothing else is
     * in progress; EC2 decides whether it can succeed.
     *
     * @param inOrder the waiting copies, oldest slot first
     * @param snapshots how many snapshots a copy has
     */
    public static ReplicationPlan of(
            List<Image> inOrder, ToIntFunction<Image> snapshots, int inFlight) {
        List<Image> start = new ArrayList<>();
        int taken = inFlight;
        for (Image copy : inOrder) {
            int places = Math.max(1, snapshots.applyAsInt(copy));
            if (taken > 0 && taken + places > PLACES) {
                break;
            }
            start.add(copy);
            taken += places;
        }
        return new ReplicationPlan(start, inOrder.subList(start.size(), inOrder.size()));
    }
}
