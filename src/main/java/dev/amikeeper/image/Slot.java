package dev.amikeeper.image;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** The moment, to the second, that an image stands for: a policy's slot or a request's time. */
public record Slot(Instant time) implements Comparable<Slot> {
    private static final DateTimeFormatter IN_NAME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH.mm.ss'Z'").withZone(ZoneOffset.UTC);

    public Slot {
        time = time.truncatedTo(ChronoUnit.SECONDS);
    }

    /**
     * Reads a slot as an AMI name holds it, {@code 2026-03-01T02.00.00Z}; empty for any other form,
     * for we would write that one differently, and the name is the image's identity.
     */
    public static Optional<Slot> inName(String text) {
        try {
            return Optional.of(new Slot(IN_NAME.parse(text, Instant::from)))
                    .filter(slot -> slot.inName().equals(text));
        } catch (DateTimeException notASlot) {
            return Optional.empty();
        }
    }

    /** Reads a slot as a tag holds it, in ISO-8601; empty for any other form. */
    public static Optional<Slot> inTag(String text) {
        try {
            return Optional.of(new Slot(Instant.parse(text)))
                    .filter(slot -> slot.toString().equals(text));
        } catch (DateTimeException notASlot) {
            return Optional.empty();
        }
    }

    /** As an AMI name holds it: EC2 allows no colon there. */
    public String inName() {
        return IN_NAME.format(time);
    }

    @Override
    public int compareTo(Slot other) {
        return time.compareTo(other.time);
    }

    /** In ISO-8601, as {@code 2026-03-01T02:00:00Z}. */
    @Override
    public String toString() {
        return time.toString();
    }
}
