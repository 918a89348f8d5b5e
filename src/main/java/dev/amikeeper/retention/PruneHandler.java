package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.Count.AWAITING;
import static dev.amikeeper.retention.PruneReport.Count.BLOCKED;
import static dev.amikeeper.retention.PruneReport.Count.CALLED_OFF;
import static dev.amikeeper.retention.PruneReport.Count.DEPRECATED;
import static dev.amikeeper.retention.PruneReport.Count.DISABLED;
import static dev.amikeeper.retention.PruneReport.Count.KEPT;
import static dev.amikeeper.retention.PruneReport.Count.LEFT;
import static dev.amikeeper.retention.PruneReport.Count.MALFORMED;
import static dev.amikeeper.retention.PruneReport.Count.POSTPONED;
import static dev.amikeeper.retention.PruneReport.Count.REFUSED;
import static dev.amikeeper.retention.PruneReport.Count.REMOVED;
import static dev.amikeeper.retention.PruneReport.Count.UNLISTED;
import static dev.amikeeper.retention.PruneReport.Count.UNREADABLE;
import static dev.amikeeper.retention.PruneReport.Count.WAITING;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Counts;
import dev.amikeeper.Invocation;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.LostPolicies;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.PruneMark;
import dev.amikeeper.catalog.Remover;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;
import java.util.stream.Stream;

/**
 * Takes away, stage by stage, what no rule keeps, nothing uses and nobody holds, and brings back
 * what is missed. {@code {"dryRun": true}} shows the plan; {@code {"approve": "<digest>"}} carries
 * out the plan that has this digest, and no other.
 */
public final class PruneHandler implements RequestHandler<Map<String, Object>, PruneReport> {
    private static final Logger log = LoggerFactory.getLogger(PruneHandler.class);

    /** What a run leaves of its function's time, in milliseconds: for the call under way. */
    private static final int RESERVE = 30_000;

    /** What it leaves when it begins: the Regions are read before anything is known. */
    private static final int RESERVE_AT_FIRST = 15_000;

    /** As many as one read answers. */
    private static final int CHECKED_AT_ONCE = 200;

    /** Lambda answers with at most 6 MB. */
    private static final int LINES = 2000;

    private final Application app;

    /** As Lambda makes it. */
    public PruneHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public PruneHandler(Application app) {
        this.app = app;
    }

