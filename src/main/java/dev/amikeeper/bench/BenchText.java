package dev.amikeeper.bench;

import dev.amikeeper.bench.BenchReport.CallLine;
import dev.amikeeper.bench.BenchReport.Dollars;
import dev.amikeeper.bench.BenchReport.FunctionLine;
import dev.amikeeper.bench.BenchReport.PhaseLine;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A report as text for people. */
public record BenchText(BenchReport report) {
    private static final int MILLION = 1_000_000;

    @Override
    public String toString() {
        return head() + calls() + phases() + functions() + dollars();
    }

    private String head() {
        BenchSetup setup = report.setup();
        return line(
                        "%,d instances of %d volume%s, %d DR Region%s, %s. A change takes %,d ms, a"
                                + " read %,d ms, a copy %,d s.",
                        setup.instances(),
                        setup.volumes(),
                        setup.volumes() == 1 ? "" : "s",
                        setup.regions(),
                        setup.regions() == 1 ? "" : "s",
                        setup.shared() ? "shared" : "not shared",
                        setup.latencyMillis(),
                        setup.latencyMillis() / 2,
                        setup.copySeconds())
                + (setup.faults() > 0
                        ? line(
                                "%.0f %% of the calls to EC2 are answered 503, %.0f %% lose their"
                                        + " reply.",
                                setup.faults() * 100, setup.faults() * 25)
                        : "")
                + line(
                        "Night %d: %,d of %,d images made, %,d twice, %,d removed, %,d events given"
                                + " up.",
                        setup.nights(),
                        report.outcome().images(),
                        setup.imagesANight(),
                        report.outcome().twice(),
                        report.outcome().removed(),
                        report.unfinished())
                + "\n";
    }

    private String calls() {
        StringBuilder text = new StringBuilder();
        text.append(line("%-28s %9s %9s %7s", "Calls to EC2", "made", "needed", "ratio"));
        for (CallLine call : report.calls()) {
            text.append(
                    line(
                            "%-28s %,9d %,9d %7s",
                            call.action(),
                            call.made(),
                            call.least(),
                            ratio(call.made(), call.least())));
        }
        text.append(
                line(
                        "%-28s %,9d %,9d %7s",
                        "together",
                        report.made(),
                        report.least(),
                        ratio(report.made(), report.least())));
        int pages = report.pages().values().stream().mapToInt(n -> n).sum();
        String most =
                report.pages().entrySet().stream()
                        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                        .limit(3)
                        .map(page -> "%s %,d".formatted(page.getKey(), page.getValue()))
                        .collect(Collectors.joining(", "));
        text.append(line("%-28s %,9d  most: %s", "pages read", pages, most));
        int throttled = report.throttled().values().stream().mapToInt(n -> n).sum();
        String which =
                report.throttled().entrySet().stream()
                        .map(call -> "%s %,d".formatted(call.getKey(), call.getValue()))
                        .collect(Collectors.joining(", "));
        text.append(line("%-28s %,9d  %s", "throttled, in all nights", throttled, which));
        return text.append('\n').toString();
    }

    private String phases() {
        StringBuilder text = new StringBuilder();
        text.append(
                line(
                        "%-21s %-15s %7s %9s %10s %9s %6s",
                        "Virtual time",
                        "Region",
                        "calls",
                        "begins at",
                        "first-last",
                        "bound",
                        "ratio"));
        for (PhaseLine phase : report.phases()) {
            text.append(
                    line(
                            "%-21s %-15s %,7d %,7.1f s %,8.1f s %,7.1f s %6s",
                            phase.action(),
                            phase.region(),
                            phase.calls(),
                            phase.waited(),
                            phase.took(),
                            phase.bound(),
                            ratio(phase.took(), phase.bound())));
        }
        return text.append('\n').toString();
    }

    private String functions() {
        BenchSetup setup = report.setup();
        StringBuilder text = new StringBuilder();
        text.append(
                line(
                        "%-20s %8s %6s %7s %9s %11s %11s",
                        "Function",
                        "calls",
                        "cold",
                        "failed",
                        "GB-s",
                        "read units",
                        "write units"));
        for (FunctionLine line : report.functions()) {
            text.append(
                    line(
                            "%-20s %,8d %,6d %,7d %,9.1f %,11.1f %,11.1f",
                            line.function(),
                            line.calls(),
                            line.coldStarts(),
                            line.failures(),
                            line.gigabyteSeconds(),
                            line.read(),
                            line.write()));
        }
        double copies = (double) setup.instances() * setup.regions();
        double all = report.functions().stream().mapToDouble(FunctionLine::read).sum();
        text.append(
                line(
                        "Read units: %.1f an image, %.1f a copy by their workers; %.1f an image or"
                                + " copy in the whole day.",
                        report.read("CreateImageFunction") / setup.instances(),
                        copies > 0 ? report.read("CopyImageFunction") / copies : 0,
                        all / setup.imagesANight()));
        return text.append('\n').toString();
    }

    private String dollars() {
        Dollars dollars = report.dollars();
        return line(
                "A day costs $%.4f: Lambda $%.4f, DynamoDB $%.4f, SQS $%.4f. That is $%.4f for"
                        + " 1,000 images with their copies.",
                dollars.lambda() + dollars.dynamoDb() + dollars.sqs(),
                dollars.lambda(),
                dollars.dynamoDb(),
                dollars.sqs(),
                dollars.perThousand());
    }

    /** What this machine needed, which differs from run to run. */
    public static String observed(long millis, long peakBytes) {
        return line(
                "(This machine needed %.0f s and at most %,d MB of heap.)",
                millis / 1000.0, peakBytes / MILLION);
    }

    private static String ratio(double made, double least) {
        return least > 0 ? String.format(Locale.ROOT, "%.2f", made / least) : "";
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation is in no library of ours
    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values).stripTrailing() + "\n";
    }
}
