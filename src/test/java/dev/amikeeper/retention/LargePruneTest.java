package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.POSTPONED;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.amikeeper.Effort;
import dev.amikeeper.image.Region;
import dev.amikeeper.retention.TimedPrune.Pruned;
import dev.amikeeper.scale.FunctionHeap;
import dev.amikeeper.scale.GeneratedFleet;
import dev.amikeeper.scale.GeneratedFleet.FleetSize;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Pruning a fleet of any size with two DR Regions. */
final class LargePruneTest {
    private static final int KEPT = 3;

    /** DeregisterImage gets five tokens a second, so that a run of 15 minutes may use 4,500. */
    private static final int A_RUN = 4_000;

    private static GeneratedFleet fleet(FleetSize size) {
        return new GeneratedFleet(size, "keep: {last: %d}".formatted(KEPT));
    }

    private static Pruned prune(GeneratedFleet fleet, Map<String, Object> event) {
        return new TimedPrune(fleet.given(), fleet::application, fleet::watch)
                .prune(event, 300, 150);
    }

    private static int records(GeneratedFleet fleet, Region region) {
        return fleet.application().catalog().ofPolicy("gold", region).size();
    }

    @Test
    void whatNoRuleKeepsAndNobodyUsesOrHoldsGoesAndNothingElse() {
        GeneratedFleet fleet = fleet(new FleetSize(60, 5, 2));

        Pruned pruned = prune(fleet, Map.of());

        assertThat(fleet.given().catalog().unfinishedPrune()).isEmpty();
        int all = 0;
        for (Region region : GeneratedFleet.REGIONS) {
            assertThat(fleet.deregistered(region))
                    .containsExactlyInAnyOrderElementsOf(fleet.beyond(KEPT, region));
            assertThat(records(fleet, region))
                    .isEqualTo(fleet.size().images() - fleet.deregistered(region).size());
            all += fleet.deregistered(region).size();
        }
        assertThat(pruned.report().count(REMOVED)).isEqualTo(all);
    }

    /** EC2 allows 50,000 images in a Region; the function has 1,024 MB. */
    @Test
    void aFullAccountFitsIntoTheFunction() throws IOException, InterruptedException {
        assumeTrue(Effort.isNightly());

        FunctionHeap.run(FullAccount.class, new FleetSize(10_000, 5, 2).args());
    }

    /** Prunes twice and checks what must hold. The second run goes on with the first. */
    static final class FullAccount {
        private FullAccount() {}

        public static void main(String[] args) {
            GeneratedFleet fleet = fleet(FleetSize.of(args));
            Instant begin = fleet.given().cloud.now();
            long began = System.nanoTime();

            Pruned first = prune(fleet, Map.of());
            say(first, began);
            assertProgress(fleet, first, A_RUN);

            fleet.given().cloud.advanceTo(begin.plus(TimedPrune.RUN));
            began = System.nanoTime();
            Pruned second = prune(fleet, Map.of("goOn", true));
            say(second, began);
            assertProgress(fleet, second, 2 * A_RUN);
            assertThat(first.report().count(REMOVED) + second.report().count(REMOVED))
                    .isEqualTo(
                            GeneratedFleet.REGIONS.stream()
                                    .mapToInt(region -> fleet.deregistered(region).size())
                                    .sum());
        }

        private static void say(Pruned pruned, long began) {
            System.out.printf(
                    "prune: %s, first after %d s, all in %d s of virtual time%n%s%n",
                    pruned.report().counts(),
                    pruned.first().toSeconds(),
                    pruned.took().toSeconds(),
                    FunctionHeap.usedSince(began));
        }

        /**
         * @param removed at least so many are removed by now in each Region
         */
        private static void assertProgress(GeneratedFleet fleet, Pruned run, int removed) {
            assertThat(run.first()).isLessThan(Duration.ofMinutes(1));
            assertThat(run.took()).isLessThan(TimedPrune.RUN);
            assertThat(run.report().count(POSTPONED)).isPositive();
            assertThat(fleet.given().catalog().unfinishedPrune()).isPresent();
            for (Region region : GeneratedFleet.REGIONS) {
                assertThat(records(fleet, region))
                        .isEqualTo(fleet.size().images() - fleet.deregistered(region).size());
                assertThat(fleet.deregistered(region)).hasSizeGreaterThan(removed);
                assertThat(fleet.beyond(KEPT, region)).containsAll(fleet.deregistered(region));
            }
        }
    }
}
