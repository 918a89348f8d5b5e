package dev.amikeeper;

/**
 * How much a test plays: enough to find what is broken in what every change must pass, and all of
 * it at night, with {@code -Pnightly}.
 */
public final class Effort {
    private static final boolean NIGHTLY = Boolean.getBoolean("nightly");

    private Effort() {}

    /** Whether all of it is played. */
    public static boolean isNightly() {
        return NIGHTLY;
    }

    /** So many rounds, seeds or worlds in every build, and so many at night. */
    public static int of(int everyBuild, int atNight) {
        return NIGHTLY ? atNight : everyBuild;
    }
}
