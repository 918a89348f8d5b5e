package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.amikeeper.Effort;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.retention.TimedPrune.Pruned;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

/** How long pruning takes in virtual time, where calls take their time side by side. */
final class PrunePaceTest {
    static Stream<Arguments> latencies() {
        return Effort.isNightly()
                ? Stream.of(arguments(300, 150), arguments(1_000, 500), arguments(1_000, 1_000))
                : Stream.of(arguments(1_000, 1_000));
    }

    /** DeregisterImage has a bucket of 100 that gets five a second, so 1,000 images need 180 s. */
    @ParameterizedTest
    @MethodSource("latencies")
    void thousandImagesGoAsFastAsTheBucketFills(int change, int read) {
        TestDeployment given = nights(100, 20, 10, TestDeployment.EAST);

        Pruned pruned = prune(given, Map.of(), change, read);

        assertThat(pruned.report().count(REMOVED)).isEqualTo(1_000);
        assertThat(pruned.first()).isLessThan(Duration.ofSeconds(15));
        assertThat(pruned.took()).isLessThan(Duration.ofSeconds(198));
        assertThat(pruned.calls())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "DeregisterImage", 1_000,
                                "DescribeImageAttribute", 1_000,
                                "DescribeImageReferences", 100));
    }

    @Test
    void eachRegionHasItsOwnBucket() {
        TestDeployment given =
                nights(25, 15, 3, TestDeployment.EAST, TestDeployment.WEST, TestDeployment.IRELAND);

        Pruned pruned = prune(given, Map.of(), 300, 150);

        assertThat(pruned.report().count(REMOVED)).isEqualTo(3 * 300);
        assertThat(pruned.took()).isLessThan(Duration.ofSeconds(55));
        assertThat(pruned.calls())
                .containsEntry("DeregisterImage", 3 * 300)
                .containsEntry("DescribeImageAttribute", 3 * 300);
    }

    /** The bucket needs 1,980 s for 10,000 images, more than a run may last. */
    @Test
    void tenThousandImagesGoInRunsThatGoOnWithEachOther() {
        assumeTrue(Effort.isNightly());
        TestDeployment given = nights(250, 41, 1, TestDeployment.EAST);
        Instant begin = given.cloud.now();

        int removed = prune(given, Map.of(), 300, 150).report().count(REMOVED);
        int runs = 1;
        while (given.catalog().unfinishedPrune().isPresent() && runs < 5) {
            given.cloud.advanceTo(begin.plus(TimedPrune.RUN.multipliedBy(runs++)));
            Pruned next = prune(given, Map.of("goOn", true), 300, 150);
            assertThat(next.report().count(REMOVED)).isPositive();
            removed += next.report().count(REMOVED);
        }

        assertThat(removed).isEqualTo(10_000);
        assertThat(Duration.between(begin, given.cloud.now()))
                .isLessThan(Duration.ofSeconds(2_178));
        assertThat(given.cloud.calls()).containsEntry("DeregisterImage", 10_000);
    }

    private static Pruned prune(
            TestDeployment given, Map<String, Object> event, int change, int read) {
        return new TimedPrune(given, given::environment, given.cloud::watch)
                .prune(event, change, read);
    }

    /** Servers in these Regions with so many images each, of which so many are kept. */
    private static TestDeployment nights(int servers, int nights, int kept, String... regions) {
        TestDeployment given =
                new TestDeployment(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}, regions: [%s]}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: %d}
                        """
                                .formatted(String.join(", ", regions), kept));
        for (String region : regions) {
            for (int server = 0; server < servers; server++) {
                given.instance(region, "web-" + server, 1);
            }
        }
        given.nights(nights);
        return given;
    }
}
