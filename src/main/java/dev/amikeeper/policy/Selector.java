package dev.amikeeper.policy;

import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Wildcard;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which instances a policy images.
 *
 * <p>An instance that is starting or stopping counts as what it will be: {@code pending} as running
 * and {@code stopping} as stopped. So no instance is overlooked because a schedule happens to look
 * at that moment.
 *
 * @param tags every key must match one of its patterns
 * @param except a match here overrides everything else
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

    /** Whether this instance is selected, considering its state as well. */
    public boolean selects(Instance instance) {
        return whyNot(instance).isEmpty();
    }

    /**
     * The states, in EC2's words, of the instances that may be selected: the policy's own and those
     * that lead to them.
     */
    public Set<String> statesToAsk() {
        Set<String> asked = new TreeSet<>(states);
        if (states.contains("running")) {
            asked.add("pending");
        }
        if (states.contains("stopped")) {
            asked.add("stopping");
        }
        return asked;
    }

    /**
     * Whether to image an instance now rather than once it has reached its next state: a policy
     * that selects only stopped instances wants their file systems at rest.
     */
    public boolean takesNow(Instance instance) {
        return !instance.state().equals("stopping") || states.contains("running");
    }

    /** Why an instance is not selected. */
    public enum Lack {
        /** It belongs to a drill and is terminated with it. */
        IS_A_DRILLS,
        /** It is in another Region. */
        REGION,
        /** It lacks the tags. */
        TAGS,
        /** It has an excepted tag. */
        EXCEPTED,
        /** Everything else matches, but it is in another state. */
        STATE
    }

    /** Why an instance is not selected, as a kind and as text. */
    public record Obstacle(Lack lack, String text) {}

    /** Why this instance is not selected, as text; empty if it is selected. */
    public Optional<String> whyNot(Instance instance) {
        return obstacle(instance).map(Obstacle::text);
    }

    /** Why this instance is not selected; empty if it is selected. */
    public Optional<Obstacle> obstacle(Instance instance) {
        if (instance.isOfDrill()) {
            return Optional.of(
                    new Obstacle(Lack.IS_A_DRILLS, "it belongs to a drill, and ends with it"));
        }
        if (!regions.contains(instance.region())) {
            return Optional.of(
                    new Obstacle(
                            Lack.REGION, "it is in " + instance.region() + ", not in " + regions));
        }
        Optional<String> lacking =
                tags.keySet().stream()
                        .sorted()
                        .filter(key -> !has(instance, key, tags))
                        .findFirst();
        if (lacking.isPresent()) {
            return lacking.map(key ->
                    new Obstacle(
                            Lack.TAGS,
                            tag(instance, key) + "; it must be one of " + tags.get(key)));
        }
        Optional<String> excepted =
                except.keySet().stream()
                        .sorted()
                        .filter(key -> has(instance, key, except))
                        .findFirst();
        if (excepted.isPresent()) {
            return excepted.map(
                    key -> new Obstacle(Lack.EXCEPTED, tag(instance, key) + ", which is excepted"));
        }
        return states.contains(instance.settledState())
                ? Optional.empty()
                : Optional.of(new Obstacle(Lack.STATE, "it is " + inWords(instance)));
    }

    private static String inWords(Instance instance) {
        return instance.state().equals(instance.settledState())
                ? instance.state()
                : instance.state() + ", which counts as " + instance.settledState();
    }

    private static String tag(Instance instance, String key) {
        String value = instance.tags().get(key);
        return value == null
                ? "it has no tag " + key
                : "its tag " + key + " is " + Texts.quoted(value);
    }

    private static boolean has(Instance instance, String key, Map<String, List<String>> patterns) {
        return has(instance.tags(), key, patterns);
    }

    /** Whether one of the patterns for this key matches the tag's value. */
    static boolean has(Map<String, String> tags, String key, Map<String, List<String>> patterns) {
        String value = tags.get(key);
        return value != null
                && patterns.getOrDefault(key, List.of()).stream()
                        .anyMatch(pattern -> Wildcard.matches(pattern, value));
    }
}
