package dev.amikeeper.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

final class FitTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");

    private final Map<Region, List<LivingInstance>> servers = new HashMap<>();

    @Test
    void aNightlyFleetFits() {
        launch(EAST, "gold", 2_000, 1);

        assertThat(texts("gold", "schedule: {every: 24h}", "keep: {last: 20}")).isEmpty();
    }

    @Test
    void saysThatCreateImageIsTooSlowForASchedule() {
        launch(EAST, "gold", 12_000, 1);

        assertThat(texts("gold", "schedule: {cron: \"*/30 * * * *\"}", "keep: {last: 1}"))
                .first()
                .asString()
                .isEqualTo(
                        "us-east-1: EC2 takes 5 CreateImage a second: 12,000 servers of policy gold"
                                + " need 2,400 s of CreateImage, and slots are 1,800 s apart");
    }

    /** 18,000 images an hour are five a second. */
    @ParameterizedTest
    @CsvSource({"9000, 2", "9001, 3"})
    void addsUpThePoliciesOfARegion(int count, int misfits) {
        launch(EAST, "gold", 9_000, 1);
        launch(EAST, "silver", count, 1);
        String hourly = policy("%s", "schedule: {every: 1h}", "keep: {last: 1}");

        List<String> texts =
                texts(
                        "policies:\n"
                                + hourly.formatted("gold", "gold")
                                + hourly.formatted("silver", "silver"));

        assertThat(texts).hasSize(misfits);
        if (misfits > 2) {
            assertThat(texts.getFirst())
                    .isEqualTo(
                            "us-east-1: EC2 takes 5 CreateImage a second: 9,000 servers of policy"
                                + " gold need 1,800 s of CreateImage, and slots are 3,600 s apart;"
                                + " 9,001 servers of policy silver need 1,801 s of CreateImage, and"
                                + " slots are 3,600 s apart; together that is 101 % of the time");
        }
    }

    @Test
    void saysThatCopyImageIsTooSlowForASchedule() {
        launch(EAST, "gold", 4_000, 1);

        assertThat(
                        texts(
                                "gold",
                                "schedule: {every: 1h}",
                                "keep: {last: 1}",
                                "replicate: {us-west-2: {}}"))
                .contains(
                        "us-west-2: EC2 takes 1 CopyImage a second: 4,000 servers of policy gold in"
                                + " us-east-1 need 4,000 s of CopyImage, and slots are 3,600 s"
                                + " apart");
    }

    /** Thirty are kept, and one is made before the pruner runs. */
    @Test
    void saysThatTheRulesKeepMoreImagesThanARegionMayHave() {
        launch(EAST, "gold", 2_000, 1);

        assertThat(texts("gold", "schedule: {cron: \"0 2 * * *\"}", "keep: {daily: 30}"))
                .containsExactly(
                        "us-east-1: the rules keep 62,000 images, and EC2's default quota is"
                                + " 50,000: up to 31 images of each of 2,000 servers of policy gold"
                                + " are 62,000");
    }

    @Test
    void countsTheSnapshotsOfAllVolumes() {
        launch(EAST, "gold", 1_000, 4);

        assertThat(texts("gold", "schedule: {cron: \"0 2 * * *\"}", "keep: {last: 29}"))
                .containsExactly(
                        "us-east-1: the rules keep 120,000 snapshots, and EC2's default quota is"
                                + " 100,000: up to 30 images of each of 1,000 servers of policy"
                                + " gold with 4,000 volumes are 120,000");
        assertThat(
                        texts(
                                "gold",
                                "schedule: {cron: \"0 2 * * *\"}",
                                "keep: {last: 29}",
                                "image: {excludeDevices: [/dev/sd1]}"))
                .isEmpty();
    }

    /** Rules overlap: the newest image is that of the day, the week and the month. */
    @Test
    void countsAnImageOnceHoweverManyRulesKeepIt() {
        launch(EAST, "gold", 1_000, 1);

        assertThat(
                        texts(
                                "gold",
                                "schedule: {cron: \"0 2 * * *\"}",
                                "keep: {daily: 28, weekly: 5, monthly: 2, last: 20}"))
                .isEmpty();
    }

    @Test
    void countsTheImagesOfAYearWhereNothingIsEverRemoved() {
        launch(EAST, "gold", 137, 1);

        assertThat(texts("gold", "schedule: {cron: \"0 2 * * *\"}"))
                .containsExactly(
                        "us-east-1: the rules keep 50,005 images, and EC2's default quota is"
                                + " 50,000: in a year 365 images of each of 137 servers of policy"
                                + " gold are 50,005");
    }

    @Test
    void countsCopiesByTheRulesOfTheirRegion() {
        launch(EAST, "gold", 2_000, 1);

        assertThat(
                        texts(
                                "gold",
                                "schedule: {cron: \"0 2 * * *\"}",
                                "keep: {last: 9}",
                                "replicate: {us-west-2: {keep: {last: 29}}}"))
                .containsExactly(
                        "us-west-2: the rules keep 60,000 images, and EC2's default quota is"
                                + " 50,000: up to 30 images of each of 2,000 servers of policy gold"
                                + " in us-east-1 are 60,000");
    }

    @Test
    void countsOnlyWhatThePolicySelects() {
        launch(EAST, "bronze", 60_000, 1);
        launch(WEST, "gold", 60_000, 1);

        assertThat(texts("gold", "schedule: {every: 1h}", "keep: {last: 1}")).isEmpty();
    }

    /** 1,500 images at every slot that a schedule may have are what the bucket takes. */
    @Test
    void tellsPeopleOnceAMonth() {
        TestDeployment given =
                new TestDeployment(
                        "policies:\n"
                                + policy("gold", "schedule: {cron: \"*/5 * * * *\"}")
                                        .formatted("gold"));
        given.deployment.withoutSchedules();
        given.instance("web-1");

        given.deployment.sweep(Instant.parse("2026-03-01T00:00:00Z"));
        given.deployment.sweep(Instant.parse("2026-03-01T00:15:00Z"));

        assertThat(given.told())
                .singleElement()
                .asString()
                .contains("in a year 105,120 images of each of 1 server of policy gold");
        assertThat(given.catalog().open()).isEmpty();

        given.cloud.advanceTo(Instant.parse("2026-04-01T00:00:00Z"));
        given.deployment.sweep(Instant.parse("2026-04-01T00:00:00Z"));

        assertThat(given.told()).filteredOn(it -> it.contains("in a year")).hasSize(2);
    }

    private void launch(Region region, String backup, int count, int volumes) {
        List<String> devices = new ArrayList<>();
        for (int i = 0; i < volumes; i++) {
            devices.add("/dev/sd" + i);
        }
        for (int i = 0; i < count; i++) {
            servers.computeIfAbsent(region, _ -> new ArrayList<>())
                    .add(
                            new LivingInstance(
                                    new Instance(
                                            new InstanceId("i-" + backup + i),
                                            region,
                                            "running",
                                            Map.of("backup", backup),
                                            "/dev/sd0",
                                            devices),
                                    Instant.EPOCH));
        }
    }

    private static String policy(String name, String... lines) {
        StringBuilder yaml =
                new StringBuilder("  " + name + ":\n    select: {tags: {backup: %s}}\n");
        for (String line : lines) {
            yaml.append("    ").append(line).append('\n');
        }
        return yaml.toString();
    }

    private List<String> texts(String name, String... lines) {
        return texts("policies:\n" + policy(name, lines).formatted(name));
    }

    private List<String> texts(String yaml) {
        Policies policies =
                Policies.parse(yaml, "policies.yaml", EAST, new TreeSet<>(Set.of(EAST, WEST)));
        return Fit.of(policies, servers).misfits().stream().map(Fit.Misfit::text).toList();
    }
}
