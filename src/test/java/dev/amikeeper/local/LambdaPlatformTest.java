package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.TurnTaker.Latency;
import dev.amikeeper.local.TurnTaker.TurnOrder;
import dev.amikeeper.policy.Policies;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

final class LambdaPlatformTest {
    private static final Instant START = Instant.parse("2026-03-01T01:55:00Z");
    private static final Region HOME = new Region("us-east-1");
    private static final String WEST = "us-west-2";
    private static final String IRELAND = "eu-west-1";
    private static final String POLICY =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
                replicate: {us-west-2: {}, eu-west-1: {}}
            """;

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final List<String> calls = new ArrayList<>();
    private Duration latency = Duration.ofMillis(300);

    @Test
    void everyImageOfASlotIsMadeAndCopied() {
        servers(12);

        LambdaPlatform platform = played(Duration.ofMinutes(118));

        for (String region : List.of(HOME.name(), WEST, IRELAND)) {
            assertThat(cloud.images(region)).hasSize(12);
        }
        assertThat(platform.metrics())
                .containsEntry("CreateImageFunction.started", 12)
                .containsEntry("CopyImageFunction.started", 24)
                .containsEntry("ImageStateFunction.available", 36);
        assertThat(platform.failures()).isEmpty();
        assertThat(platform.deadLetters()).isEmpty();
        assertThat(platform.deadKicks()).isZero();
        assertThat(platform.isIdle()).isTrue();
    }

    @Test
    void playIsTheSameEachTime() {
        servers(5);
        LambdaPlatform platform = played(Duration.ofHours(1));
        LambdaPlatformTest again = new LambdaPlatformTest();
        again.servers(5);
        LambdaPlatform same = again.played(Duration.ofHours(1));

        assertThat(again.calls).isEqualTo(calls).isNotEmpty();
        assertThat(same.use()).isEqualTo(platform.use());
    }

    @Test
    void warmEnvironmentIsUsedAgain() {
        FunctionUse ticks = use(played(Duration.ofMinutes(26)), "ScheduleFunction");

        assertThat(ticks).extracting(FunctionUse::calls).isEqualTo(6);
        assertThat(ticks).extracting(FunctionUse::coldStarts).isEqualTo(1);
    }

    @Test
    void environmentThatNobodyCallsIsLost() {
        FunctionUse sweeps = use(played(Duration.ofHours(1)), "SweepFunction");

        assertThat(sweeps).extracting(FunctionUse::calls).isEqualTo(4);
        assertThat(sweeps).extracting(FunctionUse::coldStarts).isEqualTo(4);
    }

    @Test
    void coldStartIsWaitedForAndBilled() {
        LambdaPlatform platform = played(Duration.ofMinutes(1));

        FunctionUse ticks = use(platform, "ScheduleFunction");
        assertThat(calls.getFirst()).startsWith("2026-03-01T01:55:02");
        assertThat(ticks)
                .extracting(FunctionUse::billedMillis)
                .isEqualTo(2000 + 300 * count("ScheduleFunction"));
    }

    @Test
    void oneWorkerServesARegionAtATime() {
        servers(30);

        LambdaPlatform platform = played(Duration.ofHours(2));

        assertThat(use(platform, "CreateImageFunction"))
                .extracting(FunctionUse::mostAtOnce)
                .isEqualTo(1);
        assertThat(use(platform, "CopyImageFunction"))
                .extracting(FunctionUse::mostAtOnce)
                .isEqualTo(2);
        assertThat(use(platform, "ImageStateFunction").mostAtOnce()).isGreaterThan(2);
    }

    @Test
    void functionThatOutlivesItsTimeIsKilledAndItsEventRepeatedTwice() {
        latency = Duration.ofMinutes(4);

        LambdaPlatform platform = played(Duration.ofMinutes(30));

        FunctionUse ticks = use(platform, "ScheduleFunction");
        assertThat(ticks.timeouts()).isPositive().isEqualTo(ticks.failures());
        assertThat(platform.deadLetters())
                .first()
                .satisfies(dead -> {
                    assertThat(dead.function()).isEqualTo("ScheduleFunction");
                    assertThat(dead.event()).containsEntry("time", START.toString());
                });
        // Three tries of 5 minutes with their cold starts, and the pauses of 1 and 2 minutes.
        String third = "2026-03-01T02:10:06";
        assertThat(calls).anyMatch(call -> call.startsWith(third) && call.endsWith(" Query"));
    }

    @Test
    void eventIsRepeatedAfterItsFunctionFailed() {
        cloud.faults().calls("Query").nth(1).error("ValidationException", 400);

        LambdaPlatform platform = played(Duration.ofMinutes(4));

        assertThat(use(platform, "ScheduleFunction").failures()).isEqualTo(1);
        assertThat(platform.failures().firstKey()).startsWith("ScheduleFunction: ");
        assertThat(platform.deadLetters()).isEmpty();
        assertThat(calls).anyMatch(call -> call.startsWith("2026-03-01T01:56:0"));
    }

    @Test
    void clientsRepeatCallsThatAreThrottled() {
        servers(1);
        cloud.faults().calls("CreateImage").times(3).throttle();

        LambdaPlatform platform = played(Duration.ofMinutes(20));

        assertThat(cloud.calls()).containsEntry("CreateImage", 4);
        assertThat(platform.metrics())
                .containsEntry("CreateImageFunction.started", 1)
                .containsEntry("CreateImageFunction.waiting", 0);
    }

    private static FunctionUse use(LambdaPlatform platform, String function) {
        return Objects.requireNonNull(platform.use().get(function));
    }

    private long count(String function) {
        return calls.stream().filter(call -> call.contains(" " + function + " ")).count();
    }

    private void servers(int count) {
        for (int i = 0; i < count; i++) {
            cloud.launch(HOME.name(), Map.of("backup", "gold"), List.of(8));
        }
    }

    private LambdaPlatform played(Duration time) {
        Policies policies =
                Policies.parse(POLICY, "policies.yaml", HOME, Application.regions(HOME));
        Latency of = (action, region) -> latency;
        try (TurnTaker turns = new TurnTaker(cloud, of, TurnOrder.FIRST_COME)) {
            LambdaPlatform platform =
                    new LambdaPlatform(cloud, turns, HOME, policies, LambdaPlatform.Setup.USUAL);
            cloud.watch(
                    new CallWatch() {
                        @Override
                        public void before(String action, String region) {
                            platform.before(action, region);
                            platform.caller()
                                    .ifPresent(function ->
                                            calls.add(cloud.now() + " " + function + " " + action));
                        }

                        @Override
                        public void after(String action, String region) {
                            platform.after(action, region);
                        }

                        @Override
                        public boolean again(int attempts, RuntimeException failure) {
                            return platform.again(attempts, failure);
                        }
                    });
            platform.runUntil(START.plus(time));
            return platform;
        }
    }
}
