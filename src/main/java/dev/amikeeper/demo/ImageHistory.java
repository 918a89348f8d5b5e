package dev.amikeeper.demo;

import dev.amikeeper.Application;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.Reason;
import dev.amikeeper.retention.Verdict;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What became of all images of a deployment, according to its catalogue at the end.
 *
 * @param strays images in EC2 with our tags that the catalogue does not know
 * @param restores all restores and drills, oldest first
 */
record ImageHistory(List<HistoryEntry> entries, List<ImageRef> strays, List<Restore> restores) {
    ImageHistory {
        restores = List.copyOf(restores);
        strays = List.copyOf(strays);
        entries = List.copyOf(entries);
    }

    /** What became of an image. */
    enum Fate {
        /** It still exists. */
        THERE,
        /** It was asked for or is being made. */
        UNDER_WAY,
        REMOVED,
        GIVEN_UP
    }

    /**
     * An image, home or copy.
     *
     * @param image its last known record
     * @param reasons why it is kept; if it exists and has no reason, the next run removes it
     * @param whyGone empty if it was not removed
     */
    record HistoryEntry(Image image, Fate fate, List<Reason> reasons, String whyGone) {
        HistoryEntry {
            reasons = List.copyOf(reasons);
        }

        /** Whether it was a good image at some time. */
        boolean isMade() {
            return fate == Fate.THERE || fate == Fate.REMOVED;
        }

        boolean isOf(InstanceId instance) {
            return image.name().instance().equals(instance);
        }
    }

    private record Key(Region region, ImageName name) {
        static final Comparator<Key> ORDER =
                Comparator.comparing(Key::region).thenComparing(Key::name);

        static Key of(Image image) {
            return new Key(image.region(), image.name());
        }
    }

    Optional<HistoryEntry> find(Region region, ImageName name) {
        return entries.stream()
                .filter(entry -> Key.of(entry.image()).equals(new Key(region, name)))
                .findFirst();
    }

    /** The restores of this kind and instance, oldest first. */
    List<Restore> restores(Restore.RestoreKind kind, InstanceId of) {
        return restores.stream()
                .filter(it -> it.kind() == kind && it.of().instance().equals(of))
                .toList();
    }

    /** Follows a deployment, because tombstones do not hold everything that the records said. */
    static final class Writer {
        private final Application app;
        private final Map<Key, Image> seen = new HashMap<>();

        Writer(Application app) {
            this.app = app;
        }

        /** Remembers the records. Call this before each run of the pruner. */
        void look() {
            eachPolicyAndRegion(
                            (policy, region) -> app.catalog().ofPolicy(policy.allNames(), region))
                    .forEach(image -> seen.put(Key.of(image), image));
        }

        /** The history so far, with the plan of a dry run of the pruner. */
        ImageHistory end(Instant now) {
            look();
            Map<Key, HistoryEntry> ended = new HashMap<>();
            seen.forEach((key, image) ->
                    ended.put(key, new HistoryEntry(image, fate(image), List.of(), "")));
            eachPolicyAndRegion((policy, region) ->
                            policy.allNames().stream()
                                    .flatMap(name -> app.catalog().removed(name, region).stream())
                                    .toList())
                    .forEach(tombstone ->
                            ended.computeIfPresent(
                                    key(tombstone), (_, entry) -> removed(entry, tombstone)));
            verdicts(now)
                    .forEach(verdict ->
                            ended.computeIfPresent(
                                    Key.of(verdict.image()), (_, entry) -> judged(entry, verdict)));
            return new ImageHistory(
                    ended.entrySet().stream()
                            .sorted(Map.Entry.comparingByKey(Key.ORDER))
                            .map(Map.Entry::getValue)
                            .toList(),
                    strays(ended.values()),
                    app.policies().all().stream()
                            .flatMap(policy -> policy.allNames().stream())
                            .flatMap(name -> app.catalog().restores(name).stream())
                            .sorted(Comparator.comparing(Restore::asked).thenComparing(Restore::id))
                            .toList());
        }

        private static Key key(Tombstone tombstone) {
            return new Key(tombstone.region(), tombstone.name());
        }

        private static Fate fate(Image image) {
            return switch (image.state()) {
                case REQUESTED, CREATING -> Fate.UNDER_WAY;
                case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING -> Fate.THERE;
                case FAILED -> Fate.GIVEN_UP;
            };
        }

        private static HistoryEntry removed(HistoryEntry entry, Tombstone tombstone) {
            return new HistoryEntry(entry.image(), Fate.REMOVED, List.of(), tombstone.why());
        }

        private static HistoryEntry judged(HistoryEntry entry, Verdict verdict) {
            return switch (verdict) {
                case Verdict.Kept(_, var reasons) ->
                        new HistoryEntry(entry.image(), entry.fate(), reasons, "");
                case Verdict.CallOff(_, var reasons) ->
                        new HistoryEntry(entry.image(), entry.fate(), reasons, "");
                case Verdict.RemovalStep _,
                        Verdict.Await _,
                        Verdict.WaitUntil _,
                        Verdict.Finish _ ->
                        entry;
            };
        }

        /** What the pruner would do now. */
        private Stream<Verdict> verdicts(Instant now) {
            Planner planner = app.planner(new Planner.PlannerRun(now, false, _ -> {})).read();
            return app.policies().all().stream()
                    .flatMap(policy -> planner.plan(policy).plans().stream())
                    .flatMap(plan -> plan.verdicts().stream());
        }

        private List<ImageRef> strays(Collection<HistoryEntry> ended) {
            Set<ImageRef> known =
                    ended.stream()
                            .filter(entry -> entry.fate() != Fate.REMOVED)
                            .map(HistoryEntry::image)
                            .flatMap(image ->
                                    image.id().map(id -> new ImageRef(image.region(), id)).stream())
                            .collect(Collectors.toSet());
            return app.policies().regions().stream()
                    .flatMap(region ->
                            app.images().reads().ours(region).stream()
                                    .map(ami -> new ImageRef(region, ami.id())))
                    .filter(image -> !known.contains(image))
                    .toList();
        }

        private interface Reading<T> {
            List<T> read(Policy policy, Region region);
        }

        private <T> Stream<T> eachPolicyAndRegion(Reading<T> reading) {
            return app.policies().all().stream()
                    .flatMap(policy ->
                            app.policies().regions().stream()
                                    .flatMap(region -> reading.read(policy, region).stream()));
        }
    }
}
