package dev.amikeeper.sweep;

import dev.amikeeper.scale.FunctionHeap;
import dev.amikeeper.scale.GeneratedFleet;
import dev.amikeeper.scale.GeneratedFleet.FleetSize;

import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Sweeps a fleet of any size with two DR Regions. Alone, it prints what that takes. */
final class LargeSweep {
    private final GeneratedFleet fleet;
    private final SweepHandler handler;

    LargeSweep(FleetSize size) {
        fleet = new GeneratedFleet(size, "share: {accounts: [\"111122223333\"]}");
        handler = new SweepHandler(fleet.application());
    }

    /** Sweeps so much later than the last time. */
    SweepReport sweepAfter(Duration time) {
        fleet.given().cloud.advance(time);
        fleet.calls().clear();
        return handler.handleRequest(Map.of(), fleet.given().context("SweepFunction"));
    }

    /** The reads of EC2 and of records in the last sweep. */
    SortedMap<String, Integer> calls() {
        return new TreeMap<>(fleet.calls());
    }

    /**
     * Sweeps twice.
     *
     * @param args how many instances, slots of each, and volumes of each
     */
    public static void main(String[] args) {
        LargeSweep large = new LargeSweep(FleetSize.of(args));
        for (int i = 0; i < 2; i++) {
            long began = System.nanoTime();
            SweepReport report = large.sweepAfter(Drift.EVERY);
            System.out.printf(
                    "sweep: %s%n%s%n%s%n",
                    report.counts(), large.calls(), FunctionHeap.usedSince(began));
        }
    }
}
