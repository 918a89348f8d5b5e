package dev.amikeeper;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How often each thing happened in one call of a function. An enum says what is counted; a new
 * count is one more constant. Threads may count at the same time.
 */
public final class Counts<C extends Enum<C>> {
    private final Map<C, Integer> counts;

    private Counts(Map<C, Integer> counts) {
        this.counts = counts;
    }

    /** Counts in which nothing has happened yet. */
    public static <C extends Enum<C>> Counts<C> none(Class<C> of) {
        Map<C, Integer> counts = new EnumMap<>(of);
        for (C each : of.getEnumConstants()) {
            counts.put(each, 0);
        }
        return new Counts<>(counts);
    }

    /**
     * Counts in which each of these happened once. A constant that is given twice happened twice.
     */
    @SafeVarargs
    public static <C extends Enum<C>> Counts<C> once(C first, C... others) {
        Counts<C> counts = none(first.getDeclaringClass());
        counts.add(first);
        for (C other : others) {
            counts.add(other);
        }
        return counts;
    }

    /** Counts one more. */
    public void add(C what) {
        add(what, 1);
    }

    /** Counts this many more. */
    public synchronized void add(C what, int times) {
        counts.merge(what, times, Integer::sum);
    }

    /** How often this happened. */
    public synchronized int of(C what) {
        return counts.getOrDefault(what, 0);
    }

    /** All counts by the names that logs, metrics, and reports use: GIVEN_UP is givenUp. */
    public synchronized Map<String, Integer> named() {
        Map<String, Integer> named = new LinkedHashMap<>();
        counts.forEach((what, times) -> named.put(name(what), times));
        return named;
    }

    private static String name(Enum<?> constant) {
        String[] words = constant.name().toLowerCase(Locale.ROOT).split("_", -1);
        StringBuilder name = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            name.append(Character.toUpperCase(words[i].charAt(0))).append(words[i].substring(1));
        }
        return name.toString();
    }

    synchronized Counts<C> copy() {
        return new Counts<>(new EnumMap<>(counts));
    }
}
