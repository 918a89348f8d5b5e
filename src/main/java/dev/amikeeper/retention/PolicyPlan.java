package dev.amikeeper.retention;

import dev.amikeeper.catalog.PruneMark;
import dev.amikeeper.catalog.UnfinishedPrune.Taken;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.policy.Policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What one run does with all images of a policy. The breaker is applied here, because it limits the
 * whole run and not one Region's share of it.
 *
 * @param plans one for each Region that could be read
 * @param alarms why the breaker stopped every removal step; empty if it did not
 */
public record PolicyPlan(String policy, List<PrunePlan> plans, List<String> alarms) {
    private static final int DIGEST = 16;

    /** In percent of the images that are present. */
    private static final int FORMER_PERCENT = 25;

    /**
     * What a run finds for a policy, to be compared with what the previous run found.
     *
     * @param selected how many instances the policy selects in its home Regions; empty if unknown
     * @param listed how many of our images EC2 lists, by Region
     * @param before the marks that the last run left
     * @param taken what earlier runs took away, if this run goes on with them; the breaker counts
     *     it as this run's, so that it cannot be evaded run by run
     * @param unlooked how many images might be removed but were not checked for lack of time; the
     *     breaker counts them as removed, so that it cannot be evaded slice by slice
     */
    public record PolicyFindings(
            Optional<Integer> selected,
            Map<Region, Integer> listed,
            List<PruneMark> before,
            Taken taken,
            int unlooked) {
        /** Findings of a run that checked all images. */
        public PolicyFindings(
                Optional<Integer> selected, Map<Region, Integer> listed, List<PruneMark> before) {
            this(selected, listed, before, Taken.NOTHING, 0);
        }

        public PolicyFindings {
            listed = Map.copyOf(listed);
            before = List.copyOf(before);
        }

        /** The same, of a run that did not check so many images. */
        PolicyFindings leaving(int images) {
            return new PolicyFindings(selected, listed, before, taken, images);
        }

        /** The same, of a run that goes on with others. */
        PolicyFindings after(Taken earlier) {
            return new PolicyFindings(selected, listed, before, earlier, unlooked);
        }
    }

    public PolicyPlan {
        plans = List.copyOf(plans);
        alarms = List.copyOf(alarms);
    }

    /** Combines the plans of a policy's Regions. The breaker may stop them. */
    public static PolicyPlan of(Policy policy, List<PrunePlan> plans, PolicyFindings found) {
        List<String> alarms = new ArrayList<>();
        Policy.Limits limits = limits(policy, plans);
        overLimits(limits, plans, found)
                .map(over ->
                        limits.equals(policy.limits())
                                ? over
                                : over
                                        + " where images of a former name go and the policy has no"
                                        + " limits")
                .ifPresent(alarms::add);
        nothingSelected(plans, found).ifPresent(alarms::add);
        shrunk(found).forEach(alarms::add);
        return alarms.isEmpty()
                ? new PolicyPlan(policy.name(), plans, alarms)
                : new PolicyPlan(
                        policy.name(),
                        plans.stream().map(plan -> plan.awaiting(alarms)).toList(),
                        alarms);
    }

    /**
     * The policy's limits. Images that came from another policy may have been kept forever until
     * now. If some of them would be removed and the policy sets no limits, no more than a quarter
     * is removed.
     */
    private static Policy.Limits limits(Policy policy, List<PrunePlan> plans) {
        boolean isUnlimited =
                policy.limits().maxRemoveCount().isEmpty()
                        && policy.limits().maxRemovePercent().isEmpty();
        boolean takesFormer =
                free(plans)
                        .anyMatch(step -> policy.formerly().contains(step.image().name().policy()));
        return isUnlimited && takesFormer
                ? new Policy.Limits(Optional.of(FORMER_PERCENT), Optional.empty())
                : policy.limits();
    }

