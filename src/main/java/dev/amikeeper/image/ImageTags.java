package dev.amikeeper.image;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tags of AMI Keeper's images and snapshots. They are a contract, because the catalogue can be
 * rebuilt from them.
 *
 * <p>The limits are EC2's: 50 tags a resource, keys of up to 127 and values of up to 255
 * characters. Keys that begin with {@code aws:} are AWS's own.
 */
public final class ImageTags {
    public static final String POLICY = "amikeeper:policy";
    public static final String INSTANCE = "amikeeper:instance";
    public static final String SLOT = "amikeeper:slot";

    /** On a copy: the home image, {@code us-east-1/ami-…}. */
    public static final String HOME = "amikeeper:home";

    /** On an image: the {@link Capsule} of its instance, continued in {@code …-2} and so on. */
    public static final String CAPSULE = "amikeeper:capsule";

    /** Set by people on an image that must never be removed. */
    public static final String HOLD = "amikeeper:hold";

    /**
     * On an image that was registered from snapshots that already existed. If EC2 fails to create
     * the image, AMI Keeper must not delete these snapshots.
     */
    public static final String REGISTERED = "amikeeper:registered";

    /** Set by people on an instance that should be imaged now. */
    public static final String REQUEST = "amikeeper:request";

    /** On an instance that a restore launched: which restore or drill it belongs to. */
    public static final String RESTORE = "amikeeper:restore";

    /** On an instance that a restore launched: the image, {@code us-east-1/ami-…}. */
    public static final String RESTORED_FROM = "amikeeper:restored-from";

    /** On an instance that a drill launched: when it will be terminated, in ISO-8601. */
    public static final String LEASE = "amikeeper:lease";

    /** The most tags that a resource may have; AWS's own do not count. */
    public static final int MAX_TAGS = 50;

    /**
     * How many tags AMI Keeper leaves free on every resource, so that there is room for a hold or
     * for a tag that a person adds.
     */
    public static final int FREE = 2;

    private static final String OURS = "amikeeper:";
    private static final int MAX_KEY = 127;
    private static final int MAX_VALUE = 255;

    private ImageTags() {}

    /**
     * Returns the tags of an image: AMI Keeper's own, the capsule's, and those inherited tags whose
     * key matches a pattern. If there is not enough room, the inherited tags are taken in the order
     * of their keys.
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
     * Returns the tags of a server that a restore launches: AMI Keeper's own and as many of the
     * original's as fit, in the order of their keys.
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
     * Returns the volume's tags that are still missing on its snapshot, or on the volume created
     * from that: as many as fit, in the order of their keys. AMI Keeper's own tags are left
     * unchanged.
     *
     * @param own the original volume's tags
     * @param copyTags patterns of the keys to copy
     * @param there the tags that the snapshot or new volume has
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

    /**
     * Reads what an image or snapshot with these tags is an image of; empty if it is not AMI
     * Keeper's.
     */
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
     * Returns the tags of a registered image: those of {@link #of} and, if it is held, the reason
     * for that.
     *
     * @param inherited all of these are copied
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

    /** Whether a resource with these tags has room for the additional ones. */
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
