package dev.amikeeper.catalog;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

import java.util.Optional;

/**
 * An item of the catalogue that this version cannot read, because another version wrote it or a
 * person edited it. It is left alone.
 *
 * @param partition its partition key without the account, as {@code us-east-1/images/gold}
 * @param key its sort key
 * @param why what about it cannot be read; one line
 */
public record Unreadable(String partition, String key, String why) {
    /** The Region that it belongs to; empty if none. */
    public Optional<Region> region() {
        return words(partition).length == 3 ? region(words(partition)[0]) : Optional.empty();
    }

    /** The image that it belongs to, judging by its key alone; empty if none. */
    public Optional<ImageName> name() {
        String[] where = words(partition);
        String[] what = words(key);
        if (where.length != 3) {
            return Optional.empty();
        }
        return switch (where[1]) {
            case "images", "removed" ->
                    what.length == 2 ? name(where[2], what[0], what[1]) : Optional.empty();
            case "work" -> what.length == 3 ? name(what[1], what[2], what[0]) : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static String[] words(String text) {
        return text.split("/", -1);
    }

    private static Optional<Region> region(String text) {
        try {
            return Optional.of(new Region(text));
        } catch (IllegalArgumentException notARegion) {
            return Optional.empty();
        }
    }

    private static Optional<ImageName> name(String policy, String instance, String slot) {
        try {
            InstanceId id = new InstanceId(instance);
            return Slot.inTag(slot).map(time -> new ImageName(policy, id, time));
        } catch (IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }
}