    /** Counts the images that start to leave and those that leave for good separately. */
    private static Optional<String> overLimits(
            Policy.Limits limits, List<PrunePlan> plans, PolicyFindings found) {
        long present = plans.stream().mapToLong(PrunePlan::present).sum() + found.taken().gone();
        long begun =
                free(plans).filter(step -> isIn(step, ImageState.AVAILABLE)).count()
                        + found.taken().begun();
        long ended =
                free(plans).filter(step -> isIn(step, ImageState.DISABLED)).count()
                        + found.taken().ended();
        long taken = Math.max(begun, ended) + found.unlooked();
        List<String> over = new ArrayList<>();
        limits.maxRemoveCount()
                .filter(most -> taken > most)
                .ifPresent(most -> over.add("maxRemoveCount: " + most));
        limits.maxRemovePercent()
                .filter(most -> taken * 100 > most * present)
                .ifPresent(most -> over.add("maxRemovePercent: " + most));
        return over.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "would take %d of %d images away, more than %s allows"
                                .formatted(taken, present, String.join(" and ", over)));
    }

    private static Stream<Verdict.RemovalStep> free(List<PrunePlan> plans) {
        return plans.stream()
                .flatMap(plan -> plan.verdicts().stream())
                .filter(Verdict.RemovalStep.class::isInstance)
                .map(Verdict.RemovalStep.class::cast);
    }

    private static boolean isIn(Verdict.RemovalStep step, ImageState state) {
        return step.image().state() == state;
    }

    /** Renamed tags or instances that cannot be seen look like a fleet that is gone. */
    private static Optional<String> nothingSelected(List<PrunePlan> plans, PolicyFindings found) {
        boolean none = found.selected().filter(count -> count == 0).isPresent();
        boolean someBefore = found.before().stream().anyMatch(mark -> mark.selected() > 0);
        boolean firstRun = found.before().isEmpty();
        boolean takesSome = plans.stream().anyMatch(plan -> plan.steps().findAny().isPresent());
        return none && (someBefore || (firstRun && takesSome))
                ? Optional.of("the policy no longer selects any instance")
                : Optional.empty();
    }

    private static List<String> shrunk(PolicyFindings found) {
        return found.before().stream()
                .sorted(java.util.Comparator.comparing(PruneMark::region))
                .filter(mark -> found.listed().containsKey(mark.region()))
                .filter(mark -> found.listed().getOrDefault(mark.region(), 0) * 2 < mark.listed())
                .map(mark ->
                        "%s lists %d of our images, of %d after the last run"
                                .formatted(
                                        mark.region(),
                                        found.listed().getOrDefault(mark.region(), 0),
                                        mark.listed()))
                .toList();
    }

    /** Whether a step waits for approval. */
    public boolean isAwaiting() {
        return plans.stream()
                .flatMap(plan -> plan.verdicts().stream())
                .anyMatch(Verdict.Await.class::isInstance);
    }

    /**
     * The images whose records were made from tags, if one of them waits for approval. One approval
     * covers all of them.
     */
    List<Image> confirmable() {
        boolean waits =
                plans.stream()
                        .flatMap(plan -> plan.verdicts().stream())
                        .anyMatch(verdict ->
                                verdict instanceof Verdict.Await(var step, _)
                                        && step.image().adopted());
        return waits
                ? plans.stream()
                        .flatMap(plan -> plan.verdicts().stream())
                        .map(Verdict::image)
                        .filter(Image::adopted)
                        .filter(PolicyPlan::isSettled)
                        .toList()
                : List.of();
    }

    /** The same plan, with nothing waiting for approval. */
    public PolicyPlan approved() {
        return new PolicyPlan(policy, plans.stream().map(PrunePlan::approved).toList(), List.of());
    }

    /**
     * Identifies the steps that an approval would allow, and the records that it would confirm.
     * These are the steps that wait or, if none waits, all steps. The digest stays the same as long
     * as they do.
     */
    public String digest() {
        boolean awaiting = isAwaiting();
        Stream<String> steps =
                plans.stream()
                        .flatMap(plan -> plan.verdicts().stream())
                        .flatMap(verdict ->
                                switch (verdict) {
                                    case Verdict.Await(var step, _) -> Stream.of(step);
                                    case Verdict.RemovalStep step ->
                                            awaiting
                                                    ? Stream.<Verdict.RemovalStep>empty()
                                                    : Stream.of(step);
                                    case Verdict.Kept _,
                                            Verdict.WaitUntil _,
                                            Verdict.Finish _,
                                            Verdict.CallOff _ ->
                                            Stream.<Verdict.RemovalStep>empty();
                                })
                        .map(PolicyPlan::line);
        String text =
                Stream.concat(steps, confirmable().stream().map(PolicyPlan::confirmation))
                        .sorted()
                        .collect(Collectors.joining("\n", policy + "\n", ""));
        return Sha256.of(text).substring(0, DIGEST);
    }

    private static boolean isSettled(Image image) {
        return image.state() == ImageState.AVAILABLE || image.state() == ImageState.DISABLED;
    }

    private static String confirmation(Image image) {
        return "confirm %s %s".formatted(image.region(), image.name());
    }

    private static String line(Verdict.RemovalStep step) {
        String what =
                switch (step) {
                    case Verdict.Disable _ -> "disable";
                    case Verdict.Remove _ -> "remove";
                };
        return String.join(
                " ",
                what,
                step.image().region().name(),
                step.image().name().toString(),
                step.image().id().map(ImageId::value).orElse(""));
    }
}
