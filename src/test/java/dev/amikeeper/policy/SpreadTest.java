package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** When the images of a slot start. */
final class SpreadTest {
    private static final Region HOME = new Region("us-east-1");
    private static final Slot SLOT = new Slot(Instant.parse("2026-03-01T02:00:00Z"));

    /** A change of these would make the servers of a deployment start at other times. */
    @ParameterizedTest
    @CsvSource({
        "gold, i-0abcdef1234567890, 5617",
        "gold, i-1, 1795",
        "silver, i-1, 6489",
    })
    void givesAnInstanceTheSameTimeInEveryVersion(String policy, String instance, long seconds) {
        assertThat(policy(policy, "2h").start(SLOT, new InstanceId(instance)))
                .isEqualTo(SLOT.time().plusSeconds(seconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1s", "7m", "2h", "12h"})
    void startsEveryImageWithinTheSpread(String spread) {
        Policy policy = policy("gold", spread);
        Duration within = policy.schedule().orElseThrow().spread();

        for (InstanceId instance : instances(10_000)) {
            Duration offset = offset(policy, SLOT, instance);
            assertThat(offset).isBetween(Duration.ZERO, within.minusSeconds(1));
        }
    }

    @Test
    void startsAnInstanceAtTheSameTimeAfterEverySlot() {
        Policy policy = policy("gold", "2h");
        Slot later = new Slot(Instant.parse("2026-10-25T00:00:00Z"));

        assertThat(instances(100))
                .allMatch(it -> offset(policy, SLOT, it).equals(offset(policy, later, it)));
    }

    /** Chance alone exceeds this chi-square of 24 groups about once in a thousand times. */
    @Test
    void spreadsTheImagesEvenly() {
        Policy policy = policy("gold", "2h");
        Map<Long, Integer> groups = new HashMap<>();

        instances(10_000)
                .forEach(it ->
                        groups.merge(offset(policy, SLOT, it).toMinutes() / 5, 1, Integer::sum));

        double expected = 10_000 / 24.0;
        assertThat(groups).hasSize(24);
        assertThat(
                        groups.values().stream()
                                .mapToDouble(n -> (n - expected) * (n - expected) / expected)
                                .sum())
                .isLessThan(50);
    }

    @Test
    void startsAtTheSlotWithoutASpread() {
        Policy policy = parse("schedule: {cron: \"0 2 * * *\"}", "gold");

        assertThat(policy.start(SLOT, new InstanceId("i-1"))).isEqualTo(SLOT.time());
        assertThat(policy.schedule().orElseThrow().spread()).isZero();
    }

    @Test
    void hintsAtASpreadThatSpreadsHardlyAnything() {
        Policies policies = policies("schedule: {cron: \"0 2 * * *\", spread: 9m}", "gold");

        assertThat(policies.hints())
                .containsExactly(
                        "policies.yaml:4:43 policies.gold.schedule.spread: images start in groups,"
                                + " one every 5 minutes, so this makes two or three of them; write"
                                + " 10m or more");
        assertThat(policies("schedule: {every: 1h, spread: 10m}", "gold").hints()).isEmpty();
    }

    private static Duration offset(Policy policy, Slot slot, InstanceId instance) {
        return Duration.between(slot.time(), policy.start(slot, instance));
    }

    /** Ids as EC2 makes them. */
    private static List<InstanceId> instances(int count) {
        Random random = new Random(2);
        return IntStream.range(0, count)
                .mapToObj(_ -> new InstanceId("i-0%016x".formatted(random.nextLong() >>> 4)))
                .toList();
    }

    private static Policy policy(String name, String spread) {
        return parse("schedule: {cron: \"0 2 * * *\", spread: %s}".formatted(spread), name);
    }

    private static Policy parse(String schedule, String name) {
        return policies(schedule, name).all().getFirst();
    }

    private static Policies policies(String schedule, String name) {
        String yaml =
                "policies:\n  " + name + ":\n    select: {tags: {backup: gold}}\n    " + schedule;
        return Policies.parse(yaml, "policies.yaml", HOME, Set.of(HOME));
    }
}
