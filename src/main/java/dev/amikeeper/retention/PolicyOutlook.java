package dev.amikeeper.retention;

import dev.amikeeper.catalog.UnfinishedPrune;
import dev.amikeeper.policy.Policy;

import java.util.List;

/**
 * What would become of a policy's images, before anything was asked about single images. Nothing
 * beyond this is removed. If the breaker lets even this pass, the candidates can be checked and
 * removed a few at a time. Otherwise all of them are checked first, because the breaker and the
 * digest need to know the whole plan.
 *
 * @param regions one for each Region that could be read
 */
record PolicyOutlook(Policy policy, List<RegionOutlook> regions, PolicyPlan.PolicyFindings found) {
    PolicyOutlook {
        regions = List.copyOf(regions);
    }

    /** The same in a run that goes on with others, which took these away. */
    PolicyOutlook after(UnfinishedPrune.Taken taken) {
        return new PolicyOutlook(policy, regions, found.after(taken));
    }

    /** The plan if every check were to say that nothing keeps the candidates. */
    PolicyPlan atMost() {
        return PolicyPlan.of(policy, regions.stream().map(RegionOutlook::plan).toList(), found);
    }

    /**
     * The plan after the candidates were checked as a whole.
     *
     * @param unlooked how many of them were not checked for lack of time
     */
    PolicyPlan checked(List<PrunePlan> plans, int unlooked) {
        return PolicyPlan.of(policy, plans, found.leaving(unlooked));
    }

    /** The plan after the candidates were checked a few at a time. */
    PolicyPlan carriedOut(List<PrunePlan> plans) {
        return new PolicyPlan(policy.name(), plans, List.of());
    }
}
