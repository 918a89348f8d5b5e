package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.amazonaws.services.lambda.runtime.Context;

import dev.amikeeper.Application;
import dev.amikeeper.Effort;
import dev.amikeeper.ShortContext;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.CallWatch;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.TurnTaker;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** How long pruning takes in virtual time, where calls take their time side by side. */
final class PrunePaceTest {
    private static final Set<String> OF_THE_TABLE =
            Set.of("GetItem", "PutItem", "Query", "BatchGetItem", "TransactWriteItems");

    private static final Duration RUN = Duration.ofMinutes(15);

    private static final Set<String> PACED =
            Set.of("DeregisterImage", "DescribeImageAttribute", "DescribeImageReferences");

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

        Pruned pruned = prune(given, Map.of(), change, read, RUN);

        assertThat(pruned.report.count(REMOVED)).isEqualTo(1_000);
        assertThat(pruned.first).isLessThan(Duration.ofSeconds(15));
        assertThat(pruned.took).isLessThan(Duration.ofSeconds(198));
        assertThat(pruned.calls)
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

        Pruned pruned = prune(given, Map.of(), 300, 150, RUN);

        assertThat(pruned.report.count(REMOVED)).isEqualTo(3 * 300);
        assertThat(pruned.took).isLessThan(Duration.ofSeconds(55));
        assertThat(pruned.calls)
                .containsEntry("DeregisterImage", 3 * 300)
                .containsEntry("DescribeImageAttribute", 3 * 300);
    }

    /** The bucket needs 1,980 s for 10,000 images, more than a run may last. */
    @Test
    void tenThousandImagesGoInRunsThatGoOnWithEachOther() {
        assumeTrue(Effort.isNightly());
        TestDeployment given = nights(250, 41, 1, TestDeployment.EAST);
        Instant begin = given.cloud.now();

        int removed = prune(given, Map.of(), 300, 150, RUN).report.count(REMOVED);
        int runs = 1;
        while (given.catalog().unfinishedPrune().isPresent() && runs < 5) {
            given.cloud.advanceTo(begin.plus(RUN.multipliedBy(runs++)));
            Pruned next = prune(given, Map.of("goOn", true), 300, 150, RUN);
            assertThat(next.report.count(REMOVED)).isPositive();
            removed += next.report.count(REMOVED);
        }

        assertThat(removed).isEqualTo(10_000);
        assertThat(Duration.between(begin, given.cloud.now()))
                .isLessThan(Duration.ofSeconds(2_178));
        assertThat(given.cloud.calls()).containsEntry("DeregisterImage", 10_000);
    }

    /**
     * How a run went in virtual time.
     *
     * @param first when the first image went
     * @param calls those that have a pace; a throttled one counts again when it is repeated
     */
    private record Pruned(
            PruneReport report, Duration took, Duration first, Map<String, Integer> calls) {}

    private static Pruned prune(
            TestDeployment given,
            Map<String, Object> event,
            int change,
            int read,
            Duration timeout) {
        SimulatedCloud cloud = given.cloud;
        TurnTaker turns =
                new TurnTaker(
                        cloud,
                        (action, _) ->
                                OF_THE_TABLE.contains(action)
                                        ? Duration.ofMillis(10)
                                        : action.startsWith("Describe")
                                                ? Duration.ofMillis(read)
                                                : Duration.ofMillis(change),
                        TurnTaker.TurnOrder.FIRST_COME);
        Instant begin = cloud.now();
        List<Instant> first = new ArrayList<>();
        Map<String, Integer> before = Map.copyOf(cloud.calls());
        cloud.watch(
                new CallWatch() {
                    @Override
                    public void before(String action, String region) {
                        if (first.isEmpty() && action.equals("DeregisterImage")) {
                            first.add(cloud.now());
                        }
                        turns.before(action, region);
                    }

                    @Override
                    public void after(String action, String region) {
                        turns.after(action, region);
                    }
                });
        Context context =
                ShortContext.of(
                        given.context("PruneFunction"),
                        () -> (int) timeout.minus(Duration.between(begin, cloud.now())).toMillis());
        List<PruneReport> reports = new ArrayList<>();
        PruneHandler handler = new PruneHandler(application(given, turns));
        turns.start(() -> reports.add(handler.handleRequest(event, context)));
        turns.run();
        Map<String, Integer> calls = new TreeMap<>(cloud.calls());
        before.forEach((action, count) -> calls.merge(action, -count, Integer::sum));
        calls.keySet().retainAll(PACED);
        return new Pruned(
                reports.getFirst(),
                Duration.between(begin, cloud.now()),
                Duration.between(begin, first.getFirst()),
                calls);
    }

    private static Application application(TestDeployment given, TurnTaker turns) {
        SimulatedCloud cloud = given.cloud;
        Application app = given.deployment.application();
        return Application.of(
                app.settings(),
                app.policies(),
                new Application.Cloud(
                        region -> cloud.ec2(region.name()),
                        region -> cloud.autoScaling(region.name()),
                        region -> cloud.ssm(region.name()),
                        _ -> cloud.iam(),
                        cloud.tables(app.settings().home().name()),
                        cloud.sqs(app.settings().home().name()),
                        cloud.sns(app.settings().home().name()),
                        cloud.clock(),
                        turns::pause,
                        new Random(1),
                        new SideBySide(8, turns)));
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
