package dev.amikeeper.retention;

import static dev.amikeeper.retention.Given.HOME;
import static dev.amikeeper.retention.Given.inState;
import static dev.amikeeper.retention.Given.keep;
import static dev.amikeeper.retention.Given.policy;
import static dev.amikeeper.retention.Given.snapshots;
import static dev.amikeeper.retention.Given.tagged;
import static dev.amikeeper.retention.Given.withTags;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.retention.Usage.Probe;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/**
 * Random histories: "Nothing needed is deleted", stated once more and image by image, without a
 * look at the plan's own words.
 */
final class PrunePlanHistoriesTest {
    private static final Instant NOW = Instant.parse("2027-01-04T05:00:00Z");
    private static final List<String> RULES =
            List.of(
                    "last: 1",
                    "last: 3, atLeast: 2",
                    "hourly: 5, atLeast: 1",
                    "daily: 4",
                    "daily: 2, weekly: 3, atLeast: 4",
                    "weekly: 2, monthly: 2, yearly: 2",
                    "within: 48h, atLeast: 1",
                    "last: 1, daily: 2, monthly: 1, within: 6h, atLeast: 1");
    private static final List<String> ZONES =
            List.of("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati");

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothingNeededIsRemovedAndNothingElseStays(long seed) {
        World world = new World(seed);
        PrunePlan plan = world.plan();

        List<Image> free = world.records.stream().filter(world::mayGo).toList();
        boolean tooMuch = world.isTooMuch(free.size());
        assertThat(of(plan, Verdict.Remove.class))
                .containsExactlyInAnyOrderElementsOf(tooMuch ? List.of() : free);
        assertThat(plan.blocked().isPresent()).isEqualTo(tooMuch);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void enoughGoodImagesAreLeftOfEveryInstance(long seed) {
        World world = new World(seed);
        List<Image> removed = of(world.plan(), Verdict.Remove.class);

        for (Image image : removed) {
            assertThat(world.historyOf(image))
                    .filteredOn(other -> other.name().slot().compareTo(image.name().slot()) > 0)
                    .filteredOn(world::isGood)
                    .filteredOn(other -> !removed.contains(other))
                    .hasSizeGreaterThanOrEqualTo(world.keep.orElseThrow().atLeast());
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyImageIsJudgedOnceAndEveryOneThatStaysSaysWhy(long seed) {
        World world = new World(seed);
        PrunePlan plan = world.plan();

        assertThat(plan.verdicts())
                .extracting(Verdict::image)
                .containsExactlyInAnyOrderElementsOf(world.records);
        assertThat(plan.verdicts())
                .allSatisfy(verdict -> {
                    switch (verdict) {
                        case Verdict.Keep(_, var reasons) -> assertThat(reasons).isNotEmpty();
                        case Verdict.CallOff(var image, var reasons) -> {
                            assertThat(reasons).isNotEmpty();
                            assertThat(image.state()).isEqualTo(ImageState.RETIRING);
                            assertThat(world.isGood(image)).isTrue();
                        }
                        case Verdict.Remove(var image, _, var snapshots) ->
                                assertThat(snapshots).isEqualTo(snapshots(image));
                        case Verdict.Finish(var image, var snapshots) -> {
                            assertThat(image.state()).isEqualTo(ImageState.RETIRING);
                            assertThat(world.ami(image)).isEmpty();
                            assertThat(snapshots).isEqualTo(image.snapshots());
                        }
                    }
                });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theOrderInWhichTheRecordsComeDoesNotMatter(long seed) {
        World world = new World(seed);
        PrunePlan plan = world.plan();

        Collections.shuffle(world.records, new Random(seed));
        assertThat(world.plan()).isEqualTo(plan);
    }

    @Test
    void theseHistoriesHoldEveryKindOfVerdictAndReason() {
        Set<Object> seen = new HashSet<>();
        seeds().mapToObj(World::new)
                .flatMap(world -> world.plan().verdicts().stream())
                .forEach(verdict -> {
                    seen.add(verdict.getClass());
                    if (verdict instanceof Verdict.Keep(_, var reasons)) {
                        reasons.forEach(reason -> seen.add(reason.kind()));
                    }
                });

        assertThat(seen)
                .contains(
                        Arrays.stream(Reason.Kind.values())
                                // None of these policies retires in stages.
                                .filter(kind -> kind != Reason.Kind.STAGES)
                                .toArray())
                .contains((Object[]) Verdict.class.getPermittedSubclasses());
    }

    private static List<Image> of(PrunePlan plan, Class<? extends Verdict> kind) {
        return plan.verdicts().stream().filter(kind::isInstance).map(Verdict::image).toList();
    }

    /** A random catalogue, EC2 and policy that mostly agree. */
    private static final class World {
        private final Random random;
        private final List<Image> records = new ArrayList<>();
        private final Map<ImageId, Ami> inEc2 = new HashMap<>();
        private final Map<ImageId, List<String>> users = new HashMap<>();
        private final Set<ImageRef> copySources = new HashSet<>();
        private final List<Probe> probes;
        private final Optional<Keep> keep;
        private final Policy policy;

        World(long seed) {
            random = new Random(seed);
            int instances = 1 + random.nextInt(3);
            for (int instance = 1; instance <= instances; instance++) {
                int steps = random.nextInt(40);
                Instant slot = NOW.plus(Duration.ofHours(random.nextInt(60) == 0 ? 30 : 0));
                for (int step = 0; step < steps; step++) {
                    add("i-" + instance, slot);
                    slot = slot.minus(gap());
                }
            }
            boolean denied = oneIn(15);
            Probe instancesProbe = new Probe("instances", NOW, users, Optional.empty());
            Probe templates =
                    new Probe(
                            "launch templates",
                            NOW,
                            Map.of(),
                            denied ? Optional.of("denied") : Optional.empty());
            probes = oneIn(30) ? List.of() : List.of(instancesProbe, templates);
            keep =
                    oneIn(20)
                            ? Optional.empty()
                            : Optional.of(keep(oneOf(RULES), ZoneId.of(oneOf(ZONES))));
            Policy.Limits limits =
                    new Policy.Limits(
                            oneIn(4) ? Optional.of(random.nextInt(101)) : Optional.empty(),
                            oneIn(4) ? Optional.of(random.nextInt(40)) : Optional.empty());
            policy = policy(keep, limits);
        }

        private void add(String instance, Instant slot) {
            Image good = Given.image(instance, slot);
            Image intent = Given.intent(instance, slot);
            ImageId id = good.id().orElseThrow();
            Image record =
                    switch (random.nextInt(30)) {
                        case 0 -> intent;
                        case 1 -> intent.failed("gone", slot);
                        case 2 -> intent.started(id, 2, slot);
                        case 3, 4, 5 -> good.retiring("no rule keeps it", snapshots(good), NOW);
                        case 6 -> Given.adopted(good);
                        case 7 -> good.disabledByOthers(true);
                        default -> good;
                    };
            records.add(record);
            Ami ami = Given.ami(good);
            switch (random.nextInt(30)) {
                case 0, 1 -> {}
                case 2 -> inEc2.put(id, inState(ami, "disabled"));
                case 3 -> inEc2.put(id, inState(ami, "deregistered"));
                case 4 -> inEc2.put(id, inState(ami, "failed"));
                case 5 -> inEc2.put(id, tagged(ami, ImageTags.HOLD, oneIn(2) ? "" : "audit"));
                case 6 -> inEc2.put(id, withTags(ami, Map.of("Name", "web")));
                case 7 -> inEc2.put(id, tagged(ami, ImageTags.POLICY, "silver"));
                default -> inEc2.put(id, ami);
            }
            if (oneIn(20)) {
                users.put(id, List.of("i-9"));
            }
            if (oneIn(20)) {
                copySources.add(new ImageRef(HOME, id));
            }
        }

        private Duration gap() {
            return switch (random.nextInt(6)) {
                case 0 -> Duration.ofSeconds(1);
                case 1 -> Duration.ofHours(1);
                case 2 -> Duration.ofHours(7);
                case 3 -> Duration.ofDays(1);
                case 4 -> Duration.ofDays(9);
                default -> Duration.ofDays(random.nextInt(60)).plusHours(1);
            };
        }

        private boolean oneIn(int chances) {
            return random.nextInt(chances) == 0;
        }

        private String oneOf(List<String> all) {
            return all.get(random.nextInt(all.size()));
        }

        PrunePlan plan() {
            return PrunePlan.limited(
                            policy.limits(),
                            List.of(
                                    PrunePlan.of(
                                            policy,
                                            HOME,
                                            records,
                                            inEc2,
                                            Usage.of(probes),
                                            copySources,
                                            NOW)))
                    .getFirst();
        }

        /** The invariant, sentence by sentence. */
        boolean mayGo(Image image) {
            Optional<Ami> ami = ami(image);
            if (ami.isEmpty() || !isGood(image) || keep.isEmpty()) {
                return false;
            }
            ImageId id = ami.get().id();
            Map<String, String> tags = ami.get().tags();
            boolean ourTags =
                    image.name().policy().equals(tags.get(ImageTags.POLICY))
                            && image.name().instance().value().equals(tags.get(ImageTags.INSTANCE))
                            && image.name().slot().toString().equals(tags.get(ImageTags.SLOT));
            boolean provenUnused =
                    !probes.isEmpty()
                            && probes.stream().allMatch(probe -> probe.unknown().isEmpty())
                            && !users.containsKey(id);
            return ourTags
                    && !image.adopted()
                    && !tags.containsKey(ImageTags.HOLD)
                    && provenUnused
                    && !copySources.contains(new ImageRef(HOME, id))
                    && !isFuture(image)
                    && !isKept(image, keep.get());
        }

        private boolean isKept(Image image, Keep rules) {
            List<Image> ruled =
                    historyOf(image).stream()
                            .filter(this::isGood)
                            .filter(other -> !isFuture(other))
                            .toList();
            List<Image> newer =
                    ruled.stream().filter(other -> time(other).isAfter(time(image))).toList();
            Instant newest = ruled.stream().map(World::time).max(Instant::compareTo).orElseThrow();
            return newer.size() < rules.last()
                    || newer.size() < rules.atLeast()
                    || isOneOf(image, ruled, rules.hourly(), "uuuu-MM-dd HH xxx")
                    || isOneOf(image, ruled, rules.daily(), "uuuu-MM-dd")
                    || isOneOf(image, ruled, rules.weekly(), "YYYY ww")
                    || isOneOf(image, ruled, rules.monthly(), "uuuu-MM")
                    || isOneOf(image, ruled, rules.yearly(), "uuuu")
                    || rules.within()
                            .filter(span ->
                                    Duration.between(time(image), newest).compareTo(span) < 0)
                            .isPresent();
        }

        /** Whether so many newest periods have it as their newest, or too few as the oldest. */
        private boolean isOneOf(Image image, List<Image> ruled, int count, String pattern) {
            // Germany's weeks are ISO's.
            DateTimeFormatter format = DateTimeFormatter.ofPattern(pattern, Locale.GERMANY);
            ZoneId zone = keep.orElseThrow().zone();
            Function<Image, String> period =
                    each -> format.format(ZonedDateTime.ofInstant(time(each), zone));
            Predicate<Image> same = each -> period.apply(each).equals(period.apply(image));
            List<Image> newer =
                    ruled.stream().filter(other -> time(other).isAfter(time(image))).toList();
            long newerPeriods = newer.stream().map(period).distinct().count();
            boolean isOldest = newer.size() == ruled.size() - 1;
            return newerPeriods < count && (isOldest || newer.stream().noneMatch(same));
        }

        boolean isTooMuch(int removals) {
            long good = records.stream().filter(this::isGood).count();
            return policy.limits().maxRemoveCount().filter(most -> removals > most).isPresent()
                    || policy.limits()
                            .maxRemovePercent()
                            .filter(most -> removals > good * most / 100.0)
                            .isPresent();
        }

        Optional<Ami> ami(Image image) {
            return image.id()
                    .flatMap(id -> Optional.ofNullable(inEc2.get(id)))
                    .filter(ami -> !ami.state().equals("deregistered"));
        }

        boolean isGood(Image image) {
            boolean byRecord =
                    (image.state() == ImageState.AVAILABLE && !image.disabled())
                            || image.state() == ImageState.RETIRING;
            return byRecord
                    && ami(image).filter(ami -> ami.state().equals("available")).isPresent();
        }

        List<Image> historyOf(Image image) {
            return records.stream()
                    .filter(other -> other.name().instance().equals(image.name().instance()))
                    .toList();
        }

        private static boolean isFuture(Image image) {
            return time(image).isAfter(NOW);
        }

        private static Instant time(Image image) {
            return image.name().slot().time();
        }
    }
}
