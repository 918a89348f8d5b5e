package dev.amikeeper.retention;

/** How much time is left for something. */
public interface TimeLeft {
    /** There is as much as one likes: for the command line. */
    TimeLeft ENDLESS = () -> Long.MAX_VALUE / 200;

    /** So many milliseconds; none, or fewer, if it is over. */
    long millis();

    /** Whether there is any. */
    default boolean isAny() {
        return millis() > 0;
    }

    /** Of what is left now, so many hundredths; what they do not need is left for others. */
    default TimeLeft share(int percent) {
        long reserved = millis() * (100 - percent) / 100;
        return () -> millis() - reserved;
    }

    /** The same, but for so many milliseconds that are to be left. */
    default TimeLeft allBut(long reserve) {
        return () -> millis() - reserve;
    }
}
