package dev.amikeeper;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Numbers in a report that become metrics with dimensions of their own.
 *
 * @param dimensions values by dimension, as {@code Policy} and {@code Region}
 * @param values one metric each; a metric whose name ends in {@code Seconds} is a time, the others
 *     are counts
 */
public record Measures(SortedMap<String, String> dimensions, SortedMap<String, Integer> values) {
    public Measures {
        dimensions = new TreeMap<>(dimensions);
        values = new TreeMap<>(values);
    }
}
