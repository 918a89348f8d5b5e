package dev.amikeeper.status;

import dev.amikeeper.Measures;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Schedule;
import dev.amikeeper.status.Objective.Term;
import dev.amikeeper.status.Standing.Level;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How well all living instances are covered, worst first. It says nothing about a policy in a
 * Region that could not be read.
 *
 * @param unprotected instances that no policy selects
 */
public record Status(List<Standing> standings, List<Unprotected> unprotected) {
    public Status {
        standings = List.copyOf(standings);
        unprotected = List.copyOf(unprotected);
    }

    /**
     * An instance that no policy selects.
     *
     * @param why why each policy does not select it
     */
    public record Unprotected(LivingInstance server, String why) {}

    /** The catalogue's images. */
    public interface Records {
        /** Returns all images of a policy in a Region; empty if they could not be read. */
        Optional<List<Image>> of(String policy, Region region);
    }

    /**
     * Determines the status.
     *
     * @param servers the living instances of each Region that could be read
     */
    public static Status of(
            Policies policies,
            Map<Region, List<LivingInstance>> servers,
            Records records,
            Instant now) {
        List<Standing> standings = new ArrayList<>();
        for (Policy policy : policies.all()) {
            standings.addAll(new Reading(policy, records, now).of(selected(policy, servers)));
        }
        standings.sort(Standing.WORST_FIRST);
        return new Status(
                standings,
                servers.values().stream()
                        .flatMap(List::stream)
                        .filter(server ->
                                policies.all().stream()
                                        .noneMatch(policy ->
                                                policy.select().selects(server.instance())))
                        .map(server -> new Unprotected(server, whyNot(policies, server.instance())))
                        .sorted(
                                Comparator.comparing(
                                                (Unprotected it) -> it.server().instance().region())
                                        .thenComparing(it -> it.server().instance().id().value()))
                        .toList());
    }

    /** Returns the status of one policy alone, without instances that no policy selects. */
    public Status of(String policy) {
        return new Status(
                standings.stream().filter(it -> it.policy().equals(policy)).toList(), List.of());
    }

    /** How many instances are late in any Region. */
    public int late() {
        return instances(standings.stream().filter(it -> it.level() == Level.LATE).toList()).size();
    }

    /** How many instances are protected in every Region where they should be. */
    public int protectedOnes() {
        SortedSet<String> all = instances(standings);
        all.removeAll(instances(standings.stream().filter(it -> !it.isProtected()).toList()));
        return all.size();
    }

    /** How many instances lack an image somewhere but are late nowhere. */
    public int waiting() {
        return instances(standings).size() - late() - protectedOnes();
    }

    /**
     * Returns the metrics. For each policy and Region: how many instances are protected, late, or
     * waiting for their first image, and the worst age. For each Region: how many instances no
     * policy selects. A Region that could not be read has no metrics rather than wrong ones.
     */
    public static List<Measures> measures(
            Policies policies,
            Map<Region, List<LivingInstance>> servers,
            Records records,
            Instant now) {
        Status status = of(policies, servers, records, now);
        List<Measures> measures = new ArrayList<>();
        for (Policy policy : policies.all()) {
            SortedSet<Region> regions = new TreeSet<>(policy.select().regions());
            policy.select().regions().forEach(home -> regions.addAll(policy.destinations(home)));
            for (Region region : regions) {
                boolean read =
                        allOf(policy, records, region).isPresent()
                                && policy.select().regions().stream()
                                        .filter(home ->
                                                home.equals(region)
                                                        || policy.destinations(home)
                                                                .contains(region))
                                        .allMatch(servers::containsKey);
                if (read) {
                    measures.add(status.measures(policy.name(), region));
                }
            }
        }
        for (Region region : new TreeSet<>(servers.keySet())) {
            int count =
                    (int)
                            status.unprotected.stream()
                                    .filter(it -> it.server().instance().region().equals(region))
                                    .count();
            measures.add(
                    new Measures(
                            new TreeMap<>(Map.of("Region", region.name())),
                            new TreeMap<>(Map.of("unprotected", count))));
        }
        return measures;
    }

