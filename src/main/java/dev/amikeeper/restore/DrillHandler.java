package dev.amikeeper.restore;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Map;

/**
 * Every hour: records the drills that are due. RestoreFunction launches, checks, and terminates
 * their instances. The sweep terminates any instance whose time is over.
 */
public final class DrillHandler implements RequestHandler<Map<String, Object>, DrillReport> {
    private final Application app;

    /** Called by Lambda. */
    public DrillHandler() {
        this(Application.get());
    }

    /** Uses the objects of the given application. */
    public DrillHandler(Application app) {
        this.app = app;
    }

    @Override
    public DrillReport handleRequest(Map<String, Object> input, Context context) {
        return app.invocation("DrillFunction")
                .run(
                        input,
                        context,
                        this::begin,
                        _ -> new DrillReport(Counts.once(DrillReport.DrillCount.MALFORMED)));
    }

    private DrillReport begin(Map<String, Object> input) throws MalformedEventException {
        Instant now = Event.of(input, app.clock().instant()).time();
        Counts<DrillReport.DrillCount> counts = Counts.none(DrillReport.DrillCount.class);
        for (Policy policy : app.policies().all()) {
            if (policy.drill().isPresent()) {
                DrillPlan plan = plan(policy, policy.drill().get(), now);
                counts.add(
                        DrillReport.DrillCount.BEGUN,
                        (int) plan.begun().stream().filter(app.catalog()::begin).count());
                counts.add(DrillReport.DrillCount.OVER_BUDGET, plan.overBudget() ? 1 : 0);
            }
        }
        new Unreadables(app.catalog()).tell(now);
        return new DrillReport(counts);
    }

    private DrillPlan plan(Policy policy, Policy.Drill drill, Instant now) {
        DrillPlan plan =
                DrillPlan.of(
                        policy,
                        drill,
                        app.catalog().ofPolicy(policy.allNames(), drill.region()),
                        policy.allNames().stream()
                                .flatMap(name -> app.catalog().restores(name).stream())
                                .toList(),
                        now);
        if (plan.overBudget()) {
            YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
            app.catalog()
                    .note(
                            Notice.event(
                                    Trouble.DRILL_BUDGET.of(policy.name(), month),
                                    now,
                                    "policy "
                                            + policy.name()
                                            + ": the drills' budget of "
                                            + drill.budget().orElseThrow()
                                            + " instance-hours is used up for "
                                            + month,
                                    "raise \"budget\" under drill, or lower \"instances\""));
        }
        return plan;
    }
}
