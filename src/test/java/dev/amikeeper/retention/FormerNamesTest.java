package dev.amikeeper.retention;

import static dev.amikeeper.backup.RequestReport.RequestCount.ALREADY;
import static dev.amikeeper.backup.RequestReport.RequestCount.REQUESTED;
import static dev.amikeeper.restore.DrillReport.DrillCount.BEGUN;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.backup.RequestReport;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlanner;
import dev.amikeeper.restore.RestoreRequest;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Policies that have images of another name: their own before they were renamed, or a lost one's.
 */
final class FormerNamesTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Region WEST = new Region(TestDeployment.WEST);

    @Test
    void imagesOfAFormerNameGoByTheRulesCountedWithTheNewOnes() {
        TestDeployment before = given(gold("keep: {last: 3, atLeast: 1}"));
        before.nights(3);
        TestDeployment given =
                before.redeployed(
                        platinum("keep: {last: 3, atLeast: 1}\nlimits: {maxRemovePercent: 50}"));
        given.nights(3, 1);

        prune(given);

        assertThat(names(given, TestDeployment.EAST))
                .containsExactly(
                        "gold/2026-03-02T02.00.00Z",
                        "gold/2026-03-03T02.00.00Z",
                        "platinum/2026-03-04T02.00.00Z");
        assertThat(given.told()).isEmpty();
    }

    @Test
    void theLastOnesOfAFormerNameCountForAtLeast() {
        TestDeployment before = given(gold("keep: {last: 1, atLeast: 2}"));
        before.nights(3);
        TestDeployment given =
                before.redeployed(
                        platinum("keep: {last: 1, atLeast: 2}\nlimits: {maxRemovePercent: 100}"));

        prune(given);

        assertThat(names(given, TestDeployment.EAST))
                .containsExactly("gold/2026-03-02T02.00.00Z", "gold/2026-03-03T02.00.00Z");
    }

    @Test
    void whatWasKeptForGoodDoesNotGoAtOnceThoughNothingIsLimited() {
        TestDeployment before = given(gold(""));
        before.nights(8);
        TestDeployment lost = before.redeployed(gold("").replace("gold:", "other:"));
        prune(lost);
        assertThat(lost.catalog().open()).extracting(Notice::key).containsExactly("forgotten/gold");
        TestDeployment given = lost.redeployed(platinum("keep: {last: 2, atLeast: 1}"));

        PruneReport shown =
                new PruneHandler(given.deployment.application())
                        .handleRequest(Map.of("dryRun", true), given.context("PruneFunction"));
        prune(given);

        assertThat(names(given, TestDeployment.EAST)).hasSize(8);
        assertThat(given.catalog().open())
                .singleElement()
                .extracting(Notice::text)
                .asString()
                .contains(
                        "would take 6 of 8 images away, more than maxRemovePercent: 25 allows where"
                                + " images of a former name go and the policy has no limits");
        assertThat(shown.plan())
                .extracting(PruneReport.PruneLine::policy)
                .hasSize(8)
                .containsOnly("platinum");
        new PruneHandler(given.deployment.application())
                .handleRequest(
                        Map.of("approve", shown.policies().getFirst().digest()),
                        given.context("PruneFunction"));
        assertThat(names(given, TestDeployment.EAST))
                .containsExactly("gold/2026-03-07T02.00.00Z", "gold/2026-03-08T02.00.00Z");
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(2);
    }

    @Test
    void limitsThatThePolicyHasHoldForItsFormerNames() {
        TestDeployment before = given(gold(""));
        before.nights(8);
        TestDeployment given =
                before.redeployed(
                        platinum("keep: {last: 2, atLeast: 1}\nlimits: {maxRemoveCount: 5}"));

        prune(given);

        assertThat(names(given, TestDeployment.EAST)).hasSize(8);
    }

    @Test
    void imagesStayAsSoonAsNoPolicyHasTheirName() {
        TestDeployment before = given(gold("keep: {last: 1, atLeast: 1}"));
        before.nights(2);
        TestDeployment given =
                before.redeployed(
                        platinum("keep: {last: 1, atLeast: 1}").replace("[gold]", "[bronze]"));
        given.nights(2, 2);

        prune(given);

        assertThat(names(given, TestDeployment.EAST))
                .hasSize(3)
                .contains("gold/2026-03-01T02.00.00Z");
    }

    @Test
    void whatAFormerNameStillWaitsForIsMadeAndCopiedAsTheNewOneSays() {
        TestDeployment before = given(gold(""));
        before.nights(1);
        before.cloud.advanceTo(TestDeployment.START.plus(Duration.ofHours(26)));
        before.cloud.faults().calls("CreateImage").times(1000).throttle();
        before.deployment.tick(before.cloud.now());
        assertThat(before.records(TestDeployment.EAST))
                .extracting(Image::state)
                .contains(ImageState.REQUESTED);
        before.cloud.faults().clear();
        TestDeployment given = before.redeployed(platinum("replicate: {us-west-2: {}}"));
        given.deployment.withoutSchedules();
        for (int i = 0; i < 8; i++) {
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));
            given.deployment.sweep(given.cloud.now());
        }
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(2)));

        for (String region : List.of(TestDeployment.EAST, TestDeployment.WEST)) {
            assertThat(names(given, region))
                    .containsExactly("gold/2026-03-01T02.00.00Z", "gold/2026-03-02T02.00.00Z");
        }
        assertThat(given.catalog().ofPolicy("gold", WEST)).allMatch(Image::isGood);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void theScheduleIsItsOwn() {
        TestDeployment given = renamed();
        given.deployment.withoutSchedules();
        given.cloud.advanceTo(TestDeployment.START.plus(Duration.ofHours(20)));
        given.deployment.tick(given.cloud.now());
        given.deployment.sweep(given.cloud.now());
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(names(given, TestDeployment.EAST)).containsExactly("gold/2026-03-01T02.00.00Z");
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aScheduleThatIsNoMoreHoldsUpTheEndOfNoTrouble() {
        TestDeployment given = renamed();
        given.cloud.faults().calls("DescribeInstances").times(1).deny();
        given.nights(1, 1);
        given.deployment.sweep(given.cloud.now());
        given.nights(2, 1);
        given.deployment.sweep(given.cloud.now());

        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void anImageOfTheNewNameMakesUpForOneThatWasGivenUpUnderTheFormer() {
        TestDeployment before = given(gold(""));
        before.cloud.faults().calls("CreateImage").times(100).error("InvalidParameterValue", 400);
        before.nights(1);
        for (int i = 0; i < 24; i++) {
            before.deployment.runUntil(before.cloud.now().plus(Duration.ofMinutes(30)));
            before.deployment.sweep(before.cloud.now());
        }
        before.cloud.faults().clear();
        assertThat(before.catalog().open())
                .extracting(Notice::key)
                .singleElement()
                .asString()
                .startsWith("failed/us-east-1/gold/");
        TestDeployment given = before.redeployed(platinum(""));
        given.told();
        given.nights(1, 1);
        given.deployment.sweep(given.cloud.now());

        assertThat(given.catalog().open()).isEmpty();
    }

    @Test
    void aRestoreUnderEitherNameFindsTheNewestOfBoth() {
        TestDeployment before = given(gold(""));
        String server = server(before);
        before.nights(2);
        TestDeployment given = before.redeployed(platinum(""));

        for (String policy : List.of("gold", "platinum")) {
            assertThat(chosen(given, server, policy)).startsWith("gold/").endsWith("02T02.00.00Z");
        }
        given.nights(2, 1);
        for (String policy : List.of("gold", "platinum")) {
            assertThat(chosen(given, server, policy)).startsWith("platinum/");
        }
    }

    @Test
    void drillsOfBothNamesAreOneRound() {
        TestDeployment plain = given(gold(""));
        var east = plain.cloud.networks(TestDeployment.EAST);
        String drill =
                "drill: {every: 7d, region: us-east-1, subnet: %s, securityGroups: [%s]}"
                        .formatted(
                                east.defaultSubnet("us-east-1a"),
                                east.defaultGroup(east.defaultVpc()));
        plain.nights(1);
        TestDeployment before = plain.redeployed(gold(drill));
        before.deployment.withoutSchedules();
        assertThat(before.deployment.drill(before.cloud.now()).count(BEGUN)).isEqualTo(1);
        TestDeployment given = before.redeployed(platinum(drill));
        given.deployment.withoutSchedules();

        assertThat(given.deployment.drill(given.cloud.now()).count(BEGUN)).isZero();
        given.cloud.advanceTo(given.cloud.now().plus(Duration.ofDays(7)));
        assertThat(given.deployment.drill(given.cloud.now()).count(BEGUN)).isEqualTo(1);
        assertThat(given.deployment.drill(given.cloud.now()).count(BEGUN)).isZero();
    }

    @Test
    void aRequestThatComesAgainAfterTheRenamingIsTheSameOne() {
        TestDeployment before = given(gold(""));
        String server = server(before);
        Instant asked = before.cloud.now();
        assertThat(request(before, server, "gold", asked).count(REQUESTED)).isEqualTo(1);
        TestDeployment given = before.redeployed(platinum(""));

        for (String policy : List.of("gold", "platinum")) {
            RequestReport again = request(given, server, policy, asked);
            assertThat(again.count(REQUESTED)).isZero();
            assertThat(again.count(ALREADY)).isEqualTo(1);
        }
        assertThat(request(given, server, "gold", asked.plusSeconds(60)).count(REQUESTED))
                .isEqualTo(1);
        assertThat(given.catalog().ofPolicy("platinum", EAST)).hasSize(1);
        assertThat(given.told()).isEmpty();
    }

    @Test
    void aFormerRegionIsToldOnceForBothNames() {
        TestDeployment before = given(gold("replicate: {us-west-2: {}}"));
        before.nights(2);
        TestDeployment renamed = before.redeployed(platinum("replicate: {us-west-2: {}}"));
        renamed.nights(2, 1);
        TestDeployment given = renamed.redeployed(platinum(""));
        given.deployment.withoutSchedules();
        given.deployment.sweep(given.cloud.now());
        given.deployment.sweep(given.cloud.now());

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("us-west-2: 3 images of policy platinum are in a Region that it no");
    }

    @Test
    void anAccountThatEc2RefusesIsToldOnceForBothNames() {
        String share = "share: {accounts: [\"999999999999\"]}";
        TestDeployment before = given(gold(share));
        before.cloud.settings().closeAccount("999999999999");
        before.nights(1);
        TestDeployment given = before.redeployed(platinum(share));
        given.nights(1, 1);
        for (int i = 0; i < 100; i++) {
            given.deployment.runUntil(given.cloud.now().plus(Duration.ofMinutes(15)));
            given.deployment.sweep(given.cloud.now());
        }

        assertThat(given.catalog().open())
                .extracting(Notice::key)
                .containsExactly("sharing/platinum/999999999999");
    }

    private static RequestReport request(
            TestDeployment given, String server, String policy, Instant asked) {
        return given.deployment
                .application()
                .requests()
                .take(
                        new BackupPlan.ImageRequest(
                                Trigger.REQUESTED,
                                EAST,
                                new Slot(asked),
                                List.of(new InstanceId(server)),
                                Optional.of(policy)),
                        given.cloud.now());
    }

    private static String chosen(TestDeployment given, String server, String policy) {
        RestoreRequest request =
                new RestoreRequest(
                        new InstanceId(server),
                        Optional.of(EAST),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(policy),
                        Restore.RestoreKind.LAUNCH,
                        RestoreOptions.NONE);
        return given.deployment.application().restorePlanner().choose(request, given.cloud.now())
                        instanceof RestorePlanner.Choice.Chosen(Image image)
                ? image.name().toString()
                : "";
    }

    /** Gold for a night, and then platinum. */
    private static TestDeployment renamed() {
        TestDeployment before = given(gold(""));
        before.nights(1);
        return before.redeployed(platinum(""));
    }

    private static String server(TestDeployment given) {
        return given.cloud.instances(TestDeployment.EAST).getFirst().instance().instanceId();
    }

    private static TestDeployment given(String policies) {
        TestDeployment given = TestDeployment.inMemory(policies, 1);
        given.deployment.withoutSchedules();
        given.instance("web-1");
        return given;
    }

    private static String gold(String more) {
        return policy("gold", more);
    }

    /** It was gold. */
    private static String platinum(String more) {
        return policy("platinum", "formerly: [gold]\n" + more);
    }

    private static String policy(String name, String more) {
        return """
        policies:
          %s:
            select: {tags: {backup: gold}}
            schedule: {cron: "0 2 * * *"}
        """
                        .formatted(name)
                + more.indent(4);
    }

    private static void prune(TestDeployment given) {
        given.deployment.prune(given.cloud.now(), false);
    }

    /** Policy and slot of the images, the oldest first. */
    private static List<String> names(TestDeployment given, String region) {
        return given.images(region).stream()
                .map(image -> image.image().name())
                .map(name -> name.replaceAll("/i-[0-9a-f]+/", "/"))
                .sorted()
                .toList();
    }
}
