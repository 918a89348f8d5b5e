package dev.amikeeper.simulation;

/** An invariant of the design that did not hold, and of what. */
public record Violation(String invariant, String what) {
    @Override
    public String toString() {
        return invariant + ": " + what;
    }
}
