package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Two functions at once as threads on DynamoDB Local, whose transactions conflict as DynamoDB's do:
 * the world ends as if one had run after the other.
 */
final class ConcurrencyTest {
    private static final int ROUNDS = Effort.of(1, 10);

    @TestFactory
    Stream<DynamicTest> twoFunctionsAtOnceEndAsOneAfterTheOther() {
        List<Pair> alone = pairs(Scenes.inMemory());
        List<Pair> atOnce = pairs(Scenes.onDynamoDbLocal());
        return IntStream.range(0, atOnce.size())
                .mapToObj(i ->
                        DynamicTest.dynamicTest(
                                atOnce.get(i).what(),
                                () -> endsAsInSequence(atOnce.get(i), alone.get(i))));
    }

    private static void endsAsInSequence(Pair pair, Pair alone) throws InterruptedException {
        List<List<String>> ends = alone.inSequence();
        for (int round = 1; round <= ROUNDS; round++) {
            List<String> end = atOnce(pair);
            assertThat(ends)
                    .withFailMessage(() -> pair.what() + EndState.difference(ends.getFirst(), end))
                    .contains(end);
        }
    }

    private static List<Pair> pairs(Scenes scenes) {
        return Stream.concat(scenes.all().stream().map(Pair::twice), scenes.pairs().stream())
                .toList();
    }

    private static List<String> atOnce(Pair pair) throws InterruptedException {
        Pair.Moment moment = pair.moment().get();
        CyclicBarrier start = new CyclicBarrier(2);
        List<Integer> failed = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> calls = new ArrayList<>();
            for (Runnable call : moment.calls()) {
                calls.add(
                        threads.submit(() -> {
                            await(start);
                            call.run();
                        }));
            }
            for (int caller = 0; caller < calls.size(); caller++) {
                try {
                    calls.get(caller).get();
                } catch (ExecutionException repeated) {
                    failed.add(caller);
                }
            }
        }
        return pair.end(moment, failed);
    }

    private static void await(CyclicBarrier start) {
        try {
            start.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException("the other thread did not come", e);
        }
    }
}
