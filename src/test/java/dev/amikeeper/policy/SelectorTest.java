package dev.amikeeper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Sha256;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

final class SelectorTest {
    private static final Region HOME = new Region("us-east-1");

    @Test
    void selectsByAnyValueOfAList() {
        Selector selector = byTags(Map.of("backup", List.of("gold", "platinum")));

        assertThat(selector.selects(tagged(Map.of("backup", "gold")))).isTrue();
        assertThat(selector.selects(tagged(Map.of("backup", "platinum")))).isTrue();
        assertThat(selector.selects(tagged(Map.of("backup", "silver")))).isFalse();
    }

    @Test
    void selectsOnlyWhatHasEveryTag() {
        Selector selector = byTags(Map.of("backup", List.of("gold"), "team", List.of("web")));

        assertThat(selector.selects(tagged(Map.of("backup", "gold", "team", "web")))).isTrue();
        assertThat(selector.selects(tagged(Map.of("backup", "gold")))).isFalse();
        assertThat(selector.selects(tagged(Map.of()))).isFalse();
    }

    private static final Map<String, String> OF_A_DRILL =
            Map.of(
                    "Name",
                    "drill of i-0abc",
                    "amikeeper:lease",
                    "2026-03-01T03:00:00Z",
                    "amikeeper:restore",
                    "gold/i-0abc/drill-20513");

    /** A drill's instance ends within the hour, and is nobody's server. */
    @Test
    void neverSelectsTheInstanceOfADrill() {
        Selector all = byTags(Map.of("Name", List.of("*")));

        assertThat(all.selects(launched(OF_A_DRILL, Sha256.of("gold/i-0abc/drill-20513/1"))))
                .isFalse();
    }

    @Test
    void countsAnInstanceThatStartsAsRunningAndOneThatStopsAsStopped() {
        Instance gold = tagged(Map.of("backup", "gold"));
        Selector running = of(Set.of("running"));
        Selector stopped = of(Set.of("stopped"));

        assertThat(running.selects(gold.in("pending"))).isTrue();
        assertThat(running.whyNot(gold.in("stopping")))
                .contains("it is stopping, which counts as stopped");
        assertThat(running.statesToAsk()).containsExactlyInAnyOrder("running", "pending");
        assertThat(stopped.selects(gold.in("stopping"))).isTrue();
        assertThat(stopped.whyNot(gold.in("pending")))
                .contains("it is pending, which counts as running");
        assertThat(stopped.statesToAsk()).containsExactlyInAnyOrder("stopped", "stopping");
        for (String gone : List.of("shutting-down", "terminated")) {
            assertThat(of(Set.of("running", "stopped")).whyNot(gold.in(gone)))
                    .contains("it is " + gone);
        }
    }

    @Test
    void waitsForAnInstanceToStopWhereOnlyStoppedOnesAreWanted() {
        Instance gold = tagged(Map.of("backup", "gold"));

        assertThat(of(Set.of("stopped")).takesNow(gold.in("stopping"))).isFalse();
        assertThat(of(Set.of("stopped")).takesNow(gold.in("stopped"))).isTrue();
        assertThat(of(Set.of("running", "stopped")).takesNow(gold.in("stopping"))).isTrue();
        assertThat(of(Set.of("running", "stopped")).takesNow(gold.in("pending"))).isTrue();
    }

    private static Selector of(Set<String> states) {
        return new Selector(Map.of("backup", List.of("gold")), Map.of(), states, List.of(HOME));
    }

    @Test
    void selectsAServerThatOnlyHasTheTagsOfADrill() {
        Selector all = byTags(Map.of("Name", List.of("*")));

        assertThat(all.selects(tagged(OF_A_DRILL))).isTrue();
        assertThat(all.selects(launched(OF_A_DRILL, "somebody's own"))).isTrue();
        assertThat(all.selects(launched(OF_A_DRILL, Sha256.of("gold/i-0abc/restore-1f2e/1"))))
                .isTrue();
    }

