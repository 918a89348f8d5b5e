package dev.amikeeper.demo;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.demo.DemoSummary.Calls;
import dev.amikeeper.demo.DemoSummary.Counts;
import dev.amikeeper.demo.DemoSummary.Drills;
import dev.amikeeper.demo.DemoSummary.Example;
import dev.amikeeper.demo.DemoSummary.Happening;
import dev.amikeeper.demo.DemoSummary.Line;
import dev.amikeeper.demo.DemoSummary.Loss;
import dev.amikeeper.demo.DemoSummary.Shown;
import dev.amikeeper.demo.DemoSummary.Status;
import dev.amikeeper.demo.ImageHistory.Entry;
import dev.amikeeper.demo.ImageHistory.Fate;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.retention.Reason;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
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

/**
 * Counts what was played of a demo.
 *
 * @param calls to EC2, by action
 */
record DemoFigures(
        int days,
        long seed,
        Policies policies,
        DemoFleet fleet,
        DemoStory story,
        SortedMap<String, Integer> calls,
        LocalDeployment deployment) {
    /** The figures of the demo, as it stands at its end. */
    DemoSummary summary(ImageHistory history, Status status, Optional<Loss> loss) {
        List<Entry> entries = history.entries();
        List<Entry> there = entries.stream().filter(e -> e.fate() == Fate.THERE).toList();
        return new DemoSummary(
                Demo.START.toString(),
                Demo.START.plus(Duration.ofDays(days)).toString(),
                days,
                seed,
                fleet.instances().size(),
                fleet.instances().stream()
                        .map(instance -> instance.region().name())
                        .distinct()
                        .sorted(Comparator.comparing(region -> !region.equals(Demo.HOME.name())))
                        .toList(),
                lines(entries),
                Counts.of(entries.stream()),
                history.strays().size(),
                story.told().stream()
                        .map(it -> new Happening(it.day(), it.what(), it.then().in(history)))
                        .toList(),
                kept(there),
                (int) there.stream().filter(entry -> entry.reasons().isEmpty()).count(),
                drills(history),
                status,
                example(there),
                calls(history),
                calls.entrySet().stream()
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
    private Example example(List<Entry> there) {
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

    private @Nullable Drills drills(ImageHistory history) {
        boolean none = policies.all().stream().allMatch(policy -> policy.drill().isEmpty());
        return none
                ? null
                : Drills.of(
                        history.restores().stream()
                                .filter(restore -> restore.kind() == Restore.Kind.DRILL)
                                .toList());
    }

    private List<Calls> calls(ImageHistory history) {
        List<Entry> entries = history.entries();
        Predicate<Entry> begun = e -> e.isMade() || e.image().state() == ImageState.CREATING;
        // An image of others becomes ours by a copy.
        Predicate<Entry> copy = entry -> entry.image().isCopy() || entry.image().adopted();
        Predicate<Entry> shared =
                entry ->
                        policies.find(entry.image().name().policy())
                                .filter(policy -> !policy.share().isEmpty())
                                .isPresent();
        int failed = story.failedCopies();
        List<Restore> launched =
                history.restores().stream().filter(it -> it.launched().isPresent()).toList();
        return List.of(
                calls("CreateImage", count(entries, begun.and(copy.negate())), 0),
                calls("CopyImage", count(entries, begun.and(copy)), failed),
                calls(
                        "DeregisterImage",
                        count(entries, entry -> entry.fate() == Fate.REMOVED),
                        failed),
                calls("ModifyImageAttribute", count(entries, shared.and(Entry::isMade)), 0),
                calls("DeleteTags", requests(entries), 0),
                calls("RunInstances", launched.size(), 0),
                calls(
                        "TerminateInstances",
                        (int)
                                launched.stream()
                                        .filter(it -> it.kind() == Restore.Kind.DRILL)
                                        .count(),
                        0));
    }

    private Calls calls(String action, int needed, int failedTries) {
        int count = calls.getOrDefault(action, 0) - story.callsOfPeople(action);
        return new Calls(action, count, needed, failedTries, count - needed - failedTries);
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
