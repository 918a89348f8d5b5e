package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** EC2's limits on tags: 50 per resource, keys of 127 and values of 255 characters. */
final class TagRules {
    private static final int MAX_TAGS = 50;
    private static final int MAX_KEY = 127;
    private static final int MAX_VALUE = 255;

    private TagRules() {}

    /** The tags that a creating call gives to one kind of resource, checked. */
    static Map<String, String> of(List<TagSpecification> specifications, String kind) {
        List<Tag> tags =
                specifications.stream()
                        .filter(s -> kind.equals(s.resourceTypeAsString()))
                        .flatMap(s -> s.tags().stream())
                        .toList();
        Map<String, String> byKey = new TreeMap<>();
        for (Tag tag : tags) {
            if (byKey.put(tag.key(), valueOf(tag)) != null) {
                throw Ec2Errors.invalidValue("Duplicate tag key '" + tag.key() + "' specified.");
            }
        }
        check(byKey);
        return byKey;
    }

    /** Refuses tag specifications for other kinds of resources. */
    static void allowOnly(Set<String> kinds, List<TagSpecification> specifications) {
        for (TagSpecification specification : specifications) {
            String kind = specification.resourceTypeAsString();
            if (!kinds.contains(kind)) {
                throw Ec2Errors.invalidValue(
                        "'" + kind + "' is not a valid taggable resource type for this operation.");
            }
        }
    }

    static void check(Map<String, String> tags) {
        if (tags.size() > MAX_TAGS) {
            throw Ec2Errors.wrong(
                    "TagLimitExceeded",
                    "The maximum number of Tags for a resource has been reached.");
        }
        tags.forEach(TagRules::check);
    }

    static List<Tag> list(Map<String, String> tags) {
        return tags.entrySet().stream()
                .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
    }

    static Map<String, String> map(Collection<Tag> tags) {
        Map<String, String> byKey = new TreeMap<>();
        tags.forEach(tag -> byKey.put(tag.key(), valueOf(tag)));
        return byKey;
    }

    /** Leaves out AWS's own tags, which count toward no limit and which nobody can change. */
    static Map<String, String> own(Map<String, String> tags) {
        Map<String, String> own = new TreeMap<>(tags);
        own.keySet().removeIf(TagRules::isReserved);
        return own;
    }

    private static boolean isReserved(String key) {
        return key.toLowerCase(Locale.ROOT).startsWith("aws:");
    }

    private static String valueOf(Tag tag) {
        return tag.value() == null ? "" : tag.value();
    }

    private static void check(String key, String value) {
        if (key.isEmpty() || key.length() > MAX_KEY || value.length() > MAX_VALUE) {
            throw Ec2Errors.invalidValue("Tag key or value is empty or too long: " + key);
        }
        if (isReserved(key)) {
            throw Ec2Errors.invalidValue(
                    "Tag keys starting with 'aws:' are reserved for internal use");
        }
    }
}
