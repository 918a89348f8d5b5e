package dev.amikeeper.sweep;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.lifecycle.WantedShares;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Reason;
import dev.amikeeper.retention.Retention;
import dev.amikeeper.status.Objective;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The differences between the catalogue and EC2 for one policy in one Region. Pure. All comparisons
 * are in this class, because each leaves out what another has already found.
 */
public final class Drift {
    /** The time between two sweeps. */
    public static final Duration EVERY = Duration.ofMinutes(15);

    /** CreateImage may take up to 24 hours. */
    static final Duration MAKING = Duration.ofHours(24);

    /**
     * How long a copy may take: it crosses Regions, and the first one is full. If a schedule
     * promises more, a copy is slow once its slot is late.
     */
    static final Duration COPYING = Duration.ofDays(2);

    /** How long a removed image may still be listed. */
    static final Duration FADING = Duration.ofHours(1);

    /** A snapshot younger than this may belong to an image that is not listed yet. */
    static final Duration SNAPSHOT_AGE = Duration.ofHours(24);

    /** What EC2 has refused for this long is left to the pruner, which runs once a day. */
    static final Duration RUSH = Duration.ofHours(24);

    /**
     * Every image has its launch permissions checked once in this many sweeps, which is once a
     * week.
     */
    static final int TURNS = 672;

    static final int SWEEPS_A_DAY = 96;

    /**
     * How many of a policy's newest images have their permissions checked in one sweep while others
     * are known to revoke permissions. EC2 answers for 20 images a second.
     */
    static final int CLOSELY = 500;

    /** The states of AMIs that are neither gone nor failed. */
    private static final Set<AmiState> ADOPTABLE =
            Set.of(AmiState.AVAILABLE, AmiState.DISABLED, AmiState.PENDING);

    private final View view;
    private final Map<Region, Map<ImageName, Tombstone>> removed;
    private final Map<Region, Set<ImageName>> unreadable;
    private final Map<ImageName, Image> byName;
    private final Map<ImageName, Ami> amisByName;
    private final Set<Image> suspects;
    private final List<Gap> gaps = new ArrayList<>();

    /**
     * What is known about one policy in one Region.
     *
     * @param policy empty if it is no longer in the file
     * @param records the catalogue's records of this policy here; read after the AMIs
     * @param amis all AMIs here that have our tags
     * @param orphans snapshots of this policy's images that belong to no AMI of ours, by image
     * @param copies the records of this policy in the Regions that it replicates to, as far as they
     *     are known
     * @param refusing those in its {@code share} with whom EC2 is known to refuse sharing
     * @param closely whether others are known to revoke launch permissions
     */
    public record View(
            Region region,
            String policyName,
            Optional<Policy> policy,
            List<Image> records,
            TaggedAmis amis,
            Map<ImageName, List<Snapshot>> orphans,
            Map<Region, List<Image>> copies,
            Set<String> refusing,
            boolean closely,
            Instant now) {
        public View {
            records = List.copyOf(records);
            orphans = Map.copyOf(orphans);
            copies = Map.copyOf(copies);
            refusing = Set.copyOf(refusing);
        }
    }

    private Drift(
            View view,
            Map<Region, Map<ImageName, Tombstone>> removed,
            Map<Region, Set<ImageName>> unreadable) {
        this.view = view;
        this.removed = removed;
        this.unreadable = unreadable;
        byName =
                view.records().stream().collect(Collectors.toMap(Image::name, Function.identity()));
        amisByName = view.amis().of(view.policyName());
        suspects = suspects(view);
    }

    /** The newest shared images, if others are known to revoke permissions. */
    private static Set<Image> suspects(View view) {
        return view.closely()
                ? view.records().stream()
                        .filter(image -> image.isGood() && image.shared())
                        .sorted(Comparator.comparing(Image::since).reversed())
                        .limit(CLOSELY)
                        .collect(Collectors.toSet())
                : Set.of();
    }

