package dev.amikeeper.policy;

import dev.amikeeper.image.Region;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * All policies of a file, in the file's order.
 *
 * @param shareWith those with whom an order may share an image beyond its policy: account ids and
 *     ARNs of organizations and organizational units; nobody if empty
 * @param hints what is valid in the file but may surprise its author, one line each
 */
public record Policies(List<Policy> all, List<String> shareWith, List<String> hints) {
    public Policies {
        all = List.copyOf(all);
        shareWith = List.copyOf(shareWith);
        hints = List.copyOf(hints);
    }

    /**
     * Reads a policy file.
     *
     * @param source what to call the file in errors
     * @param home the Region of policies that name none
     * @param known the Regions that exist
     * @throws InvalidPolicyException with every error of the file, each with its position and
     *     remedy
     */
    public static Policies parse(String yaml, String source, Region home, Set<Region> known) {
        Problems problems = new Problems(source);
        Optional<Policies> read =
                YamlFile.root(yaml, problems).map(new PolicyReader(home, known)::policies);
        problems.throwIfAny();
        return new Policies(
                read.map(Policies::all).orElse(List.of()),
                read.map(Policies::shareWith).orElse(List.of()),
                problems.hints());
    }

    /**
     * Returns the policy whose images have that name, now or formerly; empty if no policy claims
     * the name.
     */
    public Optional<Policy> find(String name) {
        return all.stream().filter(policy -> policy.allNames().contains(name)).findFirst();
    }

    /**
     * Returns the policy whose current name this is. Another policy may have had the name before.
     */
    public Optional<Policy> named(String name) {
        return all.stream().filter(policy -> policy.name().equals(name)).findFirst();
    }

    /**
     * Returns the current name of the policy that this name means; the name itself if no policy
     * claims it.
     */
    public String nameOf(String name) {
        return find(name).map(Policy::name).orElse(name);
    }

    /**
     * Returns all names of the images of the policy that this name means, even if no policy claims
     * it.
     */
    public List<String> allNames(String name) {
        return find(name).map(Policy::allNames).orElse(List.of(name));
    }

    /** Returns all names that images of the file's policies may have. */
    public SortedSet<String> allNames() {
        SortedSet<String> names = new TreeSet<>();
        all.forEach(policy -> names.addAll(policy.allNames()));
        return names;
    }

    /** Every Region in which instances are imaged. */
    public SortedSet<Region> homeRegions() {
        SortedSet<Region> regions = new TreeSet<>();
        all.forEach(policy -> regions.addAll(policy.select().regions()));
        return regions;
    }

    /** Every Region in which there may be images: the home Regions and the DR Regions. */
    public SortedSet<Region> regions() {
        SortedSet<Region> regions = homeRegions();
        all.forEach(policy -> regions.addAll(policy.replicate().keySet()));
        return regions;
    }
}
