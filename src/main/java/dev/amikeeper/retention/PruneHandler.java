package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.BLOCKED;
import static dev.amikeeper.retention.PruneReport.PruneCount.MALFORMED;
import static dev.amikeeper.retention.PruneReport.PruneCount.POSTPONED;
import static dev.amikeeper.retention.PruneReport.PruneCount.UNREADABLE;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Remover;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.policy.Policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Removes, stage by stage, images that no rule keeps, nothing uses, and nobody holds, and brings
 * back images that are missed. {@code {"dryRun": true}} shows the plan; {@code {"approve":
 * "<digest>"}} carries out the plan with this digest, and no other; {@code {"goOn": true}} goes on
 * with a run that ran out of time, if there is one.
 */
public final class PruneHandler implements RequestHandler<Map<String, Object>, PruneReport> {
    /**
     * The part of the function's time, in milliseconds, that a run leaves for the call in progress.
     */
    private static final int RESERVE = 30_000;

    /**
     * The part that a run leaves at its start, in milliseconds: the Regions are read before
     * anything is known.
     */
    private static final int RESERVE_AT_FIRST = 15_000;

    private static final int READING = 25;

    private static final int READING_FOR_PEOPLE = 75;

    private final Application app;

    /** Called by Lambda. */
    public PruneHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public PruneHandler(Application app) {
        this.app = app;
    }

