package dev.amikeeper.simulation;

/** An invariant of the design that did not hold, and what violated it. */
public record Violation(String invariant, String what) {
    @Override
    public String toString() {
        return invariant + ": " + what;
    }
}