    /** The images, by Region, for which it matters whether they were removed. */
    public static Map<Region, Set<ImageName>> doubtful(View view) {
        Drift drift = new Drift(view, Map.of(), Map.of());
        Map<Region, Set<ImageName>> names = new TreeMap<>();
        Set<ImageName> here = new HashSet<>(drift.oldOrphans().keySet());
        here.addAll(drift.strangers().keySet());
        names.put(view.region(), here);
        drift.wantedCopies()
                .forEach(copy ->
                        names.computeIfAbsent(copy.region(), r -> new HashSet<>())
                                .add(copy.name()));
        names.values().removeIf(Set::isEmpty);
        return names;
    }

    /**
     * All gaps.
     *
     * @param removed the tombstones of the {@link #doubtful} images
     * @param unreadable the images, by Region, for which the catalogue holds an item that cannot be
     *     read: nobody can say what is missing or superfluous there
     */
    public static List<Gap> of(
            View view,
            Map<Region, Map<ImageName, Tombstone>> removed,
            Map<Region, Set<ImageName>> unreadable) {
        return new Drift(view, removed, unreadable).gaps();
    }

    private List<Gap> gaps() {
        view.records().forEach(this::compare);
        refused().ifPresent(gaps::add);
        strangers().forEach(this::unknown);
        wantedCopies().stream()
                .filter(copy -> tombstone(copy.region(), copy.name()).isEmpty())
                .map(Gap.Uncopied::new)
                .forEach(gaps::add);
        oldOrphans().forEach(this::orphaned);
        return List.copyOf(gaps);
    }

    private void compare(Image image) {
        Optional<Ami> ami =
                image.id().flatMap(id -> Optional.ofNullable(view.amis().byId().get(id)));
        switch (image.state()) {
            // A waiting image is kicked whatever EC2 lists, and the worker adopts what it finds by
            // its name. If an earlier try failed, people hear about its cause.
            case REQUESTED -> {
                if (image.isCopy() && image.attempt() == 1 && isSlow(image)) {
                    gaps.add(new Gap.Slow(image));
                }
            }
            case FAILED ->
                    Optional.ofNullable(amisByName.get(image.name()))
                            .filter(Drift::isAvailable)
                            .ifPresent(it -> gaps.add(new Gap.Found(image, it)));
            case CREATING -> ami.ifPresentOrElse(it -> making(image, it), () -> missing(image));
            case AVAILABLE -> ami.ifPresentOrElse(it -> there(image, it), () -> missing(image));
            case DISABLING, DISABLED -> {
                if (ami.isEmpty()) {
                    missing(image);
                }
            }
            case ENABLING -> {
                if (ami.isEmpty()) {
                    missing(image);
                } else if (isFresh(image)) {
                    gaps.add(new Gap.Returning(image));
                }
            }
            case RETIRING -> {
                if (ami.isEmpty() && !view.now().isBefore(image.due()) && isFresh(image)) {
                    gaps.add(new Gap.Unfinished(image));
                }
            }
        }
    }

    private boolean isFresh(Image image) {
        Instant leaseOver =
                image.state() == ImageState.RETIRING
                        ? image.since().plus(Image.LEASE)
                        : image.since();
        return view.now().isBefore(leaseOver.plus(RUSH));
    }

    private void missing(Image image) {
        gaps.add(new Gap.Missing(image));
    }

    private void making(Image image, Ami ami) {
        switch (ami.state()) {
            case AVAILABLE, DISABLED, FAILED -> gaps.add(new Gap.Finished(image, ami));
            case PENDING, DEREGISTERED, INVALID, TRANSIENT, ERROR, UNKNOWN -> {
                if (isSlow(image)) {
                    gaps.add(new Gap.Slow(image));
                }
            }
        }
    }

    /** A copy that is made long after its slot still gets the time that any copy gets. */
    private boolean isSlow(Image image) {
        if (!image.isCopy()) {
            return image.since().plus(MAKING).isBefore(view.now());
        }
        return image.since().plus(COPYING).isBefore(view.now())
                || (image.since().plus(Objective.COPYING).isBefore(view.now())
                        && isLate(image.name().slot()));
    }

