package dev.amikeeper.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Application;
import dev.amikeeper.cli.CommandRun;
import dev.amikeeper.demo.DemoSummary.ActionCalls;
import dev.amikeeper.demo.DemoSummary.ImageCounts;
import dev.amikeeper.demo.DemoSummary.PolicyLine;
import dev.amikeeper.policy.Policies;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Four days of the demo: the account of what was played agrees with itself. */
@TestInstance(Lifecycle.PER_CLASS)
final class DemoTest {
    private static final int DAYS = 4;
    private static final int GOLD = 5;
    private static final int SILVER = 6;

    private final DemoSummary account;

    DemoTest() throws Exception {
        String yaml = Files.readString(Path.of("src/main/resources/demo-policies.yaml"));
        Policies policies = Policies.parse(yaml, "demo", Demo.HOME, Application.regions(Demo.HOME));
        account = new Demo(policies, DAYS, 7, Progress.NONE).play();
    }

    @Test
    void imagesEverySelectedInstanceAtEverySlotAndOnRequest() {
        assertThat(made("gold", "image")).isEqualTo(GOLD * DAYS + 1);
        assertThat(made("silver", "image")).isEqualTo(SILVER * DAYS * 2);
    }

    @Test
    void copiesEveryImageToEachRegionOfItsPolicy() {
        assertThat(made("gold", "copy")).isEqualTo((GOLD * DAYS + 1) * 2);
        assertThat(made("silver", "copy")).isEqualTo(SILVER * DAYS * 2);
    }

    @Test
    void accountsForEveryImage() {
        assertThat(account.images())
                .extracting(PolicyLine::counts)
                .allSatisfy(counts ->
                        assertThat(counts.made()).isEqualTo(counts.removed() + counts.thereNow()));
        assertThat(account.strays()).isZero();
        assertThat(account.total().made())
                .isEqualTo(lines().mapToInt(line -> line.counts().made()).sum());
        assertThat(account.total())
                .extracting(ImageCounts::givenUp, ImageCounts::underWay)
                .containsOnly(0);
    }

    @Test
    void callsEc2NoMoreThanTheImagesLivesNeed() {
        assertThat(account.calls())
                .containsExactly(
                        // One throttled and one whose reply is lost, as the story wants it.
                        new ActionCalls("CreateImage", 71, 69, 0, 2),
                        new ActionCalls("CopyImage", 92, 90, 1, 1),
                        new ActionCalls(
                                "DeregisterImage",
                                account.total().removed() + 1,
                                account.total().removed(),
                                1,
                                0),
                        new ActionCalls("ModifyImageAttribute", 63, 63, 0, 0),
                        new ActionCalls("DeleteTags", 1, 1, 0, 0),
                        new ActionCalls("RunInstances", 2, 2, 0, 0),
                        new ActionCalls("TerminateInstances", 2, 2, 0, 0));
    }

    @Test
    void makesAFailedCopyAtItsSecondTry() {
        assertThat(account.total().retried()).isEqualTo(1);
        assertThat(account.story())
                .anySatisfy(it -> {
                    assertThat(it.what()).contains("fails");
                    assertThat(it.then()).isEqualTo("made at try 2");
                });
    }

    @Test
    void restoresTheServersOfTheLostRegion() {
        DemoSummary.Loss loss = account.loss();

        assertThat(loss).isNotNull();
        assertThat(loss.region()).isEqualTo("us-east-1");
        assertThat(loss.servers()).isPositive().isEqualTo(loss.back()).isEqualTo(loss.launches());
        assertThat(loss.records()).isGreaterThan(loss.servers());
        assertThat(loss.oldestMinutes()).isLessThanOrEqualTo(24 * 60);
    }

    @Test
    void namesOtherSubnetsAndGroupsForThoseOfTheLostRegion() {
        DemoSummary.Loss loss = account.loss();

        assertThat(loss).isNotNull();
        assertThat(loss.mappedSubnets()).isEqualTo(1);
        assertThat(loss.mappedGroups()).isEqualTo(1);
    }

    @Test
    void drillsTwoServersInTheFirstWeek() {
        DemoSummary.Drills drills = account.drills();

        assertThat(drills).isNotNull();
        assertThat(drills.regions()).containsExactly("us-west-2");
        assertThat(List.of(drills.servers(), drills.passed(), drills.failed(), drills.underWay()))
                .containsExactly(2, 2, 0, 0);
        assertThat(drills.quickestSeconds()).isPositive();
    }

    @Test
    void endsWithEveryServerOfAPolicyProtected() {
        assertThat(account.status())
                .isEqualTo(new DemoSummary.ProtectionCounts(GOLD + SILVER, 0, 0, 1));
    }

    @Test
    void leavesNothingUnhandled() {
        assertThat(account.deadLetters()).isZero();
        assertThat(account.announcements()).isZero();
    }

    @Test
    void givesProgramsTheSameAccountForTheSameSeedAlsoOnDynamoDbLocal() throws Exception {
        CommandRun run =
                CommandRun.of(
                        "demo", "--days", "" + DAYS, "--seed", "7", "--json", "--dynamodb-local");
        JsonMapper mapper = JsonMapper.builder().build();
        JsonNode expected = mapper.readTree(mapper.writeValueAsString(account));

        assertThat(run.err()).isEmpty();
        assertThat(mapper.readTree(run.out())).isEqualTo(expected);
    }

    @Test
    void fitsOnAScreen() {
        assertThat(new DemoSummaryText(account, Duration.ZERO, false).toString().lines())
                .hasSizeLessThanOrEqualTo(56)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    }

    private Stream<PolicyLine> lines() {
        return account.images().stream();
    }

    private int made(String policy, String kind) {
        return lines().filter(line -> line.policy().equals(policy) && line.kind().equals(kind))
                .mapToInt(line -> line.counts().made())
                .sum();
    }
}
