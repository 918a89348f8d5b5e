package dev.amikeeper.demo;

import static java.util.stream.Collectors.groupingBy;

import dev.amikeeper.demo.DemoSummary.ActionCalls;
import dev.amikeeper.demo.DemoSummary.Drills;
import dev.amikeeper.demo.DemoSummary.Example;
import dev.amikeeper.demo.DemoSummary.ExampleImage;
import dev.amikeeper.demo.DemoSummary.ImageCounts;
import dev.amikeeper.demo.DemoSummary.Loss;
import dev.amikeeper.demo.DemoSummary.PolicyLine;
import dev.amikeeper.demo.DemoSummary.ProtectionCounts;
import dev.amikeeper.demo.DemoSummary.StoryEvent;
import dev.amikeeper.demo.ImageHistory.Fate;
import dev.amikeeper.demo.ImageHistory.HistoryEntry;
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
 * Counts what happened in a demo.
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
    /** The figures at the end of the demo. */
    DemoSummary summary(ImageHistory history, ProtectionCounts status, Optional<Loss> loss) {
        List<HistoryEntry> entries = history.entries();
        List<HistoryEntry> there = entries.stream().filter(e -> e.fate() == Fate.THERE).toList();
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
                ImageCounts.of(entries.stream()),
                history.strays().size(),
                story.told().stream()
                        .map(it -> new StoryEvent(it.day(), it.what(), it.then().in(history)))
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

        static Group of(HistoryEntry entry) {
            Image image = entry.image();
            return new Group(image.name().policy(), image.isCopy(), image.region().name());
        }
    }

    private static List<PolicyLine> lines(List<HistoryEntry> entries) {
        Map<Group, List<HistoryEntry>> groups = new TreeMap<>(Group.ORDER);
        entries.forEach(e -> groups.computeIfAbsent(Group.of(e), _ -> new ArrayList<>()).add(e));
        List<PolicyLine> lines = new ArrayList<>();
        groups.forEach((group, members) ->
                lines.add(
                        new PolicyLine(
                                group.policy(),
                                group.region(),
                                group.copy() ? "copy" : "image",
                                ImageCounts.of(members.stream()),
                                triggers(members))));
        return lines;
    }

    private static SequencedMap<String, Integer> triggers(List<HistoryEntry> entries) {
        Map<Trigger, Integer> counts = new EnumMap<>(Trigger.class);
        List<Image> made =
                entries.stream().filter(HistoryEntry::isMade).map(HistoryEntry::image).toList();
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

    private static SequencedMap<String, Integer> kept(List<HistoryEntry> there) {
        Map<Reason.ReasonKind, Integer> counts = new EnumMap<>(Reason.ReasonKind.class);
        there.forEach(entry ->
                entry.reasons().stream()
                        .map(Reason::kind)
                        .distinct()
                        .forEach(kind -> counts.merge(kind, 1, Integer::sum)));
        SequencedMap<String, Integer> words = new LinkedHashMap<>();
        counts.forEach((kind, count) -> words.put(kind.word(), count));
        return words;
    }

    /** An instance with few images, if possible one whose images people hold or use. */
    private Example example(List<HistoryEntry> there) {
        Map<InstanceId, List<HistoryEntry>> byInstance =
                there.stream().collect(groupingBy(entry -> entry.image().name().instance()));
        return byInstance.entrySet().stream()
                .min(
                        Comparator.<Map.Entry<InstanceId, List<HistoryEntry>>>comparingInt(
                                        it -> -byPeople(it.getValue()))
                                .thenComparingInt(it -> it.getValue().size())
                                .thenComparing(it -> it.getKey().value()))
                .map(it ->
                        new Example(
                                it.getKey().value(), fleet.name(it.getKey()), shown(it.getValue())))
                .orElse(new Example("", "", List.of()));
    }

    private static int byPeople(List<HistoryEntry> entries) {
        return (int)
                entries.stream()
                        .flatMap(entry -> entry.reasons().stream())
                        .map(Reason::kind)
                        .filter(kind ->
                                kind == Reason.ReasonKind.HELD || kind == Reason.ReasonKind.IN_USE)
                        .distinct()
                        .count();
    }

    private static List<ExampleImage> shown(List<HistoryEntry> entries) {
        return entries.stream()
                .map(HistoryEntry::image)
                .sorted(
                        Comparator.comparing(Image::name)
                                .reversed()
                                .thenComparing(Image::isCopy)
                                .thenComparing(Image::region))
                .map(image -> shown(image, entries))
                .toList();
    }

    private static ExampleImage shown(Image image, List<HistoryEntry> entries) {
        List<String> words =
                entries.stream()
                        .filter(entry -> entry.image().equals(image))
                        .flatMap(entry -> entry.reasons().stream())
                        .map(reason -> reason.kind().word())
                        .distinct()
                        .toList();
        String state =
                image.disabled() ? "disabled" : image.state().name().toLowerCase(Locale.ROOT);
        return new ExampleImage(
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
                                .filter(restore -> restore.kind() == Restore.RestoreKind.DRILL)
                                .toList());
    }

    private List<ActionCalls> calls(ImageHistory history) {
        List<HistoryEntry> entries = history.entries();
        Predicate<HistoryEntry> begun = e -> e.isMade() || e.image().state() == ImageState.CREATING;
        // Adopting somebody else's image makes a copy of it.
        Predicate<HistoryEntry> copy = entry -> entry.image().isCopy() || entry.image().adopted();
        Predicate<HistoryEntry> shared =
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
                calls("ModifyImageAttribute", count(entries, shared.and(HistoryEntry::isMade)), 0),
                calls("DeleteTags", requests(entries), 0),
                calls("RunInstances", launched.size(), 0),
                calls(
                        "TerminateInstances",
                        (int)
                                launched.stream()
                                        .filter(it -> it.kind() == Restore.RestoreKind.DRILL)
                                        .count(),
                        0));
    }

    private ActionCalls calls(String action, int needed, int failedTries) {
        int count = calls.getOrDefault(action, 0) - story.callsOfPeople(action);
        return new ActionCalls(action, count, needed, failedTries, count - needed - failedTries);
    }

    private static int count(List<HistoryEntry> entries, Predicate<HistoryEntry> which) {
        return (int) entries.stream().filter(which).count();
    }

    /** A request's tag is removed once, however many policies image the instance. */
    private static int requests(List<HistoryEntry> entries) {
        return (int)
                entries.stream()
                        .map(HistoryEntry::image)
                        .filter(image ->
                                !image.isCopy() && image.provenance().trigger() == Trigger.TAGGED)
                        .map(image -> image.name().instance() + "/" + image.name().slot())
                        .distinct()
                        .count();
    }
}
