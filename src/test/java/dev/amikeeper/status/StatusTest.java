package dev.amikeeper.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import dev.amikeeper.Application;
import dev.amikeeper.Measures;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.status.Standing.Level;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

final class StatusTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final InstanceId ID = new InstanceId("i-1");
    private static final String GOLD = "2026-03-01T02:00:00Z";
    private static final String NEXT = "2026-03-02T02:00:00Z";

    private static final String HOME_ONLY =
            """
            policies:
              gold:
                select: {tags: {backup: gold}}
                schedule: {cron: "0 2 * * *"}
            """;
    private static final String TO_WEST = HOME_ONLY + "    replicate: {us-west-2: {}}\n";

    private final Map<Region, List<LivingInstance>> servers = new HashMap<>();
    private final List<Image> records = new ArrayList<>();
    private final Set<Region> unread = new HashSet<>();
    private String policies = HOME_ONLY;
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void anInstanceWithTheImageOfTheLastSlotIsProtectedUntilTheNextOneIsLate() {
        launch("running");
        records.add(good(GOLD));

        Standing standing = only();

        assertThat(standing.level()).isEqualTo(Level.GOOD);
        assertThat(standing.isProtected()).isTrue();
        assertThat(standing.exposed()).hasHours(10);
        assertThat(standing.next()).contains(slot(NEXT));
        assertThat(standing.breach()).contains(Instant.parse("2026-03-02T04:00:00Z"));
        assertThat(standing.remark()).isEmpty();
    }

    /** Where the images of a slot are spread, none is late before the last of them would be. */
    @Test
    void anImageThatWaitsForItsTurnIsNotLate() {
        policies = HOME_ONLY.replace("* * *\"", "* * *\", spread: 3h");
        launch("running");
        records.add(good(GOLD));
        records.add(
                Image.intent(
                                new ImageName("gold", ID, slot(NEXT)),
                                EAST,
                                Trigger.SCHEDULED,
                                Instant.parse(NEXT))
                        .startingAt(Instant.parse("2026-03-02T04:30:00Z"), "its turn"));

        assertLevel("2026-03-02T06:59:59Z", Level.DUE);
        assertThat(only().remark())
                .isEqualTo(
                        "will breach in 0 min unless the image of 2026-03-02T02:00:00Z, which waits"
                                + " for try 1 at 2026-03-02T04:30:00Z (its turn), is good by then");
        assertLevel("2026-03-02T07:00:00Z", Level.LATE);
    }

    @Test
    void aSlotThatIsOverIsDueAndThenLate() {
        launch("running");
        records.add(good(GOLD));

        assertLevel("2026-03-02T01:59:59Z", Level.GOOD);
        assertLevel(NEXT, Level.DUE);
        assertThat(only().remark())
                .isEqualTo(
                        "will breach in 2 h unless an image of 2026-03-02T02:00:00Z or later is"
                                + " made by then");
        assertLevel("2026-03-02T03:59:59Z", Level.DUE);
        assertThat(only().isProtected()).isTrue();
        assertLevel("2026-03-02T04:00:00Z", Level.LATE);
        assertThat(only().isProtected()).isFalse();
        assertLevel("2026-03-03T05:30:00Z", Level.LATE);
        assertThat(only().remark())
                .isEqualTo(
                        "late for 25 h 30 min: nothing was imaged for 2026-03-02T02:00:00Z or"
                                + " later");
    }

    @Test
    void whatIsUnderWaySaysWhatTheForecastRestsOn() {
        launch("running");
        records.add(good(GOLD));
        now = Instant.parse("2026-03-02T02:20:00Z");
        Instant then = Instant.parse(NEXT);
        Image waiting = intent(NEXT);

        records.add(waiting.again(Instant.parse("2026-03-02T02:30:00Z"), "too many", then));
        assertThat(only().remark())
                .isEqualTo(
                        "will breach in 1 h 40 min unless the image of 2026-03-02T02:00:00Z, which"
                                + " waits for try 2 at 2026-03-02T02:30:00Z (too many), is good by"
                                + " then");

        records.set(1, waiting.started(new ImageId("ami-2"), 1, then));
        assertThat(only().remark())
                .contains(
                        "which has been in the making since 2026-03-02T02:00:00Z, is good by then");

        records.set(1, waiting.failed("denied", then));
        assertThat(only().remark())
                .endsWith(
                        "unless another one is available by then; the image of"
                                + " 2026-03-02T02:00:00Z was given up (denied)");

        records.set(1, good(NEXT).disabledByOthers(true));
        assertThat(only().level()).isEqualTo(Level.DUE);
        assertThat(only().remark()).contains("which was disabled by somebody");

        now = Instant.parse("2026-03-02T05:00:00Z");
        records.set(1, waiting.failed("denied", then));
        assertThat(only().remark())
                .isEqualTo("late for 1 h: the image of 2026-03-02T02:00:00Z was given up (denied)");
    }

    @Test
    void theLikeliestImageIsTheHope() {
        launch("running", "2026-02-28T12:00:00Z");
        now = Instant.parse("2026-03-01T02:30:00Z");
        records.add(intent("2026-03-01T02:10:00Z").failed("denied", now));
        records.add(intent(GOLD).started(new ImageId("ami-2"), 1, now));

        assertThat(only().remark()).contains("2026-03-01T02:00:00Z, which has been in the making");
    }

    @Test
    void anImageMadeOnAnEventAnswersForTheSlotsBeforeIt() {
        launch("running");
        records.add(good("2026-03-01T22:00:00Z"));

        assertLevel("2026-03-02T01:00:00Z", Level.GOOD);
        assertThat(only().breach()).contains(Instant.parse("2026-03-02T04:00:00Z"));
        assertLevel("2026-03-02T04:00:00Z", Level.LATE);
        records.add(good("2026-03-02T03:00:00Z"));
        assertLevel("2026-03-02T04:00:00Z", Level.GOOD);
    }

    @Test
    void anInstanceThatWasJustLaunchedIsNotLateBeforeItsFirstSlotIs() {
        launch("pending", "2026-03-01T11:00:00Z");

        assertLevel("2026-03-01T12:00:00Z", Level.NEW);
        assertThat(only().isProtected()).isFalse();
        assertThat(only().exposed()).hasHours(1);
        assertThat(only().remark()).isEqualTo("no image yet");
        assertThat(status().waiting()).isEqualTo(1);
        assertLevel("2026-03-02T03:59:59Z", Level.DUE);
        assertThat(status().waiting()).isEqualTo(1);
        assertLevel("2026-03-02T04:00:00Z", Level.LATE);
        assertThat(status().waiting()).isZero();
    }

    @Test
    void stoppedInstancesAreHeldToTheSchedule() {
        for (String state : List.of("stopping", "stopped")) {
            servers.clear();
            records.clear();
            launch(state);
            records.add(good(GOLD));

            assertLevel("2026-03-01T12:00:00Z", Level.GOOD);
            assertLevel("2026-03-02T04:00:00Z", Level.LATE);
        }
    }

    @Test
    void aStoppedInstanceOfAPolicyOfRunningOnesIsUnprotected() {
        policies = HOME_ONLY.replace("gold}}", "gold}, states: [running]}");
        launch("stopped");
        records.add(good(GOLD));

        assertThat(status().standings()).isEmpty();
        assertThat(status().unprotected())
                .singleElement()
                .satisfies(it -> assertThat(it.why()).isEqualTo("gold: it is stopped"));
    }

    @Test
    void whatIsTerminatedIsPromisedNothing() {
        servers.put(EAST, List.of());
        records.add(good("2026-01-01T02:00:00Z"));

        assertThat(status()).isEqualTo(new Status(List.of(), List.of()));
    }

    @Test
    void aCopyMayBeLateWhileHomeIsWell() {
        policies = TO_WEST;
        launch("running");
        records.add(good(GOLD));
        records.add(copy(GOLD));
        records.add(good(NEXT));

        now = Instant.parse("2026-03-02T07:59:59Z");
        assertThat(status().standings())
                .extracting(Standing::region, Standing::level)
                .containsExactly(tuple(WEST, Level.DUE), tuple(EAST, Level.GOOD));
        assertThat(status().standings().getFirst().remark()).contains("is copied here by then");
        assertThat(status().protectedOnes()).isEqualTo(1);

        now = Instant.parse("2026-03-02T08:00:00Z");
        assertThat(status().standings())
                .extracting(Standing::region, Standing::level)
                .containsExactly(tuple(WEST, Level.LATE), tuple(EAST, Level.GOOD));
        assertThat(status().late()).isEqualTo(1);
        assertThat(status().protectedOnes()).isZero();
        records.add(waitingCopy(NEXT).failed("no key", now));
        assertThat(status().standings().getFirst().remark())
                .isEqualTo("late for 0 min: the copy of " + NEXT + " was given up (no key)");
    }

    /** In New York 02:30 is skipped on 8 March, and comes twice on 1 November. */
    @ParameterizedTest
    @CsvSource({
        // The slot of the skipped hour falls on 03:00, a day less half an hour after the last.
        "2026-03-07T07:30:00Z, 2026-03-08T07:00:00Z, 2026-03-08T09:00:00Z",
        // From there to the next 02:30 are 23 hours and a half.
        "2026-03-08T07:00:00Z, 2026-03-09T06:30:00Z, 2026-03-09T08:30:00Z",
        // The doubled half hour counts at its first time,
        "2026-10-31T05:30:00Z, 2026-11-01T05:30:00Z, 2026-11-01T07:30:00Z",
        // and the day after it has 25 hours.
        "2026-11-01T05:30:00Z, 2026-11-02T06:30:00Z, 2026-11-02T08:30:00Z",
    })
    void clockChangesMoveTheTerm(String image, String due, String late) {
        String local = image.startsWith("2026-03") ? "30 2" : "30 1";
        policies =
                HOME_ONLY.replace(
                        "\"0 2 * * *\"", "\"" + local + " * * *\", zone: America/New_York");
        launch("running");
        records.add(good(image));

        assertLevel(Instant.parse(due).minusSeconds(1).toString(), Level.GOOD);
        assertLevel(due, Level.DUE);
        assertLevel(Instant.parse(late).minusSeconds(1).toString(), Level.DUE);
        assertLevel(late, Level.LATE);
    }

    @Test
    void noImageIsMissedOverAWeekendWithoutSlots() {
        policies = HOME_ONLY.replace("0 2 * * *", "0 2 * * 1-5");
        launch("running");
        // Friday.
        records.add(good("2026-03-06T02:00:00Z"));

        assertLevel("2026-03-09T01:59:59Z", Level.GOOD);
        assertLevel("2026-03-09T04:00:00Z", Level.LATE);
    }

    @Test
    void theGraceIsNoLongerThanTheGapBetweenSlots() {
        policies = TO_WEST.replace("cron: \"0 2 * * *\"", "every: 1h");
        launch("running");
        records.add(good("2026-03-01T12:00:00Z"));
        records.add(copy("2026-03-01T12:00:00Z"));

        assertThat(status().standings())
                .extracting(Standing::region, Standing::breach)
                .containsExactly(
                        tuple(EAST, Optional.of(Instant.parse("2026-03-01T14:00:00Z"))),
                        tuple(WEST, Optional.of(Instant.parse("2026-03-01T15:00:00Z"))));
    }

    @Test
    void aPolicyWithoutAScheduleHasNoObjective() {
        policies = "policies: {gold: {select: {tags: {backup: gold}}}}";
        launch("running", "2020-01-01T00:00:00Z");

        assertThat(only().level()).isEqualTo(Level.EVENTS);
        assertThat(only().isProtected()).isFalse();
        assertThat(only().remark()).isEqualTo("no image yet");
        assertThat(only().next()).isEmpty();
        assertThat(only().breach()).isEmpty();

        records.add(good("2021-03-01T00:00:00Z"));
        assertThat(only().level()).isEqualTo(Level.EVENTS);
        assertThat(only().isProtected()).isTrue();
        assertThat(status().late()).isZero();
    }

    @Test
    void whatNoPolicySelectsIsUnprotectedForEachPolicysReason() {
        policies =
                HOME_ONLY
                        + """
                          silver:
                            select: {tags: {backup: silver}, except: {environment: sandbox}}
                            schedule: {every: 12h}
                        """;
        servers.put(EAST, List.of(server("i-2", "running", Map.of())));
        servers.put(
                WEST,
                List.of(
                        server(
                                "i-3",
                                WEST,
                                "running",
                                Map.of("backup", "silver", "environment", "sandbox"))));

        assertThat(status().standings()).isEmpty();
        assertThat(status().unprotected())
                .extracting(Status.Unprotected::why)
                .containsExactly(
                        "gold: it has no tag backup; it must be one of [gold]; silver: it has no"
                                + " tag backup; it must be one of [silver]",
                        "gold: it is in us-west-2, not in [us-east-1]; silver: it is in us-west-2,"
                                + " not in [us-east-1]");
        assertThat(status().of("gold")).isEqualTo(new Status(List.of(), List.of()));
    }

    @Test
    void ofAnInstanceUnderTwoPoliciesTheWorseOneCounts() {
        policies =
                HOME_ONLY
                        + """
                          fast:
                            select: {tags: {backup: gold}}
                            schedule: {every: 1h}
                        """;
        launch("running");
        records.add(good(GOLD));

        assertThat(status().standings())
                .extracting(Standing::policy, Standing::level)
                .containsExactly(tuple("fast", Level.LATE), tuple("gold", Level.GOOD));
        assertThat(status().late()).isEqualTo(1);
        assertThat(status().protectedOnes()).isZero();
        assertThat(status().of("gold").protectedOnes()).isEqualTo(1);
    }

    @Test
    void metricsCountByPolicyAndRegion() {
        policies = TO_WEST;
        servers.put(
                EAST,
                List.of(
                        server("i-1", "running", Map.of("backup", "gold")),
                        server("i-2", "running", Map.of()),
                        server("i-3", "running", Map.of("backup", "gold"))));
        records.add(good(GOLD));
        now = Instant.parse("2026-03-01T12:00:00Z");

        List<Measures> measures = measures();

        assertThat(measures).hasSize(3);
        assertThat(measures.getFirst().dimensions())
                .containsExactly(entry("Policy", "gold"), entry("Region", "us-east-1"));
        assertThat(measures.getFirst().values())
                .containsExactly(
                        entry("late", 1),
                        entry("protected", 1),
                        entry("waiting", 0),
                        // The one without an image is 36 hours old.
                        entry("worstAgeSeconds", 36 * 3600));
        assertThat(measures.get(1).dimensions()).containsEntry("Region", "us-west-2");
        assertThat(measures.get(1).values()).containsEntry("late", 2).containsEntry("protected", 0);
        assertThat(measures.get(2).dimensions()).containsExactly(entry("Region", "us-east-1"));
        assertThat(measures.get(2).values()).containsExactly(entry("unprotected", 1));
    }

    @Test
    void whatCouldNotBeReadHasNoMetrics() {
        policies = TO_WEST;
        launch("running");
        records.add(good(GOLD));
        unread.add(WEST);

        assertThat(measures())
                .extracting(Measures::dimensions)
                .containsExactly(
                        new TreeMap<>(Map.of("Policy", "gold", "Region", "us-east-1")),
                        new TreeMap<>(Map.of("Region", "us-east-1")));
        assertThat(only().region()).isEqualTo(EAST);

        servers.clear();
        assertThat(measures()).isEmpty();
    }

    @Test
    void anEmptyFleetHasNoWorstAge() {
        servers.put(EAST, List.of());

        assertThat(measures().getFirst().values())
                .containsExactly(entry("late", 0), entry("protected", 0), entry("waiting", 0));
    }

    private void assertLevel(String at, Level level) {
        now = Instant.parse(at);
        assertThat(only().level()).as(at).isEqualTo(level);
    }

    private Standing only() {
        assertThat(status().standings()).hasSize(1);
        return status().standings().getFirst();
    }

    private Status status() {
        return Status.of(parsed(), servers, this::of, now);
    }

    private List<Measures> measures() {
        return Status.measures(parsed(), servers, this::of, now);
    }

    private Policies parsed() {
        return Policies.parse(policies, "policies.yaml", EAST, Application.regions(EAST));
    }

    private Optional<List<Image>> of(String policy, Region region) {
        return unread.contains(region)
                ? Optional.empty()
                : Optional.of(
                        records.stream()
                                .filter(image ->
                                        image.name().policy().equals(policy)
                                                && image.region().equals(region))
                                .toList());
    }

    private void launch(String state) {
        launch(state, "2026-02-28T00:00:00Z");
    }

    private void launch(String state, String at) {
        LivingInstance server = server("i-1", state, Map.of("backup", "gold"));
        servers.put(EAST, List.of(new LivingInstance(server.instance(), Instant.parse(at))));
    }

    private static LivingInstance server(String id, String state, Map<String, String> tags) {
        return server(id, EAST, state, tags);
    }

    private static LivingInstance server(
            String id, Region region, String state, Map<String, String> tags) {
        return new LivingInstance(
                new Instance(
                        new InstanceId(id), region, state, tags, "/dev/xvda", List.of("/dev/xvda")),
                Instant.parse("2026-02-28T00:00:00Z"));
    }

    private static Image intent(String slot) {
        return Image.intent(
                new ImageName("gold", ID, slot(slot)),
                EAST,
                Trigger.SCHEDULED,
                Instant.parse(slot));
    }

    private static Image good(String slot) {
        Instant then = Instant.parse(slot);
        return intent(slot).started(new ImageId("ami-1"), 1, then).available(false, then);
    }

    private static Image copy(String slot) {
        Instant then = Instant.parse(slot);
        return waitingCopy(slot).started(new ImageId("ami-9"), 1, then).available(false, then);
    }

    private static Image waitingCopy(String slot) {
        return good(slot).copyTo(WEST, Instant.parse(slot));
    }

    private static Slot slot(String time) {
        return new Slot(Instant.parse(time));
    }
}
