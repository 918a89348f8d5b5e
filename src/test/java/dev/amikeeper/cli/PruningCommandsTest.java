package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** {@code keeper plan} and {@code why}. */
final class PruningCommandsTest {
    private static final Instant DAY_4 = Instant.parse("2026-03-04T04:00:00Z");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void thePlanIsThatOfADryRun() {
        TestDeployment given = threeDays("keep: {last: 1}");
        given.cloud.advanceTo(DAY_4);

        assertThat(PlanCommand.plan(given.deployment.application()).plan())
                .usingRecursiveComparison()
                .isEqualTo(given.deployment.prune(DAY_4, true).plan());
    }

    @Test
    void planPrintsATableAndJson() throws Exception {
        assertThat(run("plan", "--demo")).isZero();
        assertThat(out.toString())
                .contains("gold: plan ", "silver: plan ", " just stay", "removed 2026-03-")
                .doesNotContain("not asked");

        out.getBuffer().setLength(0);
        assertThat(run("plan", "--demo", "--json")).isZero();
        JsonNode json = JsonMapper.builder().build().readTree(out.toString());
        assertThat(json.get("dryRun").asBoolean()).isTrue();
        assertThat(json.get("policies")).hasSize(2);
        assertThat(json.get("plan")).isNotEmpty();
    }

    @Test
    void whyExplainsAnImageAndAnInstance() {
        TestDeployment given = threeDays("keep: {last: 1}\nretire: {disableFor: 3d}");
        given.deployment.prune(DAY_4, false);
        Image oldest = given.records(TestDeployment.EAST).getFirst();
        given.cloud.advanceTo(DAY_4.plusSeconds(60));

        Explanation image = Explanation.of(given.deployment.application(), id(oldest).value());
        assertThat(image.images()).hasSize(1);
        assertThat(image.images().getFirst().plan().next()).isEqualTo("removed");
        assertThat(image.images().getFirst().plan().at()).startsWith("2026-03-07");
        assertThat(image.images().getFirst().plan().reasons())
                .containsExactly("no rule keeps it (last: 1, atLeast: 1)");
        assertThat(image.images().getFirst().evidence())
                .anyMatch(line -> line.startsWith("instances: UNUSED"));

        String newest = id(given.records(TestDeployment.EAST).getLast()).value();
        assertThat(
                        Explanation.of(given.deployment.application(), newest)
                                .images()
                                .getFirst()
                                .forecast())
                .contains("no rule keeps it from the image of 2026-03-05T02:00:00Z on");

        prune(given, DAY_4.plus(Duration.ofDays(3)));
        Explanation all =
                Explanation.of(given.deployment.application(), oldest.name().instance().value());
        assertThat(all.policies())
                .containsExactly(
                        new Explanation.Selected(
                                "gold", true, "images it next for slot 2026-03-08T02:00:00Z"));
        assertThat(all.images()).hasSize(1);
        assertThat(all.gone())
                .hasSize(2)
                .allMatch(gone -> gone.why().startsWith("no rule keeps it"));
    }

    @Test
    void whySaysWhatIsWrongWithItsArgument() {
        assertThat(run("why", "web-1")).isEqualTo(2);
        assertThat(err.toString()).contains("web-1 is neither an image").hasLineCount(1);
        assertThat(run("why", "--demo", "ami-0nothing")).isEqualTo(2);
        assertThat(err.toString()).contains("knows nothing of ami-0nothing");
    }

    @Test
    void withoutADeploymentThereIsAHint() {
        assertThat(run("plan")).isEqualTo(2);
        assertThat(err.toString()).contains("TABLE", "stack's outputs", "--demo");
    }

    private static void prune(TestDeployment given, Instant at) {
        given.cloud.advanceTo(at);
        given.deployment.prune(at, false);
    }

    private static ImageId id(Image image) {
        return image.id().orElseThrow();
    }

    private static TestDeployment threeDays(String policy) {
        TestDeployment given = TestDeployment.nightly(policy);
        given.instance("web-1");
        given.nights(3);
        return given;
    }

    private int run(String... arguments) {
        CommandLine line = Keeper.commandLine(new Screen(false, false), CommandRun.SHARED);
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        return line.execute(List.of(arguments).toArray(String[]::new));
    }
}
