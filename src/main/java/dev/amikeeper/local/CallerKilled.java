package dev.amikeeper.local;

/**
 * The caller dies here, as a function does whose time is up: an {@link Error}, so that no handling
 * of exceptions survives it.
 */
public final class CallerKilled extends Error {
    private static final long serialVersionUID = 1L;

    CallerKilled(String where) {
        super("killed " + where);
    }
}
