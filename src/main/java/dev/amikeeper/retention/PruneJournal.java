package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.POSTPONED;

import dev.amikeeper.alerts.LostPolicies;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.PruneMark;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a run of the pruner records besides image records: notices for people, the end of notices
 * that no longer matter, and marks with which the next run compares. A dry run writes nothing.
 */
final class PruneJournal {
    private static final Logger log = LoggerFactory.getLogger(PruneJournal.class);

    private final Catalog catalog;
    private final PruneRun run;
    private final Set<NoticeKey> told = ConcurrentHashMap.newKeySet();

    PruneJournal(Catalog catalog, PruneRun run) {
        this.catalog = catalog;
        this.run = run;
    }

    /** Tells people, unless they have been told already. */
    void tell(Notice notice) {
        if (!run.dryRun() && told.add(notice.about())) {
            catalog.note(notice);
        }
    }

    /**
     * Reports images whose policy is no longer in the file. The names of all policies are
     * remembered, so that removed images can be found by them.
     */
    void tellOfForgotten(Planner planner) {
        if (!run.dryRun()) {
            Set<String> known = catalog.policies();
            planner.policies().stream()
                    .flatMap(policy -> policy.allNames().stream())
                    .filter(name -> !known.contains(name))
                    .forEach(catalog::remember);
        }
        planner.forgotten()
                .forEach((policy, images) ->
                        tell(
                                new Notice(
                                        Trouble.FORGOTTEN.of(policy),
                                        run.now(),
                                        LostPolicies.text(policy, images),
                                        LostPolicies.TO_DO,
                                        true)));
    }

    /**
     * Reports what there was no time for.
     *
     * @param untimely how many steps were not taken
     */
    void tellOfWantOfTime(Planner planner, int untimely) {
        if (planner.unlooked() + untimely + planner.unread().size() == 0) {
            return;
        }
        String regions =
                planner.unread().isEmpty()
                        ? ""
                        : ", and nothing of "
                                + planner.unread().stream()
                                        .map(Region::name)
                                        .sorted()
                                        .collect(Collectors.joining(", "))
                                + " was read";
        log.warn(
                "out of time: {} images not looked at, {} steps not taken{}",
                planner.unlooked(),
                untimely,
                regions);
        tell(
                new Notice(
                        Trouble.SLOW.of("PruneFunction"),
                        run.now(),
                        "pruning ran out of time: %d images that may go were not looked at, %d"
                                        .formatted(planner.unlooked(), untimely)
                                + " steps were not taken"
                                + regions,
                        "every 15 minutes another run goes on with them; if that does not end"
                                + " within a day, see in the log of PruneFunction what takes the"
                                + " time",
                        true));
    }

    /**
     * Records how many images a policy has in each Region, so that the next run can compare.
     *
     * @param listed how many EC2 listed before this run, by Region
     * @param removed how many of them this run removed
     */
    void mark(PolicyPlan plan, Map<Region, Integer> listed, Map<Region, Integer> removed) {
        for (PrunePlan each : plan.plans()) {
            Region region = each.region();
            int still = listed.getOrDefault(region, 0) - removed.getOrDefault(region, 0);
            each.evidence()
                    .imaged()
                    .map(imaged -> new PruneMark(plan.policy(), region, imaged.size(), still))
                    .ifPresent(catalog::mark);
        }
    }

    /**
     * Resolves each trouble that this run would have reported again but did not.
     *
     * @param toldBySteps the notices that the steps sent
     * @param isDecided whether an announced plan no longer waits for approval
     */
    void resolve(Planner planner, Set<NoticeKey> toldBySteps, Predicate<NoticeKey> isDecided) {
        told.addAll(toldBySteps);
        Predicate<NoticeKey> wasRead =
                key -> planner.listed().keySet().stream().anyMatch(key::isIn);
        boolean allRead = planner.unreadable() == 0;
        Map<Trouble, Predicate<NoticeKey>> over =
                Map.of(
                        Trouble.SLOW, _ -> true,
                        Trouble.FORGOTTEN, _ -> allRead,
                        Trouble.BLIND, wasRead,
                        Trouble.PUBLIC, wasRead,
                        Trouble.UNPRUNED, wasRead,
                        Trouble.UPKEEP,
                                key ->
                                        run.approval().isEmpty()
                                                && run.counts().of(POSTPONED) == 0
                                                && wasRead.test(key),
                        Trouble.APPROVE, isDecided);
        catalog.open().stream()
                .map(Notice::about)
                .filter(key -> !told.contains(key))
                .filter(key ->
                        key.trouble().map(over::get).filter(test -> test.test(key)).isPresent())
                .forEach(key -> catalog.resolve(key, run.now()));
    }
}
