package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.amikeeper.Turns.Played;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.TurnTaker.TurnOrder;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two functions at once, which overtake each other at outside calls: the world ends as if one had
 * run after the other. So it does if each makes its own calls side by side.
 */
final class InterleavingTest {
    private static final int RANDOM_ORDERS = Effort.of(2, 50);
    private static final int RANDOM_ORDERS_ABREAST = Effort.of(1, 30);
    private static final int ABREAST = SideBySide.EIGHT.abreast();
    private static final int FIRST = 0;
    private static final int SECOND = 1;

    @TestFactory
    Stream<DynamicTest> twoOfEveryFunctionAtOnceEndAsOneAfterTheOther() {
        return Scenes.inMemory().all().stream()
                .map(Pair::twice)
                .map(pair -> DynamicTest.dynamicTest(pair.what(), () -> endsAsInSequence(pair)));
    }

    @TestFactory
    Stream<DynamicTest> twoDifferentFunctionsAtOnceEndAsOneAfterTheOther() {
        return Scenes.inMemory().pairs().stream()
                .map(pair -> DynamicTest.dynamicTest(pair.what(), () -> endsAsInSequence(pair)));
    }

    @TestFactory
    Stream<DynamicTest> everyFunctionWithItsCallsSideBySideEndsAsWithOneAfterTheOther() {
        return Scenes.inMemory().all().stream()
                .map(scene ->
                        DynamicTest.dynamicTest(scene.toString(), () -> endsAsOneByOne(scene)));
    }

    @Test
    void theSameOrderMakesTheSamePlay() {
        Pair pair = Scenes.inMemory().pairs().get(5);

        assertThat(play(pair, 1, TurnOrder.random(7)).trace())
                .isEqualTo(play(pair, 1, TurnOrder.random(7)).trace());
        assertThat(play(pair, ABREAST, TurnOrder.random(7)).trace())
                .isEqualTo(play(pair, ABREAST, TurnOrder.random(7)).trace());
        assertThat(play(pair, 1, TurnOrder.random(7)).trace())
                .isNotEqualTo(play(pair, 1, TurnOrder.random(8)).trace());
    }

    private static void endsAsInSequence(Pair pair) {
        List<List<String>> ends = pair.inSequence();
        List<Sequel> sequels = new ArrayList<>();
        for (int caller : pair.once().isPresent() ? List.of(FIRST) : List.of(FIRST, SECOND)) {
            long calls = play(pair, 1, after(caller)).callsOf(caller);
            // At night before each call; else before each fourth one, others of either caller.
            int begin = Effort.of(1 + caller, 1);
            for (int n = begin; n <= calls; n += Effort.of(4, 1)) {
                sequels.add(play(pair, 1, overtakenBefore(n, caller)));
            }
        }
        for (int seed = 1; seed <= RANDOM_ORDERS; seed++) {
            sequels.add(play(pair, 1, TurnOrder.random(seed)));
        }
        for (int seed = 1; seed <= RANDOM_ORDERS_ABREAST; seed++) {
            sequels.add(play(pair, ABREAST, TurnOrder.uneven(seed)));
        }
        haveOneOf(ends, sequels);
    }

    private static void endsAsOneByOne(Scene scene) {
        List<Sequel> sequels = new ArrayList<>();
        for (int seed = 1; seed <= RANDOM_ORDERS_ABREAST; seed++) {
            for (TurnOrder order : List.of(TurnOrder.random(seed), TurnOrder.uneven(seed))) {
                Scene.Moment moment = scene.moment().get();
                Played played = Turns.play(moment.given(), List.of(moment.call()), ABREAST, order);
                assertThat(played.failed()).as("failed").isEmpty();
                sequels.add(new Sequel(played.trace(), moment.end(scene.days())));
            }
        }
        haveOneOf(List.of(scene.undisturbed()), sequels);
    }

    private static void haveOneOf(List<List<String>> ends, List<Sequel> sequels) {
        List<String> wrong =
                sequels.stream()
                        .filter(found -> !ends.contains(found.end()))
                        .map(found ->
                                "  calls: "
                                        + String.join("\n         ", found.trace())
                                        + EndState.difference(ends.getFirst(), found.end()))
                        .toList();
        if (!wrong.isEmpty()) {
            fail(
                    "%d of %d orders change the end:\n%s",
                    wrong.size(), sequels.size(), String.join("\n", wrong));
        }
    }

    private record Sequel(List<String> trace, List<String> end) {
        long callsOf(int caller) {
            return trace.stream().filter(call -> call.startsWith(caller + ":")).count();
        }
    }

    private static Sequel play(Pair pair, int abreast, TurnOrder order) {
        Pair.Moment moment = pair.moment().get();
        Played played = Turns.play(moment.given(), moment.calls(), abreast, order);
        return new Sequel(played.trace(), pair.end(moment, played.failed()));
    }

    /** This caller to its end, then the other. */
    private static TurnOrder after(int first) {
        return (able, turns) -> able.contains(first) ? first : able.getFirst();
    }

    /** This caller up to its n-th call; then the other to its end; then the rest. */
    private static TurnOrder overtakenBefore(int n, int caller) {
        return (able, turns) ->
                turns < n && able.contains(caller)
                        ? caller
                        : able.stream().filter(other -> other != caller).findFirst().orElse(caller);
    }
}