    /**
     * Whether the slot is late by the objective of the policy's schedule, as {@code ./keeper
     * status} reports it.
     */
    private boolean isLate(Slot slot) {
        return view.policy()
                .flatMap(Policy::schedule)
                .flatMap(it -> new Objective(it, true).after(slot.time().minusMillis(1)))
                .filter(term -> !view.now().isBefore(term.until()))
                .isPresent();
    }

    private void there(Image image, Ami ami) {
        boolean isDisabled = ami.state() == AmiState.DISABLED;
        if (isDisabled != image.disabled() && (isDisabled || isAvailable(ami))) {
            gaps.add(new Gap.Switched(image, ami));
        } else if (image.isGood() && isAvailable(ami)) {
            if (WantedShares.differs(image, view.policy(), view.refusing())) {
                if (!view.now().isBefore(image.due())) {
                    gaps.add(new Gap.Unshared(image));
                }
            } else if (view.policy().isPresent()
                    && (suspects.contains(image) || isItsTurn(image.name()))) {
                gaps.add(new Gap.Unchecked(image));
            }
        }
    }

    /** Once a day, the newest image asks again for those whom EC2 refuses. */
    private Optional<Gap> refused() {
        return view.records().stream()
                .filter(image -> image.isGood() && image.shared())
                .filter(image ->
                        image.sharing().refused().stream().anyMatch(view.refusing()::contains))
                .filter(this::isThere)
                .max(Comparator.comparing(Image::name))
                .filter(image ->
                        sweep(view.now()) % SWEEPS_A_DAY == hash(image.name()) % SWEEPS_A_DAY)
                .map(Gap.ShareRefused::new);
    }

    private boolean isThere(Image image) {
        return Optional.ofNullable(view.amis().byId().get(image.id().orElseThrow()))
                .filter(Drift::isAvailable)
                .isPresent();
    }

    private boolean isItsTurn(ImageName name) {
        return hash(name) % TURNS == sweep(view.now()) % TURNS;
    }

    /** The number of the sweep at this time. */
    static long sweep(Instant now) {
        return now.getEpochSecond() / EVERY.toSeconds();
    }

    private static int hash(ImageName name) {
        return Math.floorMod(name.toString().hashCode(), TURNS);
    }

    private static boolean isAvailable(Ami ami) {
        return ami.state() == AmiState.AVAILABLE;
    }

    /** The AMIs of this policy that could be adopted and have no record. */
    private Map<ImageName, Ami> strangers() {
        Map<ImageName, Ami> strangers = new TreeMap<>(amisByName);
        strangers.keySet().removeAll(byName.keySet());
        strangers.keySet().removeAll(unreadable(view.region()));
        strangers.values().removeIf(ami -> !ADOPTABLE.contains(ami.state()));
        return strangers;
    }

    private Set<ImageName> unreadable(Region region) {
        return unreadable.getOrDefault(region, Set.of());
    }

    private void unknown(ImageName name, Ami ami) {
        Image adopted =
                Image.adopted(
                                name,
                                view.region(),
                                TaggedAmis.home(ami),
                                ami.id(),
                                ami.snapshots().size(),
                                ami.created(),
                                view.now())
                        .remembering(CapsuleTags.read(ami.tags()));
        Optional<Tombstone> tombstone = tombstone(view.region(), name);
        if (tombstone.isEmpty()) {
            gaps.add(new Gap.UnknownImage(adopted, ami));
        } else if (ami.state() != AmiState.PENDING
                && tombstone.get().removedAt().plus(FADING).isBefore(view.now())) {
            Image back =
                    adopted.rememberingStored(
                            tombstone
                                    .get()
                                    .image()
                                    .stored()
                                    .map(stored -> stored.of(ami.id(), view.now())));
            gaps.add(new Gap.Returned(tombstone.get(), back));
        }
    }

    private Optional<Tombstone> tombstone(Region region, ImageName name) {
        return Optional.ofNullable(removed.getOrDefault(region, Map.of()).get(name));
    }

