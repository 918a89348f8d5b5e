package dev.amikeeper.retention;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Reason.Kind;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What one run does with the images of a policy in a Region: every image with its verdict, by
 * instance and newest first.
 *
 * @param good how many good images there are, of which the breaker counts the share
 * @param blocked why the breaker stopped the removals; empty if it did not
 */
public record PrunePlan(
        String policy, Region region, List<Verdict> verdicts, int good, Optional<String> blocked) {
    public PrunePlan {
        verdicts = List.copyOf(verdicts);
    }

    /**
     * Makes the plan.
     *
     * @param records everything the catalogue holds of the policy in the Region
     * @param inEc2 the AMIs that EC2 shows there; one that is not in here counts as gone
     * @param copySources the images of which copies are being made or wait
     * @throws IllegalArgumentException if a record is of another policy or Region, or comes twice:
     *     rules applied to a wrong history would remove the wrong images
     */
    public static PrunePlan of(
            Policy policy,
            Region region,
            List<Image> records,
            Map<ImageId, Ami> inEc2,
            Usage usage,
            Set<ImageRef> copySources,
            Instant now) {
        requireOneHistory(policy, region, records);
        Evidence evidence = new Evidence(inEc2, usage, copySources, now);
        List<Verdict> verdicts =
                records.stream()
                        .collect(
                                groupingBy(
                                        image -> image.name().instance().value(),
                                        TreeMap::new,
                                        toList()))
                        .values()
                        .stream()
                        .flatMap(history -> judge(policy, history, evidence).stream())
                        .toList();
        int good =
                (int) records.stream().filter(image -> evidence.notGood(image).isEmpty()).count();
        return new PrunePlan(policy.name(), region, verdicts, good, Optional.empty());
    }

    /**
     * Applies the breaker to the plans of one policy in all Regions: it limits the policy's run,
     * not a Region's share of it. Over a limit no plan removes anything.
     */
    public static List<PrunePlan> limited(Policy.Limits limits, List<PrunePlan> plans) {
        long removals = plans.stream().mapToLong(PrunePlan::removals).sum();
        long good = plans.stream().mapToLong(PrunePlan::good).sum();
        return breaker(limits, removals, good)
                .map(why -> plans.stream().map(plan -> plan.withoutRemovals(why)).toList())
                .orElse(plans);
    }

    private long removals() {
        return verdicts.stream().filter(Verdict.Remove.class::isInstance).count();
    }

    private static void requireOneHistory(Policy policy, Region region, List<Image> records) {
        Set<Object> names = new HashSet<>();
        for (Image image : records) {
            if (!image.name().policy().equals(policy.name())
                    || !image.region().equals(region)
                    || !names.add(image.name())) {
                throw new IllegalArgumentException(
                        "%s in %s has no place in a plan for %s in %s, or comes twice"
                                .formatted(image.name(), image.region(), policy.name(), region));
            }
        }
    }

    private static List<Verdict> judge(Policy policy, List<Image> history, Evidence evidence) {
        // An instance lives in one Region: its images elsewhere are all copies.
        Optional<Keep> keep = policy.keepFor(history.getFirst());
        // One that claims to be of the future must not stand in for those of today.
        List<Image> ruled =
                history.stream()
                        .filter(image -> evidence.notGood(image).isEmpty())
                        .filter(image -> !evidence.isFuture(image))
                        .toList();
        Map<Image, List<Reason>> rules =
                keep.<Map<Image, List<Reason>>>map(words -> Retention.judge(words, ruled))
                        .orElse(Map.of());
        return history.stream()
                .sorted(Retention.NEWEST_FIRST)
                .map(image ->
                        verdict(
                                image,
                                policy.retire(),
                                keep,
                                rules.getOrDefault(image, List.of()),
                                evidence))
                .toList();
    }

    private static Verdict verdict(
            Image image,
            Policy.Retire retire,
            Optional<Keep> keep,
            List<Reason> rules,
            Evidence evidence) {
        Optional<Ami> ami = evidence.ami(image);
        boolean retiring = image.state() == ImageState.RETIRING;
        if (retiring && ami.isEmpty()) {
            return new Verdict.Finish(image, image.snapshots());
        }
        Optional<Reason> notGood = evidence.notGood(image);
        if (notGood.isPresent()) {
            return new Verdict.Keep(image, List.of(notGood.get()));
        }
        List<Reason> reasons = new ArrayList<>(rules);
        if (keep.isEmpty()) {
            reasons.add(new Reason(Kind.NO_RULES, "the policy has no keep: nothing is removed"));
        }
        // To remove at once what is to be disabled first would break the policy's promise.
        retire.disableFor()
                .map(dwell -> "retire.disableFor is not carried out yet: nothing is removed")
                .map(why -> new Reason(Kind.STAGES, why))
                .ifPresent(reasons::add);
        reasons.addAll(evidence.against(image, ami.orElseThrow()));
        if (!reasons.isEmpty()) {
            return retiring
                    ? new Verdict.CallOff(image, reasons)
                    : new Verdict.Keep(image, reasons);
        }
        String why = "no rule keeps it (" + Retention.words(keep.orElseThrow()) + ")";
        return new Verdict.Remove(image, why, ami.orElseThrow().snapshots());
    }

    private static Optional<String> breaker(Policy.Limits limits, long removals, long good) {
        List<String> over = new ArrayList<>();
        limits.maxRemoveCount()
                .filter(most -> removals > most)
                .ifPresent(most -> over.add("maxRemoveCount: " + most));
        limits.maxRemovePercent()
                .filter(most -> removals * 100 > most * good)
                .ifPresent(most -> over.add("maxRemovePercent: " + most));
        return over.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "would remove %d of %d good images, more than %s allows"
                                .formatted(removals, good, String.join(" and ", over)));
    }

    private PrunePlan withoutRemovals(String why) {
        List<Reason> reasons = List.of(new Reason(Kind.BREAKER, why));
        List<Verdict> kept =
                verdicts.stream()
                        .<Verdict>map(verdict ->
                                switch (verdict) {
                                    case Verdict.Remove(var image, _, _) ->
                                            new Verdict.Keep(image, reasons);
                                    case Verdict.Keep keep -> keep;
                                    case Verdict.Finish finish -> finish;
                                    case Verdict.CallOff callOff -> callOff;
                                })
                        .toList();
        return new PrunePlan(policy, region, kept, good, Optional.of(why));
    }
}
