package dev.amikeeper.retention;

import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toSet;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Reason.ReasonKind;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The images of one instance in a Region, newest first, and what the rules say about them. The
 * class is long because the verdicts and the upkeep of an image depend on the same history.
 */
final class InstanceHistory {
    /**
     * Use of a shared image in another account is reported a day or more late. The image is
     * therefore disabled for at least this long, even if its policy leaves that stage out.
     */
    static final Duration SHARED_DWELL = Duration.ofDays(7);

    /** EC2 rounds a deprecation date to the minute. */
    private static final Duration ROUNDED = Duration.ofMinutes(1);

    /**
     * If an image should have been deprecated already, its deprecation date must be within this
     * time, because EC2 accepts no date in the past.
     */
    private static final Duration SOON = Duration.ofHours(3);

    private final Policy policy;
    private final Evidence evidence;
    private final List<Image> images;
    private final Optional<Keep> keep;
    private final Map<Image, List<Reason>> rules;
    private final Optional<Instant> goneSince;
    private final Optional<Instant> holdsUntil;
    private final List<Image> good;
    private final boolean isFormer;
    private final List<Image> homes;

    InstanceHistory(
            Policy policy, Collection<Image> unsorted, List<Image> allHomes, Evidence evidence) {
        this.policy = policy;
        this.evidence = evidence;
        images = unsorted.stream().sorted(Retention.NEWEST_FIRST).toList();
        // An instance lives in one Region, so its images in other Regions are all copies.
        keep = policy.keepFor(images.getFirst());
        isFormer = !policy.names(images.getFirst());
        homes = isFormer ? othersOf(allHomes, images) : List.of();
        // An image that claims to be from the future must not stand in for today's images.
        good = images.stream().filter(evidence::isGood).filter(this::isDue).toList();
        goneSince = Optional.ofNullable(evidence.gone().get(images.getFirst().name().instance()));
        holdsUntil =
                keep.flatMap(Keep::goneAfter)
                        .flatMap(after -> goneSince.map(since -> since.plus(after)));
        rules = isLetGo() ? Map.of() : keep.map(this::judge).orElse(Map.of());
    }

    /** Whether the instance has been gone for so long that no rule keeps its images any longer. */
    private boolean isLetGo() {
        return holdsUntil.filter(until -> !evidence.now().isBefore(until)).isPresent();
    }

    /** A rule keeps an image of an instance that is gone only for a limited time. */
    private Reason untilItIsLetGo(Reason rule) {
        return holdsUntil
                .map(until ->
                        new Reason(
                                rule.kind(),
                                "%s, until %s, because its instance has been gone since %s"
                                        .formatted(rule.text(), until, goneSince.orElseThrow())))
                .orElse(rule);
    }

    /**
     * The home images of the same instance for other slots. An image in this Region stands for its
     * own slot.
     */
    private static List<Image> othersOf(List<Image> homes, List<Image> images) {
        Set<ImageName> here = images.stream().map(Image::name).collect(toSet());
        InstanceId instance = images.getFirst().name().instance();
        return homes.stream()
                .filter(home -> home.name().instance().equals(instance))
                .filter(home -> !here.contains(home.name()))
                .toList();
    }

    private List<Image> withHomes(List<Image> counted) {
        return Stream.concat(counted.stream(), homes.stream()).toList();
    }

    private boolean isDue(Image image) {
        return !evidence.isFuture(image);
    }

    /**
     * Applies the rules to the images that are good now, and a second time to those together with
     * the images on their way out. The second count ensures that a changed rule, or the loss of
     * another image, does not come too late for an image on its way out. An image that either count
     * keeps stays.
     */
    private Map<Image, List<Reason>> judge(Keep words) {
        List<Image> withReturnable =
                images.stream()
                        .filter(image -> evidence.isGood(image) || evidence.isReturnable(image))
                        .filter(this::isDue)
                        .toList();
        Map<Image, List<Reason>> judged = new HashMap<>(Retention.judge(words, withHomes(good)));
        if (!withReturnable.equals(good)) {
            Retention.judge(words, withHomes(withReturnable))
                    .forEach((image, reasons) ->
                            judged.merge(image, reasons, InstanceHistory::union));
        }
        return judged;
    }

