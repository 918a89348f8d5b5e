package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Region;

import java.time.Instant;

/**
 * What people are told of images that everybody may launch: no policy shares any like that. Pure.
 */
public final class PublicImages {
    private static final String KIND = "public";

    private PublicImages() {}

    /** How the keys of these notices begin, for one Region. */
    public static String prefix(Region region) {
        return KIND + "/" + region + "/";
    }

    /** Of one of them. */
    public static Notice notice(Ami ami, Instant now) {
        return new Notice(
                prefix(ami.region()) + ami.id(),
                now,
                ami.region() + ": image " + ami.id() + " " + ami.name() + " is public",
                "everybody can launch it and read its disks: take the launch permission of group"
                        + " \"all\" away",
                true);
    }
}
