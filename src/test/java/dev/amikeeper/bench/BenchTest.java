package dev.amikeeper.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.bench.BenchReport.CallLine;
import dev.amikeeper.bench.BenchReport.FunctionLine;
import dev.amikeeper.bench.BenchReport.PhaseLine;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * Keeps what a night costs from growing. If a change makes a figure smaller, write the smaller one
 * here; if it must grow, say why.
 */
final class BenchTest {
    private static final BenchSetup SMALL = new BenchSetup(60, 1, 2, 300, 0, 2, 1, 240, false);
    private static final BenchReport report = run(SMALL);

    @Test
    void everyImageIsMadeOnceAndEveryOldOneIsGone() {
        assertThat(report.outcome()).isEqualTo(new BenchReport.Outcome(180, 0, 180));
        assertThat(report.unfinished()).isZero();
        assertThat(report.throttled()).isEmpty();
        assertThat(report.isGood()).isTrue();
        assertThat(report.functions()).extracting(FunctionLine::failures).containsOnly(0);
    }

    /** User data was read in the night before, and no server was stopped since. */
    @Test
    void noCallOfAnImageIsMadeTwice() {
        Map<String, Integer> made =
                report.calls().stream().collect(Collectors.toMap(CallLine::action, CallLine::made));

        assertThat(made)
                .containsEntry("CreateImage", 60)
                .containsEntry("CopyImage", 120)
                .containsEntry("DeregisterImage", 180)
                .containsOnlyKeys(
                        "CreateImage", "CopyImage", "DeregisterImage", "DescribeImageAttribute");
        // The sweep compares a part of the launch permissions each time.
        assertThat(made.get("DescribeImageAttribute")).isBetween(180, 225);
    }

    @Test
    void pagesDoNotGrow() {
        assertThat(pages("DescribeImages")).isPositive().isLessThanOrEqualTo(320);
        assertThat(pages("DescribeInstances")).isPositive().isLessThanOrEqualTo(180);
        assertThat(pages("DescribeSnapshots")).isPositive().isLessThanOrEqualTo(30);
        assertThat(report.pages().values().stream().mapToInt(n -> n).sum())
                .isLessThanOrEqualTo(560);
    }

    private static int pages(String action) {
        return report.pages().getOrDefault(action, 0);
    }

    @Test
    void unitsOfTheCatalogueDoNotGrow() {
        assertThat(report.read("CreateImageFunction") / 60).isPositive().isLessThanOrEqualTo(2);
        assertThat(report.read("CopyImageFunction") / 120).isPositive().isLessThanOrEqualTo(2);
        assertThat(report.functions().stream().mapToDouble(FunctionLine::read).sum())
                .isLessThanOrEqualTo(11_100);
        assertThat(report.functions().stream().mapToDouble(FunctionLine::write).sum())
                .isLessThanOrEqualTo(5_900);
    }

    @Test
    void functionsAreCalledNoMoreOften() {
        Map<String, Integer> calls =
                report.functions().stream()
                        .collect(Collectors.toMap(FunctionLine::function, FunctionLine::calls));

        assertThat(calls.get("CreateImageFunction")).isBetween(1, 4);
        assertThat(calls.get("CopyImageFunction")).isBetween(2, 20);
        // Each image, each copy, and each that goes.
        assertThat(calls.get("ImageStateFunction")).isEqualTo(360);
        assertThat(calls.get("ScheduleFunction")).isEqualTo(288);
        assertThat(calls.get("SweepFunction")).isEqualTo(96);
        assertThat(calls.get("PruneFunction")).isEqualTo(97);
    }

    /** A burst starts with half a bucket, so these wait a few seconds at most. */
    @Test
    void burstsGoAsFastAsTheBucketsAllow() {
        assertThat(report.phases())
                .extracting(PhaseLine::action)
                .containsOnly("CreateImage", "CopyImage", "DeregisterImage")
                .hasSize(6);
        assertThat(report.phases())
                .allSatisfy(phase -> assertThat(phase.took()).isLessThan(phase.bound() + 60));
    }

    @Test
    void sameSetupHasTheSameReport() {
        BenchSetup setup = new BenchSetup(6, 2, 1, 1000, 0.2, 2, 7, 30, true);

        BenchReport first = run(setup);

        assertThat(run(setup)).isEqualTo(first);
        assertThat(first.outcome().images()).isEqualTo(12);
        assertThat(first.outcome().twice()).isZero();
    }

    private static BenchReport run(BenchSetup setup) {
        return Bench.run(setup, (night, images) -> {});
    }
}
