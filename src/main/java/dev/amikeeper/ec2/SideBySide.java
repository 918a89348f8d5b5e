package dev.amikeeper.ec2;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How many calls are under way at a time. Where many things are to be read one by one, what a call
 * takes to be answered must not set the pace: EC2's token buckets do.
 */
public record SideBySide(int abreast) {
    /** Each after the other, always in the same order: for simulations. */
    public static final SideBySide ONE_BY_ONE = new SideBySide(1);

    /** As functions read. */
    public static final SideBySide EIGHT = new SideBySide(8);

    /**
     * Does this with each, in the order of the list, as long as there is more time. What was begun
     * is brought to its end. The first that fails lets nothing more begin.
     *
     * @throws RuntimeException what the first of those that failed has thrown
     */
    public <T> void forEach(List<T> all, BooleanSupplier moreTime, Consumer<T> each) {
        AtomicInteger next = new AtomicInteger();
        Runnable worker =
                () -> {
                    while (moreTime.getAsBoolean()) {
                        int mine = next.getAndIncrement();
                        if (mine >= all.size()) {
                            return;
                        }
                        try {
                            each.accept(all.get(mine));
                        } catch (RuntimeException | Error failed) {
                            next.set(all.size());
                            throw failed;
                        }
                    }
                };
        if (abreast == 1 || all.size() < 2) {
            worker.run();
            return;
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> workers =
                    Stream.generate(() -> worker)
                            .limit(Math.min(abreast, all.size()))
                            .<Future<?>>map(threads::submit)
                            .toList();
            workers.forEach(SideBySide::join);
        }
    }

    private static void join(Future<?> worker) {
        try {
            worker.get();
        } catch (ExecutionException failed) {
            switch (failed.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(failed);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
