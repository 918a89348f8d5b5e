package dev.amikeeper.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs programs with the heap that a function of 1,024 MB has. */
public final class FunctionHeap {
    private static final int MEGABYTES = 700;

    private FunctionHeap() {}

    /** Runs a program in a JVM of its own, prints and returns what it says. It must end well. */
    public static String run(Class<?> program, String... args)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                System.getProperty("java.home") + File.separator + "bin/java",
                                "-Xmx" + MEGABYTES + "m",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                program.getName()));
        command.addAll(List.of(args));
        Process running = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        System.out.print(said);
        assertThat(running.waitFor()).as(said).isZero();
        return said;
    }

    /** What this JVM has taken so far since then, in words. */
    public static String usedSince(long nanoTime) {
        long oldGeneration =
                ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .filter(pool -> pool.getName().contains("Tenured"))
                        .map(MemoryPoolMXBean::getPeakUsage)
                        .mapToLong(peak -> peak.getUsed())
                        .sum();
        return "in %d ms; old generation at most %d MB"
                .formatted((System.nanoTime() - nanoTime) / 1_000_000, oldGeneration >> 20);
    }
}
