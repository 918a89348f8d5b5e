package dev.amikeeper.demo;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.reducing;

import dev.amikeeper.demo.ImageHistory.Entry;
import dev.amikeeper.demo.ImageHistory.Fate;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.report.StatusReport;
import dev.amikeeper.retention.Reason;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The figures of a demo. Its fields are those of the JSON output.
 *
 * @param from when it began, ISO-8601
 * @param until when it ended, ISO-8601
 * @param instances how many there were at the start
 * @param images by policy and Region
 * @param total all of them
 * @param strays images in EC2 with our tags that the catalogue does not know: none
 * @param story what happened on the way
 * @param kept how many of the images that are there now each kind of reason keeps
 * @param toGo how many of them the next run of the pruner removes
 * @param drills what was proven by launching images; null if no policy drills
 * @param status how the instances stand at the end
 * @param example the images of one instance
 * @param calls to EC2, by action, but for reads
 * @param sharedReads calls that describe, in pages, for all images at once
 * @param invocations calls of functions
 * @param announcements messages to people
 * @param deadLetters events and kicks that could not be handled
 * @param loss how it ended; null if no policy replicates
 */
public record DemoSummary(
        String from,
        String until,
        int days,
        long seed,
        int instances,
        List<String> homeRegions,
        List<Line> images,
        Counts total,
        int strays,
        List<Happening> story,
        SequencedMap<String, Integer> kept,
        int toGo,
        @Nullable Drills drills,
        Status status,
        Example example,
        List<Calls> calls,
        int sharedReads,
        SortedMap<String, Integer> invocations,
        int announcements,
        int deadLetters,
        @Nullable Loss loss) {
    public DemoSummary {
        homeRegions = List.copyOf(homeRegions);
        images = List.copyOf(images);
        story = List.copyOf(story);
        kept = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(kept));
        calls = List.copyOf(calls);
        invocations = Collections.unmodifiableSortedMap(new TreeMap<>(invocations));
    }

    /** What the figures are taken from, besides story and history. */
    record Played(
            int days,
            long seed,
            Policies policies,
            DemoFleet fleet,
            DemoStory story,
            SortedMap<String, Integer> calls,
            LocalDeployment deployment) {}

    /**
     * Figures of images.
     *
     * @param made those that were good images at some time: removed, or there now
     * @param givenUp announced, never made
     * @param underWay not made yet
     * @param retried made, but not at the first try
     */
    record Counts(int made, int removed, int thereNow, int givenUp, int underWay, int retried) {
        private static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0);

        private static Counts of(Entry entry) {
            boolean again = entry.isMade() && entry.image().attempt() > 1;
            return new Counts(
                    entry.isMade() ? 1 : 0,
                    entry.fate() == Fate.REMOVED ? 1 : 0,
                    entry.fate() == Fate.THERE ? 1 : 0,
                    entry.fate() == Fate.GIVEN_UP ? 1 : 0,
                    entry.fate() == Fate.UNDER_WAY ? 1 : 0,
                    again ? 1 : 0);
        }

        private Counts plus(Counts other) {
            return new Counts(
                    made + other.made,
                    removed + other.removed,
                    thereNow + other.thereNow,
                    givenUp + other.givenUp,
                    underWay + other.underWay,
                    retried + other.retried);
        }

        private static Counts of(Stream<Entry> entries) {
            return entries.collect(reducing(NONE, Counts::of, Counts::plus));
        }
    }

    /**
     * The images of a policy in a Region.
     *
     * @param kind image or copy
     * @param triggers why those that were made were asked for
     */
    record Line(
            String policy,
            String region,
            String kind,
            Counts counts,
            SequencedMap<String, Integer> triggers) {
        Line {
            triggers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(triggers));
        }
    }

    /**
     * The drills that were begun.
     *
     * @param regions where
     * @param servers how many different ones had their turn
     * @param underWay neither passed nor failed yet
     * @param quickestSeconds of those that passed, from the request to the last check
     */
    record Drills(
            List<String> regions,
            int servers,
            int passed,
            int failed,
            int underWay,
            long quickestSeconds,
            long slowestSeconds) {
        Drills {
            regions = List.copyOf(regions);
        }

        private static Drills of(List<Restore> drills) {
            List<Duration> took =
                    drills.stream().flatMap(drill -> drill.took().stream()).sorted().toList();
            int failed =
                    (int)
                            drills.stream()
                                    .filter(drill -> drill.ended().isPresent())
                                    .filter(drill -> !drill.hasPassed())
                                    .count();
            return new Drills(
                    drills.stream()
                            .map(drill -> drill.region().name())
                            .distinct()
                            .sorted()
                            .toList(),
                    (int) drills.stream().map(drill -> drill.of().instance()).distinct().count(),
                    took.size(),
                    failed,
                    drills.size() - took.size() - failed,
                    took.isEmpty() ? 0 : took.getFirst().toSeconds(),
                    took.isEmpty() ? 0 : took.getLast().toSeconds());
        }
    }

    /**
     * The instances that are not terminated, as {@code keeper status} tells at the end.
     *
     * @param waiting without an image somewhere, but not late
     * @param unprotected of no policy
     */
    record Status(int protectedInstances, int late, int waiting, int unprotected) {
        static Status of(StatusReport report) {
            return new Status(
                    report.protectedInstances(),
                    report.late(),
                    report.waiting(),
                    report.unprotected());
        }
    }

    /** Something that happened on the way, and what came of it. */
    record Happening(int day, String what, String then) {}

    /**
     * The images of one instance that are there now, newest first.
     *
     * @param name its tag; empty if no image is there at all
     */
    record Example(String instance, String name, List<Shown> images) {
        Example {
            images = List.copyOf(images);
        }
    }

    /** One image of the example. */
    record Shown(String slot, String policy, String region, String state, List<String> kept) {
        Shown {
            kept = List.copyOf(kept);
        }
    }

    /**
     * The home Region is lost at the end, and its servers are restored.
     *
     * @param records images that the new catalogue has, made from the tags there
     * @param servers those with an image there
     * @param back those that run again, with passed status checks
     * @param mappedSubnets of the lost Region, for which the mapping file names others
     * @param mappedGroups the same of security groups
     * @param oldestMinutes the age of the oldest image that a server was restored from
     * @param seconds until the last one was back
     * @param launches calls of RunInstances
     * @param reads calls that describe
     */
    record Loss(
            String region,
            String to,
            int records,
            int servers,
            int back,
            int mappedSubnets,
            int mappedGroups,
            long oldestMinutes,
            long seconds,
            int launches,
            int reads) {}

    /**
     * Calls of one action.
     *
     * @param needed what the images' lives need: one for each that was begun, or removed
     * @param failedTries those for tries that EC2 itself failed
     * @param repeated the rest: throttled, or repeated because the reply was lost
     */
    record Calls(String action, int calls, int needed, int failedTries, int repeated) {
        private static Calls of(String action, Played played, int needed, int failedTries) {
            int calls =
                    played.calls().getOrDefault(action, 0) - played.story().callsOfPeople(action);
            return new Calls(action, calls, needed, failedTries, calls - needed - failedTries);
        }
    }

    static DemoSummary of(Played played, ImageHistory history, Status status, Optional<Loss> loss) {
        List<Entry> entries = history.entries();
        List<Entry> there = entries.stream().filter(e -> e.fate() == Fate.THERE).toList();
        LocalDeployment deployment = played.deployment();
        return new DemoSummary(
                Demo.START.toString(),
                Demo.START.plus(Duration.ofDays(played.days())).toString(),
                played.days(),
                played.seed(),
                played.fleet().instances().size(),
                played.fleet().instances().stream()
                        .map(instance -> instance.region().name())
                        .distinct()
                        .sorted(Comparator.comparing(region -> !region.equals(Demo.HOME.name())))
                        .toList(),
                lines(entries),
                Counts.of(entries.stream()),
                history.strays().size(),
                played.story().told().stream()
                        .map(it -> new Happening(it.day(), it.what(), it.then().in(history)))
                        .toList(),
                kept(there),
                (int) there.stream().filter(entry -> entry.reasons().isEmpty()).count(),
                drills(played.policies(), history),
                status,
                example(there, played.fleet()),
                calls(played, history),
                played.calls().entrySet().stream()
                        .filter(call -> call.getKey().startsWith("Describe"))
                        .mapToInt(Map.Entry::getValue)
                        .sum(),
                deployment.invocations(),
                deployment.sns().published().size(),
                deployment.deadLetters().size() + deployment.deadKicks(),
                loss.orElse(null));
    }

    private record Group(String policy, boolean copy, String region) {
        private static final Comparator<Group> ORDER =
                Comparator.comparing(Group::policy)
                        .thenComparing(Group::copy)
                        .thenComparing(Group::region);

        static Group of(Entry entry) {
            Image image = entry.image();
            return new Group(image.name().policy(), image.isCopy(), image.region().name());
        }
    }

    private static List<Line> lines(List<Entry> entries) {
        Map<Group, List<Entry>> groups = new TreeMap<>(Group.ORDER);
        entries.forEach(e -> groups.computeIfAbsent(Group.of(e), _ -> new ArrayList<>()).add(e));
        List<Line> lines = new ArrayList<>();
        groups.forEach((group, members) ->
                lines.add(
                        new Line(
                                group.policy(),
                                group.region(),
                                group.copy() ? "copy" : "image",
                                Counts.of(members.stream()),
                                triggers(members))));
        return lines;
    }

    private static SequencedMap<String, Integer> triggers(List<Entry> entries) {
        Map<Trigger, Integer> counts = new EnumMap<>(Trigger.class);
        List<Image> made = entries.stream().filter(Entry::isMade).map(Entry::image).toList();
        made.stream()
                .filter(image -> !image.adopted())
                .forEach(image -> counts.merge(image.provenance().trigger(), 1, Integer::sum));
        SequencedMap<String, Integer> words = new LinkedHashMap<>();
        counts.forEach((trigger, count) -> words.put(trigger.word(), count));
        int adopted = (int) made.stream().filter(Image::adopted).count();
        if (adopted > 0) {
            words.put("adopted", adopted);
        }
        return words;
    }

    private static SequencedMap<String, Integer> kept(List<Entry> there) {
        Map<Reason.Kind, Integer> counts = new EnumMap<>(Reason.Kind.class);
        there.forEach(entry ->
                entry.reasons().stream()
                        .map(Reason::kind)
                        .distinct()
                        .forEach(kind -> counts.merge(kind, 1, Integer::sum)));
        SequencedMap<String, Integer> words = new LinkedHashMap<>();
        counts.forEach((kind, count) -> words.put(kind.word(), count));
        return words;
    }

    /** Of the instances whose images people hold or use, if any, the one with the fewest images. */
    private static Example example(List<Entry> there, DemoFleet fleet) {
        Map<InstanceId, List<Entry>> byInstance =
                there.stream().collect(groupingBy(entry -> entry.image().name().instance()));
        return byInstance.entrySet().stream()
                .min(
                        Comparator.<Map.Entry<InstanceId, List<Entry>>>comparingInt(
                                        it -> -byPeople(it.getValue()))
                                .thenComparingInt(it -> it.getValue().size())
                                .thenComparing(it -> it.getKey().value()))
                .map(it ->
                        new Example(
                                it.getKey().value(), fleet.name(it.getKey()), shown(it.getValue())))
                .orElse(new Example("", "", List.of()));
    }

    private static int byPeople(List<Entry> entries) {
        return (int)
                entries.stream()
                        .flatMap(entry -> entry.reasons().stream())
                        .map(Reason::kind)
                        .filter(kind -> kind == Reason.Kind.HELD || kind == Reason.Kind.IN_USE)
                        .distinct()
                        .count();
    }

    private static List<Shown> shown(List<Entry> entries) {
        return entries.stream()
                .map(Entry::image)
                .sorted(
                        Comparator.comparing(Image::name)
                                .reversed()
                                .thenComparing(Image::isCopy)
                                .thenComparing(Image::region))
                .map(image -> shown(image, entries))
                .toList();
    }

    private static Shown shown(Image image, List<Entry> entries) {
        List<String> words =
                entries.stream()
                        .filter(entry -> entry.image().equals(image))
                        .flatMap(entry -> entry.reasons().stream())
                        .map(reason -> reason.kind().word())
                        .distinct()
                        .toList();
        String state =
                image.disabled() ? "disabled" : image.state().name().toLowerCase(Locale.ROOT);
        return new Shown(
                image.name().slot().toString(),
                image.name().policy(),
                image.region().name(),
                state,
                words);
    }

    private static @Nullable Drills drills(Policies policies, ImageHistory history) {
        boolean none = policies.all().stream().allMatch(policy -> policy.drill().isEmpty());
        return none ? null : Drills.of(drills(history));
    }

    private static List<Restore> drills(ImageHistory history) {
        return history.restores().stream()
                .filter(restore -> restore.kind() == Restore.Kind.DRILL)
                .toList();
    }

    private static List<Calls> calls(Played played, ImageHistory history) {
        List<Entry> entries = history.entries();
        Predicate<Entry> begun = e -> e.isMade() || e.image().state() == ImageState.CREATING;
        // An image of others becomes ours by a copy.
        Predicate<Entry> copy = entry -> entry.image().isCopy() || entry.image().adopted();
        Predicate<Entry> shared =
                entry ->
                        played.policies()
                                .find(entry.image().name().policy())
                                .filter(policy -> !policy.share().isEmpty())
                                .isPresent();
        int failed = played.story().failedCopies();
        List<Restore> launched =
                history.restores().stream().filter(it -> it.launched().isPresent()).toList();
        return List.of(
                Calls.of("CreateImage", played, count(entries, begun.and(copy.negate())), 0),
                Calls.of("CopyImage", played, count(entries, begun.and(copy)), failed),
                Calls.of(
                        "DeregisterImage",
                        played,
                        count(entries, entry -> entry.fate() == Fate.REMOVED),
                        failed),
                Calls.of(
                        "ModifyImageAttribute",
                        played,
                        count(entries, shared.and(Entry::isMade)),
                        0),
                Calls.of("DeleteTags", played, requests(entries), 0),
                Calls.of("RunInstances", played, launched.size(), 0),
                Calls.of(
                        "TerminateInstances",
                        played,
                        (int)
                                launched.stream()
                                        .filter(it -> it.kind() == Restore.Kind.DRILL)
                                        .count(),
                        0));
    }

    private static int count(List<Entry> entries, Predicate<Entry> which) {
        return (int) entries.stream().filter(which).count();
    }

    /** A request's tag is taken away once, however many policies image the instance. */
    private static int requests(List<Entry> entries) {
        return (int)
                entries.stream()
                        .map(Entry::image)
                        .filter(image ->
                                !image.isCopy() && image.provenance().trigger() == Trigger.TAGGED)
                        .map(image -> image.name().instance() + "/" + image.name().slot())
                        .distinct()
                        .count();
    }
}
