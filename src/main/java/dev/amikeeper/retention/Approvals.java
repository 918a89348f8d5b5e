package dev.amikeeper.retention;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Announces plans that people must approve. A plan that needs approval is announced with its
 * digest. A run that is given a digest carries out the plan with that digest, and no other.
 */
final class Approvals {
    private static final Logger log = LoggerFactory.getLogger(Approvals.class);

    private final Catalog catalog;
    private final Policies policies;
    private final PruneJournal journal;
    private final PruneRun run;

    /** Whether any plan has the digest that this run was given. */
    private boolean found;

    Approvals(Catalog catalog, Policies policies, PruneJournal journal, PruneRun run) {
        this.catalog = catalog;
        this.policies = policies;
        this.journal = journal;
        this.run = run;
    }

    /**
     * Returns the part of a plan that this run may carry out. An approval applies only to the plan
     * that it names.
     */
    Optional<PolicyPlan> choose(PolicyPlan plan) {
        if (run.approval().isPresent()) {
            if (!run.approval().get().equals(plan.digest())) {
                return Optional.empty();
            }
            found = true;
            return Optional.of(plan.approved());
        }
        if (plan.isAwaiting() || !plan.alarms().isEmpty()) {
            announce(plan);
        }
        return Optional.of(plan);
    }

    /** Announces each plan once, because the notice's key contains the digest. */
    private void announce(PolicyPlan plan) {
        String why =
                plan.alarms().isEmpty()
                        ? "images whose records were made from their tags would be removed (an"
                                + " approval is for all "
                                + plan.confirmable().size()
                                + " such records of today)"
                        : String.join("; ", plan.alarms());
        log.error("{}: waits for an approval: {}", plan.policy(), why);
        journal.tell(
                new Notice(
                        Trouble.APPROVE.of(plan.policy(), plan.digest()),
                        run.now(),
                        "policy " + plan.policy() + ": nothing was removed: " + why,
                        "look at the plan of a dry run; if it is right, call PruneFunction"
                                + " with {\"approve\": \""
                                + plan.digest()
                                + "\"}",
                        true));
    }

    /**
     * Confirms the policy's records that were made from tags: whoever approved the plan has looked
     * at all of them.
     */
    void confirm(PolicyPlan plan, TimeLeft timeLeft) {
        if (run.approval().isEmpty() || run.dryRun()) {
            return;
        }
        Map<Region, Set<ImageName>> approved =
                plan.confirmable().stream()
                        .collect(
                                Collectors.groupingBy(
                                        Image::region,
                                        Collectors.mapping(Image::name, Collectors.toSet())));
        approved.forEach((region, names) ->
                catalog.ofPolicy(policies.allNames(plan.policy()), region).stream()
                        .filter(Image::adopted)
                        .filter(image -> names.contains(image.name()))
                        .takeWhile(_ -> timeLeft.isAny())
                        .forEach(image -> catalog.save(Change.of(image, image.confirmed()))));
    }

    /**
     * Says what is wrong with the given approval. Call this after all plans have been looked at.
     *
     * @param allLooked whether there was time to look at all images
     * @return empty if nothing is wrong
     */
    String problem(boolean allLooked) {
        if (run.approval().isEmpty() || found) {
            return "";
        }
        String problem =
                "no plan has the digest "
                        + run.approval().get()
                        + " now: something has changed since; look at a dry run"
                        + (allLooked ? "" : "; there was no time to look at all images");
        log.warn("{}", problem);
        return problem;
    }

    /**
     * Whether an announced plan no longer waits: either it was carried out, or this run would have
     * announced it again.
     *
     * @param key the key of its notice
     * @param allRead whether every Region could be read
     */
    boolean isOver(NoticeKey key, boolean allRead) {
        return run.approval()
                .map(digest -> found && key.what().equals(Optional.of(digest)))
                .orElse(allRead);
    }
}
