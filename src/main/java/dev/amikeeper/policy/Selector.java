package dev.amikeeper.policy;

import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Wildcard;

import java.util.List;
import java.util.Map;
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
        return regions.contains(instance.region())
                && states.contains(instance.state())
                && tags.keySet().stream().allMatch(key -> has(instance, key, tags))
                && except.keySet().stream().noneMatch(key -> has(instance, key, except));
    }

    private static boolean has(Instance instance, String key, Map<String, List<String>> patterns) {
        String value = instance.tags().get(key);
        return value != null
                && patterns.getOrDefault(key, List.of()).stream()
                        .anyMatch(pattern -> Wildcard.matches(pattern, value));
    }
}
