package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.amikeeper.Scene.Moment;
import dev.amikeeper.Turns.Played;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.local.CallerKilled;
import dev.amikeeper.local.Faults;
import dev.amikeeper.local.TurnTaker.TurnOrder;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Each function dies before and after each of its outside calls, one after the other, and the world
 * ends as it does if nobody dies. So it does if the function makes its calls side by side, in
 * random order, and all its workers die at once.
 */
final class CrashAtEveryCallTest {
    private record Call(String action, String region) {
        @Override
        public String toString() {
            return action + " in " + region;
        }
    }

    @TestFactory
    Stream<DynamicTest> theEndIsTheSameAfterADeathAtAnyCallThatThePlatformRepeats() {
        return Scenes.inMemory().all().stream()
                .map(scene ->
                        DynamicTest.dynamicTest(
                                scene.toString(), () -> diesAtEveryCall(scene, true)));
    }

    @TestFactory
    Stream<DynamicTest> theEndIsTheSameAfterADeathAtAnyCallThatNobodyRepeats() {
        return Scenes.inMemory().all().stream()
                .filter(Scene::unrepeated)
                .map(scene ->
                        DynamicTest.dynamicTest(
                                scene.toString(), () -> diesAtEveryCall(scene, false)));
    }

    @TestFactory
    Stream<DynamicTest> theEndIsTheSameAfterADeathAtAnyCallOfWorkersSideBySide() {
        return Scenes.inMemory().all().stream()
                .map(scene ->
                        DynamicTest.dynamicTest(scene.toString(), () -> diesAmongWorkers(scene)));
    }

    private static void diesAmongWorkers(Scene scene) {
        int calls = calls(scene).size();
        List<String> expected = scene.undisturbed();
        List<String> wrong = new ArrayList<>();
        // Another order for each call, and other calls for each scene.
        int step = Effort.of(7, 1);
        int begin = Effort.of(1 + Math.floorMod(scene.toString().hashCode(), step), 1);
        for (int n = begin; n <= calls; n += step) {
            boolean before = n % 2 == 0;
            Moment moment = scene.moment().get();
            TestDeployment given = moment.given();
            dies(given, n, before);
            Played played =
                    Turns.play(
                            given,
                            List.of(moment.call()),
                            SideBySide.EIGHT.abreast(),
                            TurnOrder.uneven(n));
            given.cloud.faults().clear();
            if (played.failed().isEmpty()) {
                // In this order it makes fewer calls.
                continue;
            }
            if (n % 4 < 2 || !scene.unrepeated()) {
                repeat(scene, moment);
            }
            List<String> end = moment.end(scene.days());
            if (!end.equals(expected)) {
                wrong.add(
                        "%s, killed %s call %d, the last of these:\n         %s%s"
                                .formatted(
                                        scene,
                                        before ? "before" : "after",
                                        n,
                                        String.join("\n         ", played.trace()),
                                        EndState.difference(expected, end)));
            }
        }
        if (!wrong.isEmpty()) {
            fail(wrong.size() + " deaths change the end:\n" + String.join("\n", wrong));
        }
    }

    private static void diesAtEveryCall(Scene scene, boolean repeated) {
        List<Call> calls = calls(scene);
        assertThat(calls)
                .as("the calls of %s", scene)
                .extracting(Call::action)
                .containsAll(scene.makes());
        List<String> expected = scene.undisturbed();
        List<String> wrong = new ArrayList<>();
        // At night each call; else each third one, others in either way.
        int step = Effort.of(3, 1);
        for (int n = repeated || Effort.isNightly() ? 1 : 2; n <= calls.size(); n += step) {
            // After a call is where the next one has not begun: before it the same world is left.
            for (boolean before :
                    n == 1 || Effort.isNightly() ? List.of(true, false) : List.of(false)) {
                String where =
                        "%s, killed %s call %d of %d, %s, and %s"
                                .formatted(
                                        scene,
                                        before ? "before" : "after",
                                        n,
                                        calls.size(),
                                        calls.get(n - 1),
                                        repeated ? "repeated" : "not repeated");
                List<String> end = endAfterDeath(scene, n, before, repeated, where);
                if (!end.equals(expected)) {
                    wrong.add(where + EndState.difference(expected, end));
                }
            }
        }
        if (!wrong.isEmpty()) {
            fail(wrong.size() + " deaths change the end:\n" + String.join("\n", wrong));
        }
    }

    /** What the function calls when all goes well, in order. */
    private static List<Call> calls(Scene scene) {
        Moment moment = scene.moment().get();
        List<Call> calls = new ArrayList<>();
        moment.given().cloud.watch((action, region) -> calls.add(new Call(action, region)));
        moment.call().run();
        return calls;
    }

    private static List<String> endAfterDeath(
            Scene scene, int call, boolean before, boolean repeated, String where) {
        Moment moment = scene.moment().get();
        TestDeployment given = moment.given();
        dies(given, call, before);
        try {
            moment.call().run();
            fail(where + ": nobody died");
        } catch (CallerKilled asTold) {
            given.cloud.faults().clear();
        }
        if (repeated) {
            repeat(scene, moment);
        }
        return moment.end(scene.days());
    }

    private static void dies(TestDeployment given, int call, boolean before) {
        Faults.CallMatcher fault = given.cloud.faults().calls().nth(call);
        if (before) {
            fault.killBefore();
        } else {
            fault.killAfter();
        }
    }

    private static void repeat(Scene scene, Moment moment) {
        TestDeployment given = moment.given();
        given.deployment.runUntil(given.cloud.now().plus(scene.repeatedAfter()));
        moment.call().run();
    }
}
