package dev.amikeeper.retention;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What one run does with the images of a policy in a Region: every image with its verdict, by
 * instance and newest first. A plan holds whatever it was made from, so that it can be explained.
 *
 * @param upkeep what is to be set on images that are available
 * @param present how many images are good or could be brought back, of which limits count the share
 */
public record PrunePlan(
        String policy,
        Region region,
        List<Verdict> verdicts,
        List<Upkeep> upkeep,
        int present,
        Evidence evidence) {

    public PrunePlan {
        verdicts = List.copyOf(verdicts);
        upkeep = List.copyOf(upkeep);
    }

    /**
     * Makes the plan.
     *
     * @param records everything the catalogue holds of the policy in the Region
     * @throws IllegalArgumentException if a record is of another policy or Region, or comes twice:
     *     rules applied to a wrong history would remove the wrong images
     */
    public static PrunePlan of(
            Policy policy, Region region, List<Image> records, Evidence evidence) {
        return of(policy, region, records, List.of(), evidence);
    }

    /**
     * The same, where the Region may be one that the policy no longer names. No image comes there
     * any more, so that rules which count would keep the last ones for ever: there they count the
     * good home images, too.
     *
     * @param homes the policy's good home images in Regions that it names
     */
    static PrunePlan of(
            Policy policy,
            Region region,
            List<Image> records,
            List<Image> homes,
            Evidence evidence) {
        requireOneHistory(policy, region, records);
        List<Verdict> verdicts = new ArrayList<>();
        List<Upkeep> upkeep = new ArrayList<>();
        records.stream()
                .collect(
                        groupingBy(
                                image -> image.name().instance().value(), TreeMap::new, toList()))
                .values()
                .stream()
                .map(images -> new InstanceHistory(policy, images, homes, evidence))
                .forEach(history -> {
                    verdicts.addAll(history.verdicts());
                    upkeep.addAll(history.upkeep());
                });
        int present =
                (int)
                        records.stream()
                                .filter(image ->
                                        evidence.isGood(image) || evidence.isReturnable(image))
                                .count();
        return new PrunePlan(policy.name(), region, verdicts, upkeep, present, evidence);
    }

    /**
     * What speaks against removing one image now because a person wants it gone. The rules of
     * {@code keep} yield to that; {@code atLeast}, which is one where there are no rules, and all
     * that makes a removal safe do not. There is no stage before it, so one that other accounts may
     * launch does not go this way.
     *
     * @param image one of the records
     * @param madeUpFor whether a newer good image of the instance is there under another policy, so
     *     that the last one under a policy that is not in the file any more may go
     * @throws IllegalArgumentException as {@link #of}, or if it is none of the records
     */
    static ManualRemoval byHand(
            Policy policy, Image image, List<Image> records, Evidence evidence, boolean madeUpFor) {
        requireOneHistory(policy, image.region(), records);
        if (!records.contains(image)) {
            throw new IllegalArgumentException(image.name() + " is none of the records");
        }
        List<Image> ofItsInstance =
                records.stream()
                        .filter(other -> other.name().instance().equals(image.name().instance()))
                        .toList();
        return new InstanceHistory(policy, ofItsInstance, List.of(), evidence)
                .byHand(image, madeUpFor);
    }

    /** The images that this plan takes a step away: about these the narrow questions are asked. */
    public List<Image> candidates() {
        return verdicts.stream()
                .filter(verdict -> step(verdict).isPresent())
                .map(Verdict::image)
                .toList();
    }

    /** The steps that take images away, those included that wait for an approval. */
    Stream<Verdict.RemovalStep> steps() {
        return verdicts.stream().flatMap(verdict -> step(verdict).stream());
    }

    private static Optional<Verdict.RemovalStep> step(Verdict verdict) {
        return switch (verdict) {
            case Verdict.RemovalStep step -> Optional.of(step);
            case Verdict.Await(var step, _) -> Optional.of(step);
            case Verdict.Kept _, Verdict.WaitUntil _, Verdict.Finish _, Verdict.CallOff _ ->
                    Optional.empty();
        };
    }

    /** The same plan, with every step that takes an image away waiting for an approval. */
    PrunePlan awaiting(List<String> because) {
        return with(
                verdicts.stream()
                        .<Verdict>map(verdict ->
                                step(verdict)
                                        .<Verdict>map(step -> new Verdict.Await(step, because))
                                        .orElse(verdict))
                        .toList());
    }

    /** The same plan, with nothing waiting for an approval any more. */
    PrunePlan approved() {
        return with(
                verdicts.stream()
                        .<Verdict>map(verdict -> step(verdict).<Verdict>map(s -> s).orElse(verdict))
                        .toList());
    }

    private PrunePlan with(List<Verdict> others) {
        return new PrunePlan(policy, region, others, upkeep, present, evidence);
    }

    private static void requireOneHistory(Policy policy, Region region, List<Image> records) {
        Set<Object> names = new HashSet<>();
        for (Image image : records) {
            if (!policy.allNames().contains(image.name().policy())
                    || !image.region().equals(region)
                    || !names.add(image.name())) {
                throw new IllegalArgumentException(
                        "%s in %s has no place in a plan for %s in %s, or comes twice"
                                .formatted(image.name(), image.region(), policy.name(), region));
            }
        }
    }
}
