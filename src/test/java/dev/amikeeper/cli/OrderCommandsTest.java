package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.local.LocalDeployment;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * {@code keeper deregister}, {@code share}, {@code store}, {@code register} and their like on the
 * demo's fleet.
 */
final class OrderCommandsTest {
    private static final String PARTNER = "111122223333";
    private static final String STRANGER = "999988887777";
    private static final Pattern FETCH =
            Pattern.compile("keeper fetch (ami-[0-9a-f]+) --region us-east-1");

    /** For what changes it. */
    private static final Supplier<LocalDeployment> OWN = CommandRun.once();

    /** Every play is of the same days, so one plan tells of all of them. */
    private static final CommandRun PLAN = CommandRun.of("plan", "--demo", "--json");

    @Test
    void anImageThatOnlyRulesKeepMayGoByHand() throws Exception {
        String kept =
                images("silver").stream()
                        .filter(line -> !line.get("reasons").toString().contains("atLeast"))
                        .findFirst()
                        .orElseThrow()
                        .get("image")
                        .asText();

        CommandRun shown = CommandRun.of("deregister", "--demo", "--dry-run", kept);

        assertThat(shown.exitCode()).as(shown.err()).isZero();
        assertThat(shown.out()).startsWith("would deregister " + kept).contains(", though kept by");
    }

    @Test
    void theNewestStaysAndIsSharedButNotUnsharedWithThoseOfItsPolicy() throws Exception {
        String newest = images("gold").getLast().get("image").asText();

        CommandRun refused = CommandRun.of("deregister", "--demo", newest);
        CommandRun shared = CommandRun.on(OWN, "share", "--demo", "--with", STRANGER, newest);
        CommandRun stays = CommandRun.of("unshare", "--demo", newest, "--with", PARTNER);

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .contains(" stays:", "  atLeast: number 1 of the newest good", "  shared: ");
        assertThat(shared.exitCode()).as(shared.err()).isZero();
        assertThat(shared.out()).startsWith(newest + " may be launched by " + STRANGER);
        assertThat(stays.exitCode()).isEqualTo(1);
        assertThat(stays.err()).contains("its policy shares it with " + PARTNER);
    }

    @Test
    void aSnapshotWhoseImageIsGoneIsAnImageAgain() {
        String mishap = CommandRun.on(OWN, "register", "--demo", "snap-0").out();
        List<String> found =
                Pattern.compile("\\b(snap|i)-[0-9a-z]+")
                        .matcher(mishap)
                        .results()
                        .map(MatchResult::group)
                        .toList();

        CommandRun again = CommandRun.on(OWN, "register", "--demo", found.getFirst());
        CommandRun theirs =
                CommandRun.on(
                        OWN,
                        "register",
                        "--demo",
                        "--dry-run",
                        "--policy",
                        "gold",
                        "--instance",
                        found.getLast(),
                        "--root",
                        found.get(1));

        assertThat(mishap).contains("(demo: somebody deregistered ami-");
        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.out()).contains("registers gold/" + found.getLast(), "it is held");
        assertThat(theirs.exitCode()).as(theirs.err()).isZero();
        assertThat(theirs.out())
                .contains("would register gold/" + found.getLast(), "are deleted with it");
    }

    @Test
    void anImageIsStoredByHandAndOneThatIsOnlyStoredIsFetched() throws Exception {
        String newest = images("gold").getLast().get("image").asText();
        CommandRun nowhere = CommandRun.of("store", "--demo", newest);
        CommandRun shown =
                CommandRun.of(
                        "store",
                        "--demo",
                        "--dry-run",
                        newest,
                        "--bucket",
                        "ami-archive-us-east-1");
        String instance = images("silver").getFirst().get("instance").asText();
        CommandRun gone =
                CommandRun.of(
                        "restore", "--demo", "--instance", instance, "--at", "2026-03-05T19:00Z");
        Matcher remedy = FETCH.matcher(gone.err());

        assertThat(nowhere.exitCode()).isEqualTo(1);
        assertThat(nowhere.err()).contains("policy gold has no \"store\": name a bucket");
        assertThat(shown.exitCode()).as(shown.err()).isZero();
        assertThat(shown.out()).startsWith("would store " + newest + " gold/");
        assertThat(remedy.find()).as(gone.err()).isTrue();
        CommandRun why = CommandRun.of("why", "--demo", remedy.group(1));
        assertThat(why.out()).contains("; stored as s3://ami-archive-us-east-1/" + remedy.group(1));
        CommandRun fetched = CommandRun.on(OWN, "fetch", "--demo", remedy.group(1));
        assertThat(fetched.exitCode()).as(fetched.err()).isZero();
        assertThat(fetched.out())
                .startsWith("makes silver/" + instance + "/2026-03-05T18.00.00Z of");
    }

    @Test
    void allImagesAtOnceAreNotUnsharedWithThoseOfAPolicy() {
        CommandRun stays = CommandRun.of("unshare", "--demo", "--with", PARTNER);
        CommandRun other =
                CommandRun.of("unshare", "--demo", "--policy", "none", "--with", PARTNER);

        assertThat(stays.exitCode()).isEqualTo(1);
        assertThat(stays.err()).contains("names " + PARTNER + ", which would give it again");
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.err()).contains("there is no policy none");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "deregister --demo i-0abc | i-0abc is not an image",
                "share --demo ami-0abc --with all | not an account id",
                "unshare --demo ami-0abc | Missing required option",
                "unshare --demo ami-0abc --with 111122223333 --policy gold | name no image",
                "unshare --demo --with 111122223333 --region us-west-2 | goes with an image",
                "adopt --demo ami-0abc | Missing required option",
                "adopt --demo --policy gold --instance web-1 ami-0abc | web-1",
                "register --demo | Name just a snapshot that AMI Keeper made",
                "register --demo snap-0 --policy gold | Name just a snapshot that AMI Keeper made",
                "register --demo vol-0 | not a snapshot id",
                "register --demo snap-0 --architecture amd64 | not an architecture",
                "store --demo ami-0abc --bucket My_Bucket | My_Bucket is not a bucket's name",
                "fetch --demo web-1 | web-1 is not an image",
                "fetch --demo s3://archive | not an object in S3",
                "deregister --demo --region mars ami-0abc | not a Region"
            })
    void aMistakeIsNamed(String arguments, String message) {
        CommandRun run = CommandRun.beforeAnyPlay(arguments.split(" "));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains(message).doesNotContain("Exception");
    }

    /** Of one instance, oldest first. */
    private static List<JsonNode> images(String policy) throws Exception {
        JsonNode plan = JsonMapper.builder().build().readTree(PLAN.out()).get("plan");
        List<JsonNode> lines =
                StreamSupport.stream(plan.spliterator(), false)
                        .filter(line -> line.get("region").asText().equals("us-east-1"))
                        .filter(line -> line.get("policy").asText().equals(policy))
                        .toList();
        String instance = lines.getFirst().get("instance").asText();
        return lines.stream()
                .filter(line -> line.get("instance").asText().equals(instance))
                .sorted(Comparator.comparing(line -> line.get("slot").asText()))
                .toList();
    }
}