    private static Optional<List<Image>> allOf(Policy policy, Records records, Region region) {
        List<Image> all = new ArrayList<>();
        for (String name : policy.allNames()) {
            Optional<List<Image>> some = records.of(name, region);
            if (some.isEmpty()) {
                return Optional.empty();
            }
            all.addAll(some.get());
        }
        return Optional.of(all);
    }

    private Measures measures(String policy, Region region) {
        List<Standing> here =
                standings.stream()
                        .filter(it -> it.policy().equals(policy) && it.region().equals(region))
                        .toList();
        int kept = (int) here.stream().filter(Standing::isProtected).count();
        int late = (int) here.stream().filter(it -> it.level() == Level.LATE).count();
        SortedMap<String, Integer> values = new TreeMap<>();
        values.put("protected", kept);
        values.put("late", late);
        values.put("waiting", here.size() - kept - late);
        here.stream()
                .map(Standing::exposed)
                .max(Comparator.naturalOrder())
                .ifPresent(
                        worst -> values.put("worstAgeSeconds", Math.toIntExact(worst.toSeconds())));
        return new Measures(
                new TreeMap<>(Map.of("Policy", policy, "Region", region.name())), values);
    }

    private static SortedSet<String> instances(Collection<Standing> some) {
        return some.stream()
                .map(it -> it.server().instance().id().value())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<LivingInstance> selected(
            Policy policy, Map<Region, List<LivingInstance>> servers) {
        return policy.select().regions().stream()
                .flatMap(home -> servers.getOrDefault(home, List.of()).stream())
                .filter(server -> policy.select().selects(server.instance()))
                .toList();
    }

    private static String whyNot(Policies policies, Instance instance) {
        return policies.all().stream()
                .map(policy ->
                        policy.name() + ": " + policy.select().whyNot(instance).orElseThrow())
                .collect(Collectors.joining("; "));
    }

    /** Compares one policy's instances with its records. */
    private static final class Reading {
        private final Policy policy;
        private final Records records;
        private final Instant now;
        private final Map<Region, Optional<Map<InstanceId, List<Image>>>> images = new HashMap<>();
        private final Map<Boolean, Map<Instant, Optional<Term>>> terms = new HashMap<>();
        private final Optional<Slot> next;

        Reading(Policy policy, Records records, Instant now) {
            this.policy = policy;
            this.records = records;
            this.now = now;
            next = policy.schedule().flatMap(schedule -> new Objective(schedule, false).next(now));
        }

        List<Standing> of(List<LivingInstance> servers) {
            List<Standing> standings = new ArrayList<>();
            for (LivingInstance server : servers) {
                Region home = server.instance().region();
                standing(server, home).ifPresent(standings::add);
                policy.destinations(home)
                        .forEach(to -> standing(server, to).ifPresent(standings::add));
            }
            return standings;
        }

        private Optional<Standing> standing(LivingInstance server, Region region) {
            return images.computeIfAbsent(region, this::byInstance)
                    .map(of -> of.getOrDefault(server.instance().id(), List.of()))
                    .map(itsImages -> standing(server, region, itsImages));
        }

        private Optional<Map<InstanceId, List<Image>>> byInstance(Region region) {
            return allOf(policy, records, region)
                    .map(all ->
                            all.stream()
                                    .collect(
                                            Collectors.groupingBy(
                                                    image -> image.name().instance())));
        }

        private Standing standing(LivingInstance server, Region region, List<Image> itsImages) {
            Optional<Image> newest =
                    itsImages.stream()
                            .filter(Image::isGood)
                            // An image that claims to be from the future protects nobody today.
                            .filter(image -> !slot(image).time().isAfter(now))
                            .max(Comparator.comparing(Status::slot));
            Instant from = newest.map(image -> slot(image).time()).orElse(server.launched());
            boolean copies = !region.equals(server.instance().region());
            Optional<Term> term =
                    policy.schedule().flatMap(schedule -> term(schedule, copies, from));
            Level level =
                    term.map(it -> level(it, newest.isPresent()))
                            .orElse(policy.schedule().isPresent() ? Level.GOOD : Level.EVENTS);
            Duration exposed = Duration.between(from, now);
            return new Standing(
                    level,
                    policy.name(),
                    server,
                    region,
                    newest,
                    exposed.isNegative() ? Duration.ZERO : exposed,
                    next,
                    term.map(Term::until),
                    switch (level) {
                        case LATE ->
                                "late for "
                                        + Spans.text(
                                                Duration.between(term.orElseThrow().until(), now))
                                        + ": "
                                        + Hope.of(itsImages, from, term.orElseThrow(), copies)
                                                .late();
                        case DUE ->
                                "will breach in "
                                        + Spans.text(
                                                Duration.between(now, term.orElseThrow().until()))
                                        + " unless "
                                        + Hope.of(itsImages, from, term.orElseThrow(), copies)
                                                .unless();
                        case NEW, EVENTS -> newest.isPresent() ? "" : "no image yet";
                        case GOOD -> "";
                    });
        }

        private Level level(Term term, boolean imaged) {
            if (!now.isBefore(term.until())) {
                return Level.LATE;
            }
            if (!now.isBefore(term.slot().time())) {
                return Level.DUE;
            }
            return imaged ? Level.GOOD : Level.NEW;
        }

        /**
         * Remembers terms, because most images of a policy have the same few slots, and evaluating
         * a cron expression is slow.
         */
        private Optional<Term> term(Schedule schedule, boolean copies, Instant from) {
            return terms.computeIfAbsent(copies, _ -> new HashMap<>())
                    .computeIfAbsent(from, time -> new Objective(schedule, copies).after(time));
        }
    }

    /**
     * What may still cover a slot.
     *
     * @param unless what must happen
     * @param late why it did not
     */
    private record Hope(String unless, String late) {
        static Hope of(List<Image> images, Instant from, Term term, boolean copies) {
            return images.stream()
                    .filter(image -> slot(image).time().isAfter(from))
                    .min(
                            Comparator.comparingInt(Hope::rank)
                                    .thenComparing(Status::slot, Comparator.reverseOrder()))
                    .map(Hope::of)
                    .orElseGet(() -> nothing(term, copies));
        }

        /** How likely the image is to become usable, the most likely first. */
        private static int rank(Image image) {
            return switch (image.state()) {
                case CREATING -> 0;
                case REQUESTED -> 1;
                case FAILED -> 2;
                case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING -> 3;
            };
        }

        private static Hope of(Image image) {
            String its = (image.isCopy() ? "the copy of " : "the image of ") + slot(image);
            String note = image.note().isEmpty() ? "" : " (" + image.note() + ")";
            return switch (image.state()) {
                case CREATING -> under(its, "has been in the making since " + image.since());
                case REQUESTED ->
                        under(
                                its,
                                "waits for try " + image.attempt() + " at " + image.due() + note);
                case FAILED ->
                        new Hope(
                                "another one is available by then; " + its + " was given up" + note,
                                its + " was given up" + note);
                case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING ->
                        under(
                                its,
                                image.state() == ImageState.AVAILABLE
                                        ? "was disabled by somebody"
                                        : "is being retired" + note);
            };
        }

        private static Hope under(String its, String how) {
            return new Hope(its + ", which " + how + ", is good by then", its + " " + how);
        }

        private static Hope nothing(Term term, boolean copies) {
            return copies
                    ? new Hope(
                            "an image of " + term.slot() + " or later is copied here by then",
                            "nothing of " + term.slot() + " or later was copied here")
                    : new Hope(
                            "an image of " + term.slot() + " or later is made by then",
                            "nothing was imaged for " + term.slot() + " or later");
        }
    }

    private static Slot slot(Image image) {
        return image.name().slot();
    }
}
