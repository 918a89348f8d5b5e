package dev.amikeeper.cli;

import dev.amikeeper.bench.Bench;
import dev.amikeeper.bench.BenchReport;
import dev.amikeeper.bench.BenchSetup;
import dev.amikeeper.bench.BenchText;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Duration;

/** {@code keeper bench}. */
@Command(
        name = "bench",
        description = {
            "Measures what a night of a fleet takes: calls to EC2, time, units of the catalogue and"
                    + " dollars, against the least that EC2 allows. The real functions run on a"
                    + " simulated Lambda and EC2 in virtual time, so the figures are the same on"
                    + " each machine.",
            "Exit status: 0, or 1 if not everything was done, something was done twice or a call"
                    + " was throttled."
        })
final class BenchCommand extends KeeperCommand {
    private static final int MOST_INSTANCES = 50_000;
    private static final int MOST_VOLUMES = 20;
    private static final int MOST_NIGHTS = 30;

    @Option(
            names = "--instances",
            paramLabel = "N",
            description = "How many instances; ${DEFAULT-VALUE} unless given.")
    private int instances = 1000;

    @Option(
            names = "--volumes",
            paramLabel = "N",
            description = "How many volumes each has; ${DEFAULT-VALUE} unless given.")
    private int volumes = 1;

    @Option(
            names = "--regions",
            paramLabel = "N",
            description = "How many DR Regions get copies; ${DEFAULT-VALUE} unless given.")
    private int regions = 2;

    @Option(
            names = "--latency",
            paramLabel = "MS",
            description =
                    "How many milliseconds a call to EC2 takes that changes something,"
                            + " ${DEFAULT-VALUE} unless given; a read takes half of it.")
    private long latency = 300;

    @Option(
            names = "--faults",
            paramLabel = "SHARE",
            description =
                    "Which share of the calls to EC2 is answered 503, as 0.2; a quarter of it loses"
                            + " its reply. ${DEFAULT-VALUE} unless given.")
    private double faults;

    @Option(
            names = "--nights",
            paramLabel = "N",
            description =
                    "How many nights to play; the last one is measured. ${DEFAULT-VALUE} unless"
                            + " given.")
    private int nights = 2;

    @Option(
            names = "--copies-take",
            paramLabel = "S",
            description =
                    "How many seconds EC2 takes to make a copy; ${DEFAULT-VALUE} unless given.")
    private long copiesTake = 240;

    @Option(
            names = "--share",
            description =
                    "Shares the images with another account. Removing such an image takes three"
                            + " nights more.")
    private boolean share;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Varies ids and faults; ${DEFAULT-VALUE} unless given.")
    private long seed = 1;

    @Option(names = "--json", description = "Prints the report as one JSON object.")
    private boolean json;

    BenchCommand(Screen screen) {
        super(screen);
    }

    @Override
    int run() {
        check("--instances", instances, 1, MOST_INSTANCES);
        check("--volumes", volumes, 1, MOST_VOLUMES);
        check("--regions", regions, 0, BenchSetup.MOST_REGIONS);
        check("--latency", latency, 1, Duration.ofMinutes(1).toMillis());
        check("--nights", nights, 1, MOST_NIGHTS);
        check("--copies-take", copiesTake, 1, Duration.ofDays(1).toSeconds());
        if (!(faults >= 0 && faults <= 0.5)) {
            throw mistake("--faults: " + faults + " is not between 0 and 0.5");
        }
        BenchSetup setup =
                new BenchSetup(
                        instances,
                        volumes,
                        regions,
                        latency,
                        faults,
                        nights,
                        seed,
                        copiesTake,
                        share);
        long began = System.nanoTime();
        BenchReport report = measure(setup);
        long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        print(json, report, () -> new BenchText(report) + BenchText.observed(millis, peak()));
        return report.isGood() ? 0 : 1;
    }

    private void check(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw mistake("%s: %d is not between %d and %d".formatted(option, value, least, most));
        }
    }

    private BenchReport measure(BenchSetup setup) {
        // Nobody needs what the functions log.
        Level before = LogManager.getRootLogger().getLevel();
        Configurator.setRootLevel(Level.OFF);
        try (ProgressBar bar = bar(nights)) {
            return Bench.run(setup, bar::played);
        } finally {
            Configurator.setRootLevel(before);
        }
    }

    private static long peak() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }
}