    @Override
    public PruneReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("PruneFunction")
                .run(
                        input,
                        context,
                        event -> prune(event, context),
                        _ ->
                                new PruneReport(
                                        Counts.once(MALFORMED), false, "", List.of(), List.of()));
    }

    private PruneReport prune(Map<String, Object> input, Context context)
            throws MalformedEventException {
        PruneRun run =
                new PruneRun(
                        Event.now(input, app.clock().instant()),
                        Boolean.TRUE.equals(input.get("dryRun")),
                        approval(input),
                        Counts.none(PruneReport.PruneCount.class));
        PruneChain chain =
                new PruneChain(app.catalog(), run, Boolean.TRUE.equals(input.get("goOn")));
        return chain.begin()
                ? prune(run, chain, context::getRemainingTimeInMillis)
                : PruneReport.of(run, "", List.of(), List.of());
    }

    private static Optional<String> approval(Map<String, Object> input)
            throws MalformedEventException {
        Object approve = input.get("approve");
        if (approve == null) {
            return Optional.empty();
        }
        if (!(approve instanceof String digest) || !digest.matches("[0-9a-f]{16}")) {
            throw new MalformedEventException(
                    "approve must be the digest of a plan, 16 hexadecimal digits as a dry run"
                            + " shows them");
        }
        return Optional.of(digest);
    }

    /** Lists what exists, compares it with the policies, acts, and summarizes what went wrong. */
    private PruneReport prune(PruneRun run, PruneChain chain, TimeLeft remaining) {
        PruneJournal journal = new PruneJournal(app.catalog(), run);
        Approvals approvals = new Approvals(app.catalog(), app.policies(), journal, run);
        ImageRemoval removal = app.removal(run.now(), Remover.PRUNER.word());
        List<PruneReport.Summary> summaries = new ArrayList<>();
        List<PolicyPlan> carriedOut = new ArrayList<>();
        int blocked = 0;

        Planner planner =
                app.planner(new Planner.PlannerRun(run.now(), !run.dryRun(), journal::tell))
                        .read(remaining.allBut(RESERVE_AT_FIRST));
        PruneSteps steps = new PruneSteps(app.images().reads(), planner, removal, run);
        PruneSlices slices = new PruneSlices(app.images().reads(), planner, steps);
        List<Policy> policies = Planner.turned(planner.policies(), run.now());
        for (int i = 0; i < policies.size(); i++) {
            Policy policy = policies.get(i);
            // Time that one policy does not need is left to the policies after it.
            TimeLeft timeLeft = remaining.allBut(RESERVE).share(100 / (policies.size() - i));
            PolicyOutlook outlook = planner.outlook(policy).after(chain.taken(policy));
            PolicyPlan atMost = outlook.atMost();
            if (mayGoSliceBySlice(run, atMost)) {
                PolicyPlan carried = slices.carryOut(outlook, timeLeft);
                summaries.add(summary(policy, carried));
                carriedOut.add(carried);
                continue;
            }
            int before = planner.unlooked();
            PolicyPlan plan = planner.plan(outlook, timeLeft.share(reading(run, atMost)));
            summaries.add(summary(policy, plan));
            if (!plan.alarms().isEmpty()) {
                // To look at them once more would not let them go.
                blocked += planner.unlooked() - before;
            }
            Optional<PolicyPlan> chosen = approvals.choose(plan);
            if (chosen.isPresent()) {
                if (!chosen.get().alarms().isEmpty()) {
                    run.counts().add(BLOCKED);
                }
                slices.takeAll(chosen.get(), timeLeft);
                carriedOut.add(chosen.get());
                approvals.confirm(plan, timeLeft);
            }
        }

        String problem = approvals.problem(planner.unlooked() == 0);
        journal.tellOfForgotten(planner);
        run.counts().add(POSTPONED, planner.unlooked());
        run.counts().add(UNREADABLE, planner.unreadable());
        journal.tellOfWantOfTime(planner, steps.untimely());
        chain.end(
                planner.unlooked() - blocked + steps.untimely() + planner.unread().size() > 0,
                steps.taken());
        if (!run.dryRun()) {
            carriedOut.stream()
                    .filter(plan -> plan.alarms().isEmpty())
                    .forEach(plan -> journal.mark(plan, planner.listed(), steps.removed()));
            boolean allRead = planner.unreadable() == 0;
            journal.resolve(planner, removal.told(), key -> approvals.isOver(key, allRead));
            new Unreadables(app.catalog()).tell(run.now());
        }
        return PruneReport.of(run, problem, summaries, lines(run, carriedOut));
    }

    /**
     * Whether a policy's images may go before all of them are checked. People look at a plan and
     * approve it as a whole, so a plan for people is made first.
     *
     * @param atMost the plan if nothing else keeps any of them
     */
    private static boolean mayGoSliceBySlice(PruneRun run, PolicyPlan atMost) {
        return !run.dryRun()
                && run.approval().isEmpty()
                && atMost.alarms().isEmpty()
                && !atMost.isAwaiting();
    }

    /**
     * The percentage of a policy's time that is spent on checking all candidates first. EC2 allows
     * four times as many reads as removals. A plan that only people look at, or that is only worth
     * something as a whole, may take longer.
     */
    private static int reading(PruneRun run, PolicyPlan atMost) {
        boolean isForPeople =
                run.dryRun() || run.approval().isPresent() || !atMost.alarms().isEmpty();
        return isForPeople ? READING_FOR_PEOPLE : READING;
    }

    private PruneReport.Summary summary(Policy policy, PolicyPlan plan) {
        return new PruneReport.Summary(
                plan.policy(), plan.digest(), plan.alarms(), former(policy, plan));
    }

    /** Only a dry run shows its plans. */
    private static List<PruneReport.PruneLine> lines(PruneRun run, List<PolicyPlan> plans) {
        return run.dryRun()
                ? plans.stream()
                        .flatMap(plan -> plan.plans().stream())
                        .flatMap(PlanText::lines)
                        .toList()
                : List.of();
    }

    /**
     * Former Regions of policies that are in the file. Images of other policies all stay, which is
     * reported elsewhere.
     */
    private List<String> former(Policy policy, PolicyPlan plan) {
        return plan.plans().stream()
                .filter(_ -> app.policies().find(policy.name()).isPresent())
                .flatMap(each ->
                        FormerRegions.line(
                                policy,
                                each.region(),
                                each.verdicts().stream().map(Verdict::image).toList())
                                .stream())
                .toList();
    }
}
