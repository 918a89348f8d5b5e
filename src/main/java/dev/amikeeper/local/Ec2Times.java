package dev.amikeeper.local;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Times in EC2's format, {@code 2026-03-01T02:00:00.000Z}. */
final class Ec2Times {
    private static final DateTimeFormatter ISO =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Ec2Times() {}

    static String iso(Instant instant) {
        return ISO.format(instant);
    }
}
