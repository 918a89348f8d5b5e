package dev.amikeeper.cli;

import java.io.PrintWriter;

/** A line on a terminal that moves, and is gone at the end. */
final class ProgressBar implements Progress {
    private static final int WIDTH = 40;
    private static final String TO_LINE_START_AND_CLEAR = "\r\033[K";

    private final PrintWriter terminal;
    private final int days;
    private String shown = "";

    ProgressBar(PrintWriter terminal, int days) {
        this.terminal = terminal;
        this.days = days;
    }

    @Override
    public void played(double playedDays, int images) {
        int done = (int) (WIDTH * playedDays / days);
        String line =
                "[%s%s]  day %d of %d  %,d images"
                        .formatted(
                                "#".repeat(done),
                                "-".repeat(WIDTH - done),
                                (int) playedDays,
                                days,
                                images);
        if (!line.equals(shown)) {
            shown = line;
            terminal.print(TO_LINE_START_AND_CLEAR + line);
            terminal.flush();
        }
    }

    @Override
    public void close() {
        terminal.print(TO_LINE_START_AND_CLEAR);
        terminal.flush();
    }
}
