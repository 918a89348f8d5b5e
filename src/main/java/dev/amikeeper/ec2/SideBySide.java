package dev.amikeeper.ec2;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * How many calls to make at a time. If many things must be read one by one, EC2's token buckets
 * should limit the speed rather than the time that each call takes.
 *
 * @param together runs what goes on at the same time
 */
public record SideBySide(int abreast, Together together) {
    /** One after the other, always in the same order; for simulations. */
    public static final SideBySide ONE_BY_ONE =
            new SideBySide(1, workers -> workers.forEach(Runnable::run));

    /** The setting of the functions. */
    public static final SideBySide EIGHT = new SideBySide(8, SideBySide::onThreads);

    /** Runs workers at the same time. */
    public interface Together {
        /**
         * Returns when all have ended.
         *
         * @throws RuntimeException the exception of the first of them that failed
         */
        void run(List<Runnable> workers);
    }

    /**
     * Calls {@code each} for each item in the order of the list, as long as there is more time.
     * Calls that have begun are finished. After a failure no more calls begin.
     *
     * @throws RuntimeException the exception of the first failed call
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
        together.run(Collections.nCopies(Math.min(abreast, all.size()), worker));
    }

    private static void onThreads(List<Runnable> workers) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = workers.stream().<Future<?>>map(threads::submit).toList();
            running.forEach(SideBySide::join);
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
