package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.SimulatedNetworks;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a restore in another Region lacks, and what it proposes. */
final class MissingMappingTest {
    private final TestDeployment given =
            TestDeployment.nightlyInMemory("replicate: {us-west-2: {}}");
    private final SimulatedNetworks east = given.cloud.networks(TestDeployment.EAST);
    private final SimulatedNetworks west = given.cloud.networks(TestDeployment.WEST);
    private final String subnet =
            east.addSubnet(east.defaultVpc(), "us-east-1a", Map.of("Name", "private-a"));
    private final String group = east.addGroup(east.defaultVpc(), "web", Map.of());
    private final String vpc = west.addVpc();
    private final String likeIt = west.addSubnet(vpc, "us-west-2a", Map.of("Name", "private-a"));
    private final String other = west.addSubnet(vpc, "us-west-2b", Map.of("Name", "private-b"));

    @Test
    void proposesTheOnlySubnetOfTheSameNameAndListsIt() {
        MissingMapping blank = blank("subnets", blanks(night()));

        assertThat(blank.original()).isEqualTo(subnet);
        assertThat(blank.name()).isEqualTo("private-a");
        assertThat(blank.proposal()).contains(likeIt);
        assertThat(blank.candidates())
                .extracting(MissingMapping.Candidate::id)
                .startsWith(likeIt, other)
                .hasSize(5);
        assertThat(blank.candidates().getFirst().what())
                .containsExactly("10.0.0.0/20", "us-west-2a", vpc, "private-a");
    }

    @Test
    void proposesNoneOfTwoSubnetsOfTheSameName() {
        west.addSubnet(west.addVpc(), "us-west-2c", Map.of("Name", "private-a"));

        MissingMapping blank = blank("subnets", blanks(night()));

        assertThat(blank.proposal()).isEmpty();
        assertThat(blank.candidates().stream().filter(MissingMapping.Candidate::sameName))
                .hasSize(2);
    }

    @Test
    void proposesAGroupOfTheVpcOfTheProposedSubnetByItsNameOrItsTag() {
        west.addGroup(west.defaultVpc(), "web", Map.of());
        String tagged = west.addGroup(vpc, "web-2026", Map.of("Name", "web"));

        MissingMapping blank = blank("securityGroups", blanks(night()));

        assertThat(blank.original()).isEqualTo(group);
        assertThat(blank.name()).isEqualTo("web");
        assertThat(blank.proposal()).contains(tagged);
        assertThat(blank.candidates()).allMatch(it -> it.what().getFirst().equals(vpc));
    }

    @Test
    void listsKeyPairsAndProposesNone() {
        west.addKeyPair("ops-west");

        MissingMapping blank = blank("keyPairs", blanks(night()));

        assertThat(blank.original()).isEqualTo("ops");
        assertThat(blank.candidates())
                .extracting(MissingMapping.Candidate::id)
                .containsExactly("ops-west");
        assertThat(blank.proposal()).isEmpty();
    }

    @Test
    void namesSurviveTheLossOfTheHomeRegion() {
        List<RestorePlan> plans = night();
        given.cloud.faults().unreachable(TestDeployment.EAST, Instant.MAX);

        assertThat(blank("subnets", blanks(plans)).proposal()).contains(likeIt);
        assertThat(
                        given.deployment
                                .application()
                                .images()
                                .reads()
                                .ours(new Region(TestDeployment.WEST))
                                .getFirst()
                                .tags())
                .satisfies(tags ->
                        assertThat(CapsuleTags.read(tags).orElseThrow().names())
                                .containsEntry(subnet, "private-a")
                                .containsEntry(group, "web"));
    }

    @Test
    void anOlderCapsuleTakesItsNamesFromTheHomeRegion() {
        given.cloud.faults().calls("DescribeSubnets").times(100).deny();
        List<RestorePlan> plans = night(true);

        assertThat(plans.getFirst().image().capsule().orElseThrow().names())
                .doesNotContainKey(subnet);
        assertThat(blank("subnets", blanks(plans)).proposal()).contains(likeIt);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DescribeSubnets", "DescribeSecurityGroups", "DescribeKeyPairs"})
    void aReadThatIsDeniedGivesNoHintAndNoFailure(String read) {
        List<RestorePlan> plans = night();
        given.cloud.faults().calls(read).times(100).deny();

        List<MissingMapping> blanks = blanks(plans);

        assertThat(blanks)
                .extracting(MissingMapping::part)
                .containsExactly("subnets", "securityGroups", "keyPairs");
        assertThat(blanks.stream().filter(blank -> blank.candidates().isEmpty())).isNotEmpty();
    }

    @Test
    void asksOncePerKindAndRegionHoweverManyServersLackSomething() {
        launch();
        launch();
        List<RestorePlan> plans = night();
        Map<String, Integer> before = given.cloud.calls(TestDeployment.WEST);

        blanks(plans);

        for (String read :
                List.of("DescribeSubnets", "DescribeSecurityGroups", "DescribeKeyPairs")) {
            assertThat(
                            given.cloud.calls(TestDeployment.WEST).getOrDefault(read, 0)
                                    - before.getOrDefault(read, 0))
                    .isEqualTo(1);
        }
    }

    @Test
    void aPlanThatIsWholeAsksNothing() {
        launch();
        given.playUntil("2026-03-01T08:00:00Z");
        RestorePlanner planning = given.deployment.application().restorePlanner();
        List<RestorePlan> plans =
                planning.plans(given.records(TestDeployment.EAST), RestoreOptions.NONE);
        Map<String, Integer> before = given.cloud.calls();

        assertThat(plans).allMatch(RestorePlan::isWhole);
        assertThat(planning.blanks(plans)).isEmpty();
        assertThat(given.cloud.calls()).isEqualTo(before);
    }

    private void launch() {
        given.cloud.launch(
                TestDeployment.EAST,
                Map.of("Name", "web-1", "backup", "gold"),
                List.of(8),
                run -> run.subnetId(subnet).securityGroupIds(group).keyName("ops"));
    }

    private List<RestorePlan> night() {
        return night(false);
    }

    private List<RestorePlan> night(boolean mend) {
        launch();
        given.playUntil("2026-03-01T08:00:00Z");
        if (mend) {
            given.cloud.faults().clear();
        }
        List<Image> images = given.records(TestDeployment.WEST);
        return given.deployment.application().restorePlanner().plans(images, RestoreOptions.NONE);
    }

    private List<MissingMapping> blanks(List<RestorePlan> plans) {
        return given.deployment.application().restorePlanner().blanks(plans);
    }

    private static MissingMapping blank(String part, List<MissingMapping> blanks) {
        Optional<MissingMapping> blank =
                blanks.stream().filter(it -> it.part().equals(part)).findFirst();
        assertThat(blank).as(part).isPresent();
        return blank.orElseThrow();
    }
}
