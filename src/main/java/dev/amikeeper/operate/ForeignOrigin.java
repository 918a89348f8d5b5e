package dev.amikeeper.operate;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** What comes with images and snapshots that others made. */
final class ForeignOrigin {
    private ForeignOrigin() {}

    /**
     * The service that made an image or a snapshot and manages it. Only AWS services can set tags
     * that begin with {@code aws:}.
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

    /** What product codes imply. Say this before asking EC2 for anything. */
    static String codes(Collection<String> codes) {
        return codes.isEmpty()
                ? ""
                : " (it carries the product codes "
                        + String.join(", ", codes)
                        + ": so will the image, which then cannot be made public, and launching it"
                        + " needs their subscription)";
    }
}
