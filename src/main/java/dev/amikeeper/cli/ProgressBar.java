package dev.amikeeper.cli;

import dev.amikeeper.demo.Progress;

import java.io.PrintWriter;

/**
 * A line that updates itself on a terminal and disappears at the end. It stays hidden if the output
 * is not a terminal.
 */
final class ProgressBar implements Progress {
    private static final int WIDTH = 40;
    private static final String TO_LINE_START_AND_CLEAR = "\r\033[K";

    private final PrintWriter terminal;
    private final int days;
    private final boolean visible;
    private String shown = "";

    ProgressBar(PrintWriter terminal, int days, boolean visible) {
        this.terminal = terminal;
        this.days = days;
        this.visible = visible;
    }

    @Override
    public void played(double playedDays, int images) {
        show(
                playedDays / days,
                "day %d of %d  %,d images".formatted((int) playedDays, days, images));
    }

    /** Shows the part that is done, with this text. */
    void show(double part, String words) {
        if (!visible) {
            return;
        }
        int done = (int) (WIDTH * part);
        String line = "[%s%s]  %s".formatted("#".repeat(done), "-".repeat(WIDTH - done), words);
        if (!line.equals(shown)) {
            shown = line;
            terminal.print(TO_LINE_START_AND_CLEAR + line);
            terminal.flush();
        }
    }

    @Override
    public void close() {
        if (!visible) {
            return;
        }
        terminal.print(TO_LINE_START_AND_CLEAR);
        terminal.flush();
    }
}