    @Override
    public PruneReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, event -> prune(event, context));
    }

    private PruneReport prune(Map<String, Object> input, Context context) {
        try {
            // A person calls it with {"dryRun": true} or an approval, and nothing else.
            Instant now =
                    input.containsKey("source") || input.containsKey("time")
                            ? Event.of(input, app.clock().instant()).time()
                            : app.clock().instant();
            boolean dryRun = Boolean.TRUE.equals(input.get("dryRun"));
            Optional<String> approval = approval(input);
            return new PruneRun(now, dryRun, approval, context::getRemainingTimeInMillis).report();
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "PruneFunction", input, malformed, app.clock().instant());
            return new PruneReport(Counts.once(MALFORMED), false, "", List.of(), List.of());
        }
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

    /** One run; its time is the event's. */
    private final class PruneRun {
        private final Instant now;
        private final boolean dryRun;
        private final Optional<String> approval;
        private final LongSupplier remaining;
        private final ImageRemoval steps;
        private final List<PruneReport.Summary> summaries = new ArrayList<>();
        private final List<PruneReport.Line> lines = new ArrayList<>();
        private final Map<Region, Integer> removedIn = new HashMap<>();
        private final Set<NoticeKey> told = new HashSet<>();
        private final Counts<PruneReport.Count> counts = Counts.none(PruneReport.Count.class);
        private int untimely;
        private TimeLeft timeLeft;
        private String problem = "";

        PruneRun(Instant now, boolean dryRun, Optional<String> approval, LongSupplier remaining) {
            this.now = now;
            this.dryRun = dryRun;
            this.approval = approval;
            this.remaining = remaining;
            timeLeft = () -> remaining.getAsLong() - RESERVE;
            steps = app.removal(now, Remover.PRUNER.word());
        }

        PruneReport report() {
            Planner planner =
                    app.planner(new Planner.Run(now, !dryRun, this::tell))
                            .read(() -> remaining.getAsLong() - RESERVE_AT_FIRST);
            List<PolicyPlan> carriedOut = new ArrayList<>();
            TimeLeft whole = timeLeft;
            List<Policy> policies = Planner.turned(planner.policies(), now);
            for (int i = 0; i < policies.size(); i++) {
                Policy policy = policies.get(i);
                // What one does not need is left to those after it.
                timeLeft = whole.share(100 / (policies.size() - i));
                PolicyPlan plan = planner.plan(policy, timeLeft);
                summaries.add(
                        new PruneReport.Summary(
                                plan.policy(), plan.digest(), plan.alarms(), former(policy, plan)));
                choose(plan)
                        .ifPresent(chosen -> {
                            if (!chosen.alarms().isEmpty()) {
                                counts.add(BLOCKED);
                            }
                            chosen.plans().forEach(this::carryOut);
                            carriedOut.add(chosen);
                            if (approval.isPresent() && !dryRun) {
                                confirm(plan);
                            }
                        });
            }
            if (approval.isPresent() && carriedOut.isEmpty()) {
                problem =
                        "no plan has the digest "
                                + approval.get()
                                + " now: what is there has changed since; look at a dry run"
                                + (planner.unlooked() == 0
                                        ? ""
                                        : "; there was no time to look at all images");
                log.warn("{}", problem);
            }
            tellOfForgotten(planner);
            counts.add(POSTPONED, planner.unlooked());
            tellOfWantOfTime(planner);
            if (!dryRun) {
                carriedOut.stream()
                        .filter(plan -> plan.alarms().isEmpty())
                        .forEach(plan -> mark(plan, planner));
                resolve(planner);
                new Unreadables(app.catalog()).tell(now);
            }
            return report(planner);
        }

        /** Their names are remembered: by them what is removed can be found. */
        private void tellOfForgotten(Planner planner) {
            if (!dryRun) {
                Set<String> known = app.catalog().policies();
                planner.policies().stream()
                        .flatMap(policy -> policy.allNames().stream())
                        .filter(name -> !known.contains(name))
                        .forEach(app.catalog()::remember);
            }
            planner.forgotten()
                    .forEach((policy, images) ->
                            tell(
                                    new Notice(
                                            Trouble.FORGOTTEN.of(policy),
                                            now,
                                            LostPolicies.text(policy, images),
                                            LostPolicies.TO_DO,
                                            true)));
        }

        private void tellOfWantOfTime(Planner planner) {
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
                            now,
                            "pruning ran out of time: %d images that may go were not looked at, %d"
                                            .formatted(planner.unlooked(), untimely)
                                    + " steps were not taken"
                                    + regions,
                            "the next run goes on with them; if that does not end within days, let"
                                    + " PruneFunction run more often (PruneSchedule) or for longer"
                                    + " (its Timeout)",
                            true));
        }

        /** Of policies that are in the file; of others all images stay, which is told elsewhere. */
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

        /** What this run would have told again, and did not, is over. */
        private void resolve(Planner planner) {
            told.addAll(steps.told());

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
                                            approval.isEmpty()
                                                    && counts.of(POSTPONED) == 0
                                                    && wasRead.test(key),
                            Trouble.APPROVE,
                                    key ->
                                            approval.map(digest ->
                                                            problem.isEmpty()
                                                                    && key.what()
                                                                            .equals(
                                                                                    Optional.of(
                                                                                            digest)))
                                                    .orElse(allRead));
            app.catalog().open().stream()
                    .map(Notice::about)
                    .filter(key -> !told.contains(key))
                    .filter(key ->
                            key.trouble().map(over::get).filter(test -> test.test(key)).isPresent())
                    .forEach(key -> app.catalog().resolve(key, now));
        }

        /** What is to be done of a plan; an approval is for the one that it names. */
        private Optional<PolicyPlan> choose(PolicyPlan plan) {
            if (approval.isPresent()) {
                return approval.filter(plan.digest()::equals).map(digest -> plan.approved());
            }
            if (plan.isAwaiting() || !plan.alarms().isEmpty()) {
                announce(plan);
            }
            return Optional.of(plan);
        }

        /** Whoever approved the plan looked at all records that were made from tags by then. */
        private void confirm(PolicyPlan plan) {
            Map<Region, Set<ImageName>> approved =
                    plan.confirmable().stream()
                            .collect(
                                    Collectors.groupingBy(
                                            Image::region,
                                            Collectors.mapping(Image::name, Collectors.toSet())));
            approved.forEach((region, names) ->
                    app.catalog().ofPolicy(app.policies().allNames(plan.policy()), region).stream()
                            .filter(Image::adopted)
                            .filter(image -> names.contains(image.name()))
                            .takeWhile(_ -> timeLeft.isAny())
                            .forEach(image ->
                                    app.catalog().save(Change.of(image, image.confirmed()))));
        }

        /** Once for each plan, for its digest is in the key. */
        private void announce(PolicyPlan plan) {
            String why =
                    plan.alarms().isEmpty()
                            ? "images whose records were made from their tags would be removed (an"
                                    + " approval is for all "
                                    + plan.confirmable().size()
                                    + " such records of today)"
                            : String.join("; ", plan.alarms());
            log.error("{}: waits for an approval: {}", plan.policy(), why);
            tell(
                    new Notice(
                            Trouble.APPROVE.of(plan.policy(), plan.digest()),
                            now,
                            "policy " + plan.policy() + ": nothing was removed: " + why,
                            "look at the plan of a dry run; if it is right, call PruneFunction"
                                    + " with {\"approve\": \""
                                    + plan.digest()
                                    + "\"}",
                            true));
        }

        private void mark(PolicyPlan plan, Planner planner) {
            Map<Region, Integer> listed = planner.listed();
            for (PrunePlan each : plan.plans()) {
                Region region = each.region();
                int still = listed.getOrDefault(region, 0) - removedIn.getOrDefault(region, 0);
                each.evidence()
                        .imaged()
                        .map(imaged -> new PruneMark(plan.policy(), region, imaged.size(), still))
                        .ifPresent(app.catalog()::mark);
            }
        }

        private void carryOut(PrunePlan plan) {
            if (dryRun) {
                PlanText.lines(plan).forEach(lines::add);
                plan.verdicts().forEach(this::count);
                return;
            }
            List<Verdict.Step> away = new ArrayList<>();
            for (Verdict verdict : plan.verdicts()) {
                switch (verdict) {
                    case Verdict.Keep _ -> counts.add(KEPT);
                    case Verdict.Wait _ -> counts.add(WAITING);
                    case Verdict.Await _ -> counts.add(AWAITING);
                    case Verdict.Step step -> away.add(step);
                    // What something needs comes back before anything else goes.
                    case Verdict.CallOff(var image, _) ->
                            take(() -> steps.bringBack(image), () -> counts.add(CALLED_OFF));
                    case Verdict.Finish(var image, var snapshots) ->
                            take(
                                    () -> steps.finish(image, snapshots),
                                    () -> removed(image.region()));
                }
            }
            away.stream()
                    .gather(Gatherers.windowFixed(CHECKED_AT_ONCE))
                    .forEach(some -> take(plan, some));
            Set<Image> going = away.stream().map(Verdict::image).collect(Collectors.toSet());
            plan.upkeep().stream()
                    .filter(upkeep -> !going.contains(upkeep.image()))
                    .forEach(upkeep ->
                            take(
                                    () -> steps.upkeep(upkeep),
                                    () -> {
                                        if (upkeep instanceof Upkeep.Deprecate) {
                                            counts.add(DEPRECATED);
                                        }
                                    }));
        }

        /** The plan is minutes old by now: each image is looked at once more before it goes. */
        private void take(PrunePlan plan, List<Verdict.Step> away) {
            if (!timeLeft.isAny()) {
                counts.add(POSTPONED, away.size());
                untimely += away.size();
                return;
            }
            Map<ImageId, Ami> fresh;
            try {
                fresh =
                        app.images()
                                .reads()
                                .find(
                                        plan.region(),
                                        away.stream()
                                                .flatMap(step -> step.image().id().stream())
                                                .toList());
            } catch (SdkException error) {
                log.warn("{}: images cannot be read again: {}", plan.region(), Fault.text(error));
                counts.add(POSTPONED, away.size());
                return;
            }
            for (Verdict.Step step : away) {
                Image image = step.image();
                boolean asPlanned =
                        Optional.ofNullable(fresh.get(image.id().orElseThrow()))
                                .filter(ami -> !ami.tags().containsKey(ImageTags.HOLD))
                                .filter(ami -> !ami.isPublic())
                                .filter(ami -> Evidence.isOurs(image, ami))
                                .isPresent();
                if (asPlanned) {
                    take(plan.evidence(), step);
                } else {
                    log.info("{} {} changed meanwhile and stays", plan.region(), image.name());
                    counts.add(KEPT);
                }
            }
        }

        private void take(Evidence evidence, Verdict.Step step) {
            switch (step) {
                case Verdict.Disable(var image, var why, var dwell, var snapshots) ->
                        take(
                                () ->
                                        steps.disable(
                                                image,
                                                why,
                                                snapshots,
                                                evidence.permissionsOf(image),
                                                dwell),
                                () -> counts.add(DISABLED));
                case Verdict.Remove(var image, var why, var snapshots) ->
                        take(
                                () -> steps.remove(image, why, snapshots),
                                () -> removed(image.region()));
            }
        }

        private void removed(Region region) {
            counts.add(REMOVED);
            removedIn.merge(region, 1, Integer::sum);
        }

        private void take(Supplier<ImageRemoval.End> step, Runnable done) {
            if (!timeLeft.isAny()) {
                counts.add(POSTPONED);
                untimely++;
                return;
            }
            switch (step.get()) {
                case DONE -> done.run();
                case LEFT -> counts.add(LEFT);
                case REFUSED -> counts.add(REFUSED);
                case CHANGED -> counts.add(KEPT);
                case UNREADABLE -> counts.add(POSTPONED);
            }
        }

        private void count(Verdict verdict) {
            switch (verdict) {
                case Verdict.Keep _ -> counts.add(KEPT);
                case Verdict.Wait _ -> counts.add(WAITING);
                case Verdict.Await _ -> counts.add(AWAITING);
                case Verdict.Disable _ -> counts.add(DISABLED);
                case Verdict.Remove _ -> counts.add(REMOVED);
                case Verdict.Finish _ -> counts.add(LEFT);
                case Verdict.CallOff _ -> counts.add(CALLED_OFF);
            }
        }

        private PruneReport report(Planner planner) {
            List<PruneReport.Line> shown =
                    Stream.of(lines)
                            .flatMap(List::stream)
                            .sorted(Comparator.comparing(line -> line.verdict().equals("keep")))
                            .limit(LINES)
                            .toList();
            counts.add(UNREADABLE, planner.unreadable());
            counts.add(UNLISTED, lines.size() - shown.size());
            return new PruneReport(counts, dryRun, problem, summaries, shown);
        }

        private void tell(Notice notice) {
            if (!dryRun) {
                told.add(notice.about());
                app.catalog().note(notice);
            }
        }
    }
}
