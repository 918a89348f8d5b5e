package dev.amikeeper.simulation;

import dev.amikeeper.simulation.History.Conditions;
import dev.amikeeper.simulation.History.TimedHappening;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Finds a short history that still fails. It first leaves out smaller and smaller parts of the
 * steps, then simplifies the conditions, the policies and the remaining steps.
 *
 * @see <a href="https://doi.org/10.1109/32.988498">Zeller and Hildebrandt, Simplifying and
 *     Isolating Failure-Inducing Input</a>
 */
final class Shrinking {
    private final Predicate<History> fails;
    private int plays;

    private Shrinking(Predicate<History> fails, int plays) {
        this.fails = fails;
        this.plays = plays;
    }

    /**
     * A shorter history that still fails.
     *
     * @param plays how many histories may be tried
     */
    static History shortest(History failing, Predicate<History> fails, int plays) {
        Shrinking shrinking = new Shrinking(fails, plays);
        History best = failing;
        while (true) {
            History shorter = shrinking.simpler(shrinking.fewer(best));
            if (shorter.equals(best) || shrinking.plays <= 0) {
                return shorter;
            }
            best = shorter;
        }
    }

    private boolean stillFails(History history) {
        return plays-- > 0 && fails.test(history);
    }

    private History fewer(History failing) {
        History best = failing;
        int size = Math.max(1, best.steps().size() / 2);
        while (true) {
            boolean shorter = false;
            for (int from = 0; from < best.steps().size() && plays > 0; ) {
                List<TimedHappening> left = new ArrayList<>(best.steps().subList(0, from));
                left.addAll(
                        best.steps()
                                .subList(
                                        Math.min(best.steps().size(), from + size),
                                        best.steps().size()));
                History candidate = best.with(left);
                if (stillFails(candidate)) {
                    best = candidate;
                    shorter = true;
                } else {
                    from += size;
                }
            }
            if (plays <= 0 || (size == 1 && !shorter)) {
                return best;
            }
            size = Math.max(1, size / 2);
        }
    }

    private History simpler(History failing) {
        History best = failing;
        boolean changed = true;
        while (changed && plays > 0) {
            changed = false;
            for (History candidate : candidates(best).toList()) {
                if (!candidate.equals(best) && stillFails(candidate)) {
                    best = candidate;
                    changed = true;
                    break;
                }
            }
        }
        return best;
    }

    private static Stream<History> candidates(History it) {
        List<History> candidates = new ArrayList<>();
        for (int days : List.of(it.days() / 2, it.days() - 1)) {
            Duration end = Duration.ofDays(days);
            if (days > 0 && it.steps().stream().allMatch(step -> step.at().compareTo(end) < 0)) {
                candidates.add(it.lasting(days));
            }
        }
        candidates.add(it.in(Conditions.PLAIN));
        candidates.add(it.in(Conditions.PLAIN.sideBySide(it.conditions().sideBySide())));
        candidates.add(it.in(it.conditions().sideBySide(false)));
        policies(it.policies()).map(it::under).forEach(candidates::add);
        for (int i = 0; i < it.steps().size(); i++) {
            int at = i;
            TimedHappening step = it.steps().get(i);
            simpler(step.what())
                    .map(what -> {
                        List<TimedHappening> steps = new ArrayList<>(it.steps());
                        steps.set(at, new TimedHappening(step.at(), what));
                        return it.with(steps);
                    })
                    .forEach(candidates::add);
        }
        return candidates.stream();
    }

    private static Stream<List<PolicyModel>> policies(List<PolicyModel> policies) {
        List<List<PolicyModel>> others = new ArrayList<>();
        for (int i = 0; i < policies.size(); i++) {
            int at = i;
            if (policies.size() > 1) {
                List<PolicyModel> fewer = new ArrayList<>(policies);
                fewer.remove(at);
                others.add(fewer);
            }
            simpler(policies.get(i))
                    .forEach(rules -> {
                        List<PolicyModel> changed = new ArrayList<>(policies);
                        changed.set(at, rules);
                        others.add(changed);
                    });
        }
        return others.stream();
    }