    private static List<Reason> union(List<Reason> one, List<Reason> other) {
        Map<ReasonKind, Reason> all = new TreeMap<>();
        Stream.concat(one.stream(), other.stream())
                .forEach(reason -> all.putIfAbsent(reason.kind(), reason));
        return List.copyOf(new LinkedHashSet<>(all.values()));
    }

    List<Verdict> verdicts() {
        return images.stream().map(this::verdict).toList();
    }

    private Verdict verdict(Image image) {
        Optional<Ami> ami = evidence.ami(image);
        if (ami.isEmpty() && image.state() == ImageState.RETIRING) {
            return new Verdict.Finish(image, image.snapshots());
        }
        if (evidence.isReturnable(image)) {
            return onItsWayOut(image, ami.orElseThrow());
        }
        return evidence.notGood(image)
                .<Verdict>map(reason -> new Verdict.Kept(image, List.of(reason)))
                .orElseGet(() -> good(image, ami.orElseThrow()));
    }

    private Verdict good(Image image, Ami ami) {
        List<Reason> reasons = reasons(image, ami);
        if (!reasons.isEmpty()) {
            return new Verdict.Kept(image, reasons);
        }
        String why =
                isLetGo()
                        ? "its instance has been gone since %s, and goneAfter has been over since %s"
                                .formatted(goneSince.orElseThrow(), holdsUntil.orElseThrow())
                        : "no rule keeps it (" + Retention.words(keep.orElseThrow()) + ")";
        Verdict.RemovalStep step =
                dwell(image)
                        .<Verdict.RemovalStep>map(
                                dwell -> new Verdict.Disable(image, why, dwell, ami.snapshots()))
                        .orElseGet(() -> new Verdict.Remove(image, why, ami.snapshots()));
        return withTwoKeys(step);
    }

    private static Verdict withTwoKeys(Verdict.RemovalStep step) {
        String because = "its record was made from its tags, which are one key only";
        return step.image().adopted() ? new Verdict.Await(step, List.of(because)) : step;
    }

    ManualRemoval byHand(Image image, boolean madeUpFor) {
        Optional<Ami> ami = evidence.ami(image).filter(it -> maySettle(image, it));
        if (ami.isEmpty()) {
            Reason reason = evidence.notGood(image).orElseThrow();
            return new ManualRemoval(image, List.of(), List.of(reason), List.of());
        }
        List<Reason> reasons = reasons(image, ami.get());
        if (evidence.isShared(image)) {
            String text =
                    "other accounts may launch it, or could until it was disabled: unshare it"
                            + " first, or leave it to the stages of its policy";
            reasons.add(new Reason(ReasonKind.SHARED, text));
        }
        boolean isLast = !good.isEmpty() && good.getFirst().equals(image);
        if (keep.isEmpty() && isLast && !madeUpFor) {
            reasons.add(new Reason(ReasonKind.AT_LEAST, "the newest good image (atLeast: 1)"));
        }
        Map<Boolean, List<Reason>> byKind =
                reasons.stream()
                        .collect(
                                partitioningBy(reason -> reason.kind().yieldsToPeople(), toList()));
        return new ManualRemoval(
                image,
                ami.get().snapshots(),
                byKind.getOrDefault(false, List.of()),
                byKind.getOrDefault(true, List.of()));
    }

    /** Whether neither EC2 nor a run is working on the image. */
    private static boolean maySettle(Image image, Ami ami) {
        boolean settled =
                image.state() == ImageState.AVAILABLE || image.state() == ImageState.DISABLED;
        return settled && (Evidence.isAvailable(ami) || ami.state() == AmiState.DISABLED);
    }

