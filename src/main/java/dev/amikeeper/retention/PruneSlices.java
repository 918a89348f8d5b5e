package dev.amikeeper.retention;

import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Carries out plans in all Regions at the same time, because each has token buckets of its own. The
 * candidates of a Region are checked and removed a few at a time: the next are checked while those
 * before them are removed. So the first go before the last are checked, and any number of
 * candidates makes progress.
 */
final class PruneSlices {
    private final ImageReads images;
    private final Planner planner;
    private final PruneSteps steps;

    /**
     * @param images runs what goes on at the same time
     */
    PruneSlices(ImageReads images, Planner planner, PruneSteps steps) {
        this.images = images;
        this.planner = planner;
        this.steps = steps;
    }

    /** Takes the steps of a plan that was made as a whole, as far as time allows. */
    void takeAll(PolicyPlan plan, TimeLeft timeLeft) {
        images.sideBySide(plan.plans(), () -> true, each -> steps.take(each, timeLeft));
    }

    /**
     * Checks the candidates and takes their steps, as far as time allows.
     *
     * @param outlook must let all candidates go without approval
     * @return the plan that was carried out
     */
    PolicyPlan carryOut(PolicyOutlook outlook, TimeLeft timeLeft) {
        Map<Region, PrunePlan> plans = new ConcurrentHashMap<>();
        images.sideBySide(
                outlook.regions(),
                () -> true,
                each -> plans.put(each.region(), carryOut(outlook.policy(), each, timeLeft)));
        return outlook.carriedOut(
                outlook.regions().stream()
                        .map(each -> Objects.requireNonNull(plans.get(each.region())))
                        .toList());
    }

    private PrunePlan carryOut(Policy policy, RegionOutlook region, TimeLeft timeLeft) {
        List<Verdict> judged = new ArrayList<>();
        Runnable due = () -> steps.takeBack(region.settled(), timeLeft);
        for (List<Image> some :
                Batches.of(planner.candidates(region), PruneSteps.CHECKED_AT_ONCE)) {
            AtomicReference<RegionOutlook.Checked> next = new AtomicReference<>();
            Runnable check = () -> next.set(planner.check(policy, region, some, timeLeft));
            images.sideBySide(List.of(due, check), () -> true, Runnable::run);
            RegionOutlook.Checked checked = Objects.requireNonNull(next.get());
            judged.addAll(checked.verdicts());
            due = () -> take(region.plan(), checked, timeLeft);
        }
        due.run();
        PrunePlan carriedOut = region.with(judged);
        steps.keepUp(carriedOut, timeLeft);
        return carriedOut;
    }

    private void take(PrunePlan plan, RegionOutlook.Checked checked, TimeLeft timeLeft) {
        steps.takeBack(checked.verdicts(), timeLeft);
        steps.takeAway(plan, checked.verdicts(), checked.evidence(), timeLeft);
    }
}
