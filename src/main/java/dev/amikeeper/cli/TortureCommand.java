package dev.amikeeper.cli;

import dev.amikeeper.simulation.History;
import dev.amikeeper.simulation.PlayResult;
import dev.amikeeper.simulation.Torture;
import dev.amikeeper.simulation.Violation;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** {@code keeper torture}. */
@Command(
        name = "torture",
        description = {
            "Plays random histories of fleets, people and faults with the real"
                    + " functions on a simulated cloud, and judges from what is left in the"
                    + " cloud whether every promise was kept. A failing history is shown as"
                    + " short as it can be made.",
            "Exit status: 0, or 1 if a promise was broken."
        })
final class TortureCommand extends KeeperCommand {
    private static final int SHOWN = 5;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "How many histories to play; ${DEFAULT-VALUE} unless given.")
    private int seeds = 100;

    @Option(
            names = "--from",
            paramLabel = "SEED",
            description = "The first of their seeds; ${DEFAULT-VALUE} unless given.")
    private long from = 1;

    @Option(
            names = "--days",
            paramLabel = "D",
            description =
                    "How many days each lasts before the faults stop, 1 to 366; ${DEFAULT-VALUE}"
                            + " unless given. With other days, a seed gives another history.")
    private int days = 40;

    @Option(
            names = "--replay",
            paramLabel = "SEED",
            description = "Plays this seed alone and tells its story.")
    private @Nullable Long replay;

    @Option(names = "--json", description = "Prints the totals as one JSON object.")
    private boolean json;

    /** What {@code --json} prints. */
    record TortureReport(
            int seeds,
            long imageLives,
            Map<String, Long> faults,
            List<Torture.Failure> failures,
            String shortest) {}

    TortureCommand(Screen screen) {
        super(screen);
    }

    @Override
    int run() {
        if (days < 1 || days > 366) {
            throw mistake("--days: " + days + " is not between 1 and 366");
        }
        if (seeds < 1) {
            throw mistake("--seeds: " + seeds + " is too few");
        }
        // Nobody needs what the functions log in a thousand simulated months.
        Level before = LogManager.getRootLogger().getLevel();
        Configurator.setRootLevel(Level.OFF);
        try {
            Long alone = replay;
            return alone != null ? tell(alone) : torture();
        } finally {
            Configurator.setRootLevel(before);
        }
    }

    private int tell(long seed) {
        PrintWriter out = out();
        History history = Torture.history(seed, days);
        PlayResult outcome = Torture.play(history);
        out.print(history);
        out.printf("%,d images and copies made, %s%n", outcome.lives(), words(outcome.faults()));
        outcome.violations().forEach(violation -> out.println("BROKEN " + violation));
        out.println(outcome.isGood() ? "every promise was kept" : "");
        return outcome.isGood() ? 0 : 1;
    }

    private int torture() {
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch told = new CountDownLatch(1);
        Thread atEnd =
                new Thread(() -> {
                    stopped.set(true);
                    try {
                        // Print the totals before the process ends.
                        told.await();
                    } catch (InterruptedException cut) {
                        Thread.currentThread().interrupt();
                    }
                });
        Runtime.getRuntime().addShutdownHook(atEnd);
        try {
            return torture(stopped);
        } finally {
            told.countDown();
            if (!stopped.get()) {
                Runtime.getRuntime().removeShutdownHook(atEnd);
            }
        }
    }

    private int torture(AtomicBoolean stopped) {
        long began = System.nanoTime();
        Torture.Totals totals = run(stopped);
        Duration taken = Duration.ofNanos(System.nanoTime() - began);
        String shortest =
                totals.failures().isEmpty() || stopped.get()
                        ? ""
                        : shortest(totals.failures().getFirst().seed());
        print(
                json,
                new TortureReport(
                        totals.seeds(),
                        totals.imageLives(),
                        totals.faults(),
                        totals.failures(),
                        shortest),
                () -> text(totals, shortest, taken));
        return totals.failures().isEmpty() ? 0 : 1;
    }

    private Torture.Totals run(AtomicBoolean stopped) {
        try (ProgressBar bar = bar(seeds)) {
            return Torture.run(
                    from,
                    seeds,
                    days,
                    Runtime.getRuntime().availableProcessors(),
                    stopped::get,
                    now -> show(bar, now));
        }
    }

    private void show(ProgressBar bar, Torture.Totals now) {
        bar.show(
                now.seeds() / (double) seeds,
                "seed %,d of %,d  %,d images%s"
                        .formatted(
                                now.seeds(),
                                seeds,
                                now.imageLives(),
                                now.failures().isEmpty()
                                        ? ""
                                        : "  %,d FAILED".formatted(now.failures().size())));
    }

    private String shortest(long seed) {
        History shortest = Torture.shortest(Torture.history(seed, days));
        StringBuilder text = new StringBuilder();
        text.append(shortest);
        Torture.play(shortest)
                .violations()
                .forEach(violation -> text.append("  BROKEN ").append(violation).append('\n'));
        return text.toString();
    }

    private String text(Torture.Totals totals, String shortest, Duration taken) {
        StringBuilder text = new StringBuilder();
        text.append(
                "%,d seeds of %d days from %d on, %,d images and copies, %d s%n"
                        .formatted(
                                totals.seeds(),
                                days,
                                from,
                                totals.imageLives(),
                                taken.toSeconds()));
        text.append(words(totals.faults())).append('\n');
        if (totals.failures().isEmpty()) {
            return text.append("Every promise was kept.\n").toString();
        }
        text.append("%,d seeds FAILED%n".formatted(totals.failures().size()));
        for (Torture.Failure failure :
                totals.failures().subList(0, Math.min(SHOWN, totals.failures().size()))) {
            Violation first = failure.violations().getFirst();
            text.append("  seed %d: %s%n".formatted(failure.seed(), first));
        }
        if (!shortest.isEmpty()) {
            text.append("\nThe shortest history found that breaks the same:\n").append(shortest);
        }
        return text.toString();
    }

    private static String words(Map<String, ? extends Number> faults) {
        StringBuilder text = new StringBuilder("Faults:");
        faults.forEach((kind, count) -> text.append(" %s %,d,".formatted(kind, count.longValue())));
        return faults.isEmpty() ? "no faults" : text.substring(0, text.length() - 1);
    }
}
