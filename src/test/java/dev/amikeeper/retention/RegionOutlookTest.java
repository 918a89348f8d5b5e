package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Effort;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.usage.Usage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** A plan that is made a few images at a time is the plan that is made at once. */
final class RegionOutlookTest {
    private static final Instant NOW = Instant.parse("2026-06-01T04:00:00Z");

    static LongStream fleets() {
        return LongStream.range(0, Effort.of(300, 5_000));
    }

    @ParameterizedTest
    @MethodSource("fleets")
    void aFewAtATimeTheSameImagesGoAsAtOnce(long seed) {
        Fleet fleet = new Fleet(new Random(seed));
        RegionOutlook outlook = fleet.outlook();
        List<Image> candidates = outlook.plan().candidates();
        PrunePlan atOnce = outlook.judgeAll(fleet.asked(candidates));

        List<Image> some = new ArrayList<>(candidates);
        Collections.shuffle(some, fleet.random);
        List<Verdict> judged = new ArrayList<>();
        while (!some.isEmpty()) {
            List<Image> slice = some.subList(0, 1 + fleet.random.nextInt(some.size()));
            judged.addAll(outlook.judge(slice, fleet.asked(slice)).verdicts());
            slice.clear();
        }

        assertThat(steps(outlook.with(judged).verdicts())).isEqualTo(steps(atOnce.verdicts()));
        assertThat(outlook.with(judged).upkeep()).isEqualTo(atOnce.upkeep());
    }

    @ParameterizedTest
    @MethodSource("fleets")
    void noChecksLetMoreGoThanTheOutlook(long seed) {
        Fleet fleet = new Fleet(new Random(seed));
        RegionOutlook outlook = fleet.outlook();
        List<Image> candidates = outlook.plan().candidates();
        PrunePlan atOnce = outlook.judgeAll(fleet.asked(candidates));

        assertThat(candidates).containsAll(atOnce.candidates());
        PolicyPlan.PolicyFindings found =
                new PolicyPlan.PolicyFindings(Optional.of(1), Map.of(), List.of());
        if (PolicyPlan.of(fleet.policy, List.of(outlook.plan()), found).alarms().isEmpty()) {
            assertThat(PolicyPlan.of(fleet.policy, List.of(atOnce), found).alarms()).isEmpty();
        }
        if (candidates.stream().noneMatch(Image::adopted)) {
            assertThat(atOnce.verdicts()).noneMatch(Verdict.Await.class::isInstance);
        }
    }

    @Test
    void theFleetsHaveWhatMatters() {
        Set<Class<?>> outcomes = new HashSet<>();
        Set<Class<?>> outOfCandidates = new HashSet<>();
        int alarms = 0;
        for (long seed = 0; seed < 300; seed++) {
            Fleet fleet = new Fleet(new Random(seed));
            RegionOutlook outlook = fleet.outlook();
            Set<Image> candidates = Set.copyOf(outlook.plan().candidates());
            PrunePlan atOnce = outlook.judgeAll(fleet.asked(candidates));
            for (Verdict verdict : atOnce.verdicts()) {
                outcomes.add(verdict.getClass());
                if (candidates.contains(verdict.image())) {
                    outOfCandidates.add(verdict.getClass());
                }
            }
            alarms +=
                    PolicyPlan.of(
                                    fleet.policy,
                                    List.of(outlook.plan()),
                                    new PolicyPlan.PolicyFindings(
                                            Optional.of(1), Map.of(), List.of()))
                            .alarms()
                            .size();
        }
        assertThat(outcomes).hasSize(7);
        assertThat(outOfCandidates)
                .contains(
                        Verdict.Kept.class,
                        Verdict.CallOff.class,
                        Verdict.Remove.class,
                        Verdict.Disable.class);
        assertThat(alarms).isBetween(20, 280);
    }

    /** What becomes of each image; the words of a reason do not matter. */
    private static Map<Image, Object> steps(List<Verdict> verdicts) {
        return verdicts.stream()
                .collect(
                        Collectors.toMap(
                                Verdict::image,
                                verdict ->
                                        verdict instanceof Verdict.Kept
                                                ? Verdict.Kept.class
                                                : verdict));
    }

    /** Images in all states, of which some are used and shared. */
    private static final class Fleet {
        private final Random random;
        private final Policy policy;
        private final List<Image> records = new ArrayList<>();
        private final Map<ImageId, Ami> inEc2 = new HashMap<>();
        private final Map<ImageId, List<String>> users = new HashMap<>();
        private final Map<ImageId, List<String>> referring = new HashMap<>();
        private final Map<ImageId, List<String>> permissions = new HashMap<>();
        private final Set<ImageRef> copied = new HashSet<>();
        private final Map<InstanceId, Instant> gone = new HashMap<>();