    private Verdict onItsWayOut(Image image, Ami ami) {
        boolean underWay =
                image.state() == ImageState.DISABLING || image.state() == ImageState.RETIRING;
        if (underWay && evidence.now().isBefore(image.due())) {
            return new Verdict.WaitUntil(image, image.due(), "another run is working on it");
        }
        List<Reason> reasons = reasons(image, ami);
        if (image.state() == ImageState.DISABLED && Evidence.isAvailable(ami)) {
            String text = "somebody enabled it again; a hold would keep it";
            reasons.add(new Reason(ReasonKind.ENABLED, text));
        }
        if (image.state() == ImageState.ENABLING) {
            return new Verdict.CallOff(image, reasons);
        }
        List<Reason> bringingBack =
                reasons.stream()
                        .filter(Predicate.not(reason -> reason.kind().onlyStops()))
                        .toList();
        if (!bringingBack.isEmpty()) {
            return new Verdict.CallOff(image, bringingBack);
        }
        boolean dwells =
                image.state() == ImageState.DISABLED && evidence.now().isBefore(image.due());
        if (dwells) {
            return new Verdict.WaitUntil(image, image.due(), image.note());
        }
        if (!reasons.isEmpty()) {
            return new Verdict.WaitUntil(image, evidence.now(), reasons.getFirst().text());
        }
        return switch (image.state()) {
            case DISABLING ->
                    new Verdict.Disable(
                            image,
                            image.note(),
                            dwell(image).orElse(Duration.ZERO),
                            ami.snapshots());
            case DISABLED -> withTwoKeys(removal(image, ami));
            case RETIRING -> removal(image, ami);
            case REQUESTED, CREATING, AVAILABLE, ENABLING, FAILED ->
                    throw new IllegalStateException(image + " is not on its way out");
        };
    }

    private static Verdict.RemovalStep removal(Image image, Ami ami) {
        return new Verdict.Remove(image, image.note(), ami.snapshots());
    }

    /**
     * How long the image is to be disabled before it is removed; empty if that stage is left out.
     */
    private Optional<Duration> dwell(Image image) {
        Optional<Duration> asked = policy.retire().disableFor();
        return evidence.isShared(image)
                ? Stream.concat(asked.stream(), Stream.of(SHARED_DWELL))
                        .max(Comparator.naturalOrder())
                : asked;
    }

    /** Everything that keeps the image: rules, use, and people. */
    private List<Reason> reasons(Image image, Ami ami) {
        List<Reason> reasons = new ArrayList<>();
        rules.getOrDefault(image, List.of()).forEach(rule -> reasons.add(untilItIsLetGo(rule)));
        if (keep.isEmpty()) {
            reasons.add(new Reason(ReasonKind.NO_RULES, "no keep applies: nothing is removed"));
        }
        if (isProven(image) && !hasOtherProof(image) && !isLetGo()) {
            String text = "the only one from which a restore passed, on ";
            reasons.add(new Reason(ReasonKind.ONLY_PROVEN, text + image.proven().get()));
        }
        if (isNewestCopy(image)) {
            String text = "the newest copy: without it the next one is full, not incremental";
            reasons.add(new Reason(ReasonKind.NEWEST_COPY, text));
        }
        longKeeping(image).ifPresent(reasons::add);
        reasons.addAll(evidence.against(image, ami));
        // Nobody asked about an image that stays anyway.
        if (evidence.usage().leftOut(ami.id())
                && reasons.stream().anyMatch(reason -> reason.kind() != ReasonKind.USE_UNKNOWN)) {
            reasons.removeIf(reason -> reason.kind() == ReasonKind.USE_UNKNOWN);
        }
        return reasons;
    }

    /**
     * An image that is to be kept in S3 is not removed until it is stored there or storing is given
     * up.
     */
    private Optional<Reason> longKeeping(Image image) {
        Optional<Stored> stored = image.stored().filter(Stored::isOpen);
        if (stored.filter(Stored::isUnderWay).isPresent()) {
            return Optional.of(
                    new Reason(
                            ReasonKind.STORING,
                            "being stored as %s since %s"
                                    .formatted(stored.get().object(), stored.get().since())));
        }
        return stored.map(waiting -> waiting.object().bucket())
                .or(() -> policy.bucketFor(image, evidence.now()))
                .filter(_ -> image.isGood())
                .map(bucket -> new Reason(ReasonKind.TO_STORE, "waits to be stored in " + bucket));
    }

