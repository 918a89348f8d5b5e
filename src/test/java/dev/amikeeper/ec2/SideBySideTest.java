package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

final class SideBySideTest {
    private static final List<Integer> MANY = IntStream.range(0, 100).boxed().toList();

    @Test
    void eightAreUnderWayAtATime() {
        CountDownLatch eight = new CountDownLatch(8);
        Set<Integer> met = ConcurrentHashMap.newKeySet();

        SideBySide.EIGHT.forEach(
                MANY.subList(0, 8),
                () -> true,
                each -> {
                    eight.countDown();
                    if (await(eight)) {
                        met.add(each);
                    }
                });

        assertThat(met).hasSize(8);
    }

    @Test
    void eachIsTakenOnce() {
        AtomicInteger sum = new AtomicInteger();

        SideBySide.EIGHT.forEach(MANY, () -> true, sum::addAndGet);

        assertThat(sum).hasValue(4950);
    }

    @Test
    void oneByOneIsInOrder() {
        List<Integer> taken = new ArrayList<>();

        SideBySide.ONE_BY_ONE.forEach(MANY, () -> taken.size() < 7, taken::add);

        assertThat(taken).containsExactly(0, 1, 2, 3, 4, 5, 6);
    }

    @Test
    void nothingBeginsWithoutTime() {
        Set<Integer> taken = ConcurrentHashMap.newKeySet();

        SideBySide.EIGHT.forEach(MANY, () -> taken.size() < 20, taken::add);

        assertThat(taken).hasSizeBetween(20, 28);
    }

    @Test
    void whatFailsLetsNothingMoreBeginAndIsThrown() {
        for (SideBySide how : List.of(SideBySide.ONE_BY_ONE, SideBySide.EIGHT)) {
            AtomicInteger begun = new AtomicInteger();
            assertThatThrownBy(() ->
                            how.forEach(
                                    MANY,
                                    () -> true,
                                    each -> {
                                        begun.incrementAndGet();
                                        throw new IllegalStateException("no");
                                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no");
            assertThat(begun).hasValueLessThanOrEqualTo(8);
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
