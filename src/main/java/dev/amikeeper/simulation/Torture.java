package dev.amikeeper.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Plays many seeds, each on its own, with one thread for each play at a time. */
public final class Torture {
    private static final int SHRINKING_PLAYS = 600;

    /** What was played so far. */
    public record Totals(
            int seeds, long imageLives, SortedMap<String, Long> faults, List<Failure> failures) {
        public Totals {
            faults = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(faults));
            failures = List.copyOf(failures);
        }
    }

    /** A seed whose play violated an invariant. */
    public record Failure(long seed, List<Violation> violations) {
        public Failure {
            violations = List.copyOf(violations);
        }
    }

    private final int days;
    private final AtomicLong next;
    private final long end;
    private final BooleanSupplier stopped;
    private final Consumer<Totals> progress;
    private int seeds;
    private long lives;
    private final SortedMap<String, Long> faults = new TreeMap<>();
    private final List<Failure> failures = new ArrayList<>();

    private Torture(
            long from, int seeds, int days, BooleanSupplier stopped, Consumer<Totals> progress) {
        this.days = days;
        this.next = new AtomicLong(from);
        this.end = from + seeds;
        this.stopped = stopped;
        this.progress = progress;
    }

    /**
     * Plays seeds.
     *
     * @param stopped asked before each seed
     * @param progress told after each seed, never concurrently
     */
    public static Totals run(
            long from,
            int seeds,
            int days,
            int threads,
            BooleanSupplier stopped,
            Consumer<Totals> progress) {
        Torture torture = new Torture(from, seeds, days, stopped, progress);
        List<Thread> workers =
                Stream.generate(() -> Thread.ofPlatform().daemon().unstarted(torture::work))
                        .limit(threads)
                        .toList();
        workers.forEach(Thread::start);
        for (Thread worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException cut) {
                Thread.currentThread().interrupt();
            }
        }
        return torture.totals();
    }

    /** The history of a seed. */
    public static History history(long seed, int days) {
        return HistoryGenerator.of(seed, days);
    }

    /** A short history that violates the same invariant as the first violation of this one. */
    public static History shortest(History failing) {
        String broken = play(failing).violations().getFirst().invariant();
        return Shrinking.shortest(
                failing,
                history ->
                        play(history).violations().stream()
                                .anyMatch(it -> it.invariant().equals(broken)),
                SHRINKING_PLAYS);
    }

    private void work() {
        for (long seed = next.getAndIncrement();
                seed < end && !stopped.getAsBoolean();
                seed = next.getAndIncrement()) {
            add(seed, play(HistoryGenerator.of(seed, days)));
        }
    }

    /** Plays a history; one that cannot be played to its end counts as a failure. */
    public static PlayResult play(History history) {
        try {
            return Simulation.play(history);
        } catch (RuntimeException | StackOverflowError broken) {
            return new PlayResult(
                    List.of(new Violation("the play ends", stack(broken))), 0, new TreeMap<>(), 0);
        }
    }

    private static String stack(Throwable broken) {
        StringBuilder text = new StringBuilder(broken.toString());
        Stream.of(broken.getStackTrace())
                .limit(8)
                .forEach(frame -> text.append("\n      at ").append(frame));
        return text.toString();
    }

    private synchronized void add(long seed, PlayResult outcome) {
        seeds++;
        lives += outcome.lives();
        outcome.faults().forEach((kind, count) -> faults.merge(kind, (long) count, Long::sum));
        if (!outcome.isGood()) {
            failures.add(new Failure(seed, outcome.violations()));
        }
        progress.accept(totals());
    }

    private synchronized Totals totals() {
        return new Totals(
                seeds,
                lives,
                faults,
                failures.stream().sorted(Comparator.comparingLong(Failure::seed)).toList());
    }
}
