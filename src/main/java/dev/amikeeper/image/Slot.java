package dev.amikeeper.image;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The moment that an image stands for, to the second: a slot of the policy's schedule, or the time
 * of a request.
 */
public record Slot(Instant time) implements Comparable<Slot> {
    /**
     * The form, with 0 for any digit. The code parses slots itself rather than with a formatter,
     * because a sweep reads those of all images.
     */
    private static final String IN_NAME = "0000-00-00T00.00.00Z";

    private static final String IN_TAG = IN_NAME.replace('.', ':');

    public Slot {
        time = time.truncatedTo(ChronoUnit.SECONDS);
    }

    /**
     * Reads a slot as it appears in an AMI name, {@code 2026-03-01T02.00.00Z}; empty for any other
     * form. The name is the image's identity, and AMI Keeper never writes a slot in another form.
     */
    public static Optional<Slot> inName(String text) {
        return read(text, IN_NAME);
    }

    /** Reads a slot as it appears in a tag, in ISO-8601; empty for any other form. */
    public static Optional<Slot> inTag(String text) {
        return read(text, IN_TAG);
    }

    private static Optional<Slot> read(String text, String form) {
        if (!fits(text, form)) {
            return Optional.empty();
        }
        try {
            LocalDateTime time =
                    LocalDateTime.of(
                            number(text, 0, 4),
                            number(text, 5, 7),
                            number(text, 8, 10),
                            number(text, 11, 13),
                            number(text, 14, 16),
                            number(text, 17, 19));
            return Optional.of(new Slot(time.toInstant(ZoneOffset.UTC)));
        } catch (DateTimeException notASlot) {
            return Optional.empty();
        }
    }

    private static boolean fits(String text, String form) {
        if (text.length() != form.length()) {
            return false;
        }
        for (int i = 0; i < form.length(); i++) {
            char is = text.charAt(i);
            char due = form.charAt(i);
            if (due == '0' ? is < '0' || is > '9' : is != due) {
                return false;
            }
        }
        return true;
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    /** The slot as it appears in an AMI name, where EC2 allows no colon. */
    public String inName() {
        return toString().replace(':', '.');
    }

    @Override
    public int compareTo(Slot other) {
        return time.compareTo(other.time);
    }

    /** The slot in ISO-8601, as {@code 2026-03-01T02:00:00Z}. */
    @Override
    public String toString() {
        return time.toString();
    }
}
