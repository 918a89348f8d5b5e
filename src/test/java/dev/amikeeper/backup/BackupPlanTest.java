package dev.amikeeper.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

final class BackupPlanTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final Region PARIS = new Region("eu-west-3");
    private static final Slot SLOT = new Slot(Instant.parse("2026-03-01T02:00:00Z"));
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");

    private final Policies policies =
            Policies.parse(
                    """
                    policies:
                      gold:
                        select:
                          tags: {backup: [gold, platinum]}
                          except: {environment: sandbox}
                        on: [tagged, requested, stopped]
                      platinum:
                        select: {tags: {backup: platinum}, regions: [us-east-1, us-west-2]}
                      nightly:
                        select: {tags: {team: web}}
                        schedule: {cron: "0 2 * * *"}
                        on: []
                    """,
                    "policies.yaml",
                    EAST,
                    Set.of(EAST, WEST, PARIS));

    private final Instance gold = instance("i-1", EAST, "running", Map.of("backup", "gold"));
    private final Instance platinum =
            instance("i-2", EAST, "stopped", Map.of("backup", "platinum"));
    private final Instance sandbox =
            instance("i-3", EAST, "running", Map.of("backup", "gold", "environment", "sandbox"));
    private final Instance web = instance("i-4", EAST, "running", Map.of("team", "web"));

    @Test
    void aSlotTakesEveryInstanceThatItsPolicySelects() {
        BackupPlan plan =
                BackupPlan.scheduled(
                        policies.find("gold").orElseThrow(),
                        SLOT,
                        List.of(
                                gold,
                                platinum,
                                sandbox,
                                web,
                                gold.in("terminated"),
                                instance("i-1", WEST, "running", gold.tags())),
                        NOW);

        assertThat(plan)
                .isEqualTo(
                        new BackupPlan(
                                List.of(
                                        intent("gold", "i-1", EAST, Trigger.SCHEDULED),
                                        intent("gold", "i-2", EAST, Trigger.SCHEDULED)),
                                List.of()));
    }

    @Test
    void aSlotOfAnEmptyFleetTakesNothing() {
        assertThat(BackupPlan.scheduled(policies.find("gold").orElseThrow(), SLOT, List.of(), NOW))
                .isEqualTo(new BackupPlan(List.of(), List.of()));
    }

    @Test
    void aRequestIsTakenByEveryPolicyThatSelectsTheInstance() {
        assertThat(tagged(platinum))
                .isEqualTo(
                        new BackupPlan(
                                List.of(
                                        intent("gold", "i-2", EAST, Trigger.TAGGED),
                                        intent("platinum", "i-2", EAST, Trigger.TAGGED)),
                                List.of()));
    }

    @Test
    void aRequestIsTakenByThePolicyThatItNames() {
        assertThat(asked("platinum", platinum).intents())
                .containsExactly(intent("platinum", "i-2", EAST, Trigger.REQUESTED));
    }

    @Test
    void aRequestIsTakenForSomeAndRefusedForOthers() {
        BackupPlan plan = asked("gold", sandbox, gold);

        assertThat(plan.intents()).containsExactly(intent("gold", "i-1", EAST, Trigger.REQUESTED));
        assertThat(plan.refusals())
                .extracting(BackupPlan.Refusal::instance)
                .containsExactly(sandbox.id());
    }

    @Test
    void refusesAnUnknownPolicy() {
        assertThat(refusal(asked("gould\n", gold)))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                gold.id(),
                                "there is no policy \"gould?\"",
                                "name one of gold, platinum, nightly"));
    }

    @Test
    void refusesAnUnknownPolicyEvenOfAnInstanceThatIsNotThere() {
        assertThat(refusal(plan(Trigger.REQUESTED, Optional.of("gould"), gold.id())).why())
                .isEqualTo("there is no policy \"gould\"");
    }

    @Test
    void refusesAnInstanceThatIsNotThere() {
        assertThat(refusal(plan(Trigger.TAGGED, Optional.empty(), gold.id())))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                gold.id(),
                                "there is no such instance in us-east-1",
                                "check the id, and send the request in the instance's Region"));
    }

    @Test
    void refusesAnInstanceThatNoPolicySelects() {
        assertThat(refusal(tagged(sandbox)))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                sandbox.id(),
                                "no policy selects it (it is running in us-east-1, tags"
                                        + " {backup=gold, environment=sandbox})",
                                "policy gold excepts it: its tag environment is \"sandbox\", which"
                                        + " is excepted"));
    }

    @Test
    void saysThatItIsTooLateForAnInstanceThatIsGone() {
        assertThat(refusal(tagged(gold.in("terminated"))))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                gold.id(),
                                "no policy selects it (it is terminated in us-east-1, tags"
                                        + " {backup=gold})",
                                "it is too late for an image of it: restore it from one that it"
                                        + " has, if you need it"));
    }

    @Test
    void namesTheStateAsRemedyWhereOnlyTheStateIsWrong() {
        Policies running =
                Policies.parse(
                        """
                        policies:
                          awake: {select: {tags: {backup: gold}, states: [running]}, schedule: {every: 6h}}
                          web: {select: {tags: {team: web}}, schedule: {every: 6h}}
                        """,
                        "policies.yaml",
                        EAST,
                        Set.of(EAST, WEST, PARIS));
        for (String state : List.of("stopped", "stopping")) {
            BackupPlan plan =
                    BackupPlan.requested(
                            new BackupPlan.ImageRequest(
                                    Trigger.TAGGED,
                                    EAST,
                                    SLOT,
                                    List.of(gold.id()),
                                    Optional.empty()),
                            running,
                            List.of(gold.in(state)),
                            NOW,
                            NOW);

            assertThat(refusal(plan).remedy())
                    .isEqualTo(
                            "its tags are right, but it is not running: bring it into that state,"
                                    + " or add \"stopped\" to the \"states\" of policy awake");
        }
    }

    @Test
    void takesAnInstanceThatStartsOrStops() {
        for (String state : List.of("pending", "stopping")) {
            assertThat(
                            BackupPlan.scheduled(
                                            policies.find("gold").orElseThrow(),
                                            SLOT,
                                            List.of(gold.in(state)),
                                            NOW)
                                    .intents())
                    .containsExactly(intent("gold", "i-1", EAST, Trigger.SCHEDULED));
            assertThat(tagged(gold.in(state)).intents())
                    .containsExactly(intent("gold", "i-1", EAST, Trigger.TAGGED));
        }
    }

    @Test
    void refusesAnInstanceThatTheNamedPolicyDoesNotSelect() {
        assertThat(refusal(asked("platinum", gold)))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                gold.id(),
                                "policy platinum does not select it (it is running in us-east-1,"
                                        + " tags {backup=gold})",
                                "give it the tags of a policy that covers us-east-1: platinum"));
    }

    @Test
    void namesAsRemedyOnlyPoliciesThatCoverTheRegion() {
        assertThat(refusal(tagged(instance("i-1", WEST, "running", Map.of()))).remedy())
                .isEqualTo("give it the tags of a policy that covers us-west-2: platinum");
    }

    @Test
    void namesTheRegionAsRemedyWhereNoPolicyCoversIt() {
        assertThat(refusal(tagged(instance("i-1", PARIS, "running", Map.of()))).remedy())
                .isEqualTo("add eu-west-3 to the \"regions\" of a policy: gold, platinum, nightly");
        assertThat(refusal(asked("gold", instance("i-1", WEST, "running", Map.of()))).remedy())
                .isEqualTo("add us-west-2 to the \"regions\" of a policy: gold");
    }

    @Test
    void refusesAnEventThatThePolicyDoesNotImageOn() {
        assertThat(refusal(tagged(web)))
                .isEqualTo(
                        new BackupPlan.Refusal(
                                web.id(),
                                "policy nightly selects it but does not image on \"tagged\"",
                                "add \"tagged\" to the policy's \"on\""));
        assertThat(refusal(asked("nightly", web)).why())
                .isEqualTo("policy nightly selects it but does not image on \"requested\"");
    }

    @Test
    void takesAStoppedInstanceOnlyWhereThePolicySaysSo() {
        assertThat(plan(Trigger.STOPPED, Optional.empty(), platinum.id(), platinum).intents())
                .containsExactly(intent("gold", "i-2", EAST, Trigger.STOPPED));
    }

    @Test
    void refusesNoStoppedInstance() {
        BackupPlan nothing = new BackupPlan(List.of(), List.of());

        assertThat(plan(Trigger.STOPPED, Optional.empty(), web.id(), web)).isEqualTo(nothing);
        assertThat(plan(Trigger.STOPPED, Optional.empty(), sandbox.id(), sandbox))
                .isEqualTo(nothing);
        assertThat(plan(Trigger.STOPPED, Optional.empty(), gold.id())).isEqualTo(nothing);
    }

    @Test
    void showsTagsWithControlCharactersAndMarkupOnOneLine() {
        Instance odd =
                instance(
                        "i-1",
                        EAST,
                        "running",
                        Map.of("Name", "a\nb\u001b[1m<b>\u202e", "x", "\0"));

        assertThat(refusal(tagged(odd)).why())
                .isEqualTo(
                        "no policy selects it (it is running in us-east-1, tags"
                                + " {Name=a?b?[1m<b>?, x=?})");
    }

    @Test
    void showsManyTagsCut() {
        Instance odd = instance("i-1", EAST, "running", Map.of("Name", "x".repeat(255)));

        assertThat(refusal(tagged(odd)).why())
                .isEqualTo(
                        "no policy selects it (it is running in us-east-1, tags {Name="
                                + "x".repeat(194)
                                + "…)");
    }

    private BackupPlan tagged(Instance instance) {
        return plan(Trigger.TAGGED, Optional.empty(), instance.id(), instance);
    }

    private BackupPlan asked(String policy, Instance... instances) {
        return BackupPlan.requested(
                new BackupPlan.ImageRequest(
                        Trigger.REQUESTED,
                        EAST,
                        SLOT,
                        Stream.of(instances).map(Instance::id).toList(),
                        Optional.of(policy)),
                policies,
                List.of(instances),
                NOW,
                NOW);
    }

    private BackupPlan plan(
            Trigger trigger, Optional<String> policy, InstanceId id, Instance... found) {
        return BackupPlan.requested(
                new BackupPlan.ImageRequest(trigger, EAST, SLOT, List.of(id), policy),
                policies,
                List.of(found),
                NOW,
                NOW);
    }

    private static BackupPlan.Refusal refusal(BackupPlan plan) {
        assertThat(plan.intents()).isEmpty();
        assertThat(plan.refusals()).hasSize(1);
        return plan.refusals().getFirst();
    }

    private static Image intent(String policy, String instance, Region region, Trigger trigger) {
        return Image.intent(
                new ImageName(policy, new InstanceId(instance), SLOT), region, trigger, NOW);
    }

    private static Instance instance(
            String id, Region region, String state, Map<String, String> tags) {
        return new Instance(
                new InstanceId(id), region, state, tags, "/dev/xvda", List.of("/dev/xvda"));
    }
}
