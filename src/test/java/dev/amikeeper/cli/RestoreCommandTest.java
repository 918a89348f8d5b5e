package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.local.SimulatedNetworks;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code keeper restore}, as a person types it. */
final class RestoreCommandTest {
    @TempDir private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private final TestDeployment given =
            TestDeployment.inMemory(
                    """
                    policies:
                      gold:
                        select: {tags: {backup: gold}}
                        schedule: {cron: "0 2 * * *"}
                        replicate: {us-west-2: {}}
                    """,
                    1);
    private final SimulatedNetworks east = given.cloud.networks(TestDeployment.EAST);
    private final SimulatedNetworks west = given.cloud.networks(TestDeployment.WEST);
    private final String subnet =
            east.addSubnet(east.defaultVpc(), "us-east-1a", Map.of("Name", "private-a"));
    private final String there =
            west.addSubnet(west.defaultVpc(), "us-west-2a", Map.of("Name", "private-a"));
    private final String db = launch("db-1");

    private String launch(String name) {
        return given.cloud.launch(
                TestDeployment.EAST,
                Map.of("Name", name, "backup", "gold"),
                List.of(8),
                run -> run.subnetId(subnet).keyName("ops"));
    }

    @Test
    void bringsAServerBack() {
        int status = restore("--instance", db);

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString())
                .contains("private address", "back, checks passed", "The server is back.");
        assertThat(status).isZero();
    }

    @Test
    void launchesNothingBesideALivingServerUntilSomebodySaysYes() {
        night();

        assertThat(run("--instance", db)).isEqualTo(4);
        assertThat(out.toString())
                .containsPattern("original +running in us-east-1 -> stays; this is another one");
        assertThat(err.toString())
                .isEqualTo(
                        """
                        db-1 (%s) is running in us-east-1
                        Nothing was launched: the original is still there. --yes launches another one beside it.
                        """
                                .formatted(db));
        assertThat(restored()).isEmpty();

        List<String> asked = new ArrayList<>();
        assertThat(run(answering("n", asked), "--instance", db)).isEqualTo(4);
        assertThat(restored()).isEmpty();
        assertThat(run(answering("y", asked), "--instance", db)).isZero();
        assertThat(asked).containsOnly("Launch a second one beside it? [y/N] ");
        assertThat(restored()).hasSize(1);
    }

    @Test
    void namesTheVolumesThatTheImageLacks() {
        TestDeployment nightly =
                TestDeployment.nightlyInMemory("image: {excludeDevices: [/dev/sdf]}");
        String web = nightly.instance(TestDeployment.EAST, "web-1", 2);
        nightly.playUntil("2026-03-01T08:00:00Z");

        assertThat(run(nightly, new Screen(false, false), "--yes", "--instance", web)).isZero();
        assertThat(out.toString())
                .containsPattern("volume /dev/sdf +8 GiB -> none; the image was made without it")
                .contains("back, checks passed; without /dev/sdf (8 GiB), which its image lacks");

        out.getBuffer().setLength(0);
        run(nightly, new Screen(false, false), "--yes", "--all", "--region", TestDeployment.EAST);
        assertThat(out.toString())
                .contains(
                        "web-1 comes back without /dev/sdf (8 GiB): its image was made without"
                                + " it.");
    }

    private static Screen answering(String answer, List<String> asked) {
        return new Screen(
                false,
                false,
                Optional.of(question -> {
                    asked.add(question);
                    return answer;
                }));
    }

    @Test
    void aServerThatIsGoneComesBackWithoutAQuestion() {
        night();
        given.ec2(TestDeployment.EAST).terminateInstances(end -> end.instanceIds(db));
        given.cloud.advance(Duration.ofMinutes(5));

        assertThat(run("--instance", db)).isZero();
        assertThat(out.toString()).doesNotContain("original");
    }

    @Test
    void aLostRegionDoesNotHoldUpTheRestoreOfWhatWasInIt() throws Exception {
        night();
        given.cloud.faults().calls("DescribeInstances").in(TestDeployment.EAST).internalError();

        int status =
                run(
                        with(
                                file(
                                        "subnets: {%s: %s}\nkeyPairs: {ops: \"\"}"
                                                .formatted(subnet, there)),
                                "--instance",
                                db,
                                "--region",
                                "us-west-2",
                                "--group",
                                group()));

        assertThat(out.toString()).contains("could not be looked at: InternalError");
        assertThat(status).isZero();
    }

    private String group() {
        return given.ec2(TestDeployment.WEST)
                .describeSecurityGroups(all -> {})
                .securityGroups()
                .getFirst()
                .groupId();
    }

    @Test
    void anInstanceProfileThatIsGoneIsNamedBeforeTheLaunchAndReplaced() throws Exception {
        String web =
                given.cloud.launch(
                        TestDeployment.EAST,
                        Map.of("Name", "web-1", "backup", "gold"),
                        List.of(8),
                        run -> run.subnetId(subnet).iamInstanceProfile(it -> it.name("web")));
        night();
        given.cloud.settings().removeProfile("web").addProfile("web-2");

        assertThat(run("--yes", "--instance", web)).isEqualTo(1);
        assertThat(out.toString())
                .contains("instance-profile/web does not exist or has no role; name another one")
                .contains("instanceProfiles:\n  \"arn:aws:iam::");
        assertThat(run("--yes", "--instance", web, "--instance-profile", "web-2", "--dry-run"))
                .isZero();
        assertThat(
                        run(
                                with(
                                        "--yes",
                                        with(
                                                file("instanceProfiles: {web: web-2}"),
                                                "--instance",
                                                web))))
                .isZero();
        assertThat(run("--yes", "--instance", web, "--instance-profile", "none")).isZero();
        assertThat(run("--yes", "--instance", web, "--instance-profile", "nosuch")).isEqualTo(1);
        assertThat(profiles()).containsExactlyInAnyOrder("web-2", "none");
    }

    /** Of the servers that were restored. */
    private List<String> profiles() {
        return given.cloud.instances(TestDeployment.EAST).stream()
                .map(it -> it.instance())
                .filter(it -> it.tags().stream().anyMatch(t -> t.key().equals("amikeeper:restore")))
                .map(it ->
                        it.iamInstanceProfile() == null
                                ? "none"
                                : it.iamInstanceProfile().arn().replaceAll(".*/", ""))
                .toList();
    }

    @Test
    void worksOnTheDemosCloud() {
        int status =
                Keeper.commandLine(new Screen(false, false), CommandRun.SHARED)
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(
                                "restore",
                                "--demo",
                                "--instance",
                                "i-02ac2ce17a5794a3b",
                                "--dry-run");

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString()).endsWith("Nothing was launched: this was a dry run.\n");
        assertThat(status).isZero();
    }

    @Test
    void runTwiceItIsTheSameServerAndAgainAnotherOne() {
        restore("--instance", db);
        restore("--instance", db);
        assertThat(restored()).hasSize(1);

        assertThat(restore("--instance", db, "--again")).isZero();
        assertThat(restored()).hasSize(2);
    }

    @Test
    void printsTheMappingThatFillsWhatIsMissingAndTakesItWhenAPersonHasConfirmedIt()
            throws Exception {
        launch("db-2");
        String[] toTheWest = {"--all", "--policy", "gold", "--region", "us-west-2"};
        assertThat(restore(toTheWest)).isEqualTo(1);
        String plan = out.toString();
        assertThat(plan)
                .contains("missing: subnet " + subnet + " (private-a) is not in us-west-2")
                .contains("Nothing was launched. Fill this in")
                .containsOnlyOnce("  " + subnet + ": # " + there)
                .containsOnlyOnce("  ops:\n");

        String proposed = plan.substring(plan.indexOf("# The counterparts"));
        assertThat(restore(with(file(proposed), toTheWest)))
                .as("nobody has confirmed anything")
                .isEqualTo(1);
        assertThat(given.cloud.instances(TestDeployment.WEST)).isEmpty();
        out.getBuffer().setLength(0);

        String confirmed = proposed.replace(": # ", ": ").replace("ops:", "ops: \"\"");
        int status = restore(with(file(confirmed), with("--json", toTheWest)));

        assertThat(err.toString()).isEmpty();
        JsonNode result = new JsonMapper().readTree(out.toString());
        assertThat(status).isZero();
        assertThat(result.get("servers").intValue()).isEqualTo(2);
        assertThat(result.get("back").intValue()).isEqualTo(2);
        assertThat(result.get("lines").get(0).get("seconds").intValue()).isPositive();
    }

    @Test
    void programsGetTheProposalsToo() throws Exception {
        int status = restore("--instance", db, "--region", "us-west-2", "--json");

        JsonNode result = new JsonMapper().readTree(out.toString());
        assertThat(status).isEqualTo(1);
        assertThat(result.get("missing").intValue()).isEqualTo(1);
        JsonNode fill = result.get("fill").get(0);
        assertThat(fill.get("part").textValue()).isEqualTo("subnets");
        assertThat(fill.get("original").textValue()).isEqualTo(subnet);
        assertThat(fill.get("proposal").textValue()).isEqualTo(there);
        assertThat(fill.get("candidates").get(0).get("id").textValue()).isEqualTo(there);
    }

    @Test
    void whatWasWishedForIsNotForAFileToFill() {
        int status = restore("--instance", db, "--subnet", "subnet-0", "--group", "sg-0");

        assertThat(status).isEqualTo(1);
        assertThat(out.toString())
                .contains("missing: subnet subnet-0 is not in us-east-1")
                .contains("missing: security group sg-0 is not in us-east-1")
                .endsWith("Nothing was launched.\n");
    }

    @Test
    void saysThatTheElasticIpIsThere() {
        String allocation = given.ec2(TestDeployment.EAST).allocateAddress(it -> {}).allocationId();

        int status = restore("--instance", db, "--elastic-ip", allocation);

        assertThat(out.toString()).contains("back, checks passed; it has 203.0.113.1");
        assertThat(status).isZero();
    }

    @Test
    void theRootOfAServerThatIsGoneIsNotReplaced() {
        night();
        given.ec2(TestDeployment.EAST).terminateInstances(end -> end.instanceIds(db));
        given.cloud.advance(Duration.ofMinutes(5));

        int status = restore("--instance", db, "--replace-root");

        assertThat(status).isEqualTo(1);
        assertThat(out.toString())
                .contains("missing: the instance must be running; it is terminated: restore it")
                .endsWith("Nothing was launched.\n");
    }

    @Test
    void aRootIsNotReplacedFromACopyInAnotherRegion() {
        int status = restore("--instance", db, "--replace-root", "--region", "us-west-2");

        assertThat(status).isEqualTo(1);
        assertThat(out.toString()).contains("a root volume is replaced from a home image");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "| Name a server with --instance, or all with --all.",
                "--instance DB --all | Name a server with --instance, or all with --all.",
                "--all | --all needs --region, as --region us-west-2.",
                "--all --region us-west-2 --image ami-1 | go with --instance",
                "--all --region us-west-2 --elastic-ip original | go with --instance",
                "--all --region us-west-2 --newer-than -3 | must be 0 days or more",
                "--instance web-1 | not an instance id: \"web-1\"; write it as i-0abc1234",
                "--instance DB --region Frankfurt | \"Frankfurt\"; write it as us-west-2",
                "--instance DB --image xyz | not an image id: \"xyz\"; write it as ami-0abc",
                "--instance DB --at noon | not a time: \"noon\"; write it as 2026-03-01T02:00:00Z",
                "--instance DB --at 2027-03-01T00:00Z | 2027-03-01T00:00:00Z is still to come",
                "--all --region us-west-2 --at 2027-03-01T00:00Z | is still to come",
                "--instance DB --at 2026-02-01T00:00Z | there are 1 in us-east-1, 2026-03-01T02",
                "--instance i-0123 | there are no images of i-0123 in the catalogue.",
                "--instance DB --policy silver | in the catalogue, but under gold.",
                "--instance DB --image ami-0 | ami-0 is not an image of DB in us-east-1; there are",
                "--instance DB --image WEST | is not an image of DB in us-east-1; it is in us-west",
                "--instance DB --region eu-west-1 | no good image of DB in eu-west-1; there are",
                "--all --region eu-west-1 | no good image in eu-west-1; keeper status shows where",
                "--instance DB --tag aws:x=1 | not a tag that can be asked for: \"aws:x\"",
                "--instance DB --elastic-ip mine | not an Elastic IP address: \"mine\"; write its",
                "--instance DB --mapping nosuch.yaml | nosuch.yaml cannot be read: there is no",
                "--instance DB --replace-root --type t3.large | --type changes nothing with"
            })
    void aMistakeIsNamedInOneLine(String words, String message) {
        night();
        String copy = given.images(TestDeployment.WEST).getFirst().image().imageId();
        List<String> arguments = new ArrayList<>();
        for (String word : words == null ? new String[0] : words.split(" ")) {
            arguments.add(word.equals("DB") ? db : word.equals("WEST") ? copy : word);
        }

        int status = run(arguments.toArray(String[]::new));

        assertThat(err.toString().lines().findFirst().orElse(""))
                .contains(message.replace("DB", db));
        assertThat(err.toString().lines().filter(line -> !line.startsWith("Try: "))).hasSize(1);
        assertThat(status).isEqualTo(2);
        assertThat(given.cloud.calls()).doesNotContainKey("RunInstances");
    }

    private Path file(String mapping) throws IOException {
        return Files.writeString(folder.resolve("mapping.yaml"), mapping);
    }

    private static String[] with(Path mapping, String... arguments) {
        return with("--mapping", with(mapping.toString(), arguments));
    }

    private static String[] with(String argument, String... arguments) {
        List<String> all = new ArrayList<>(List.of(argument));
        all.addAll(List.of(arguments));
        return all.toArray(String[]::new);
    }

    private List<String> restored() {
        return given.cloud.instances(TestDeployment.EAST).stream()
                .map(it -> it.instance())
                .filter(it -> it.tags().stream().anyMatch(t -> t.key().equals("amikeeper:restore")))
                .map(it -> it.instanceId())
                .toList();
    }

    private void night() {
        if (given.cloud.now().equals(TestDeployment.START)) {
            given.playUntil("2026-03-01T08:00:00Z");
        }
    }

    /** Restores, whether the original is there or not. */
    private int restore(String... arguments) {
        night();
        return run(with("--yes", arguments));
    }

    private int run(String... arguments) {
        return run(new Screen(false, false), arguments);
    }

    private int run(Screen screen, String... arguments) {
        return run(given, screen, arguments);
    }

    private int run(TestDeployment of, Screen screen, String... arguments) {
        return Keeper.commandLine(
                        new CommandLine(new RestoreCommand(screen, new Deployment(of.deployment))),
                        screen)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }
}