        Fleet(Random random) {
            this.random = random;
            policy =
                    RetentionCases.retiring(
                            RetentionCases.policy(
                                    Optional.of(
                                            RetentionCases.keep(
                                                    oneOf(
                                                            "last: 2",
                                                            "last: 1, atLeast: 2",
                                                            "daily: 3, weekly: 1",
                                                            "within: 48h, atLeast: 1"))),
                                    new Policy.Limits(
                                            maybe(2, 5 + random.nextInt(40)),
                                            maybe(2, 1 + random.nextInt(4)))),
                            new Policy.Retire(Optional.empty(), maybe(2, Duration.ofDays(3))),
                            random.nextBoolean());
            for (int instance = 0; instance < 1 + random.nextInt(4); instance++) {
                int nights = random.nextInt(15);
                for (int night = 0; night < nights; night++) {
                    add("i-" + instance, NOW.minus(Duration.ofDays(night + 1L)));
                }
            }
        }

        private void add(String instance, Instant slot) {
            Image good = RetentionCases.image(instance, slot);
            ImageId id = good.id().orElseThrow();
            Ami ami = RetentionCases.ami(good);
            switch (random.nextInt(12)) {
                case 0 -> records.add(RetentionCases.adopted(good));
                case 1 -> records.add(good.failed("no", slot));
                case 2 -> {
                    Image disabling = disabling(good);
                    records.add(disabling.disabledUntil(NOW.minusSeconds(60), slot));
                    ami = RetentionCases.inState(ami, oneOf("disabled", "disabled", "available"));
                }
                case 3 -> {
                    records.add(disabling(good).disabledUntil(NOW.plusSeconds(60), slot));
                    ami = RetentionCases.inState(ami, "disabled");
                }
                case 4 -> records.add(disabling(good));
                case 5 -> records.add(good.retiring("old", RetentionCases.snapshots(good), slot));
                default -> records.add(good);
            }
            if (chance(9)) {
                ami = RetentionCases.tagged(ami, ImageTags.HOLD, "yes");
            }
            if (!chance(12)) {
                inEc2.put(id, ami);
            }
            if (chance(8)) {
                users.put(id, List.of("instance i-9"));
            }
            if (chance(6)) {
                referring.put(id, List.of("recipe r"));
            }
            if (!chance(8)) {
                permissions.put(id, chance(6) ? List.of("111122223333") : List.of());
            }
            if (chance(15)) {
                copied.add(new ImageRef(good.region(), id));
            }
        }

        private Image disabling(Image good) {
            List<String> shared = chance(3) ? List.of("111122223333") : List.of();
            return good.disabling(
                    "old",
                    RetentionCases.snapshots(good),
                    shared,
                    NOW.minus(chance(2) ? Duration.ofDays(1) : Duration.ofMinutes(1)));
        }

        RegionOutlook outlook() {
            return new RegionOutlook(
                    policy,
                    RetentionCases.HOME,
                    records,
                    List.of(),
                    new Evidence(
                            inEc2,
                            Usage.of(
                                    List.of(
                                            new Usage.Report(
                                                    "instances", NOW, users, Optional.empty()))),
                            Optional.empty(),
                            copied,
                            Optional.of(Set.of()),
                            gone,
                            NOW));
        }

        /** What the checks of these images say. */
        Evidence asked(Collection<Image> some) {
            Set<ImageId> ids =
                    some.stream().flatMap(it -> it.id().stream()).collect(Collectors.toSet());
            Map<ImageId, List<String>> read = new HashMap<>(permissions);
            read.keySet().retainAll(ids);
            Map<ImageId, List<String>> found = new HashMap<>(referring);
            found.keySet().retainAll(ids);
            return outlook()
                    .plan()
                    .evidence()
                    .with(
                            List.of(
                                    new Usage.Report("references", NOW, found, Optional.empty())
                                            .askedOnly(ids)),
                            read);
        }

        private boolean chance(int of) {
            return random.nextInt(of) == 0;
        }

        private <T> Optional<T> maybe(int of, T what) {
            return chance(of) ? Optional.of(what) : Optional.empty();
        }

        private String oneOf(String... all) {
            return all[random.nextInt(all.length)];
        }
    }
}