    @Test
    void saysWhyItDoesNotSelect() {
        Selector selector =
                new Selector(
                        Map.of("backup", List.of("gold", "platinum")),
                        Map.of("environment", List.of("sand*")),
                        Set.of("running"),
                        List.of(HOME));
        Instance gold = tagged(Map.of("backup", "gold"));

        assertThat(selector.whyNot(gold)).isEmpty();
        assertThat(selector.whyNot(gold.in("stopped"))).contains("it is stopped");
        assertThat(selector.whyNot(tagged(Map.of())))
                .contains("it has no tag backup; it must be one of [gold, platinum]");
        assertThat(selector.whyNot(tagged(Map.of("backup", "silver"))))
                .contains("its tag backup is \"silver\"; it must be one of [gold, platinum]");
        assertThat(selector.whyNot(tagged(Map.of("backup", "gold", "environment", "sandbox"))))
                .contains("its tag environment is \"sandbox\", which is excepted");
        Selector elsewhere =
                new Selector(
                        Map.of(), Map.of(), Set.of("running"), List.of(new Region("eu-west-1")));
        assertThat(elsewhere.whyNot(gold)).contains("it is in us-east-1, not in [eu-west-1]");
    }

    @ParameterizedTest
    @CsvSource({
        "web-*, web-1, true",
        "web-*, web-, true",
        "web-*, my-web-1, false",
        "*, '', true",
        "web-?, web-1, true",
        "web-?, web-12, false",
        "*-prod-*, eu-prod-1, true",
        "gold, Gold, false",
        "a.c, abc, false",
        "a.c, a.c, true",
        "[ab]+, [ab]+, true",
        "[ab]+, a, false",
        "(x|y)$, (x|y)$, true",
        "a\\d, a\\d, true",
        "a\\d, a1, false",
        "'', '', true",
        "'', gold, false",
    })
    void readsStarsAndQuestionMarksAsWildcardsAndNothingElse(
            String pattern, String value, boolean selected) {
        Selector selector = byTags(Map.of("backup", List.of(pattern)));

        assertThat(selector.selects(tagged(Map.of("backup", value)))).isEqualTo(selected);
    }

    @Test
    void letsOneExceptionWinOverEveryTag() {
        Selector selector =
                new Selector(
                        Map.of("backup", List.of("*")),
                        Map.of("environment", List.of("sand*", "test"), "team", List.of("qa")),
                        Set.of("running"),
                        List.of(HOME));

        assertThat(selector.selects(tagged(Map.of("backup", "gold")))).isTrue();
        assertThat(selector.selects(tagged(Map.of("backup", "gold", "environment", "prod"))))
                .isTrue();
        assertThat(selector.selects(tagged(Map.of("backup", "gold", "environment", "sandbox"))))
                .isFalse();
        assertThat(selector.selects(tagged(Map.of("backup", "gold", "team", "qa")))).isFalse();
    }

    @Test
    void selectsByState() {
        Map<String, List<String>> tags = Map.of("backup", List.of("gold"));
        Instance running = tagged(Map.of("backup", "gold"));

        assertThat(byTags(tags).selects(running)).isTrue();
        assertThat(new Selector(tags, Map.of(), Set.of("stopped"), List.of(HOME)).selects(running))
                .isFalse();
    }

    @Test
    void selectsByRegion() {
        Map<String, List<String>> tags = Map.of("backup", List.of("gold"));
        List<Region> elsewhere = List.of(new Region("eu-west-1"));

        assertThat(
                        new Selector(tags, Map.of(), Set.of("running"), elsewhere)
                                .selects(tagged(Map.of("backup", "gold"))))
                .isFalse();
    }

    private static Selector byTags(Map<String, List<String>> tags) {
        return new Selector(tags, Map.of(), Set.of("running"), List.of(HOME));
    }

    private static Instance launched(Map<String, String> tags, String clientToken) {
        return new Instance(
                new InstanceId("i-0abcdef1234567890"),
                HOME,
                "running",
                tags,
                "/dev/xvda",
                List.of("/dev/xvda"),
                Optional.empty(),
                Optional.of(clientToken),
                Optional.empty());
    }

    private static Instance tagged(Map<String, String> tags) {
        return new Instance(
                new InstanceId("i-0abcdef1234567890"),
                HOME,
                "running",
                tags,
                "/dev/xvda",
                List.of("/dev/xvda"));
    }
}
