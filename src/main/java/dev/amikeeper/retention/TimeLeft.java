package dev.amikeeper.retention;

/** How much time is left for a task. */
public interface TimeLeft {
    /** Unlimited time, for the command line. */
    TimeLeft ENDLESS = () -> Long.MAX_VALUE / 200;

    /** The time left in milliseconds; zero or negative if it is over. */
    long millis();

    /** Whether any time is left. */
    default boolean isAny() {
        return millis() > 0;
    }

    /**
     * This percentage of the time that is left now. Time that one task does not use is left for the
     * others.
     */
    default TimeLeft share(int percent) {
        long reserved = millis() * (100 - percent) / 100;
        return () -> millis() - reserved;
    }

    /** The same time, less a reserve in milliseconds. */
    default TimeLeft allBut(long reserve) {
        return () -> millis() - reserve;
    }
}
