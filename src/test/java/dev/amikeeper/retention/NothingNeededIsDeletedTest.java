package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Effort;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.simulation.RulesByHand;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Invariants 4 and 5 over 400 random histories a world, policies and usages: pruned day after day
 * under faults, then judged by what the cloud has in the end, not by what the plans said.
 */
final class NothingNeededIsDeletedTest {
    private static final int WORLDS = Effort.of(4, 25);
    private static final int POLICIES = 10;
    private static final int INSTANCES = 40;
    private static final Instant LAST_SLOT = TestDeployment.START.plus(Duration.ofDays(430));
    private static final String BUCKET = "archive";
    private static final List<String> RULES =
            List.of(
                    "last: 1",
                    "last: 2, atLeast: 3",
                    "daily: 3",
                    "daily: 2, weekly: 2, atLeast: 2",
                    "weekly: 2, monthly: 2, yearly: 2",
                    "within: 200h, atLeast: 1",
                    "hourly: 2, monthly: 3, atLeast: 2",
                    "last: 1, within: 30h, yearly: 1");
    private static final List<String> ZONES =
            List.of("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati");
    private static final AtomicInteger removedInAll = new AtomicInteger();
    private static final AtomicInteger storedInAll = new AtomicInteger();

    static LongStream seeds() {
        return LongStream.range(0, WORLDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothingNeededIsDeletedAndNothingIsLeftBehind(long seed) {
        World world = new World(seed);

        world.prunedForWeeks();

        world.everythingNeededIsThere();
        world.enoughIsLeftOfEveryInstance();
        world.noSnapshotIsLeftBehind();
        world.theCatalogueAgrees();
        world.nothingIsGoneThatWasToBeStored();
        removedInAll.addAndGet(world.removed().size());
    }

    @AfterAll
    static void muchWasRemoved() {
        assertThat(removedInAll.get()).isGreaterThan(400 * WORLDS);
        assertThat(storedInAll.get()).isGreaterThan(4 * WORLDS);
    }

    /** One image of the beginning, and what a person would say of it. */
    private static final class Fact {
        private final Image image;
        private boolean good = true;
        private boolean needed;
        private boolean byHand;

        Fact(Image image) {
            this.image = image;
        }

        String id() {
            return image.id().orElseThrow().value();
        }

        Instant slot() {
            return image.name().slot().time();
        }
    }

    /** Ten policies with forty instances each, and their histories. */
    private static final class World {
        private final Random random;
        private final TestDeployment given;
        private final Ec2Client ec2;
        private final Map<String, List<Fact>> histories = new TreeMap<>();
        private final Map<String, Fact> byId = new HashMap<>();
        private final Set<String> foreign = new TreeSet<>();
        private final Map<String, Integer> most = new HashMap<>();

        World(long seed) {
            random = new Random(seed);
            given = TestDeployment.inMemory(policies(), seed);
            ec2 = given.ec2(TestDeployment.EAST);
            given.deployment.withoutSchedules();
            given.cloud.addBucket(TestDeployment.EAST, BUCKET);
            given.cloud.settings().failsToStore(id -> id.hashCode() % 9 == 0);
            history();
            given.cloud.advanceTo(LAST_SLOT.plus(Duration.ofDays(1)));
            people(0.08);
            foreigners();
        }

        private String policies() {
            StringBuilder yaml = new StringBuilder("policies:\n");
            for (int i = 0; i < POLICIES; i++) {
                yaml.append("  p%d:\n".formatted(i));
                yaml.append("    select: {tags: {backup: p%d}}\n".formatted(i));
                yaml.append(
                        "    schedule: {cron: \"0 2 * * *\", zone: %s}\n".formatted(one(ZONES)));
                yaml.append("    keep: {%s}\n".formatted(one(RULES)));
                if (i == 0) {
                    yaml.append("    store: {bucket: archive, after: 60d}\n");
                }
                if (random.nextBoolean()) {
                    yaml.append("    retire: {disableFor: %dd}\n".formatted(1 + random.nextInt(6)));
                }
                if (random.nextInt(3) == 0) {
                    yaml.append("    protect: true\n");
                }
                if (random.nextInt(4) == 0) {
                    int count = 1 + random.nextInt(60);
                    most.put("p" + i, count);
                    yaml.append("    limits: {maxRemoveCount: %d}\n".formatted(count));
                }
            }
            return yaml.toString();
        }

        private <T> T one(List<T> some) {
            return some.get(random.nextInt(some.size()));
        }

        /** Images at random moments of the last year, some bunched, and some of the same second. */
        private void history() {
            Map<Instant, List<ImageName>> due = new TreeMap<>();
            for (int policy = 0; policy < POLICIES; policy++) {
                for (int i = 0; i < INSTANCES; i++) {
                    String name = "p" + policy;
                    String id =
                            given.cloud.launch(
                                    TestDeployment.EAST, Map.of("backup", name), List.of(8));
                    Instant at = LAST_SLOT;
                    int images = random.nextInt(10);
                    for (int n = 0; n < images; n++) {
                        due.computeIfAbsent(at, _ -> new ArrayList<>())
                                .add(new ImageName(name, new InstanceId(id), new Slot(at)));
                        at =
                                at.minusSeconds(
                                        random.nextInt(random.nextBoolean() ? 90_000 : 4_000_000)
                                                + 1L);
                    }
                }
            }
            due.forEach((at, names) -> {
                given.cloud.advanceTo(at);
                names.forEach(this::make);
                given.cloud.takeEvents();
            });
        }

        private void make(ImageName name) {
            Instant at = name.slot().time();
            Image intent =
                    Image.intent(name, new Region(TestDeployment.EAST), Trigger.SCHEDULED, at);
            given.catalog().request(List.of(intent));
            if (random.nextInt(25) == 0) {
                return;
            }
            ImageId id = new ImageId(create(name, "", ourTags(name)));
            Image started = intent.started(id, 1, at);
            Image available = started.available(false, at);
            given.catalog().save(Change.of(intent, started));
            given.catalog().save(Change.of(started, available));
            Fact fact = new Fact(available);
            histories
                    .computeIfAbsent(name.policy() + " " + name.instance(), _ -> new ArrayList<>())
                    .add(fact);
            byId.put(id.value(), fact);
        }

        private String create(ImageName name, String suffix, Map<String, String> tags) {
            List<Tag> list =
                    tags.entrySet().stream()
                            .map(t -> Tag.builder().key(t.getKey()).value(t.getValue()).build())
                            .toList();
            return ec2.createImage(create ->
                            create.instanceId(name.instance().value())
                                    .name(name + suffix)
                                    .tagSpecifications(
                                            spec(ResourceType.IMAGE, list),
                                            spec(ResourceType.SNAPSHOT, list)))
                    .imageId();
        }

        private static Map<String, String> ourTags(ImageName name) {
            return ImageTags.of(name, Optional.empty(), Map.of(), List.of());
        }

        private static TagSpecification spec(ResourceType type, List<Tag> tags) {
            return TagSpecification.builder().resourceType(type).tags(tags).build();
        }

        /** Uses, holds, and what people do by hand. */
        private void people(double share) {
            List<String> ids = byId.keySet().stream().sorted().toList();
            for (String id : ids) {
                Fact fact = fact(id);
                if (random.nextDouble() >= share) {
                    continue;
                }
                switch (random.nextInt(6)) {
                    case 0 -> {
                        hold(id);
                        fact.needed = true;
                    }
                    case 1 -> {
                        ec2.createLaunchTemplate(create ->
                                create.launchTemplateName("t" + id)
                                        .launchTemplateData(data -> data.imageId(id)));
                        fact.needed = true;
                    }
                    case 2 -> {
                        ec2.runInstances(run ->
                                run.imageId(id)
                                        .minCount(1)
                                        .maxCount(1)
                                        .instanceType(InstanceType.T3_MICRO));
                        fact.needed = true;
                    }
                    case 3 -> {
                        given.cloud
                                .autoScaling(TestDeployment.EAST)
                                .createLaunchConfiguration(create ->
                                        create.launchConfigurationName("c" + id).imageId(id));
                        fact.needed = true;
                    }
                    case 4 -> {
                        ec2.deregisterImage(
                                image -> image.imageId(id).deleteAssociatedSnapshots(true));
                        fact.byHand = true;
                        fact.good = false;
                    }
                    default -> {
                        ec2.disableImage(image -> image.imageId(id));
                        fact.needed = true;
                        fact.good = false;
                    }
                }
            }
            given.cloud.takeEvents();
        }

        private Fact fact(String id) {
            return Objects.requireNonNull(byId.get(id));
        }

        private void hold(String id) {
            ec2.createTags(tags ->
                    tags.resources(id).tags(Tag.builder().key(ImageTags.HOLD).value("x").build()));
        }

        /** Images that are not ours, and one that has our tags but no record. */
        private void foreigners() {
            ImageName name =
                    byId.values().stream()
                            .map(fact -> fact.image.name())
                            .min(Comparator.comparing(ImageName::toString))
                            .orElseThrow();
            foreign.add(create(name, " golden", Map.of("Name", "golden")));
            foreign.add(create(name, " tags only", ourTags(name)));
            given.cloud.advance(Duration.ofHours(1));
            given.cloud.takeEvents();
        }

        void prunedForWeeks() {
            for (int day = 0; day < 14; day++) {
                boolean troubled = day < 9;
                for (int hours : List.of(8, 8, 8)) {
                    given.cloud.advance(Duration.ofHours(hours));
                    given.deployment.store(given.cloud.now());
                }
                if (troubled) {
                    trouble();
                }
                Map<String, Long> before = availableByPolicy();
                try {
                    given.deployment.prune(given.cloud.now(), false);
                } catch (SdkException died) {
                    assertThat(troubled).as("%s", died).isTrue();
                }
                given.cloud.faults().clear();
                Map<String, Long> after = availableByPolicy();
                most.forEach((policy, count) ->
                        assertThat(before.getOrDefault(policy, 0L) - after.getOrDefault(policy, 0L))
                                .isLessThanOrEqualTo(count));
                // Between two runs people need some that are on their way out.
                if (troubled) {
                    use();
                }
            }
        }

        private Map<String, Long> availableByPolicy() {
            return given.cloud.images(TestDeployment.EAST).stream()
                    .filter(image -> image.image().stateAsString().equals("available"))
                    .map(image -> byId.get(image.image().imageId()))
                    .filter(fact -> fact != null)
                    .collect(
                            Collectors.groupingBy(
                                    fact -> fact.image.name().policy(), Collectors.counting()));
        }

        private void trouble() {
            var faults = given.cloud.faults();
            for (String call :
                    List.of(
                            "DeregisterImage",
                            "DisableImage",
                            "EnableImage",
                            "TransactWriteItems")) {
                switch (random.nextInt(5)) {
                    case 0 -> faults.calls(call).nth(1 + random.nextInt(9)).loseReply();
                    case 1 -> faults.calls(call).nth(1 + random.nextInt(9)).deny();
                    default -> {}
                }
            }
            if (random.nextInt(6) == 0) {
                faults.calls(one(List.of("DescribeInstances", "DescribeImageReferences"))).deny();
            }
        }

        /** Holds some images that are still there: from then on they must stay. */
        private void use() {
            List<String> there =
                    given.cloud.images(TestDeployment.EAST).stream()
                            .map(image -> image.image().imageId())
                            .filter(byId::containsKey)
                            .sorted()
                            .toList();
            for (int i = 0; i < 5 && !there.isEmpty(); i++) {
                String id = one(there);
                hold(id);
                fact(id).needed = true;
            }
        }

        List<Fact> removed() {
            Set<String> there = there();
            return byId.values().stream()
                    .filter(fact -> !fact.byHand && !there.contains(fact.id()))
                    .toList();
        }

        private Set<String> there() {
            return given.cloud.images(TestDeployment.EAST).stream()
                    .map(image -> image.image().imageId())
                    .collect(Collectors.toSet());
        }

        private Set<String> available() {
            return given.cloud.images(TestDeployment.EAST).stream()
                    .filter(image -> image.image().stateAsString().equals("available"))
                    .map(image -> image.image().imageId())
                    .collect(Collectors.toSet());
        }

        void everythingNeededIsThere() {
            assertThat(there()).containsAll(foreign);
            assertThat(removed()).noneMatch(fact -> fact.needed);
            Set<String> available = available();
            histories.forEach((instance, facts) -> {
                Keep keep = policy(instance).keep().orElseThrow();
                assertThat(available)
                        .as(instance)
                        .containsAll(keptByRules(keep, facts).stream().map(Fact::id).toList());
            });
        }

        /**
         * All that were old enough at the beginning are in S3, or people know that they are not.
         */
        void nothingIsGoneThatWasToBeStored() {
            List<String> stored = given.cloud.objects(BUCKET);
            Set<String> told =
                    given.catalog().notices().stream().map(Notice::key).collect(Collectors.toSet());
            List<Fact> gone =
                    removed().stream()
                            .filter(fact -> fact.image.name().policy().equals("p0"))
                            .filter(fact ->
                                    fact.slot().isBefore(LAST_SLOT.minus(Duration.ofDays(60))))
                            .toList();
            assertThat(gone)
                    .allMatch(fact ->
                            stored.contains(fact.id() + ".bin")
                                    || told.contains(
                                            "store/"
                                                    + TestDeployment.EAST
                                                    + "/"
                                                    + fact.image.name()));
            storedInAll.addAndGet(gone.size());
        }

        void enoughIsLeftOfEveryInstance() {
            Set<String> available = available();
            histories.forEach((instance, facts) -> {
                long good = facts.stream().filter(fact -> fact.good).count();
                int atLeast = policy(instance).keep().orElseThrow().atLeast();
                assertThat(facts.stream().filter(fact -> available.contains(fact.id())).count())
                        .as(instance)
                        .isGreaterThanOrEqualTo(Math.min(good, atLeast));
            });
        }

        void noSnapshotIsLeftBehind() {
            Set<String> used =
                    given.cloud.images(TestDeployment.EAST).stream()
                            .map(LocalImage::image)
                            .flatMap(image -> image.blockDeviceMappings().stream())
                            .map(device -> device.ebs().snapshotId())
                            .collect(Collectors.toSet());
            assertThat(given.cloud.snapshots(TestDeployment.EAST))
                    .extracting(LocalSnapshot::snapshot)
                    .extracting(snapshot -> snapshot.snapshotId())
                    .allMatch(used::contains);
        }

        /** Every image that went has its tombstone, and no image that is there has one. */
        void theCatalogueAgrees() {
            Set<String> buried = new HashSet<>();
            for (int i = 0; i < POLICIES; i++) {
                given.catalog()
                        .removed("p" + i, new Region(TestDeployment.EAST))
                        .forEach(tombstone ->
                                assertThat(buried.add(tombstone.id().orElseThrow().value()))
                                        .isTrue());
            }
            assertThat(buried)
                    .containsExactlyInAnyOrderElementsOf(removed().stream().map(Fact::id).toList());
        }

        private Policy policy(String instance) {
            String name = instance.substring(0, instance.indexOf(' '));
            return given.deployment.application().policies().find(name).orElseThrow();
        }
    }

    /** The rules once more, by hand. */
    private static Set<Fact> keptByRules(Keep keep, List<Fact> facts) {
        List<Fact> good =
                facts.stream()
                        .filter(fact -> fact.good)
                        .sorted(Comparator.comparing(Fact::slot).reversed())
                        .toList();
        Set<Fact> kept = new HashSet<>();
        if (good.isEmpty()) {
            return kept;
        }
        kept.addAll(good.subList(0, Math.min(good.size(), Math.max(keep.last(), keep.atLeast()))));
        keep.periods()
                .forEach((period, count) -> {
                    DateTimeFormatter format = RulesByHand.format(period);
                    Map<String, Fact> newest = new LinkedHashMap<>();
                    good.forEach(fact ->
                            newest.putIfAbsent(
                                    format.format(
                                            ZonedDateTime.ofInstant(fact.slot(), keep.zone())),
                                    fact));
                    kept.addAll(newest.values().stream().limit(count).toList());
                    if (count > newest.size()) {
                        kept.add(good.getLast());
                    }
                });
        keep.within()
                .ifPresent(span ->
                        good.stream()
                                .filter(fact ->
                                        fact.slot().isAfter(good.getFirst().slot().minus(span)))
                                .forEach(kept::add));
        return kept;
    }
}
