package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Measures;
import dev.amikeeper.TestDeployment;
import dev.amikeeper.cli.Keeper.UnusableException;
import dev.amikeeper.report.StatusReport;
import dev.amikeeper.report.StatusReport.StatusLine;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code keeper status}. */
final class StatusCommandTest {
    private static final String TO_WEST = "replicate: {us-west-2: {}}";

    @Test
    void showsInstancesInEachRegionAndThoseOfNoPolicy() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.launch(TestDeployment.EAST, Map.of("Name", "toy"), List.of(8));
        given.nights(1);

        StatusReport answer = look(given);

        assertThat(answer.allWell()).isTrue();
        assertThat(answer.protectedInstances()).isEqualTo(1);
        assertThat(answer.unprotected()).isEqualTo(1);
        assertThat(answer.lines())
                .extracting(
                        StatusLine::state,
                        StatusLine::name,
                        StatusLine::region,
                        StatusLine::slot,
                        StatusLine::holdsUntil)
                .containsExactly(
                        tuple("unprotected", "toy", TestDeployment.EAST, "", ""),
                        tuple(
                                "good",
                                "web-1",
                                TestDeployment.EAST,
                                "2026-03-01T02:00:00Z",
                                "2026-03-02T04:00:00Z"),
                        tuple(
                                "good",
                                "web-1",
                                TestDeployment.WEST,
                                "2026-03-01T02:00:00Z",
                                "2026-03-02T08:00:00Z"));
        assertThat(answer.lines().getFirst().remark()).startsWith("gold: it has no tag backup");
    }

    @Test
    void tellsHowLongTheLastDrillTook() {
        TestDeployment plain = TestDeployment.nightly("");
        var east = plain.cloud.networks(TestDeployment.EAST);
        TestDeployment given =
                TestDeployment.nightly(
                        "drill: {every: 1d, region: us-east-1, subnet: %s, securityGroups: [%s]}"
                                .formatted(
                                        east.defaultSubnet("us-east-1a"),
                                        east.defaultGroup(east.defaultVpc())));
        given.instance("web-1");
        given.playUntil("2026-03-01T03:00:00Z");

        assertThat(look(given).lines())
                .singleElement()
                .satisfies(line -> {
                    assertThat(line.passed()).isTrue();
                    assertThat(line.tried()).isEqualTo("2026-03-01T02:12:00Z");
                    assertThat(line.restoreSeconds()).isBetween(60L, 1200L);
                });
    }

    @Test
    void aStoppedInstanceThatWasNeverImagedIsLateAndATerminatedOneIsNot() {
        TestDeployment given = TestDeployment.nightly("");
        String id = given.instance("web-1");
        given.cloud.advanceTo(Instant.parse("2026-03-04T12:00:00Z"));
        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(id));

        StatusReport answer = look(given);

        assertThat(answer.lines())
                .extracting(StatusLine::state, StatusLine::remark)
                .containsExactly(
                        tuple(
                                "late",
                                "late for 3 d 8 h: nothing was imaged for 2026-03-01T02:00:00Z or"
                                        + " later"));
        assertThat(answer.allWell()).isFalse();

        given.ec2(TestDeployment.EAST).terminateInstances(end -> end.instanceIds(id));

        assertThat(look(given).lines()).isEmpty();
    }

    @Test
    void aRegionThatCannotBeReadIsNotWell() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.nights(1);
        given.cloud
                .faults()
                .unreachable(TestDeployment.WEST, Instant.parse("2026-03-02T00:00:00Z"));

        StatusReport answer = look(given);

        assertThat(answer.allWell()).isFalse();
        assertThat(answer.unread())
                .extracting(StatusReport.UnreadRegion::region)
                .containsExactly(TestDeployment.WEST);
        assertThat(answer.lines()).extracting(StatusLine::state).containsExactly("good", "good");
    }

    @Test
    void refusesAPolicyThatIsNotThere() {
        TestDeployment given = TestDeployment.nightly("");

        assertThatThrownBy(() ->
                        StatusCommand.read(given.deployment.application(), Optional.of("silver")))
                .isInstanceOf(UnusableException.class)
                .hasMessage("There is no policy \"silver\"; there are gold.");
        CommandRun run = CommandRun.of("status", "--demo", "--policy", "bronze");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("there are gold, silver");
        assertThat(CommandRun.of("status").err()).contains("TABLE", "--demo");
        assertThat(CommandRun.of("status", "--polcy").exitCode()).isEqualTo(2);
    }

    @Test
    void aPolicyThatIsNotInTheFileAnyMoreIsShownWithItsImagesAndWhatToDo() throws Exception {
        TestDeployment given = lost();

        StatusReport answer = look(given);
        StatusReport asked =
                StatusCommand.read(given.deployment.application(), Optional.of("gold"));

        String text =
                "policy gold is no longer in the policy file: its 4 images in us-east-1,"
                        + " us-west-2 stay, and no rule removes them";
        assertThat(answer.lost())
                .singleElement()
                .satisfies(lost -> {
                    assertThat(lost.policy()).isEqualTo("gold");
                    assertThat(lost.images()).isEqualTo(4);
                    assertThat(lost.snapshots()).isEqualTo(4);
                    assertThat(lost.regions())
                            .containsExactly(TestDeployment.EAST, TestDeployment.WEST);
                    assertThat(lost.text()).isEqualTo(text);
                    assertThat(lost.toDo()).startsWith("write its name under \"formerly\" of");
                });
        assertThat(asked.lost()).isEqualTo(answer.lost());
        assertThat(asked.lines()).isEmpty();
        assertThat(StatusCommand.read(given.deployment.application(), Optional.of("silver")).lost())
                .isEmpty();
        JsonNode json = new JsonMapper().readTree(KeeperCommand.json(answer));
        assertThat(json.get("lost").get(0).get("images").asInt()).isEqualTo(4);
    }

    @Test
    void aLostPolicyWithoutImagesIsNoUnknownOne() {
        TestDeployment before = TestDeployment.nightly("");
        before.deployment.tick(before.cloud.now());
        TestDeployment given = before.redeployed(silver(""));

        assertThat(look(given).lost()).isEmpty();
        assertThat(StatusCommand.read(given.deployment.application(), Optional.of("gold")).lost())
                .extracting(StatusReport.Lost::text)
                .containsExactly("policy gold is no longer in the policy file and has no images");
    }

    @Test
    void imagesOfAFormerNameProtectUnderTheNewOne() {
        TestDeployment given = lost().redeployed(silver("formerly: [gold]\n" + TO_WEST));

        StatusReport answer =
                StatusCommand.read(given.deployment.application(), Optional.of("gold"));

        assertThat(answer.lost()).isEmpty();
        assertThat(answer.protectedInstances()).isEqualTo(1);
        assertThat(answer.lines())
                .extracting(
                        StatusLine::state, StatusLine::policy, StatusLine::region, StatusLine::slot)
                .containsExactly(
                        tuple("good", "silver", TestDeployment.EAST, "2026-03-02T02:00:00Z"),
                        tuple("good", "silver", TestDeployment.WEST, "2026-03-02T02:00:00Z"));
        assertThat(answer)
                .isEqualTo(
                        StatusCommand.read(given.deployment.application(), Optional.of("silver")));
        assertThat(given.deployment.sweep(given.cloud.now()).protection())
                .filteredOn(measures -> measures.dimensions().containsKey("Policy"))
                .hasSize(2)
                .allSatisfy(it -> assertThat(it.values()).containsEntry("protected", 1));
    }

    /** Two nights under gold, which is silver now. */
    private static TestDeployment lost() {
        TestDeployment before = TestDeployment.nightly(TO_WEST);
        before.instance("web-1");
        before.nights(2);
        return before.redeployed(silver(""));
    }

    private static String silver(String more) {
        return """
        policies:
          silver:
            select: {tags: {backup: gold}}
            schedule: {cron: "0 2 * * *"}
        """
                + more.indent(4);
    }

    @Test
    void theDemosUnluckyCopiesAreLate() throws Exception {
        CommandRun text = CommandRun.of("status", "--demo");
        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.out().lines().findFirst().orElseThrow())
                .isEqualTo(
                        "12 instances at 2026-03-13T00:00:00Z: 10 protected, 1 late, 1"
                                + " unprotected");
        assertThat(text.out().lines().skip(3).findFirst().orElseThrow())
                .startsWith("late ")
                .contains("eu-west-1", "late for ");
        assertThat(text.out()).contains("play-1", "its tag environment is \"sandbox\"");
        assertThat(text.out()).doesNotContain("\033[");

        CommandRun silver = CommandRun.of("status", "--demo", "--policy", "silver", "--json");
        assertThat(silver.exitCode()).isZero();
        JsonNode json = JsonMapper.builder().build().readTree(silver.out());
        assertThat(json.get("late").asInt()).isZero();
        assertThat(json.get("unprotected").asInt()).isZero();
        assertThat(json.get("protectedInstances").asInt()).isEqualTo(6);
        assertThat(json.get("lines").findValuesAsText("policy")).containsOnly("silver");
        assertThat(json.get("lines").get(0).get("ageSeconds").asLong()).isPositive();
    }

    @Test
    void whatIsLateIsColouredOnATerminal() {
        StringWriter out = new StringWriter();
        CommandLine line =
                Keeper.commandLine(new Screen(true, false), CommandRun.SHARED)
                        .setOut(new PrintWriter(out));

        line.execute("status", "--demo", "--policy", "gold");

        assertThat(out.toString().lines().skip(3).findFirst().orElseThrow())
                .startsWith("\033[31mlate ")
                .endsWith("\033[0m");
    }

    @Test
    void theSweepMeasuresTheSame() {
        TestDeployment given = TestDeployment.nightly(TO_WEST);
        given.instance("web-1");
        given.cloud.launch(TestDeployment.EAST, Map.of("Name", "toy"), List.of(8));
        given.nights(1);

        List<Measures> measures = given.deployment.sweep(given.cloud.now()).protection();

        assertThat(measures)
                .extracting(Measures::dimensions, Measures::values)
                .containsExactly(
                        tuple(
                                new TreeMap<>(
                                        Map.of("Policy", "gold", "Region", TestDeployment.EAST)),
                                values(1, 7200)),
                        tuple(
                                new TreeMap<>(
                                        Map.of("Policy", "gold", "Region", TestDeployment.WEST)),
                                values(1, 7200)),
                        tuple(
                                new TreeMap<>(Map.of("Region", TestDeployment.EAST)),
                                new TreeMap<>(Map.of("unprotected", 1))));
    }

    private static Map<String, Integer> values(int kept, int age) {
        return new TreeMap<>(
                Map.of("protected", kept, "late", 0, "waiting", 0, "worstAgeSeconds", age));
    }

    private static StatusReport look(TestDeployment given) {
        return StatusCommand.read(given.deployment.application(), Optional.empty());
    }
}
