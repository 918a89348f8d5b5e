package dev.amikeeper.local;

/**
 * The caller is killed here, as a function is that runs out of time. It is an {@link Error}, so no
 * handling of exceptions survives it.
 */
public final class CallerKilled extends Error {
    private static final long serialVersionUID = 1L;

    CallerKilled(String where) {
        super("killed " + where);
    }
}
