package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.policy.Policy;

import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which images are to be drilled now. Rounds are counted from 1970, so two runs, or a repeated run,
 * mean the same round and the same drills. Pure.
 *
 * @param begun the drills that are due
 * @param overBudget whether the month's instance-hours leave no room for a drill that is due
 */
record DrillPlan(List<Restore> begun, boolean overBudget) {
    DrillPlan {
        begun = List.copyOf(begun);
    }

    /**
     * Makes the plan of a policy.
     *
     * @param images the policy's images in the drill's Region
     * @param past the policy's restores and drills, including those in progress
     */
    static DrillPlan of(
            Policy policy,
            Policy.Drill drill,
            List<Image> images,
            List<Restore> past,
            Instant now) {
        String round = "/drill-" + now.getEpochSecond() / drill.every().toSeconds();
        List<Restore> drills =
                past.stream().filter(it -> it.kind() == Restore.RestoreKind.DRILL).toList();
        Set<InstanceId> hadTheirTurn =
                drills.stream()
                        .filter(it -> it.id().endsWith(round))
                        .map(it -> it.of().instance())
                        .collect(Collectors.toCollection(HashSet::new));
        int wanted = drill.instances() - hadTheirTurn.size();
        if (wanted <= 0) {
            return new DrillPlan(List.of(), false);
        }
        Map<InstanceId, Instant> last = new HashMap<>();
        drills.forEach(it ->
                last.merge(
                        it.of().instance(),
                        it.asked(),
                        (one, other) -> one.isAfter(other) ? one : other));
        List<Image> turn =
                RestorePoints.newestOfEach(drill.region(), Optional.empty(), images).stream()
                        .filter(image -> !hadTheirTurn.contains(image.name().instance()))
                        .sorted(
                                Comparator.comparing((Image image) ->
                                                last.getOrDefault(
                                                        image.name().instance(), Instant.MIN))
                                        .thenComparing(image -> image.name().instance().value()))
                        .limit(wanted)
                        .toList();
        Duration left = left(drill, drills, now);
        List<Restore> begun = new ArrayList<>();
        for (Image image : turn) {
            // Reserve for each drill the longest time that it can take.
            left = left.minus(drill.timeout());
            if (left.isNegative()) {
                return new DrillPlan(begun, true);
            }
            begun.add(drill(policy, drill, image, round, now));
        }
        return new DrillPlan(begun, false);
    }

    /** What this month's drills leave of the budget; more than enough if there is no budget. */
    private static Duration left(Policy.Drill drill, List<Restore> drills, Instant now) {
        Duration left = drill.budget().map(Duration::ofHours).orElse(Duration.ofDays(36_500));
        YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
        for (Restore it : drills) {
            if (YearMonth.from(it.asked().atZone(ZoneOffset.UTC)).equals(month)) {
                Instant end = it.isOver() ? it.since() : it.until();
                left =
                        left.minus(
                                it.isOver() && it.launched().isEmpty()
                                        ? Duration.ZERO
                                        : Duration.between(it.launched().orElse(it.asked()), end));
            }
        }
        return left;
    }

    /**
     * Creates a drill. In its isolated subnet, the server gets neither a key pair nor user data,
     * and gets an instance profile only if the command needs it: it is to boot, not to start its
     * work.
     */
    private static Restore drill(
            Policy policy, Policy.Drill drill, Image image, String round, Instant now) {
        Optional<Capsule> original = image.capsule();
        Capsule as =
                new Capsule(
                        new Capsule.Hardware(
                                drill.type()
                                        .or(() -> original.map(Capsule::type))
                                        .filter(type -> !type.isEmpty())
                                        .orElse(USUAL_TYPE),
                                false,
                                false,
                                "default",
                                Capsule.Options.USUAL),
                        new Capsule.Network(
                                "",
                                drill.subnet(),
                                drill.securityGroups(),
                                Optional.empty(),
                                Capsule.Addresses.UNKNOWN,
                                List.of(),
                                Map.of()),
                        new Capsule.Access(
                                Optional.empty(),
                                original.flatMap(Capsule::profile)
                                        .filter(_ -> drill.command().isPresent()),
                                original.flatMap(Capsule::metadata)),
                        Capsule.Script.NONE,
                        Optional.empty(),
                        Map.of("Name", "drill of " + image.name().instance()),
                        original.map(Capsule::leftOut).orElse(List.of()));
        return Restore.requested(
                policy.name() + "/" + image.name().instance() + round,
                Restore.RestoreKind.DRILL,
                image,
                as,
                drill.command(),
                drill.timeout(),
                now);
    }

    /** The type for images whose instance's type was never recorded. */
    private static final String USUAL_TYPE = "t3.small";
}