    private static boolean isProven(Image image) {
        return image.proven().isPresent();
    }

    /**
     * Whether another image that is good and stays has passed a restore. It stays either by a rule
     * or because it is the newest such image. An image on its way out is brought back only if there
     * is no good one; otherwise the two would alternate.
     */
    private boolean hasOtherProof(Image image) {
        List<Image> others = good.stream().filter(it -> isProven(it) && !it.equals(image)).toList();
        if (evidence.isGood(image)) {
            return others.stream().anyMatch(other -> isKeptByRule(other) || isNewer(other, image));
        }
        return !others.isEmpty()
                || images.stream()
                        .filter(other -> isProven(other) && evidence.isReturnable(other))
                        .anyMatch(other -> isNewer(other, image));
    }

    private boolean isKeptByRule(Image image) {
        return !rules.getOrDefault(image, List.of()).isEmpty();
    }

    private static boolean isNewer(Image one, Image other) {
        return Retention.NEWEST_FIRST.compare(one, other) < 0;
    }

    /**
     * Whether the image is the instance's newest copy, and the instance is still imaged or may be.
     */
    private boolean isNewestCopy(Image image) {
        boolean imaged =
                evidence.imaged().map(all -> all.contains(image.name().instance())).orElse(true);
        return image.isCopy()
                && !isFormer
                && imaged
                && !good.isEmpty()
                && good.getFirst().equals(image);
    }

    List<Upkeep> upkeep() {
        List<Upkeep> upkeep = new ArrayList<>();
        int guarded = policy.protect() && !isLetGo() ? keep.map(Keep::atLeast).orElse(1) : 0;
        Set<Image> newest = Set.copyOf(good.subList(0, Math.min(guarded, good.size())));
        for (Image image : images) {
            evidence.ami(image)
                    .filter(ami -> Evidence.isOurs(image, ami))
                    .ifPresent(ami -> {
                        if (evidence.isGood(image)) {
                            deprecation(image, ami).ifPresent(upkeep::add);
                        }
                        guard(image, ami, newest.contains(image)).ifPresent(upkeep::add);
                    });
        }
        return upkeep;
    }

    private Optional<Upkeep> deprecation(Image image, Ami ami) {
        Optional<Instant> has = ami.deprecation();
        if (policy.isForgotten() || has.filter(at -> !isOurs(at, ami)).isPresent()) {
            return Optional.empty();
        }
        Optional<Instant> wanted = policy.retire().deprecateAfter().map(ami.created()::plus);
        if (wanted.isEmpty()) {
            return has.map(_ -> new Upkeep.Undeprecate(image));
        }
        return wanted.filter(at -> has.filter(is -> isAsGoodAs(is, at)).isEmpty())
                .map(at -> new Upkeep.Deprecate(image, at));
    }

    /** Our dates are whole hours after an image's creation. A person set any other date. */
    private static boolean isOurs(Instant date, Ami ami) {
        Duration off =
                Duration.ofSeconds(
                        Math.floorMod(
                                Duration.between(ami.created(), date).toSeconds(),
                                Duration.ofHours(1).toSeconds()));
        return off.compareTo(ROUNDED) <= 0
                || off.compareTo(Duration.ofHours(1).minus(ROUNDED)) >= 0;
    }

    /**
     * Once a date is in the past, there is nothing to set again, no matter when EC2 accepted it.
     */
    private boolean isAsGoodAs(Instant has, Instant wanted) {
        Instant soon = evidence.now().plus(SOON);
        return Duration.between(has, wanted).abs().compareTo(ROUNDED) <= 0
                || (wanted.isBefore(soon) && has.isBefore(soon));
    }

    /** Protection that somebody else set is left alone. */
    private static Optional<Upkeep> guard(Image image, Ami ami, boolean isNewest) {
        boolean ours = image.condition().guardedUntil().filter(Image.IN_FORCE::equals).isPresent();
        if (isNewest) {
            return ami.isProtected() ? Optional.empty() : Optional.of(new Upkeep.Protect(image));
        }
        return ours ? Optional.of(new Upkeep.Unprotect(image)) : Optional.empty();
    }
}
