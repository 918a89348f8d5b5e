package dev.amikeeper.image;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tags of our images and snapshots: a contract, for the catalogue can be rebuilt from them.
 *
 * <p>Limits are EC2's: 50 tags a resource, keys of up to 127 and values of up to 255 characters,
 * and keys that begin with {@code aws:} are AWS's own.
 */
public final class ImageTags {
    public static final String POLICY = "amikeeper:policy";
    public static final String INSTANCE = "amikeeper:instance";
    public static final String SLOT = "amikeeper:slot";

    /** On a copy: the home image, {@code us-east-1/ami-…}. */
    public static final String HOME = "amikeeper:home";

    /** On an image: the {@link Capsule} of its instance; more of it is in {@code …-2} and on. */
    public static final String CAPSULE = "amikeeper:capsule";

    /** Set by people on an image: it is never removed. */
    public static final String HOLD = "amikeeper:hold";

    /**
     * On an image that was registered from snapshots that were there before it: they are not ours
     * to delete only because EC2 failed at the image.
     */
    public static final String REGISTERED = "amikeeper:registered";

    /** Set by people on an instance: image it now. */
    public static final String REQUEST = "amikeeper:request";

    /** On an instance that restoring launched: which restore or drill it belongs to. */
    public static final String RESTORE = "amikeeper:restore";

    /** On an instance that restoring launched: the image, {@code us-east-1/ami-…}. */
    public static final String RESTORED_FROM = "amikeeper:restored-from";

    /** On an instance that a drill launched: the time, ISO-8601, after which it is terminated. */
    public static final String LEASE = "amikeeper:lease";

    /** So many tags a resource may have; AWS's own do not count. */
    public static final int MAX_TAGS = 50;

    /**
     * So many places stay free on whatever we make, so that a hold, or what a person adds, finds
     * room.
     */
    public static final int FREE = 2;

    private static final String OURS = "amikeeper:";
    private static final int MAX_KEY = 127;
    private static final int MAX_VALUE = 255;

    private ImageTags() {}

    /**
     * The tags of an image: ours, the capsule's, and of the other inherited ones those whose key
     * matches a pattern, as many as there is room for, in the order of their keys.
     */
    public static Map<String, String> of(
            ImageName name,
            Optional<ImageRef> home,
            Map<String, String> inherited,
            List<String> copyTags) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(POLICY, name.policy());
        tags.put(INSTANCE, name.instance().value());
        tags.put(SLOT, name.slot().toString());
        home.ifPresent(ref -> tags.put(HOME, ref.toString()));
        inherited.forEach((key, value) -> {
            if (key.startsWith(CAPSULE)) {
                tags.put(key, value);
            }
        });
        inherited.entrySet().stream()
                .filter(tag -> mayCopy(tag.getKey(), tag.getValue()))
                .filter(tag -> copyTags.stream().anyMatch(p -> Wildcard.matches(p, tag.getKey())))
                .sorted(Map.Entry.comparingByKey())
                .limit(Math.max(0, MAX_TAGS - FREE - tags.size()))
                .forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        return tags;
    }

    /**
     * The tags of a server that restoring launches: ours and its original's, as many of these as
     * there is room for, in the order of their keys.
     */
    public static Map<String, String> ofServer(
            Map<String, String> ours, Map<String, String> original) {
        Map<String, String> tags = new LinkedHashMap<>(ours);
        original.entrySet().stream()
                .filter(tag -> !ours.containsKey(tag.getKey()))
                .sorted(Map.Entry.comparingByKey())
                .limit(Math.max(0, MAX_TAGS - FREE - ours.size()))
                .forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        return tags;
    }

    /**
     * Which of a volume's own tags are still to be put on its snapshot, or on the volume that was
     * made of it: as many as there is room for, in the order of their keys. Ours stay as they are.
     *
     * @param own the original volume's
     * @param copyTags patterns of the keys that count
     * @param there what the snapshot or new volume has
     */
    public static Map<String, String> missing(
            Map<String, String> own, List<String> copyTags, Map<String, String> there) {
        long taken = there.keySet().stream().filter(key -> !isOfAws(key)).count();
        Map<String, String> missing = new TreeMap<>();
        for (Map.Entry<String, String> tag : new TreeMap<>(own).entrySet()) {
            boolean wanted =
                    mayCopy(tag.getKey(), tag.getValue())
                            && copyTags.stream().anyMatch(p -> Wildcard.matches(p, tag.getKey()))
                            && !tag.getValue().equals(there.get(tag.getKey()));
            if (wanted && there.containsKey(tag.getKey())) {
                missing.put(tag.getKey(), tag.getValue());
            } else if (wanted && taken < MAX_TAGS - FREE) {
                taken++;
                missing.put(tag.getKey(), tag.getValue());
            }
        }
        return missing;
    }

    /** What an image or snapshot with these tags is an image of; empty if it is not ours. */
    public static Optional<ImageName> name(Map<String, String> tags) {
        String policy = tags.get(POLICY);
        String instance = tags.get(INSTANCE);
        String slot = tags.get(SLOT);
        if (policy == null || instance == null || slot == null) {
            return Optional.empty();
        }
        try {
            InstanceId id = new InstanceId(instance);
            return Slot.inTag(slot).map(time -> new ImageName(policy, id, time));
        } catch (IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }

    /**
     * The tags of an image that is registered: as {@link #of}, and why it is held, if it is.
     *
     * @param inherited of which all are taken
     */
    public static Map<String, String> ofRegistered(
            ImageName name,
            Optional<ImageRef> home,
            Map<String, String> inherited,
            Optional<String> hold) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put(REGISTERED, "yes");
        hold.ifPresent(why -> tags.put(HOLD, why));
        of(name, home, inherited, List.of("*")).entrySet().stream()
                .limit(MAX_TAGS - FREE - tags.size())
                .forEach(tag -> tags.put(tag.getKey(), tag.getValue()));
        return tags;
    }

    /** Whether a resource with these tags has room for those, too. */
    public static boolean hasRoom(Map<String, String> tags, Map<String, String> more) {
        return Stream.concat(tags.keySet().stream(), more.keySet().stream())
                        .filter(key -> !isOfAws(key))
                        .distinct()
                        .count()
                <= MAX_TAGS;
    }

    private static boolean isOfAws(String key) {
        return key.toLowerCase(Locale.ROOT).startsWith("aws:");
    }

    private static boolean mayCopy(String key, String value) {
        return !isOfAws(key)
                && !key.toLowerCase(Locale.ROOT).startsWith(OURS)
                && !key.isEmpty()
                && key.length() <= MAX_KEY
                && value.length() <= MAX_VALUE;
    }
}
