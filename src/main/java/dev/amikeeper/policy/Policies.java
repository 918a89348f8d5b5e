package dev.amikeeper.policy;

import dev.amikeeper.image.Region;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * All policies of a file, in its order.
 *
 * @param shareWith with whom an order may share an image beyond its policy: account ids, ARNs of
 *     organisations and organisational units; empty: with nobody
 * @param hints what is right in the file and may surprise its author, a line each
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
     * @param home the Region that policies mean when they name none
     * @param known the Regions there are
     * @throws InvalidPolicyException with every error of the file, each with its place and remedy
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

    /** Whose images have that name, now or formerly; empty if the file no longer says. */
    public Optional<Policy> find(String name) {
        return all.stream().filter(policy -> policy.allNames().contains(name)).findFirst();
    }

    /** The policy that has that very name: formerly another one may have had it. */
    public Optional<Policy> named(String name) {
        return all.stream().filter(policy -> policy.name().equals(name)).findFirst();
    }

    /** What the policy that is meant by this name is called now; the same if it is lost. */
    public String nameOf(String name) {
        return find(name).map(Policy::name).orElse(name);
    }

    /** All names of the images of the policy that is meant by this one, which may be lost. */
    public List<String> allNames(String name) {
        return find(name).map(Policy::allNames).orElse(List.of(name));
    }

    /** All names that images of the file's policies may have. */
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

    /** Every Region in which images may be: the home Regions and the DR Regions. */
    public SortedSet<Region> regions() {
        SortedSet<Region> regions = homeRegions();
        all.forEach(policy -> regions.addAll(policy.replicate().keySet()));
        return regions;
    }
}
