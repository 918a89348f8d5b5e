package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Networks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An entry that a mapping file lacks, with suggestions for filling it in. Pure.
 *
 * @param part the part of the mapping, as {@code subnets}
 * @param original what the servers had
 * @param name the name of the original; empty if unknown
 * @param candidates what the Region has, those with the same name first
 * @param proposal the only candidate with the same name; a person has to confirm it
 */
public record MissingMapping(
        String part,
        String original,
        String name,
        List<Candidate> candidates,
        Optional<String> proposal) {
    public MissingMapping {
        candidates = List.copyOf(candidates);
    }

    /**
     * A suggestion for filling in an entry.
     *
     * @param what how a person recognizes it
     */
    public record Candidate(String id, List<String> what, boolean sameName) {
        public Candidate {
            what = List.copyOf(what);
        }
    }

    /**
     * The entries that the plans of one Region lack.
     *
     * @param there what the Region has
     * @param names the names of subnets and groups that their capsules do not contain
     */
    static List<MissingMapping> of(
            List<RestorePlan> plans, Networks there, Map<String, String> names) {
        return new Search(plans, there, names).blanks();
    }

    /** A search for suggestions. */
    private static final class Search {
        private final List<RestorePlan> plans;
        private final Networks there;
        private final Map<String, String> names;

        Search(List<RestorePlan> plans, Networks there, Map<String, String> names) {
            this.plans = plans;
            this.there = there;
            this.names = new HashMap<>(names);
            plans.stream()
                    .flatMap(plan -> plan.image().capsule().stream())
                    .map(Capsule::names)
                    .forEach(this.names::putAll);
        }

        List<MissingMapping> blanks() {
            List<MissingMapping> blanks = new ArrayList<>();
            Map<String, String> proposed = new HashMap<>();
            for (String subnet : missing("subnets")) {
                MissingMapping blank = blank("subnets", subnet, subnets(name(subnet)));
                blank.proposal().ifPresent(id -> proposed.put(subnet, id));
                blanks.add(blank);
            }
            for (String group : missing("securityGroups")) {
                blanks.add(blank("securityGroups", group, groups(group, proposed)));
            }
            for (String keyPair : missing("keyPairs")) {
                blanks.add(blank("keyPairs", keyPair, keyPairs()));
            }
            for (String part : List.of("types", "elasticIps", "instanceProfiles")) {
                missing(part).forEach(original -> blanks.add(blank(part, original, List.of())));
            }
            return blanks;
        }

        private Set<String> missing(String part) {
            return plans.stream()
                    .flatMap(plan -> plan.missing().stream())
                    .filter(it -> it.part().equals(part))
                    .map(RestorePlan.MissingPart::original)
                    .filter(original -> !original.isEmpty())
                    .sorted()
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }

        private MissingMapping blank(String part, String original, List<Candidate> candidates) {
            List<String> same =
                    candidates.stream().filter(Candidate::sameName).map(Candidate::id).toList();
            return new MissingMapping(
                    part,
                    original,
                    name(original),
                    candidates,
                    same.size() == 1 ? Optional.of(same.getFirst()) : Optional.empty());
        }

        private String name(String id) {
            return names.getOrDefault(id, "");
        }

        private List<Candidate> subnets(String name) {
            return there.subnets().values().stream()
                    .sorted(
                            Comparator.comparing((Networks.Subnet it) -> !same(name, it.name()))
                                    .thenComparing(it -> it.name().isEmpty())
                                    .thenComparing(Networks.Subnet::name)
                                    .thenComparing(Networks.Subnet::zone)
                                    .thenComparing(Networks.Subnet::id))
                    .map(it ->
                            new Candidate(
                                    it.id(),
                                    List.of(it.block(), it.zone(), it.vpc(), it.name()),
                                    same(name, it.name())))
                    .toList();
        }

        /**
         * The security groups in the VPCs of the servers' subnets, if these are known or proposed.
         */
        private List<Candidate> groups(String group, Map<String, String> proposed) {
            Set<String> vpcs =
                    plans.stream()
                            .filter(plan ->
                                    plan.missing().stream()
                                            .anyMatch(it -> it.original().equals(group)))
                            .map(plan -> plan.as().subnet())
                            .flatMap(subnet ->
                                    Stream.ofNullable(
                                            there.subnets()
                                                    .get(proposed.getOrDefault(subnet, subnet))))
                            .map(Networks.Subnet::vpc)
                            .collect(Collectors.toSet());
            String name = name(group);
            return there.groups().values().stream()
                    .filter(it -> vpcs.isEmpty() || vpcs.contains(it.vpc()))
                    .sorted(
                            Comparator.comparing((Networks.Group it) -> !same(name, it))
                                    .thenComparing(Networks.Group::name)
                                    .thenComparing(Networks.Group::id))
                    .map(it ->
                            new Candidate(
                                    it.id(),
                                    List.of(
                                            it.vpc(),
                                            it.name(),
                                            it.tag().equals(it.name()) ? "" : it.tag()),
                                    same(name, it)))
                    .toList();
        }

        private static boolean same(String name, Networks.Group group) {
            return same(name, group.name()) || same(name, group.tag());
        }

        private static boolean same(String name, String other) {
            return !name.isEmpty() && Objects.equals(name, other);
        }

        private List<Candidate> keyPairs() {
            return there.keyPairs().stream()
                    .sorted()
                    .map(name -> new Candidate(name, List.of(), false))
                    .toList();
        }
    }
}
