package dev.amikeeper.policy;

import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Wildcard;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which instances a policy images.
 *
 * @param tags every key must match, by any of its patterns
 * @param except one match here wins over everything
 * @param states EC2's words, as {@code running}
 * @param regions the home Regions
 */
public record Selector(
        Map<String, List<String>> tags,
        Map<String, List<String>> except,
        Set<String> states,
        List<Region> regions) {
    public Selector {
        tags = Map.copyOf(tags);
        except = Map.copyOf(except);
        states = Set.copyOf(states);
        regions = List.copyOf(regions);
    }

    /** Whether this instance is selected, its state included. */
    public boolean selects(Instance instance) {
        return whyNot(instance).isEmpty();
    }

    /** What keeps this instance from being selected; empty if it is selected. */
    public Optional<String> whyNot(Instance instance) {
        if (instance.tags().containsKey(ImageTags.LEASE)) {
            return Optional.of("it is a drill's, and ends with it");
        }
        if (!regions.contains(instance.region())) {
            return Optional.of("it is in " + instance.region() + ", not in " + regions);
        }
        if (!states.contains(instance.state())) {
            return Optional.of("it is " + instance.state());
        }
        Optional<String> lacking =
                tags.keySet().stream()
                        .sorted()
                        .filter(key -> !has(instance, key, tags))
                        .findFirst();
        if (lacking.isPresent()) {
            return lacking.map(key -> tag(instance, key) + "; it must be one of " + tags.get(key));
        }
        return except.keySet().stream()
                .sorted()
                .filter(key -> has(instance, key, except))
                .findFirst()
                .map(key -> tag(instance, key) + ", which is excepted");
    }

    private static String tag(Instance instance, String key) {
        String value = instance.tags().get(key);
        return value == null
                ? "it has no tag " + key
                : "its tag " + key + " is " + Texts.quoted(value);
    }

    private static boolean has(Instance instance, String key, Map<String, List<String>> patterns) {
        String value = instance.tags().get(key);
        return value != null
                && patterns.getOrDefault(key, List.of()).stream()
                        .anyMatch(pattern -> Wildcard.matches(pattern, value));
    }
}