    /**
     * The copies of good home images that have no record and that their Region's rules would keep.
     * Without the rules, a copy would be made again if it was pruned so long ago that no trace of
     * it is left.
     */
    private List<Image> wantedCopies() {
        if (view.policy().isEmpty()) {
            return List.of();
        }
        Map<Object, List<Image>> homes =
                view.records().stream()
                        .filter(image -> !image.isCopy() && image.isGood())
                        .filter(image -> !image.name().slot().time().isAfter(view.now()))
                        .filter(this::isThere)
                        .collect(
                                groupingBy(
                                        image -> image.name().instance(),
                                        LinkedHashMap::new,
                                        toList()));
        List<Image> wanted = new ArrayList<>();
        for (Region to : view.policy().get().destinations(view.region())) {
            List<Image> there = view.copies().get(to);
            if (there != null && !homes.isEmpty()) {
                Map<Object, List<Image>> recorded =
                        there.stream().collect(groupingBy(image -> image.name().instance()));
                homes.forEach((instance, images) ->
                        wanted.addAll(
                                wanted(images, to, recorded.getOrDefault(instance, List.of()))));
            }
        }
        return wanted;
    }

    private List<Image> wanted(List<Image> homes, Region to, List<Image> there) {
        Set<ImageName> known = new HashSet<>(unreadable(to));
        there.stream().map(Image::name).forEach(known::add);
        List<Image> missing =
                homes.stream()
                        .filter(image -> !known.contains(image.name()))
                        .map(image -> image.copyTo(to, view.now()))
                        .toList();
        if (missing.isEmpty()) {
            return List.of();
        }
        Optional<Keep> keep = view.policy().orElseThrow().keepFor(missing.getFirst());
        if (keep.isEmpty()) {
            return missing;
        }
        Stream<Image> counted = there.stream().filter(Drift::countsThere);
        Map<Image, List<Reason>> judged =
                Retention.judge(keep.get(), Stream.concat(counted, missing.stream()).toList());
        return missing.stream()
                .filter(copy -> !judged.getOrDefault(copy, List.of()).isEmpty())
                .toList();
    }

    /** Whether an image there is good or is to become so. */
    private static boolean countsThere(Image image) {
        return switch (image.state()) {
            case REQUESTED, CREATING -> true;
            case AVAILABLE -> !image.disabled();
            case DISABLING, DISABLED, ENABLING, RETIRING, FAILED -> false;
        };
    }

    /** The orphans whose image has no record that could still need them. */
    private Map<ImageName, List<Snapshot>> oldOrphans() {
        Map<ImageName, List<Snapshot>> old = new TreeMap<>();
        view.orphans()
                .forEach((name, snapshots) -> {
                    Image record = byName.get(name);
                    boolean needsNone = record == null || record.state() == ImageState.FAILED;
                    if (needsNone && !unreadable(view.region()).contains(name)) {
                        List<Snapshot> aged =
                                snapshots.stream()
                                        .filter(it ->
                                                it.started()
                                                        .plus(SNAPSHOT_AGE)
                                                        .isBefore(view.now()))
                                        .toList();
                        if (!aged.isEmpty()) {
                            old.put(name, aged);
                        }
                    }
                });
        return old;
    }

    /**
     * A removal is buried when all snapshots of its record are gone. If one of these exists now,
     * somebody took it out of the Recycle Bin and wants it. A held snapshot stays, too.
     */
    private void orphaned(ImageName name, List<Snapshot> snapshots) {
        Optional<Tombstone> removal =
                byName.containsKey(name) ? Optional.empty() : tombstone(view.region(), name);
        if (removal.filter(it -> !it.removedAt().plus(FADING).isBefore(view.now())).isPresent()) {
            // They were listed before they were deleted.
            return;
        }
        Optional<Tombstone> ours =
                removal.filter(tombstone -> tombstone.remover().removesSnapshots());
        Map<Boolean, List<SnapshotId>> byLitter =
                snapshots.stream()
                        .collect(
                                groupingBy(
                                        it ->
                                                ours.isPresent()
                                                        && !it.tags().containsKey(ImageTags.HOLD)
                                                        && !ours.get()
                                                                .image()
                                                                .snapshots()
                                                                .contains(it.id()),
                                        HashMap::new,
                                        mapping(Snapshot::id, toList())));
        byLitter.forEach(
                (litter, ids) -> gaps.add(new Gap.Orphans(view.region(), name, ids, litter)));
    }
}
