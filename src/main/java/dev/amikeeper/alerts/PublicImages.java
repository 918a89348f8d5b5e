package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Ami;

import java.time.Instant;

/**
 * What people are told about images that anybody may launch; no policy shares images like that.
 * Pure.
 */
public final class PublicImages {

    private PublicImages() {}

    /** Returns the notice for one image. */
    public static Notice notice(Ami ami, Instant now) {
        return new Notice(
                Trouble.PUBLIC.in(ami.region(), ami.id()),
                now,
                ami.region() + ": image " + ami.id() + " " + ami.name() + " is public",
                "everybody can launch it and read its disks: take the launch permission of group"
                        + " \"all\" away",
                true);
    }
}
