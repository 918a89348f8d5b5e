package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.util.Set;

/** What people are told of images that are shared with more than their policy allows. Pure. */
public final class ExcessSharing {
    private ExcessSharing() {}

    /** Everybody may launch the image: no policy shares any like that. */
    public static Notice everybody(Ami ami, Instant now) {
        return new Notice(
                Trouble.PUBLIC.in(ami.region(), ami.id()),
                now,
                ami.region() + ": image " + ami.id() + " " + ami.name() + " is public",
                "everybody can launch it and read its disks: take the launch permission of group"
                        + " \"all\" away",
                true);
    }

    /**
     * Others than those whom the policy names may launch the image.
     *
     * @param with account ids, ARNs of organizations and of organizational units
     */
    public static Notice beyond(Policy policy, Image image, Set<String> with, Instant now) {
        return new Notice(
                Trouble.BEYOND.in(image.region(), image.name()),
                now,
                image.region()
                        + ": image "
                        + image.name()
                        + " is shared beyond its policy, with "
                        + String.join(", ", with),
                "take the launch permissions away, or name them under \"share\" of policy "
                        + policy.name(),
                true);
    }
}
