package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.util.Set;

/** What people are told about images that are shared beyond their policy. Pure. */
public final class ExcessSharing {
    private ExcessSharing() {}

    /** Anybody may launch the image; no policy shares images like that. */
    public static Notice everybody(Ami ami, Instant now) {
        return new Notice(
                Trouble.PUBLIC.in(ami.region(), ami.id()),
                now,
                ami.region() + ": image " + ami.id() + " " + ami.name() + " is public",
                "anybody can launch it and read its disks: remove the launch permission of group"
                        + " \"all\"",
                true);
    }

    /**
     * Others than those named by the policy may launch the image.
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
                "remove the launch permissions, or name them under \"share\" of policy "
                        + policy.name(),
                true);
    }
}
