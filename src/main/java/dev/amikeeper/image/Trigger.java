package dev.amikeeper.image;

import java.util.Locale;

/** Why an image was asked for. */
public enum Trigger {
    /** The policy's schedule. */
    SCHEDULED,
    /** The tag {@code amikeeper:request} was set on the instance. */
    TAGGED,
    /** The instance stopped. */
    STOPPED,
    /** An event "Backup Requested" arrived. */
    REQUESTED;

    /** The word in policy files and output. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
