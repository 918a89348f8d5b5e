package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.SimulatedNetworks;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code keeper restore} on the demo's cloud, as a person types it. */
final class RestoreCommandTest {
    private static final String DB = "i-02ac2ce17a5794a3b";

    @TempDir private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void bringsAServerBack() {
        int status = keeper("restore", "--demo", "--instance", DB);

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString())
                .contains("private address", "back, checks passed", "The server is back.");
        assertThat(status).isZero();
    }

    @Test
    void printsTheMappingThatFillsWhatIsMissingAndTakesIt() throws Exception {
        String[] toTheWest = {
            "restore", "--demo", "--all", "--policy", "gold", "--region", "us-west-2"
        };
        assertThat(keeper(toTheWest)).isEqualTo(1);
        String plan = out.toString();
        assertThat(plan).contains("Nothing was launched", "subnets:", "securityGroups:");

        String filled = plan.substring(plan.indexOf("subnets:"));
        Path file = folder.resolve("mapping.yaml");
        Files.writeString(
                file,
                filled.replaceAll("(subnet-\\w+): \"\"   # here", "$1: " + west("subnet"))
                        .replaceAll("(sg-\\w+): \"\"   # here", "$1: " + west("group")));
        out.getBuffer().setLength(0);

        int status =
                keeper(
                        "restore",
                        "--demo",
                        "--all",
                        "--policy",
                        "gold",
                        "--region",
                        "us-west-2",
                        "--mapping",
                        file.toString(),
                        "--json");

        assertThat(err.toString()).isEmpty();
        JsonNode result = new JsonMapper().readTree(out.toString());
        assertThat(status).isZero();
        assertThat(result.get("servers").intValue()).isEqualTo(5);
        assertThat(result.get("back").intValue()).isEqualTo(5);
        assertThat(result.get("lines").get(0).get("seconds").intValue()).isPositive();
    }

    @Test
    void aDryRunLaunchesNothing() {
        int status = keeper("restore", "--demo", "--instance", DB, "--dry-run");

        assertThat(status).isZero();
        assertThat(out.toString()).endsWith("Nothing was launched: this was a dry run.\n");
    }

    @Test
    void saysWhatThereIs() {
        int status = keeper("restore", "--demo", "--instance", DB, "--at", "2026-03-01T00:00Z");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("no good image of " + DB + " in us-east-1")
                .contains("in us-west-2, 2026-03-");
    }

    @Test
    void mistakesAreNamedAtOnce() throws Exception {
        assertThat(keeper("restore", "--demo")).isEqualTo(2);
        assertThat(keeper("restore", "--demo", "--all")).isEqualTo(2);
        assertThat(keeper("restore", "--demo", "--instance", DB, "--at", "noon")).isEqualTo(2);
        Path wrong = folder.resolve("wrong.yaml");
        Files.writeString(wrong, "subnet: {a: b}");
        assertThat(keeper("restore", "--demo", "--instance", DB, "--mapping", wrong.toString()))
                .isEqualTo(2);

        assertThat(err.toString())
                .contains("--instance, or all with --all")
                .contains("--all needs --region")
                .contains("not a time: \"noon\"")
                .contains("unknown key subnet; there are subnets")
                .doesNotContain("Exception");
    }

    /** A Region's default network has the same ids in every simulated cloud. */
    private static String west(String what) {
        SimulatedNetworks west = new SimulatedCloud(Demo.START, 1).networks("us-west-2");
        return what.equals("subnet")
                ? west.defaultSubnet("us-west-2a")
                : west.defaultGroup(west.defaultVpc());
    }

    private int keeper(String... arguments) {
        return Keeper.commandLine(new Screen(false, false))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }
}
