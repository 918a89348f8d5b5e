package dev.amikeeper.retention;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What one run does with the images of a policy in a Region: every image with its verdict, by
 * instance and newest first. A plan keeps everything that it was made from, so that it can be
 * explained.
 *
 * @param upkeep the settings to apply to images that are available
 * @param present how many images are good or could be brought back; limits are a share of these
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
     * @param records everything the catalogue holds for the policy in the Region
     * @throws IllegalArgumentException if a record belongs to another policy or Region, or occurs
     *     twice: applying the rules to a wrong history would remove the wrong images
     */
    public static PrunePlan of(
            Policy policy, Region region, List<Image> records, Evidence evidence) {
        return of(policy, region, records, List.of(), evidence);
    }

    /**
     * Makes the plan of a Region that the policy may no longer name. No new images are made there,
     * so rules that count would keep the last ones forever. There, such rules count the good home
     * images as well.
     *
     * @param homes the policy's good home images in the Regions that it names
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
     * Says why one image must not be removed now although a person wants it gone. The rules of
     * {@code keep} yield to a person. {@code atLeast}, which is one if there are no rules, and
     * every check that makes a removal safe do not yield. Removal by hand skips the earlier stages,
     * so an image that other accounts may launch cannot be removed this way.
     *
     * @param image one of the records
     * @param madeUpFor whether another policy has a newer good image of the instance, so that the
     *     last one under a policy that is no longer in the file may be removed
     * @throws IllegalArgumentException as {@link #of}, or if the image is not one of the records
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

    /**
     * The images that this plan moves one step towards removal. The narrow questions are asked
     * about these only.
     */
    public List<Image> candidates() {
        return verdicts.stream()
                .filter(verdict -> step(verdict).isPresent())
                .map(Verdict::image)
                .toList();
    }

    /** The steps that remove images, including those that wait for approval. */
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

    /**
     * The images that {@code atLeast} holds, by instance. Others of the instance may only go as
     * long as these are good.
     */
    Map<InstanceId, List<Image>> reliedOn() {
        return verdicts.stream()
                .filter(PrunePlan::isReliedOn)
                .map(Verdict::image)
                .collect(groupingBy(image -> image.name().instance()));
    }

    private static boolean isReliedOn(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Kept(_, var reasons) -> isAtLeast(reasons);
            case Verdict.CallOff(_, var reasons) -> isAtLeast(reasons);
            case Verdict.RemovalStep _, Verdict.Await _, Verdict.WaitUntil _, Verdict.Finish _ ->
                    false;
        };
    }

    private static boolean isAtLeast(List<Reason> reasons) {
        return reasons.stream().anyMatch(reason -> reason.kind() == Reason.ReasonKind.AT_LEAST);
    }

    /** The same plan, with every removal step waiting for approval. */
    PrunePlan awaiting(List<String> because) {
        return with(
                verdicts.stream()
                        .<Verdict>map(verdict ->
                                step(verdict)
                                        .<Verdict>map(step -> new Verdict.Await(step, because))
                                        .orElse(verdict))
                        .toList());
    }

    /** The same plan, with nothing waiting for approval. */
    PrunePlan approved() {
        return with(
                verdicts.stream()
                        .<Verdict>map(verdict -> step(verdict).<Verdict>map(s -> s).orElse(verdict))
                        .toList());
    }

    /** The same plan with other verdicts on the same images. */
    PrunePlan with(List<Verdict> others) {
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
