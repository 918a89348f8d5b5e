package dev.amikeeper.operate;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** What comes with images and snapshots that others made. */
final class ForeignOrigin {
    private ForeignOrigin() {}

    /**
     * The service that made an image or a snapshot and looks after it. Tags that begin with {@code
     * aws:} can be set by AWS's services only.
     */
    static Optional<String> caretaker(Map<String, String> tags, String name) {
        if (has(tags, "aws:dlm:") || has(tags, "dlm:managed")) {
            return Optional.of("Data Lifecycle Manager");
        }
        return has(tags, "aws:backup:") || name.startsWith("AwsBackup_")
                ? Optional.of("AWS Backup")
                : Optional.empty();
    }

    private static boolean has(Map<String, String> tags, String prefix) {
        return tags.keySet().stream().anyMatch(key -> key.startsWith(prefix));
    }

    /** What comes with product codes, to be said before EC2 is asked for anything. */
    static String codes(Collection<String> codes) {
        return codes.isEmpty()
                ? ""
                : " (it carries the product codes "
                        + String.join(", ", codes)
                        + ": so will the image, which then cannot be made public, and launching it"
                        + " needs their subscription)";
    }
}