    private static Stream<PolicyModel> simpler(PolicyModel it) {
        return Stream.<Consumer<PolicyModel.Draft>>of(
                        draft -> draft.keep = Optional.empty(),
                        draft -> draft.replicate.clear(),
                        draft -> draft.replicate.replaceAll((_, _) -> Optional.empty()),
                        draft -> draft.encrypted = false,
                        draft -> draft.shared = false,
                        draft -> draft.protect = false,
                        draft -> draft.stopped = false,
                        draft -> draft.disableFor = 0,
                        draft -> draft.maxRemoveCount = 0,
                        draft -> draft.drill = Optional.empty(),
                        draft -> draft.freeze = Optional.empty())
                .map(it::changed);
    }

    private static Stream<Happening> simpler(Happening what) {
        return switch (what) {
            case Happening.Launch(int server, var region, int volumes, var backup)
                    when volumes > 1 ->
                    Stream.of(new Happening.Launch(server, region, 1, backup));
            case Happening.FailingCalls(var action, var fault, int nth, int times)
                    when nth > 1 || times > 1 ->
                    Stream.of(
                            new Happening.FailingCalls(action, fault, 1, times),
                            new Happening.FailingCalls(action, fault, nth, 1),
                            new Happening.FailingCalls(action, fault, nth, (times + 1) / 2));
            case Happening.Events(var type, var fault, int nth, int times, var by)
                    when nth > 1 || times > 1 ->
                    Stream.of(
                            new Happening.Events(type, fault, 1, times, by),
                            new Happening.Events(type, fault, nth, 1, by));
            case Happening.FailingCommands(var document, var fault, int times) when times > 1 ->
                    Stream.of(new Happening.FailingCommands(document, fault, 1));
            case Happening.FailingLaunches(var region, var fault, int times) when times > 1 ->
                    Stream.of(
                            new Happening.FailingLaunches(region, fault, 1),
                            new Happening.FailingLaunches(region, fault, times / 2));
            case Happening.Failing(var region, boolean copies, int times) when times > 1 ->
                    Stream.of(new Happening.Failing(region, copies, 1));
            case Happening.Unseen(int calls, Duration span) when calls > 1 ->
                    Stream.of(new Happening.Unseen(calls / 2, span));
            case Happening.LaunchMany(int first, int count, var region, var backup)
                    when count > 1 ->
                    Stream.of(new Happening.LaunchMany(first, count / 2, region, backup));
            case Happening.Meanwhile(var function, var action, int nth, var deed) when nth > 1 ->
                    Stream.of(new Happening.Meanwhile(function, action, nth - 1, deed));
            case Happening.Deploy(var policies) -> policies(policies).map(Happening.Deploy::new);
            // Nothing is smaller than these.
            case Happening.Launch _,
                    Happening.TerminateInstance _,
                    Happening.StopInstance _,
                    Happening.StartInstance _,
                    Happening.Tag _,
                    Happening.Request _,
                    Happening.DeregisterImage _,
                    Happening.DisableImage _,
                    Happening.EnableImage _,
                    Happening.Hold _,
                    Happening.Release _,
                    Happening.LaunchFromImage _,
                    Happening.RegisterImage _,
                    Happening.Template _,
                    Happening.Meanwhile _,
                    Happening.LaunchMany _,
                    Happening.TerminateMany _,
                    Happening.CopyLease _,
                    Happening.AskRestore _,
                    Happening.LoseRestores _,
                    Happening.Approve _,
                    Happening.Prune _,
                    Happening.FailingCalls _,
                    Happening.Events _,
                    Happening.Unseen _,
                    Happening.Down _,
                    Happening.Failing _,
                    Happening.FailingLaunches _,
                    Happening.FailingCommands _,
                    Happening.QuotaUsedUp _,
                    Happening.KeyDisabled _,
                    Happening.NoTicks _,
                    Happening.DoubleTicks _ ->
                    Stream.of();
        };
    }
}
